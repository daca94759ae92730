"""Encodes the user's video files."""

import dataclasses
import itertools
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import wrap_path_errors, write_atomically
from tf_dsae.core.progress import progress_bar
from tf_dsae.data.folder import find_sources, iter_clips, open_source
from tf_dsae.data.folder.video_files import say_skipped
from tf_dsae.runs.run_config import read_finished_run
from tf_dsae.runs.user_files import check_output, clip_settings

if TYPE_CHECKING:
    from tf_dsae.models.dsae import DSAE

BATCH_SIZE = 16


def encode_folder(
    workdir: str | os.PathLike,
    video_dir: str | os.PathLike,
    output: str | os.PathLike,
    *,
    resize_mode: str | None = None,
    num_frames: int | None = None,
    stride: int | None = None,
    hop: int | None = None,
    batch_size: int = BATCH_SIZE,
    strict: bool = False,
    show_progress: bool = True,
) -> dict[str, np.ndarray]:
    """Writes the latents of all N clips below a folder to an .npz.

    Files become clips as for the run's training, at its frame size. A file that is damaged or too
    short is named and left out; clips before the damage are kept.

    Args:
      workdir: of a finished run.
      video_dir: folder of videos, as `--dataset=folder` takes it, or one file.
      output: the .npz to write.
      resize_mode, num_frames, stride, hop: as in ClipSettings; None for those of the training.
      batch_size: clips at a time.
      strict: stop at a damaged file; nothing is written then.
      show_progress: a bar on stderr.

    Returns:
      The content of the .npz: name [N], the file's path relative to the folder; start [N], the
      index of the clip's first frame in its file; f_mean, f_stddev [N, F] and z_mean, z_stddev
      [N, T, Z], the posteriors of `DSAE.encode`, float32.

    Raises:
      UserError: no finished run, no videos, none that can be read, or an output that cannot be
        written.

    Example:
      >>> tf_dsae.encode_folder("no_run", "videos", "latents.txt")
      Traceback (most recent call last):
      tf_dsae.UserError: output: expected a file name that ends in .npz, received latents.txt
    """
    clips = {"resize_mode": resize_mode, "num_frames": num_frames, "stride": stride, "hop": hop}
    return Encoding(workdir, video_dir, output, clips, batch_size, strict, show_progress).run()


@dataclasses.dataclass
class Encoding:
    """The checked arguments of `encode_folder`; TensorFlow is imported by `run`.

    `clips` are fields of ClipSettings; those that are None are as in the training.
    """

    workdir: str | os.PathLike
    video_dir: str | os.PathLike
    output: str | os.PathLike
    clips: Mapping[str, Any]
    batch_size: int = BATCH_SIZE
    strict: bool = False
    show_progress: bool = True

    def __post_init__(self) -> None:
        self.output = check_output(self.output, ".npz")
        check_whole("batch_size", self.batch_size, 1, "clip")
        self._settings = clip_settings(read_finished_run(self.workdir), **self.clips)
        path = Path(self.video_dir).expanduser()
        with wrap_path_errors("video_dir", path):
            self._sources = find_sources(path) if path.is_dir() else open_source(path)
        self._problems: list[str] = []

    def run(self) -> dict[str, np.ndarray]:
        """Encodes, writes, and returns what was written."""
        from tf_dsae.runs.weights import load

        latents = self._encode(load(self.workdir))
        say_skipped(self._problems, lambda line: print(line, file=sys.stderr))
        if not latents:
            raise UserError(
                f"video_dir: expected a video that can be read and is long enough, received "
                f"{self.video_dir}, where {self._problems[0]}"
            )
        with write_atomically(self.output) as beside:
            np.savez(beside, **latents)  # type: ignore[arg-type]  # An array is never allow_pickle.
        return latents

    def _clips(self) -> Iterator[tuple[str, int, np.ndarray]]:
        """(file, start, uint8 [T, H, W, C]) of clip after clip; what cannot be read is noted."""
        for source in progress_bar("encoding", over=self._sources, show=self.show_progress):
            try:
                for start, clip in iter_clips(source, self._settings):
                    yield source.name, start, clip
            except UserError as error:
                if self.strict:
                    raise
                self._problems.append(str(error))

    def _encode(self, model: "DSAE") -> dict[str, np.ndarray]:
        """The content of the .npz; {} where there is no clip."""
        import tensorflow as tf

        @tf.function(
            input_signature=[tf.TensorSpec([None, None, *model.config.frame_shape], tf.uint8)]
        )
        def encode(video: tf.Tensor) -> list[tf.Tensor]:
            f, z = model.encode(video)
            return [f.mean(), f.stddev(), z.mean(), z.stddev()]

        clips, batches = self._clips(), []
        while batch := list(itertools.islice(clips, self.batch_size)):
            names, starts, videos = zip(*batch, strict=True)
            latents = [values.numpy() for values in encode(np.stack(videos))]
            batches.append([np.array(names), np.array(starts, np.int64), *latents])
        columns = [np.concatenate(parts) for parts in zip(*batches, strict=True)]
        keys = ("name", "start", "f_mean", "f_stddev", "z_mean", "z_stddev")
        return dict(zip(keys, columns, strict=True)) if columns else {}
