"""Prepares the videos of the Sprites once, and reuses them."""

import functools
import os
import sys
from typing import Any

from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.core.progress import progress_bar
from tf_dsae.data.data_source import DataSource
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.data.sprites import characters, sheets
from tf_dsae.data.sprites import sprites_dataset_builder as sprites
from tf_dsae.data.tfds_store import hide_tfds, open_or_make, open_store, reading_errors


def prepare_sprites(
    source: DataSource, data_dir: str | os.PathLike | None, show_progress: bool
) -> SequenceData:
    """Opens the Sprites of one of their sources, as `tf_dsae.data.DataSource.open` does."""
    name, sheets_dir = source.kind, getattr(source, "sheets_dir", None)
    config = name.removeprefix(f"{sprites.Builder.name}/")
    new_builder = functools.partial(
        sprites.Builder, config=config, data_dir=data_dir, sheets_dir=sheets_dir
    )
    make = functools.partial(_make, name, new_builder, show_progress)
    builder, made = open_or_make(name, data_dir, new_builder, make, "200 MB")
    with reading_errors(name, builder.data_dir):
        _check_sheets(builder, sheets_dir)
        fingerprint = builder.info.metadata[sprites.FINGERPRINT]
        data = open_store(builder, name, fingerprint, source, source.dynamic_factors)
    if show_progress:
        print(
            f"{name} {'prepared' if made else 'found'} in {builder.data_dir}: {data.num_train} "
            f"training and {data.num_test} test videos, {builder.info.dataset_size}.",
            file=sys.stderr,
        )
    return data


def _make(name: str, new_builder: functools.partial[Any], show_progress: bool) -> None:
    """Has TFDS write the data set, with one progress bar in place of TFDS's output."""
    total = sum(map(len, characters.split_characters().values())) * len(characters.MOTIONS)
    with hide_tfds(), progress_bar(name, total, show=show_progress) as bar:
        new_builder(on_videos=bar.update).download_and_prepare()


def _check_sheets(builder: sprites.Builder, sheets_dir: str | os.PathLike | None) -> None:
    """Raises a UserError if the prepared videos were composed of other sheets."""
    made_from = builder.info.metadata[sprites.FINGERPRINT]
    if sheets_dir is not None and made_from != sheets.fingerprint(sheets.read_sheets(sheets_dir)):
        raise UserError(
            f"sheets_dir: expected the sheets that the videos in {builder.data_dir} were made "
            f"from, received other sheets in {sheets_dir}; name another --data_dir, or delete that "
            "folder to prepare again"
        )
    is_lpc = builder.builder_config.name == sprites.LPC.name
    if sheets_dir is None and is_lpc and made_from != sheets.PUBLISHED_FINGERPRINT:
        logging.warning("%s was not made from the published sheets.", builder.data_dir)
