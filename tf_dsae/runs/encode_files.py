"""Encodes the user's video files."""

import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import written_whole
from tf_dsae.core.progress import progress_bar
from tf_dsae.data.folder import iter_clips
from tf_dsae.data.folder.video_files import say_skipped
from tf_dsae.runs.run_config import read_finished_run
from tf_dsae.runs.user_files import check_output, clip_settings, find_videos

if TYPE_CHECKING:
    from tf_dsae.models.dsae import DSAE

BATCH_SIZE = 16
_Clip = tuple[str, int, np.ndarray]  # (file, start, uint8 [T, H, W, C]).


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


class Encoding:
    """The checked arguments of `encode_folder`; TensorFlow is imported by `run`.

    Args:
      clips: fields of ClipSettings; None for those of the training.
      The others as for `encode_folder`.

    Attributes:
      problems: name of a file -> what is wrong with it.

    Raises:
      UserError: as `encode_folder` does, for what can be told before a file is read.
    """

    def __init__(
        self,
        workdir: str | os.PathLike,
        video_dir: str | os.PathLike,
        output: str | os.PathLike,
        clips: Mapping[str, Any],
        batch_size: int = BATCH_SIZE,
        strict: bool = False,
        show_progress: bool = True,
    ):
        self.workdir, self.video_dir, self.batch_size = workdir, video_dir, batch_size
        self.strict, self.show_progress = strict, show_progress
        self.output = check_output(output, ".npz")
        check_whole("batch_size", batch_size, 1, "clip")
        self.settings = clip_settings(read_finished_run(workdir), **clips)
        self.sources = find_videos(video_dir)
        self.problems: dict[str, str] = {}

    def run(self) -> dict[str, np.ndarray]:
        """Encodes, writes, and returns what was written."""
        from tf_dsae.runs.weights import load

        latents = self._encode(load(self.workdir))
        # Which files were skipped, and why.
        say_skipped(list(self.problems.values()), lambda line: print(line, file=sys.stderr))
        if len(latents["name"]) == 0:
            raise UserError(
                f"video_dir: expected a video that can be read and is long enough, received "
                f"{self.video_dir}, where {next(iter(self.problems.values()))}"
            )
        with written_whole(self.output) as beside:
            np.savez(beside, **latents)  # type: ignore[arg-type]  # An array is never allow_pickle.
        return latents

    def _clips(self) -> Iterator[_Clip]:
        """The clips of one file after the other; notes files that cannot be read to the end."""
        for source in progress_bar("encoding", over=self.sources, show=self.show_progress):
            try:
                for start, clip in iter_clips(source, self.settings):
                    yield source.name, start, clip
            except UserError as error:
                if self.strict:
                    raise
                self.problems[source.name] = str(error)

    def _batches(self) -> Iterator[list[_Clip]]:
        batch = []
        for clip in self._clips():
            batch.append(clip)
            if len(batch) == self.batch_size:
                yield batch
                batch = []
        if batch:
            yield batch

    def _encode(self, model: "DSAE") -> dict[str, np.ndarray]:
        import tensorflow as tf

        spec = tf.TensorSpec([None, None, *model.config.frame_shape], tf.uint8)

        @tf.function(input_signature=[spec])
        def encode(video: tf.Tensor) -> list[tf.Tensor]:
            posterior = model.encode(video)
            return [part() for q in posterior for part in (q.mean, q.stddev)]

        names, starts, parts = [], [], []
        for batch in self._batches():
            names += [name for name, _, _ in batch]
            starts += [start for _, start, _ in batch]
            videos = np.stack([video for _, _, video in batch])
            parts.append([values.numpy() for values in encode(videos)])
        keys = ("f_mean", "f_stddev", "z_mean", "z_stddev")
        joined = [np.concatenate(values) for values in zip(*parts, strict=True)] if parts else []
        latents = dict(zip(keys, joined, strict=False))
        return {"name": np.array(names, str), "start": np.array(starts, np.int64), **latents}
