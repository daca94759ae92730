"""Frames from mp4, webm, mkv, mov and avi files, by PyAV."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from PIL import Image

from tf_dsae.core.errors import UserError
from tf_dsae.data.folder.images import MAX_PIXELS, check_size

_BUFFER_BYTES = 2**18


def require_av() -> Any:
    """Returns the module av.

    Raises:
      UserError: PyAV is not installed.
    """
    try:
        import av
    except ImportError as error:
        raise UserError(
            f"videos: expected PyAV to decode them, received none ({error}); install it by "
            "pip install 'tf_dsae[video]'"
        ) from error
    return av


def movie_frames(path: Path, wanted: Callable[[int], bool]) -> Iterator[Image.Image | None]:
    """Yields the frames of a video in colour and upright, and None for unwanted frames.

    Raises:
      UserError: PyAV is not installed.
      Exception: of many kinds, if the file is damaged.
    """
    av = require_av()
    with open(path, "rb") as file:
        kind = _container(file.read(16))
        file.seek(0)
        # FFmpeg must not open files that a playlist refers to: the format is never guessed, FFmpeg
        # reads through our file, and any further file is refused.
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
                yield _image(frame) if wanted(index) else None


def _image(frame: Any) -> Image.Image:
    check_size(frame.width, frame.height)
    pixels = frame.to_ndarray(format="rgb24")
    return Image.fromarray(np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90))))


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
