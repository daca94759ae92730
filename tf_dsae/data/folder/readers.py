"""Clips of fitted frames, one after the other, from any source."""

import contextlib
import math
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from tf_dsae.data.folder.arrays import array_frames
from tf_dsae.data.folder.images import fitted, folder_frames, gif_frames
from tf_dsae.data.folder.movies import movie_frames
from tf_dsae.data.folder.settings import MAX_CLIP_BYTES, MAX_FRAMES, ClipSettings
from tf_dsae.data.folder.sources import Source
from tf_dsae.errors import UserError, reason

MAX_FILE_FRAMES = 1_000_000  # Of a longer file the first ones are read.

_END = Image.new("L", (1, 1))


def read_clip(
    source: Source, settings: ClipSettings, start: int = 0, num_frames: int | None = None
) -> np.ndarray:
    """Returns frames of a source, uint8 [T, H, W, C].

    Args:
      source: of `find_sources` or `open_source`.
      settings: of the frames; its stride is used, its num_frames and hop are not.
      start: the first frame of the file to take.
      num_frames: T; None for every stride-th frame to the end of the file, at most 10,000 and
        1 GiB.

    Raises:
      UserError: the file is damaged or has too few frames, or an argument is out of range.
    """
    most = max(1, min(MAX_FRAMES, MAX_CLIP_BYTES // settings.frame_bytes))
    count = most if num_frames is None else num_frames
    if start < 0 or not 1 <= count <= most:
        raise UserError(
            f"{source.name}: expected 1 to {most} frames from frame 0 or later, received "
            f"{num_frames} from {start}"
        )
    end = start + (count - 1) * settings.stride

    def wanted(index: int) -> bool:
        return index >= start and (index - start) % settings.stride == 0

    frames, seen = [], -1
    for seen, frame in _fitted_frames(source, settings, wanted):
        if frame is not None:
            frames.append(frame)
        if seen >= end:
            break
    if not frames or len(frames) < (num_frames or 1):
        raise _too_short(source, seen + 1, start + ((num_frames or 1) - 1) * settings.stride + 1)
    return np.stack(frames)


def iter_clips(source: Source, settings: ClipSettings) -> Iterator[tuple[int, np.ndarray]]:
    """Yields (number of its first frame in the file, uint8 [T, H, W, C]) of clip after clip.

    Holds no more frames than those of the clips that are under way.

    Raises:
      UserError: the file is damaged, which may be found after some clips, or it has fewer frames
        than one clip needs.
    """
    stride, hop, last = settings.stride, settings.clip_hop, settings.span - 1
    cycle = stride // math.gcd(stride, hop)  # Clips further apart want the same frames.

    def wanted(index: int) -> bool:
        first, newest = max(0, -(-(index - last) // hop)), index // hop
        clips = range(first, min(newest + 1, first + cycle))
        return any((index - clip * hop) % stride == 0 for clip in clips)

    held: dict[int, np.ndarray] = {}
    start, seen = 0, -1
    for seen, frame in _fitted_frames(source, settings, wanted):
        if frame is not None:
            held[seen] = frame
        if seen == start + last:
            yield start, np.stack([held[index] for index in range(start, seen + 1, stride)])
            start += hop
            held = {index: kept for index, kept in held.items() if index >= start}
    if start == 0:
        raise _too_short(source, seen + 1, settings.span)


def _fitted_frames(
    source: Source, settings: ClipSettings, wanted: Callable[[int], bool]
) -> Iterator[tuple[int, np.ndarray | None]]:
    """Yields (index, uint8 [H, W, C], or None where it is not wanted) of each frame of a file."""
    with _as_user_error(source):
        frames = _frames(source, wanted)
    for index in range(MAX_FILE_FRAMES):
        with _as_user_error(source):
            image = next(frames, _END)
            if image is _END:
                return
            frame = None if image is None else fitted(image, settings)
        yield index, frame


def _frames(source: Source, wanted: Callable[[int], bool]) -> Iterator[Image.Image | None]:
    if source.kind == "movie":
        return movie_frames(source.path, wanted)
    if source.kind == "gif":
        return gif_frames(source.path, wanted)
    if source.kind == "images":
        return folder_frames(source.files, wanted)
    if source.kind == "array":
        return array_frames(source.path, source.key, source.video, wanted)
    raise ValueError(source.problem)


def _too_short(source: Source, had: int, needed: int) -> UserError:
    return UserError(
        f"{source.name}: expected at least {needed} frames, received {had}; take fewer frames, a "
        "smaller stride or a longer video"
    )


@contextlib.contextmanager
def _as_user_error(source: Source) -> Iterator[None]:
    """Turns whatever a decoder raises into a UserError that names the source."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{source.name}: expected a video that can be decoded, received: {reason(error)}; "
            "repair, convert or remove it"
        ) from error
