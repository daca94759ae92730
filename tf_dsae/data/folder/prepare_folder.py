"""Prepares the clips of a folder once, and reuses them."""

import dataclasses
import functools
import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from absl import logging

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import open_regular
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.folder_dataset_builder import (
    FINGERPRINT,
    SKIPPED,
    Builder,
    Plan,
    split_sources,
)
from tf_dsae.data.folder.folder_source import FolderSource
from tf_dsae.data.folder.labels import dynamic_factors, labels_file, read_labels
from tf_dsae.data.folder.video_files import LABELS, Source, find_sources, first_names, say_skipped
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.data.tfds_store import open_or_make, open_store, say_ready, wrap_read_errors

WHOLE_BYTES = 2**20  # A file up to this size is read whole.
PART_BYTES = 2**16  # Of a larger one, three parts of this size.
READER_VERSION = 2  # Raised when the same files give other clips.


def prepare_folder(
    source: FolderSource, data_dir: str | os.PathLike | None, show_progress: bool
) -> SequenceData:
    """Opens the clips of a folder, as `FolderSource.open` does."""
    folder, clips = Path(source.video_dir).expanduser().absolute(), source.clips
    videos = find_sources(folder)
    split_sources(videos, clips.test_fraction)  # Raises where there are too few.
    labels = read_labels(folder, videos)
    moving = dynamic_factors(clips.dynamic_factors, labels)
    slug = re.sub("[^A-Za-z0-9_.-]+", "-", folder.resolve().name).strip(".-")[:40] or "videos"
    name = f"{Builder.name}/{slug}"
    config = f"{slug}-{_key(folder, videos, clips)}"
    plan = Plan(videos, labels, clips, source.strict)
    new_builder = functools.partial(Builder, plan=plan, config=config, data_dir=data_dir)
    builder, made = open_or_make(
        name, data_dir, new_builder, len(videos), "files", "room for the clips", show_progress
    )
    with wrap_read_errors(name, builder.data_dir):
        there = dataclasses.replace(source, video_dir=str(folder))
        data = open_store(builder, name, builder.info.metadata[FINGERPRINT], there, moving)
        skipped = [(str(file), str(why)) for file, why in builder.info.metadata[SKIPPED]]
    if made:
        say_skipped([why for _, why in skipped], logging.warning)
    elif skipped:
        names = first_names([file for file, _ in skipped])
        logging.warning("%s is without %d videos: %s", name, len(skipped), names)
    if show_progress:
        counts = (
            f"{len(videos)} videos, {len(skipped)} of them left out, gave {data.num_train} "
            f"training and {data.num_test} test clips, {builder.info.dataset_size}"
        )
        say_ready(data, builder.data_dir, made, counts)
    if source.strict and skipped:
        raise UserError(skipped[0][1])
    return data


def _key(folder: Path, sources: Sequence[Source], settings: ClipSettings) -> str:
    """Returns a digest of files and settings, 16 hexadecimal digits."""
    # Version 0.1 called resize_mode "fit": what it made is found under that name.
    how = {"fit" if k == "resize_mode" else k: v for k, v in dataclasses.asdict(settings).items()}
    del how["dynamic_factors"]  # Read when the clips are opened.
    labels = labels_file(folder)
    facts = [READER_VERSION, how, file_stamp(labels, LABELS) if labels else None]
    digest = hashlib.sha256(json.dumps(facts).encode())
    for stamp in stamp_files(sources):
        digest.update(json.dumps(stamp).encode())
    return digest.hexdigest()[:16]


# --- Whether files are still those that clips were made of.


def stamp_files(sources: Iterable[Source]) -> Iterator[list]:
    """Yields of each source its name, kind and the `file_stamp` of its files."""
    stamps: dict[Path, list] = {}  # An array file is the file of many sources.
    for source in sources:
        files = source.files or (source.path,)
        for path in files:
            if path not in stamps:
                stamps[path] = file_stamp(path, source.name)
        yield [source.name, source.kind, *(stamps[path] for path in files)]


def file_stamp(path: Path, name: str) -> list:
    """Returns a file's name, size, time and digest; UserError, with `name`, where it is gone.

    The digest is of the whole content up to 1 MiB, of a larger file of the first, middle and last
    64 KiB, so that films need not be read again to be found again.
    """
    try:
        with open_regular(path) as file:
            stat = os.fstat(file.fileno())
            size, digest = stat.st_size, hashlib.sha256()
            if size <= WHOLE_BYTES:
                digest.update(file.read(WHOLE_BYTES))
            else:
                for start in (0, (size - PART_BYTES) // 2, size - PART_BYTES):
                    file.seek(start)
                    digest.update(file.read(PART_BYTES))
    except (OSError, ValueError) as error:
        raise UserError(
            f"{name}: expected a file that can be read, received: {reason(error)}; change its "
            "rights or remove it"
        ) from error
    return [os.fsencode(path.name).hex(), size, stat.st_mtime_ns, digest.hexdigest()]
