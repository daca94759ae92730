"""Prepares the clips of a folder once, and reuses them."""

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from absl import logging

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import open_regular
from tf_dsae.core.progress import progress_bar
from tf_dsae.data.folder import array_files
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.folder_dataset_builder import (
    FINGERPRINT,
    SKIPPED,
    Builder,
    Plan,
    split_sources,
)
from tf_dsae.data.folder.folder_source import FolderSource
from tf_dsae.data.folder.labels import (
    Labels,
    dynamic_factors,
    labels_file,
    read_labels,
    single_classes,
)
from tf_dsae.data.folder.movies import require_av
from tf_dsae.data.folder.video_files import (
    LABELS,
    Source,
    find_sources,
    first_names,
    say_skipped,
)
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.data.tfds_store import hide_tfds, open_or_make, open_store, reading_errors

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
    slug = _slug(folder.resolve().name)
    name = f"{Builder.name}/{slug}"
    config = f"{slug}-{_key(folder, videos, clips)}"
    plan = Plan(videos, labels, clips, source.strict)
    new_builder = functools.partial(Builder, plan=plan, config=config, data_dir=data_dir)
    make = functools.partial(_make, name, new_builder, plan, show_progress)
    builder, made = open_or_make(name, data_dir, new_builder, make, "room for the clips")
    with reading_errors(name, builder.data_dir):
        there = dataclasses.replace(source, video_dir=str(folder))
        data = open_store(builder, name, builder.info.metadata[FINGERPRINT], there, moving)
        skipped = [(str(file), str(why)) for file, why in builder.info.metadata[SKIPPED]]
    _say(data, builder, len(videos), skipped, made, show_progress)
    if source.strict and skipped:
        raise UserError(skipped[0][1])
    return data


def _make(
    name: str,
    new_builder: functools.partial[Builder],
    plan: Plan,
    show_progress: bool,
) -> None:
    """Has TFDS write the data set, with one progress bar in place of TFDS's output."""
    if any(source.kind == "movie" for source in plan.sources):
        require_av()
    _warn_of_single_classes(plan.labels)
    try:
        with (
            hide_tfds(),
            progress_bar(name, len(plan.sources), "files", show_progress) as bar,
        ):
            builder = new_builder(on_source=bar.update)
            with _without_empty_folders(builder.data_path.parent):
                builder.download_and_prepare()
    finally:
        array_files.close()


@contextlib.contextmanager
def _without_empty_folders(config_dir: Path) -> Iterator[None]:
    """Removes empty folders that TFDS left, also after an interruption.

    Args:
      config_dir: of the data set, DATA_DIR/folder/<config>.
    """
    data_dir = Path(config_dir).parent.parent
    downloads = data_dir / "downloads"
    folders = [config_dir, config_dir.parent, downloads / "extracted", downloads, data_dir]
    ours = [folder for folder in folders if not folder.exists()]
    try:
        yield
    finally:
        for folder in ours:
            with contextlib.suppress(OSError):  # It holds something, or was never made.
                os.rmdir(folder)


def _warn_of_single_classes(labels: Labels) -> None:
    names = single_classes(labels)
    if names:
        logging.warning(
            "%s: of %s every video has the same class; an evaluation needs two, or the column left "
            "out.",
            LABELS,
            first_names(names),
        )


def _say(
    data: SequenceData,
    builder: Builder,
    num_videos: int,
    skipped: Sequence[tuple[str, str]],
    made: bool,
    show_progress: bool,
) -> None:
    """Says what was made or reused, and what is left out."""
    if made:
        say_skipped([why for _, why in skipped], logging.warning)
    elif skipped:
        names = first_names([file for file, _ in skipped])
        logging.warning("%s is without %d videos: %s", data.name, len(skipped), names)
    if show_progress:
        print(
            f"{data.name} {'prepared' if made else 'found'} in {builder.data_dir}: "
            f"{num_videos} videos, {len(skipped)} of them left out, gave {data.num_train} "
            f"training and {data.num_test} test clips, {builder.info.dataset_size}.",
            file=sys.stderr,
        )


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


def _slug(name: str) -> str:
    """Returns a folder's name as part of a path and of a data set's name."""
    return re.sub("[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:40] or "videos"


# --- Whether files are still those that clips were made of.


def stamp_files(sources: Iterable[Source]) -> Iterator[list]:
    """Yields values that change when a source changes: its name, and `file_stamp` of its files.

    Raises:
      UserError: a file is gone or cannot be read.
    """
    stamps: dict[Path, list] = {}  # An array file is the file of many sources.
    for source in sources:
        files = source.files or (source.path,)
        for path in files:
            if path not in stamps:
                stamps[path] = file_stamp(path, source.name)
        yield [source.name, source.kind, *(stamps[path] for path in files)]


def file_stamp(path: Path, name: str) -> list:
    """Returns a file's name, size, time and digest.

    The digest covers the whole content of a file up to 1 MiB. Of a larger file it covers the first,
    middle and last 64 KiB, so that films need not be read again.

    Args:
      path: of the file.
      name: of it, for errors.

    Raises:
      UserError: it is gone or cannot be read.
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
