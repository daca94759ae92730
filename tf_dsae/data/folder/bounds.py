"""How large a frame of a file may be, and libraries held to it, in any number of threads."""

import contextlib
import threading
import warnings
from collections.abc import Iterator

from PIL import Image

MAX_PIXELS = 2**25  # Of one frame: 8192 x 4096.

_LOCK = threading.Lock()
_HOLDERS: list[contextlib.ExitStack] = []  # The first one in restores; one entry a thread inside.


def check_size(width: int, height: int) -> None:
    """Raises ValueError where a frame is too large to be decoded safely."""
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"a frame of {width} x {height} pixels, at most {MAX_PIXELS} in all")


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Has pillow refuse what is larger than `MAX_PIXELS`, and hides the warnings of libraries.

    Both are settings of the process: the first thread to come makes them, the last to go undoes
    them.
    """
    with _LOCK:
        _HOLDERS.append(contextlib.ExitStack())
        if len(_HOLDERS) == 1:
            _bound(_HOLDERS[0])
    try:
        yield
    finally:
        with _LOCK:
            if len(_HOLDERS) == 1:
                _HOLDERS[0].close()
            _HOLDERS.pop()


def _bound(stack: contextlib.ExitStack) -> None:
    stack.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    stack.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", Image.DecompressionBombWarning)
