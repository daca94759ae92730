"""Runs several tasks at once and yields their items in the tasks' order."""

import concurrent.futures
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

    Exhaust each iterator before the next one. An exception of a task comes out of its iterator.
    To stop the threads early, close the generator, for example with `contextlib.closing`.

    Args:
      tasks: functions that return the items of a task, one after the other.
      threads: tasks that run at once, at least 1.
      buffer_size: items of a task, at least 1, that may wait to be asked for.
    """
    stop = threading.Event()
    waiting: deque[queue.Queue] = deque()
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        try:
            for task in tasks:
                items: queue.Queue = queue.Queue(buffer_size)
                waiting.append(items)
                pool.submit(_run, task, items, stop)
                if len(waiting) > threads:
                    yield _take(waiting.popleft())
            while waiting:
                yield _take(waiting.popleft())
        finally:
            stop.set()


def _run(task: Callable[[], Iterable[Any]], items: queue.Queue, stop: threading.Event) -> None:
    problem: BaseException | None = None
    try:
        for item in task():
            if not _put(items, (item, None), stop):
                return
    except BaseException as error:  # The consumer of the items gets any exception.
        problem = error
    _put(items, (_END, problem), stop)


def _put(items: queue.Queue, entry: tuple, stop: threading.Event) -> bool:
    """Waits for room; False if the consumer is gone."""
    while not stop.is_set():
        try:
            items.put(entry, timeout=_PATIENCE)
            return True
        except queue.Full:
            continue
    return False


def _take(items: queue.Queue) -> Iterator[Any]:
    while True:
        item, problem = items.get()
        if problem is not None:
            raise problem
        if item is _END:
            return
        yield item
