"""Makes the clips of a folder once, and finds them again."""

import contextlib
import dataclasses
import functools
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.core.progress import progress_bar
from tf_dsae.data.folder import array_files as arrays
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.folder_dataset_builder import (
    FINGERPRINT,
    SKIPPED,
    Builder,
    Plan,
    split_sources,
)
from tf_dsae.data.folder.labels import (
    Labels,
    dynamic_factors,
    labels_file,
    read_labels,
    single_classes,
)
from tf_dsae.data.folder.movies import require_av
from tf_dsae.data.folder.skipped import first_names, say_skipped
from tf_dsae.data.folder.stamps import file_stamp, stamps
from tf_dsae.data.folder.video_files import LABELS, Source, find_sources
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.data.tfds_store import (
    DAMAGE,
    MAKE_AGAIN,
    as_user_error,
    open_or_make,
    opened,
    tfds_silent,
)

READER_VERSION = 2  # Raised when the same files give other clips.


def prepare_folder(
    video_dir: str | os.PathLike,
    settings: ClipSettings,
    data_dir: str | os.PathLike | None = None,
    strict: bool = False,
    show_progress: bool = True,
) -> SequenceData:
    """Opens the clips of the videos below a folder, which it first makes where they are not there.

    They are found again as long as names, sizes, times and contents of the files are the same, of
    large files parts of the content, see `file_stamp`. Videos that are damaged or too short for one
    clip are left out, and named, at most 5 of them; of one that is damaged further on, or gives
    more clips than a file may, see `iter_clips`, the clips before are kept. A split is held in
    memory when it is used, as zlib packs it: at most T * H * W * C bytes a clip, 98 kB by default,
    and the less the flatter the pictures are. While it is made, it holds at most 1 GB or the clips
    of the largest file, and needs twice the space on the disk of `data_dir`.

    Args:
      video_dir: see `find_sources`; may hold labels.csv, see `read_labels`.
      settings: how files become clips.
      data_dir: folder of prepared data sets; by default that of TFDS.
      strict: whether to stop at the first video that is damaged or too short.
      show_progress: whether to show, on stderr, a bar (on a terminal) and a closing line.

    Raises:
      UserError: there are fewer than two videos or none that can be read, labels.csv is wrong,
        dynamic_factors other than the default are no columns of it, PyAV is needed and missing, or
        `data_dir` cannot be written or holds damaged data.
    """
    folder = Path(video_dir).expanduser().absolute()
    sources = find_sources(folder)
    split_sources(sources, settings.test_fraction)  # Raises where there are too few.
    labels = read_labels(folder, sources)
    dynamic = dynamic_factors(settings.dynamic_factors, labels)
    slug = _slug(folder.resolve().name)
    name = f"{Builder.name}/{slug}"
    config = f"{slug}-{_key(folder, sources, settings)}"
    plan = Plan(sources, labels, settings, strict)
    new_builder = functools.partial(Builder, plan=plan, config=config, data_dir=data_dir)
    make = functools.partial(_make, name, new_builder, plan, show_progress)
    builder, made = open_or_make(name, data_dir, new_builder, make, "room for the clips")
    source = {
        "video_dir": str(folder),
        "clips": json.loads(json.dumps(dataclasses.asdict(settings))),
    }
    with as_user_error(f"Expected to read {name} in {builder.data_dir}", MAKE_AGAIN, DAMAGE):
        dataset = opened(builder, name, builder.info.metadata[FINGERPRINT], dynamic, source)
        skipped = [(str(file), str(why)) for file, why in builder.info.metadata[SKIPPED]]
    _say(dataset, builder, sources, skipped, made, show_progress)
    if strict and skipped:
        raise UserError(skipped[0][1])
    return dataset


def _make(
    name: str,
    new_builder: functools.partial[Builder],
    plan: Plan,
    show_progress: bool,
) -> None:
    """Has TFDS write the data set, with one bar of ours in place of its bars and prints."""
    if any(source.kind == "movie" for source in plan.sources):
        require_av()
    _warn_of_single_classes(plan.labels)
    try:
        with (
            tfds_silent(),
            progress_bar(name, len(plan.sources), "files", show_progress) as bar,
        ):
            builder = new_builder(on_source=bar.update)
            with _without_empty_folders(builder.data_path.parent):
                builder.download_and_prepare()
    finally:
        arrays.close()


@contextlib.contextmanager
def _without_empty_folders(config_dir: Path) -> Iterator[None]:
    """Removes the folders that TFDS made and left empty, also where it was interrupted.

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
    dataset: SequenceData,
    builder: Builder,
    sources: Sequence[Source],
    skipped: Sequence[tuple[str, str]],
    made: bool,
    show_progress: bool,
) -> None:
    """Says what was made or found, and what is left out."""
    if made:
        say_skipped([why for _, why in skipped], logging.warning)
    elif skipped:
        names = first_names([file for file, _ in skipped])
        logging.warning("%s is without %d videos: %s", dataset.name, len(skipped), names)
    if show_progress:
        print(
            f"{dataset.name} {'prepared' if made else 'found'} in {builder.data_dir}: "
            f"{len(sources)} videos, {len(skipped)} of them left out, gave {dataset.num_train} "
            f"training and {dataset.num_test} test clips, {builder.info.dataset_size}.",
            file=sys.stderr,
        )


def _key(folder: Path, sources: Sequence[Source], settings: ClipSettings) -> str:
    """Returns what tells these files and settings from others, 16 hexadecimal digits."""
    how = dataclasses.asdict(settings)
    del how["dynamic_factors"]  # Read when the clips are opened.
    labels = labels_file(folder)
    facts = [READER_VERSION, how, file_stamp(labels, LABELS) if labels else None]
    digest = hashlib.sha256(json.dumps(facts).encode())
    for stamp in stamps(sources):
        digest.update(json.dumps(stamp).encode())
    return digest.hexdigest()[:16]


def _slug(name: str) -> str:
    """Returns a folder's name as part of a path and of a data set's name."""
    return re.sub("[^A-Za-z0-9_.-]+", "-", name).strip(".-")[:40] or "videos"
