"""Frames from videos [N, T, H, W, C] in .npy and .npz files, checked before memory is taken.

Where a file is damaged, or holds something else, exceptions are of many kinds.
"""

import functools
import io
import math
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from tf_dsae.data.folder.frame_decoders import bound_pillow, check_size

MAX_VIDEOS = 100_000  # Of one file, in all of its arrays.
MAX_MEMBERS = 1000  # Arrays of one .npz.
MAX_UNPACKED_BYTES = 2**32  # Of the compressed arrays of one .npz, all together.
MAX_FRAME_BYTES = 2**28

_HEADER_BYTES = 2**14
_CHUNK_BYTES = 2**20
_READ_BYTES = 2**22  # Room for the list of `MAX_MEMBERS` members, and no more.


class _Header(NamedTuple):
    """The header of an .npy file."""

    shape: tuple[int, ...]
    fortran: bool
    dtype: np.dtype
    offset: int  # Bytes before the data.

    @property
    def frame_bytes(self) -> int:
        return math.prod(self.shape[2:]) * self.dtype.itemsize


def list_videos(path: Path) -> list[tuple[str, int]]:
    """Returns (key, number of videos) of each array of 5 dimensions; the key of an .npy is ''."""
    if path.suffix.lower() == ".npy":
        count = _npy_header(path).shape[0]
        _check_count(count)
        return [("", count)]
    videos: list[tuple[str, int]] = []
    with _BoundedFile(path) as file, zipfile.ZipFile(file) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        _check_members(members)
        for info in members:
            with archive.open(info) as stream:
                header = _parse_header(stream.read(_HEADER_BYTES))
            if len(header.shape) == 5:
                _check_videos(header, info.file_size)
                if header.fortran:
                    raise ValueError("an array in Fortran order; save numpy.ascontiguousarray")
                videos.append((info.filename.removesuffix(".npy"), header.shape[0]))
                _check_count(sum(number for _, number in videos))
    if not videos:
        raise ValueError("no array of 5 dimensions [N, T, H, W, C]")
    return videos


def array_frames(
    path: Path, key: str, video: int, wanted: Callable[[int], bool]
) -> Iterator[Image.Image | None]:
    """Yields the frames of one video of an array, and None for those that are not wanted."""
    if path.suffix.lower() == ".npy":
        _npy_header(path)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        for index in range(array.shape[1]):
            yield _image(np.array(array[video, index])) if wanted(index) else None
        return
    stat = path.stat()
    member = _open_member(path, key, stat.st_size, stat.st_mtime_ns)
    header = member.header
    for index in range(header.shape[1]):
        frame = None
        if wanted(index):
            start = (video * header.shape[1] + index) * header.frame_bytes
            values = np.frombuffer(member.read(start, header.frame_bytes), header.dtype)
            frame = _image(values.reshape(header.shape[2:]))
        yield frame


def close() -> None:
    """Closes the array that was read last, which is kept open for its next video."""
    _open_member.cache_clear()


def _image(frame: np.ndarray) -> Image.Image:
    """Returns a frame [H, W, C], uint8 or float in [0, 1], as an image."""
    if frame.dtype != np.uint8:
        if not (frame.min() >= 0 and frame.max() <= 1):  # Comparisons with NaN are false.
            raise ValueError(
                f"values from {frame.min():g} to {frame.max():g}, expected floats in [0, 1] or "
                "uint8"
            )
        frame = np.rint(frame.astype(np.float32) * 255).astype(np.uint8)
    return Image.fromarray(frame[..., 0] if frame.shape[-1] == 1 else np.ascontiguousarray(frame))


def _npy_header(path: Path) -> _Header:
    with open(path, "rb") as file:
        header = _parse_header(file.read(_HEADER_BYTES))
    _check_videos(header, path.stat().st_size)
    return header


def _parse_header(start: bytes) -> _Header:
    """Reads the header of an .npy file from its first bytes; takes no more memory than those."""
    file = io.BytesIO(start)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"an .npy file of version {version}, expected 1.0 or 2.0")
    read = getattr(np.lib.format, f"read_array_header_{version[0]}_0")
    with bound_pillow():  # Hides warnings of headers that Python 2 wrote.
        shape, fortran, dtype = read(file)
    return _Header(shape, fortran, dtype, file.tell())


def _check_videos(header: _Header, num_bytes: int) -> None:
    """Raises ValueError unless a header describes videos, and a file of just `num_bytes`."""
    shape, dtype = header.shape, header.dtype
    if len(shape) != 5 or shape[4] not in (1, 3) or min(shape) < 1:
        raise ValueError(f"an array {list(shape)}, expected [N, T, H, W, C] with 1 or 3 channels")
    if dtype != np.uint8 and not (dtype.kind == "f" and dtype.itemsize <= 8):
        raise ValueError(f"values of type {dtype}, expected uint8 or floats in [0, 1]")
    claimed = header.offset + math.prod(shape) * dtype.itemsize
    if claimed != num_bytes:
        raise ValueError(f"a header that promises {claimed} bytes, the array has {num_bytes}")
    check_size(shape[3], shape[2])
    if header.frame_bytes > MAX_FRAME_BYTES:
        raise ValueError(f"a frame of {header.frame_bytes} bytes, at most {MAX_FRAME_BYTES}")


def _check_count(count: int) -> None:
    """Raises ValueError if a small file claims more videos than a list should hold."""
    if count > MAX_VIDEOS:
        raise ValueError(f"{count} videos in one file, at most {MAX_VIDEOS}")


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    """Raises ValueError if an archive could fill the memory, or names a member twice."""
    if len(members) > MAX_MEMBERS:
        raise ValueError(f"{len(members)} arrays, at most {MAX_MEMBERS}")
    if len({info.filename for info in members}) < len(members):
        raise ValueError("two arrays of one name")
    packed = [info for info in members if info.compress_type != zipfile.ZIP_STORED]
    # Only inflating is bounded in memory.
    if any(info.compress_type != zipfile.ZIP_DEFLATED for info in packed):
        raise ValueError("a compression that numpy does not write")
    unpacked = sum(info.file_size for info in packed)
    if unpacked > MAX_UNPACKED_BYTES:
        raise ValueError(
            f"{unpacked / 1e9:.1f} GB when unpacked, at most {MAX_UNPACKED_BYTES / 1e9:.1f}; save "
            "it by numpy.savez without compression"
        )


class _BoundedFile(io.FileIO):
    """A file with bounded reads, so that a zip archive's false sizes do no harm."""

    def read(self, size: int | None = -1) -> bytes:
        if size is None or size < 0:
            size = os.fstat(self.fileno()).st_size - self.tell()
        if size > _READ_BYTES:
            raise ValueError(f"it asks for {size} bytes at once, at most {_READ_BYTES}")
        return super().read(size)


class _Member:
    """One array of an .npz, read forward; earlier data cost a start from the beginning."""

    def __init__(self, path: Path, key: str):
        self._archive = zipfile.ZipFile(_BoundedFile(path))
        self._info = self._archive.getinfo(f"{key}.npy")
        _check_members([self._info])
        with self._archive.open(self._info) as stream:
            self.header = _parse_header(stream.read(_HEADER_BYTES))
        _check_videos(self.header, self._info.file_size)
        self._broken_at = self._info.file_size
        self._error: Exception | None = None
        self._restart()

    def _restart(self) -> None:
        self._stream, self._position = self._archive.open(self._info), 0

    def read(self, start: int, size: int) -> bytes:
        """Returns `size` bytes of the data from `start` on."""
        start += self.header.offset
        if self._error is not None and start + size > self._broken_at:
            raise self._error  # Found before; to find it again could take long for every video.
        if start < self._position:
            self._restart()
        try:
            while self._position < start:
                self._take(min(_CHUNK_BYTES, start - self._position))
            return b"".join(
                self._take(min(_CHUNK_BYTES, size - taken))
                for taken in range(0, size, _CHUNK_BYTES)
            )
        except Exception as error:
            self._broken_at, self._error = self._position, error
            self._restart()
            raise

    def _take(self, size: int) -> bytes:
        taken = self._stream.read(size)
        if len(taken) < size:
            raise ValueError("the array ends early")
        self._position += size
        return taken


@functools.lru_cache(maxsize=1)
def _open_member(path: Path, key: str, size: int, changed: int) -> _Member:
    # Size and time are arguments so that a changed file is opened again.
    return _Member(path, key)
