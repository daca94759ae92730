"""Runs several tasks at once and yields their items in the tasks' order."""

import concurrent.futures
import contextlib
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

_END = object()
_PATIENCE = 0.1  # Seconds until a thread looks again whether anyone still wants its items.


def num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def read_ahead(
    tasks: Iterable[Callable[[], Iterable[Any]]], threads: int, buffer_size: int
) -> Generator[Iterator[Any], None, None]:
    """Yields an iterator for each task, in order, while threads run the next ones.

    Each is to be used up before the next is asked for; at most `buffer_size` of its items wait.
    What a task raises comes out of its iterator. Close the whole, by `contextlib.closing`, to stop
    early.
    """
    stop = threading.Event()
    waiting: deque[queue.Queue] = deque()

    def put(items: queue.Queue, *entry: Any) -> bool:
        """Waits for room; False where nobody wants the entry any more."""
        while not stop.is_set():
            with contextlib.suppress(queue.Full):
                items.put(entry, timeout=_PATIENCE)
                return True
        return False

    def run(task: Callable[[], Iterable[Any]], items: queue.Queue) -> None:
        problem: BaseException | None = None
        try:
            for item in task():
                if not put(items, item, None):
                    return
        except BaseException as error:  # Whatever it is, the reader of its items is to see it.
            problem = error
        put(items, _END, problem)

    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        try:
            for task in tasks:
                items: queue.Queue = queue.Queue(buffer_size)
                waiting.append(items)
                pool.submit(run, task, items)
                if len(waiting) > threads:
                    yield _take(waiting.popleft())
            while waiting:
                yield _take(waiting.popleft())
        finally:
            stop.set()


def _take(items: queue.Queue) -> Iterator[Any]:
    while True:
        item, problem = items.get()
        if problem is not None:
            raise problem
        if item is _END:
            return
        yield item
