"""Swaps two of the user's video files: the content of one, the motion of the other."""

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
    return Swap(workdir, content, motion, output, clips, num_frames, frames_per_second).run(
        show_source
    )


class Swap:
    """The checked arguments of `swap_files`, with both clips; TensorFlow is imported by `run`.

    Args:
      clips: fields of ClipSettings; None for those of the training.
      The others as for `swap_files`.

    Raises:
      UserError: as `swap_files` does, except for damaged weights.
    """

    def __init__(
        self,
        workdir: str | os.PathLike,
        content: str | os.PathLike,
        motion: str | os.PathLike,
        output: str | os.PathLike,
        clips: Mapping[str, Any],
        num_frames: int | None = None,
        frames_per_second: float = FRAMES_PER_SECOND,
    ):
        self.workdir, self.output = workdir, check_output(output, ".gif")
        if not 0.1 <= frames_per_second <= 50:
            raise UserError(
                f"frames_per_second: expected 0.1 to 50, received {frames_per_second:g}"
            )
        self.milliseconds = round(1000 / frames_per_second)
        run = read_finished_run(workdir)
        settings, most = clip_settings(run, **clips), _most_frames(run)
        if num_frames is not None and num_frames > most:
            raise UserError(f"num_frames: expected at most {most}, received {num_frames}")
        sources = find_video("content", content), find_video("motion", motion)
        self.content = read_clip(sources[0], settings, at_most=min(settings.num_frames, most))
        self.motion = read_clip(sources[1], settings, num_frames=num_frames, at_most=most)

    def run(self, show_source: bool = True) -> np.ndarray:
        """Swaps, writes the GIF, and returns the result."""
        from tf_dsae.reports import figures
        from tf_dsae.runs.weights import load

        model = load(self.workdir)
        result = model.swap(self.content[np.newaxis], self.motion[np.newaxis])[0].numpy()
        scale = _scale(result.shape[2])
        if not show_source:
            figures.save_clip(self.output, result, scale, self.milliseconds)
            return result
        # The content stands still where its clip is shorter.
        times = np.minimum(np.arange(len(result)), len(self.content) - 1)
        groups = [
            [("content", self.content[times])],
            [("motion", self.motion)],
            [("content of one, motion of the other", result)],
        ]
        figures.save_animated_strips(self.output, "", groups, scale, self.milliseconds)
        return result


def _most_frames(run: RunConfig) -> int:
    """The largest number of frames whose picture and activations fit into memory."""
    height, width, _ = run.model.frame_shape
    pixels = 3 * height * width * _scale(width) ** 2
    return max(1, min(_MOST_FRAMES, _MOST_VALUES // pixels))


def _scale(width: int) -> int:
    return max(1, round(_PANEL_PIXELS / width))
