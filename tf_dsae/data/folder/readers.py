"""Reads clips with frames of one size from any kind of file."""

import contextlib
import math
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image

from tf_dsae.core.errors import UserError, reason
from tf_dsae.data.folder.array_files import array_frames
from tf_dsae.data.folder.clip_settings import MAX_CLIP_BYTES, MAX_FRAMES, ClipSettings
from tf_dsae.data.folder.frame_decoders import folder_frames, gif_frames, movie_frames, resize_frame
from tf_dsae.data.folder.video_files import Source

MAX_FILE_FRAMES = 1_000_000  # Of a longer file the first ones are read.
# Clips of one file: 8 GiB, or 64 times the file where that is more, so that only files that say
# next to nothing, such as zeros packed a thousand times, are cut.
MAX_FILE_CLIP_BYTES = 2**33
MAX_GROWTH = 64

_END = Image.new("L", (1, 1))


def read_clip(
    source: Source,
    settings: ClipSettings,
    start: int = 0,
    num_frames: int | None = None,
    at_most: int | None = None,
) -> np.ndarray:
    """Returns frames of a source, uint8 [T, H, W, C], of which every stride-th is taken.

    The settings' num_frames and hop are not used: T is `num_frames`; None takes all from the frame
    `start` to the end of the file, at most `at_most`, 10,000 and 1 GiB. UserError where the file is
    damaged or has too few frames, or an argument is out of range.
    """
    most = max(1, min(MAX_FRAMES, MAX_CLIP_BYTES // settings.frame_bytes))
    count = min(most, at_most or most) if num_frames is None else num_frames
    if start < 0 or not 1 <= count <= most:
        raise UserError(
            f"{source.name}: expected 1 to {most} frames from frame 0 or later, received "
            f"{num_frames} from {start}"
        )
    end = start + (count - 1) * settings.stride

    def wanted(index: int) -> bool:
        return index >= start and (index - start) % settings.stride == 0

    frames, seen = [], -1
    for seen, frame in _read_frames(source, settings, wanted):
        if frame is not None:
            frames.append(frame)
        if seen >= end:
            break
    if not frames or len(frames) < (num_frames or 1):
        raise _too_short(source, seen + 1, start + ((num_frames or 1) - 1) * settings.stride + 1)
    return np.stack(frames)


def iter_clips(source: Source, settings: ClipSettings) -> Iterator[tuple[int, np.ndarray]]:
    """Yields (index of the first frame in the file, uint8 [T, H, W, C]) for each clip.

    Holds no more frames than those of the clips that are under way. All clips of a file together
    have at most 8 GiB, or 64 times the bytes of the file where that is more; videos of one array
    file share this evenly, and give one clip each at least. UserError, maybe after some clips,
    where the file is damaged, has more, or has fewer frames than one clip needs.
    """
    stride, hop, last = settings.stride, settings.clip_hop, settings.span - 1
    cycle = stride // math.gcd(stride, hop)  # Clips further apart want the same frames.

    def wanted(index: int) -> bool:
        first, newest = max(0, -(-(index - last) // hop)), index // hop
        clips = range(first, min(newest + 1, first + cycle))
        return any((index - clip * hop) % stride == 0 for clip in clips)

    with _as_user_error(source):
        file_bytes = sum(path.stat().st_size for path in source.files or (source.path,))
    share = max(MAX_FILE_CLIP_BYTES, MAX_GROWTH * file_bytes) // source.siblings
    most = max(1, share // math.prod(settings.clip_shape))
    waiting: dict[int, np.ndarray] = {}
    start, seen = 0, -1
    for seen, frame in _read_frames(source, settings, wanted):
        if frame is not None:
            waiting[seen] = frame
        if seen == start + last:
            if start // hop == most:
                raise UserError(
                    f"{source.name}: expected at most {most} clips of a file of this size, "
                    "received more; cut it in parts, or take smaller frames or a larger hop"
                )
            yield start, np.stack([waiting[index] for index in range(start, seen + 1, stride)])
            start += hop
            waiting = {at: frame for at, frame in waiting.items() if at >= start}
    if start == 0:
        raise _too_short(source, seen + 1, settings.span)


def _read_frames(
    source: Source, settings: ClipSettings, wanted: Callable[[int], bool]
) -> Iterator[tuple[int, np.ndarray | None]]:
    """Yields (index, uint8 [H, W, C], or None if it is unwanted) for each frame of a file."""
    with _as_user_error(source):
        frames = _frames(source, wanted)
    for index in range(MAX_FILE_FRAMES):
        with _as_user_error(source):
            image = next(frames, _END)
            if image is _END:
                return
            frame = None if image is None else resize_frame(image, settings)
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
    """Turns any error of a decoder into a UserError that names the source."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        raise UserError(
            f"{source.name}: expected a video that can be decoded, received: {reason(error)}; "
            "repair, convert or remove it"
        ) from error
