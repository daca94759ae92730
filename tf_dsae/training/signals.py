"""Handlers of SIGINT and SIGTERM."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


@contextlib.contextmanager
def handle_signals(
    handler: signal.Handlers | Callable[[int, FrameType | None], None],
) -> Iterator[None]:
    """Sends SIGINT and SIGTERM to a handler; does nothing outside the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in _NUMBERS}
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former)
