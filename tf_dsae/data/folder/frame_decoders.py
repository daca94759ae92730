"""Frames from image files, GIFs and movies, how large they may be, and their way to a clip's size.

Where a file is damaged, decoders raise exceptions of many kinds. A frame that is not wanted is
None.
"""

import contextlib
import itertools
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from PIL import Image, ImageOps

from tf_dsae.core.errors import UserError
from tf_dsae.data.folder.clip_settings import ClipSettings

MAX_PIXELS = 2**25  # Of one frame: 8192 x 4096.
MAX_GIF_PIXELS = 2**32  # Of all frames of a GIF; a small file can claim any number.

_BUFFER_BYTES = 2**18
_GREYS = ("1", "L", "LA", "La")
_LOCK = threading.Lock()
_HOLDERS: list[contextlib.ExitStack] = []  # The first one in restores; one entry a thread inside.


def check_size(width: int, height: int) -> None:
    """Raises ValueError if a frame is too large to be decoded safely."""
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise ValueError(f"a frame of {width} x {height} pixels, at most {MAX_PIXELS} in all")


@contextlib.contextmanager
def bound_pillow() -> Iterator[None]:
    """Has pillow refuse images larger than `MAX_PIXELS`, and hides the warnings of libraries.

    Both are settings of the process: the first thread to come makes them, the last undoes them.
    """
    with _LOCK:
        _HOLDERS.append(contextlib.ExitStack())
        if len(_HOLDERS) == 1:
            stack = _HOLDERS[0]
            stack.callback(setattr, Image, "MAX_IMAGE_PIXELS", Image.MAX_IMAGE_PIXELS)
            Image.MAX_IMAGE_PIXELS = MAX_PIXELS
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        yield
    finally:
        with _LOCK:
            if len(_HOLDERS) == 1:
                _HOLDERS[0].close()
            _HOLDERS.pop()


def folder_frames(
    files: Sequence[Path], wanted: Callable[[int], bool]
) -> Iterator[Image.Image | None]:
    """Yields an image, grey or colour, a file."""
    for index, path in enumerate(files):
        if not wanted(index):
            yield None
            continue
        with bound_pillow(), Image.open(path, formats=("PNG", "JPEG")) as image:
            check_size(*image.size)
            image.load()
            frame = to_plain(ImageOps.exif_transpose(image))
        yield frame


def gif_frames(path: Path, wanted: Callable[[int], bool]) -> Iterator[Image.Image | None]:
    """Yields the composited frames of a GIF.

    What a frame clears when it goes is black if the first frame has a clear colour; else pillow
    fills it with the colour that the file calls clear or background.
    """
    pixels = 0
    with bound_pillow():
        image = Image.open(path, formats=("GIF",))
    with image:
        for index in itertools.count():
            with bound_pillow():
                try:
                    image.seek(index)
                except EOFError:
                    return
                check_size(*image.size)
                pixels += image.width * image.height
                if pixels > MAX_GIF_PIXELS:
                    raise ValueError(f"more than {MAX_GIF_PIXELS} pixels in all frames")
                image.load()  # A frame is drawn over the one before it.
                frame = to_plain(image) if wanted(index) else None
            yield frame


def require_av() -> Any:
    """Returns the module av, or raises UserError where PyAV is not installed."""
    try:
        import av
    except ImportError as error:
        raise UserError(
            f"videos: expected PyAV to decode them, received none ({error}); install it by "
            "pip install 'tf_dsae[video]'"
        ) from error
    return av


def movie_frames(path: Path, wanted: Callable[[int], bool]) -> Iterator[Image.Image | None]:
    """Yields the frames of a video in colour and upright; UserError where PyAV is missing."""
    av = require_av()
    with open(path, "rb") as file:
        kind = _container(file.read(16))
        file.seek(0)
        # A playlist, or a file that refers to others, must not have FFmpeg open them: the format
        # is never guessed, FFmpeg reads through our file, and any further file is refused.
        with av.open(
            file,
            format=kind,
            container_options={"protocol_whitelist": "file"},
            buffer_size=_BUFFER_BYTES,
            io_open=_refuse,
        ) as container:
            stream = container.streams.best("video")
            if stream is None:
                raise ValueError("no video stream")
            if stream.width or stream.height:
                check_size(stream.width, stream.height)
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            for index, frame in enumerate(container.decode(stream)):
                if not wanted(index):
                    yield None
                    continue
                check_size(frame.width, frame.height)
                pixels = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
                yield Image.fromarray(np.ascontiguousarray(pixels))


def _container(start: bytes) -> str:
    """Returns FFmpeg's name for the format of a file, from its first 16 bytes."""
    if start[:4] == b"RIFF" and start[8:11] == b"AVI":
        return "avi"
    if start[:4] == b"\x1aE\xdf\xa3":
        return "matroska"
    if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return "mov"
    raise ValueError("neither mp4, mov, webm, mkv nor avi by its first bytes")


def _refuse(url: str, flags: int, options: dict) -> NoReturn:
    raise PermissionError(f"it refers to another file, {url!r}")


def to_plain(image: Image.Image) -> Image.Image:
    """Returns a grey (L) or colour (RGB) image of 8 bits; transparent pixels become black."""
    if image.mode.startswith("I"):  # 16 bits of grey.
        # Where pillow has no type of 16 bits for a file, it gives the values in 32.
        values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray((values >> 8).astype(np.uint8))
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        colours = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, colours).convert("RGB")
    return image.convert("L" if image.mode in _GREYS else "RGB")


def resize_frame(image: Image.Image, settings: ClipSettings) -> np.ndarray:
    """Returns a plain image as a frame, uint8 [H, W, C], with its aspect ratio kept."""
    height, width = settings.frame_size
    image = image.convert("L" if settings.channels == 1 else "RGB")
    scales = width / image.width, height / image.height
    if settings.resize_mode == "crop":
        scale = max(scales)
        inner = width / scale, height / scale
        left, top = (image.width - inner[0]) / 2, (image.height - inner[1]) / 2
        right, bottom = left + inner[0], top + inner[1]
        box = max(left, 0), max(top, 0), min(right, image.width), min(bottom, image.height)
        frame = _resize(image, (width, height), box, scale)
    else:
        scale = min(scales)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        frame = Image.new(image.mode, (width, height))
        place = (width - size[0]) // 2, (height - size[1]) // 2
        frame.paste(_resize(image, size, (0, 0, *image.size), scale), place)
    return np.asarray(frame).reshape(height, width, settings.channels)


def _resize(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float],
    scale: float,
) -> Image.Image:
    # Pixel art stays sharp when every pixel becomes a square; all else is smoothed.
    is_whole = scale >= 1 and scale == int(scale)
    kind = Image.Resampling.BOX if is_whole else Image.Resampling.LANCZOS
    return image.resize(size, kind, box, reducing_gap=3.0)
