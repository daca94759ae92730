"""A trained run applied to files of the user's own: their latents, and swaps between them."""

import dataclasses
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder, path_errors, written_whole
from tf_dsae.data.data_source import read_source
from tf_dsae.data.folder import find_sources, iter_clips, open_source, read_clip
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.video_files import Source, say_skipped
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports import figures
from tf_dsae.runs import workdir as folder

_PANEL_PIXELS = 192  # About how wide a clip is shown.
_MOST_FRAMES = 512  # Of a swap.
_MOST_VALUES = 2**26  # Pixels of a swap's picture, all frames of it.
_IN_ARRAY = re.compile(r"(?P<path>.+\.np[yz])(?P<place>(:.+)?\[\d+\])", re.IGNORECASE)


def clip_settings(run: folder.RunConfig, **changes: Any) -> ClipSettings:
    """How files become clips that the run's model takes: as in its training, or by default.

    Args:
      **changes: fields of ClipSettings; those that are None stay as they are.
    """
    height, width, channels = run.model.frame_shape
    clips = getattr(read_source(run.data), "clips", ClipSettings())
    given = {name: value for name, value in changes.items() if value is not None}
    given |= {"frame_size": (height, width), "channels": channels}
    return dataclasses.replace(clips, **given)


def _check_output(output: str | os.PathLike, suffix: str) -> Path:
    path = Path(output).expanduser()
    with path_errors("output", output):
        if path.suffix.lower() != suffix or path.is_dir():
            raise UserError(
                f"output: expected a file name that ends in {suffix}, received {output}"
            )
        # The longest name that most systems take, with what is written beside it.
        if len(os.fsencode(path.name)) > 200:
            raise UserError(f"output: expected a shorter file name, received {path.name}")
        check_folder("output", path.parent)
    return path


def _sources(video_dir: str | os.PathLike) -> list[Source]:
    path = Path(video_dir).expanduser()
    with path_errors("video_dir", video_dir):
        return find_sources(path) if path.is_dir() else open_source(path)


def encode_folder(
    workdir: str | os.PathLike,
    video_dir: str | os.PathLike,
    output: str | os.PathLike,
    *,
    resize_mode: str | None = None,
    num_frames: int | None = None,
    stride: int | None = None,
    hop: int | None = None,
    batch_size: int = 16,
    strict: bool = False,
    show_progress: bool = True,
) -> dict[str, np.ndarray]:
    """Writes the latents of every clip below a folder, N in all, to an .npz.

    Files become clips as for the run's training, at its frame size. A file that is damaged or too
    short is named and left out; of one that is damaged further on, the clips before are kept.

    Args:
      workdir: of a finished run.
      video_dir: folder of videos, as `--dataset=folder` takes it, or one file.
      output: the .npz to write.
      resize_mode, num_frames, stride, hop: as of ClipSettings; None for those of the training.
      batch_size: clips at a time.
      strict: stop at a damaged file; nothing is written then.
      show_progress: a bar on stderr.

    Returns:
      What the .npz holds: name [N], of the file, relative to the folder; start [N], the number of
      the clip's first frame in its file; f_mean, f_stddev [N, F]; z_mean, z_stddev [N, T, Z]: the
      posteriors of `DSAE.encode`, float32.

    Raises:
      UserError: no finished run, no videos, none that can be read, or an output that cannot be
        written.

    Example:
      >>> tf_dsae.encode_folder("no_run", "videos", "latents.txt")
      Traceback (most recent call last):
      tf_dsae.UserError: output: expected a file name that ends in .npz, received latents.txt
    """
    path = _check_output(output, ".npz")
    check_whole("batch_size", batch_size, 1, "clip")
    run = folder.read_config(Path(workdir).expanduser() / folder.CONFIG)
    changes = {"resize_mode": resize_mode, "num_frames": num_frames, "stride": stride, "hop": hop}
    settings = clip_settings(run, **changes)
    sources = _sources(video_dir)
    model = folder.load(workdir)
    reading = _Reading(sources, settings, strict, show_progress)
    latents = _encoded(model, reading, batch_size)
    reading.report()
    if len(latents["name"]) == 0:
        raise UserError(
            f"video_dir: expected a video that can be read and is long enough, received "
            f"{video_dir}, where {next(iter(reading.problems.values()))}"
        )
    with written_whole(path) as beside:
        np.savez(beside, **latents)  # type: ignore[arg-type]  # An array is never allow_pickle.
    return latents


class _Reading:
    """Clips of files one after the other; files that cannot be read to the end are remembered.

    Attributes:
      problems: name of a file -> what is wrong with it.
    """

    def __init__(
        self, sources: list[Source], settings: ClipSettings, strict: bool, show_progress: bool
    ):
        self.sources, self.settings, self.strict = sources, settings, strict
        self.show_progress = show_progress
        self.problems: dict[str, str] = {}

    def clips(self) -> Iterator[tuple[str, int, np.ndarray]]:
        """Yields (file, start, uint8 [T, H, W, C])."""
        hidden = None if self.show_progress else True  # None: hidden unless on a terminal.
        for source in tqdm(self.sources, "encoding", unit=" videos", leave=False, disable=hidden):
            try:
                for start, clip in iter_clips(source, self.settings):
                    yield source.name, start, clip
            except UserError as error:
                if self.strict:
                    raise
                self.problems[source.name] = str(error)

    def report(self) -> None:
        """Says on stderr which files were skipped, and why."""
        say_skipped(list(self.problems.values()), lambda line: print(line, file=sys.stderr))


def _batches(reading: _Reading, size: int) -> Iterator[list[tuple[str, int, np.ndarray]]]:
    held = []
    for clip in reading.clips():
        held.append(clip)
        if len(held) == size:
            yield held
            held = []
    if held:
        yield held


def _encoded(model: DSAE, reading: _Reading, batch_size: int) -> dict[str, np.ndarray]:
    @tf.function(input_signature=[tf.TensorSpec([None, None, *model.config.frame_shape], tf.uint8)])
    def encode(video: tf.Tensor) -> list[tf.Tensor]:
        posterior = model.encode(video)
        return [part() for q in posterior for part in (q.mean, q.stddev)]

    names, starts, parts = [], [], []
    for batch in _batches(reading, batch_size):
        names += [name for name, _, _ in batch]
        starts += [start for _, start, _ in batch]
        videos = np.stack([video for _, _, video in batch])
        parts.append([values.numpy() for values in encode(videos)])
    keys = ("f_mean", "f_stddev", "z_mean", "z_stddev")
    joined = [np.concatenate(values) for values in zip(*parts, strict=True)] if parts else []
    latents = dict(zip(keys, joined, strict=False))
    return {"name": np.array(names, str), "start": np.array(starts, np.int64), **latents}


def _one_source(name: str, path: str | os.PathLike) -> Source:
    """The one video that a user names: a file, a folder of images, or 'file.npz[3]'."""
    match = _IN_ARRAY.fullmatch(os.fspath(path))
    with path_errors(name, path):
        if match is None or Path(path).expanduser().exists():
            sources, wanted = open_source(path), None
        else:
            sources = open_source(match["path"])
            wanted = Path(match["path"]).name + match["place"]
    found = [source for source in sources if wanted in (None, source.name)]
    if len(found) != 1:
        raise UserError(
            f"{name}: expected one video, received {path}; it holds {len(sources)}, from "
            f"{sources[0].name} to {sources[-1].name}: name one of them"
        )
    return found[0]


def _most_frames(run: folder.RunConfig) -> int:
    """How long a swap may be, so that its picture and its activations fit into memory."""
    height, width, _ = run.model.frame_shape
    pixels = 3 * height * width * _scale(width) ** 2
    return max(1, min(_MOST_FRAMES, _MOST_VALUES // pixels))


def _scale(width: int) -> int:
    return max(1, round(_PANEL_PIXELS / width))


def swap_files(
    workdir: str | os.PathLike,
    content: str | os.PathLike,
    motion: str | os.PathLike,
    output: str | os.PathLike,
    *,
    resize_mode: str | None = None,
    num_frames: int | None = None,
    stride: int | None = None,
    frames_per_second: float = 8.0,
    show_source: bool = True,
) -> np.ndarray:
    """Writes a GIF of one file's content with another's motion.

    f comes of the first frames of `content`, as many as a clip of the run's training has or the
    file gives; z of the frames of `motion`; posterior means, as `DSAE.swap` takes them.

    Args:
      workdir: of a finished run.
      content, motion: a video file, a folder of images, or one video of an array, 'file.npz[3]'.
      output: the .gif to write.
      resize_mode, stride: as of ClipSettings; None for those of the training.
      num_frames: T of the result; None for all frames of `motion`, 512 at most and fewer of large
        frames.
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
    path = _check_output(output, ".gif")
    if not 0.1 <= frames_per_second <= 50:
        raise UserError(f"frames_per_second: expected 0.1 to 50, received {frames_per_second:g}")
    run = folder.read_config(Path(workdir).expanduser() / folder.CONFIG)
    settings, most = clip_settings(run, resize_mode=resize_mode, stride=stride), _most_frames(run)
    if num_frames is not None and num_frames > most:
        raise UserError(f"num_frames: expected at most {most}, received {num_frames}")
    sources = _one_source("content", content), _one_source("motion", motion)
    of_content = read_clip(sources[0], settings, at_most=min(settings.num_frames, most))
    of_motion = read_clip(sources[1], settings, num_frames=num_frames, at_most=most)
    model = folder.load(workdir)
    result = model.swap(of_content[np.newaxis], of_motion[np.newaxis])[0].numpy()
    milliseconds = round(1000 / frames_per_second)
    scale = _scale(result.shape[2])
    if not show_source:
        figures.save_clip(path, result, scale, milliseconds)
        return result
    # The content stands still where its clip is shorter.
    times = np.minimum(np.arange(len(result)), len(of_content) - 1)
    groups = [
        [("content", of_content[times])],
        [("motion", of_motion)],
        [("content of one, motion of the other", result)],
    ]
    figures.save_animated_strips(path, "", groups, scale, milliseconds)
    return result
