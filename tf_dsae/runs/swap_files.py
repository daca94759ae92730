"""Swaps two of the user's video files: the content of one, the motion of the other."""

import dataclasses
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import read_clip
from tf_dsae.runs.run_config import RunConfig, read_finished_run
from tf_dsae.runs.user_files import check_output, clip_settings, find_video

FRAMES_PER_SECOND = 8.0
_PANEL_PIXELS = 192  # About how wide a clip is shown.
_MOST_FRAMES = 512  # Of a swap.
_MOST_VALUES = 2**26  # Pixels of a swap's picture, all frames of it.


def swap_files(
    workdir: str | os.PathLike,
    content: str | os.PathLike,
    motion: str | os.PathLike,
    output: str | os.PathLike,
    *,
    resize_mode: str | None = None,
    num_frames: int | None = None,
    stride: int | None = None,
    frames_per_second: float = FRAMES_PER_SECOND,
    show_source: bool = True,
) -> np.ndarray:
    """Writes a GIF of one file's content with another's motion.

    f comes from the first frames of `content`, at most as many as a clip of the training has; z
    comes from the frames of `motion`. Both are posterior means, as in `DSAE.swap`.

    Args:
      workdir: of a finished run.
      content, motion: a video file, a folder of images, or one video of an array, 'file.npz[3]'.
      output: the .gif to write.
      resize_mode, stride: as in ClipSettings; None for those of the training.
      num_frames: T of the result; None for all frames of `motion`, at most 512, and fewer if
        frames are large.
      frames_per_second: of the GIF, 0.1 to 50.
      show_source: the two files beside the result, with labels; otherwise the result alone.

    Returns:
      The result, float32 [T, H, W, C] in [0, 1].

    Raises:
      UserError: no finished run, a file that cannot be read, or an output that cannot be written.

    Example:
      >>> tf_dsae.swap_files("no_run", "a.gif", "b.gif", "swap.mp4")
      Traceback (most recent call last):
      tf_dsae.UserError: output: expected a file name that ends in .gif, received swap.mp4
    """
    clips = {"resize_mode": resize_mode, "stride": stride}
    return Swap(
        workdir, content, motion, output, clips, num_frames, frames_per_second, show_source
    ).run()


@dataclasses.dataclass
class Swap:
    """The checked arguments of `swap_files`, with both clips; TensorFlow is imported by `run`.

    `clips` are fields of ClipSettings; those that are None are as in the training.
    """

    workdir: str | os.PathLike
    content: str | os.PathLike
    motion: str | os.PathLike
    output: str | os.PathLike
    clips: Mapping[str, Any]
    num_frames: int | None = None
    frames_per_second: float = FRAMES_PER_SECOND
    show_source: bool = True

    def __post_init__(self) -> None:
        self.output = check_output(self.output, ".gif")
        if not 0.1 <= self.frames_per_second <= 50:
            raise UserError(
                f"frames_per_second: expected 0.1 to 50, received {self.frames_per_second:g}"
            )
        run = read_finished_run(self.workdir)
        settings, most = clip_settings(run, **self.clips), _most_frames(run)
        if self.num_frames is not None and self.num_frames > most:
            raise UserError(f"num_frames: expected at most {most}, received {self.num_frames}")
        content, motion = find_video("content", self.content), find_video("motion", self.motion)
        self._content = read_clip(content, settings, at_most=min(settings.num_frames, most))
        self._motion = read_clip(motion, settings, num_frames=self.num_frames, at_most=most)

    def run(self) -> np.ndarray:
        """Swaps, writes the GIF, and returns the result."""
        from tf_dsae.reports import figures
        from tf_dsae.runs.weights import load

        model = load(self.workdir)
        result = model.swap(self._content[np.newaxis], self._motion[np.newaxis])[0].numpy()
        scale, milliseconds = _scale(result.shape[2]), round(1000 / self.frames_per_second)
        if not self.show_source:
            figures.save_clip(self.output, result, scale, milliseconds)
            return result
        # The content stands still where its clip is shorter.
        times = np.minimum(np.arange(len(result)), len(self._content) - 1)
        groups = [
            [("content", self._content[times])],
            [("motion", self._motion)],
            [("content of one, motion of the other", result)],
        ]
        figures.save_animated_strips(self.output, "", groups, scale, milliseconds)
        return result


def _most_frames(run: RunConfig) -> int:
    """The largest number of frames whose picture and activations fit into memory."""
    height, width, _ = run.model.frame_shape
    pixels = 3 * height * width * _scale(width) ** 2
    return max(1, min(_MOST_FRAMES, _MOST_VALUES // pixels))


def _scale(width: int) -> int:
    return max(1, round(_PANEL_PIXELS / width))
