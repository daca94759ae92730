"""TFDS builder of the clips of a folder of videos."""

import contextlib
import functools
import hashlib
import math
from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import array_files, readers
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.frame_decoders import require_av
from tf_dsae.data.folder.labels import Labels
from tf_dsae.data.folder.video_files import LABELS, Source, first_names
from tf_dsae.data.read_ahead import num_cores, read_ahead

# Keys in DatasetInfo.metadata.
FINGERPRINT = "clips_sha256"
SKIPPED = "skipped"  # [name, reason] of each video that is not there, or not whole.
# No factor can be named so.
FILE, START = "_file", "_start"

_KEY_BITS = 128  # Of the keys by which TFDS sorts.
_BUFFER_BYTES = 2**26  # Of clips that are read ahead.


class Plan(NamedTuple):
    """The videos and settings of a data set to make."""

    sources: Sequence[Source]
    labels: Labels
    settings: ClipSettings
    strict: bool


class Builder(  # type: ignore[call-arg]  # TFDS is Any to the checker.
    tfds.core.GeneratorBasedBuilder, skip_registration=True
):
    """Clips of the videos of a folder, split by video.

    An example is {video: uint8 [T, H, W, C], <factor>: int64, ..., _file: text, _start: int64},
    where _file names the video that the clip is of, and _start is the clip's first frame in it.
    Examples come in the order of the videos' names, clips of one video in a row.
    """

    name = "folder"
    VERSION = tfds.core.Version("1.0.0")

    def __init__(self, *, plan: Plan, **kwargs: Any) -> None:
        """Builds as every TFDS builder; `plan` says what to make, or what was made."""
        self._plan = plan
        self._digest = hashlib.sha256()
        self.on_progress: Callable[[int], object] = lambda num_files: None
        super().__init__(**kwargs)

    @classmethod
    def get_builder_config(
        cls, name: str, version: str | None = None
    ) -> tfds.core.BuilderConfig | None:
        """Accepts any name of a configuration; TFDS would warn about unknown ones."""
        return tfds.core.BuilderConfig(name=name, version=version)

    def _info(self) -> tfds.core.DatasetInfo:
        plan = self._plan
        factors = {
            name: tfds.features.ClassLabel(names=list(classes))
            for name, classes in plan.labels.classes.items()
        }
        video = tfds.features.Tensor(
            shape=plan.settings.clip_shape, dtype=np.uint8, encoding=tfds.features.Encoding.ZLIB
        )
        origin = {FILE: tfds.features.Text(), START: tfds.features.Scalar(np.int64)}
        return tfds.core.DatasetInfo(
            builder=self,
            description="Clips of the videos of a folder.",
            features=tfds.features.FeaturesDict({"video": video, **factors, **origin}),
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict:
        del dl_manager  # Everything is here.
        if any(source.kind == "movie" for source in self._plan.sources):
            require_av()
        labels = self._plan.labels.classes
        names = [name for name, classes in labels.items() if len(classes) == 1]
        if names:
            logging.warning(
                "%s: of %s every video has the same class; an evaluation needs two, or the column "
                "left out.",
                LABELS,
                first_names(names),
            )
        self.info.metadata[SKIPPED] = []
        self._digest.update(repr(sorted(labels.items())).encode())
        parts = split_sources(self._plan.sources, self._plan.settings.test_fraction)
        return {split: self._generate_examples(split, members) for split, members in parts.items()}

    def _generate_examples(
        self, split: str, members: Sequence[Source]
    ) -> Iterator[tuple[int, dict]]:
        self._digest.update(f"{split}{self._plan.settings.clip_shape}".encode())
        num_clips = 0
        labels_of = self._plan.labels
        with contextlib.closing(_clips_of(members, self._plan.settings)) as files:
            for position, (source, clips) in enumerate(zip(members, files, strict=True)):
                # TFDS sorts what does not fit into memory in parts, each of one range of keys.
                key = (position << _KEY_BITS) // len(members)
                for number, (start, clip) in enumerate(self._keep_whole(source, clips)):
                    num_clips += 1
                    labels = labels_of.numbers[source.name] if labels_of.classes else {}
                    self._digest.update(repr(sorted(labels.items())).encode())
                    self._digest.update(clip.data)
                    yield key + number, {"video": clip, **labels, FILE: source.name, START: start}
                self.on_progress(1)
        if not num_clips:
            skipped = self.info.metadata[SKIPPED]
            example = f"; the first was left out as {skipped[0][1]}" if skipped else ""
            raise UserError(
                f"video_dir: expected clips for {split}, received none of its {len(members)} "
                f"videos; add videos, or ask for shorter clips{example}"
            )
        self.info.metadata[FINGERPRINT] = self._digest.hexdigest()

    def _keep_whole(
        self, source: Source, clips: Iterator[tuple[int, np.ndarray]]
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yields the clips of a video before any damage, and notes why it is not whole."""
        number = 0
        try:
            for clip in clips:
                yield clip
                number += 1
        except UserError as error:
            if self._plan.strict:
                raise
            kept = f" (its first {number} clips are there)" if number else ""
            self.info.metadata[SKIPPED].append([source.name, f"{error}{kept}"])


def _clips_of(
    members: Sequence[Source], settings: ClipSettings
) -> Generator[Iterator[tuple[int, np.ndarray]], None, None]:
    """Yields the clips of each video, files read on all cores ahead of their turn."""
    threads = num_cores()
    buffer_size = max(1, _BUFFER_BYTES // (threads * math.prod(settings.clip_shape)))
    readings = {
        source.name: functools.partial(readers.iter_clips, source, settings) for source in members
    }
    # Videos of one array follow each other in a file that is held open, for one reader.
    tasks = (readings[source.name] for source in members if source.kind != "array")
    try:
        with contextlib.closing(read_ahead(tasks, threads, buffer_size)) as ahead:
            for source in members:
                yield readings[source.name]() if source.kind == "array" else next(ahead)
    finally:
        array_files.close()


def split_sources(sources: Sequence[Source], test_fraction: float) -> dict[str, list[Source]]:
    """Returns split -> its videos, in order of their names; UserError for fewer than two.

    Whether a video is damaged plays no part, so that mending one does not move the others.
    """
    count = len(sources)
    if count < 2:
        raise UserError(
            f"video_dir: expected at least two videos, one to train with and one to test with, "
            f"received {count}; add some, or cut one in two"
        )
    held_out = min(math.ceil(test_fraction * count), count - 1)
    test = set(np.random.RandomState(0).permutation(count)[:held_out].tolist())
    splits: dict[str, list[Source]] = {"train": [], "test": []}
    for index, source in enumerate(sources):
        splits["test" if index in test else "train"].append(source)
    return splits
