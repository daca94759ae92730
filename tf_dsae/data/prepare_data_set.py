"""Opens a data set by its name, and prepares it first where it is not there yet."""

import functools
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.core.progress import progress_bar
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.preparing import prepare_folder
from tf_dsae.data.sequence_data import EncodedSplit, SequenceData
from tf_dsae.data.sprites import characters, sheets
from tf_dsae.data.sprites import sprites_dataset_builder as sprites
from tf_dsae.data.tfds_store import (
    DAMAGE,
    MAKE_AGAIN,
    as_user_error,
    open_or_make,
    opened,
    tfds_silent,
)

__all__ = ["EncodedSplit", "SequenceData", "prepare"]


class _Request(NamedTuple):
    """What a caller of `prepare` asks for."""

    data_dir: str | os.PathLike | None
    sheets_dir: str | os.PathLike | None
    show_progress: bool
    video_dir: str | os.PathLike | None
    clips: ClipSettings | None
    strict: bool


def prepare(
    dataset: str,
    data_dir: str | os.PathLike | None = None,
    sheets_dir: str | os.PathLike | None = None,
    show_progress: bool = True,
    video_dir: str | os.PathLike | None = None,
    clips: ClipSettings | None = None,
    strict: bool = False,
) -> SequenceData:
    """Opens a data set, which it first makes where `data_dir` does not hold it.

    Args:
      dataset: 'sprites/drawn' ('sprites' for short), 'sprites/lpc', or 'folder' for the videos
        below `video_dir`.
      data_dir: folder of prepared data sets; by default that of TFDS, $TFDS_DATA_DIR or
        ~/tensorflow_datasets.
      sheets_dir: folder with the sheets for 'sprites/lpc'; by default they are downloaded.
      show_progress: whether to show, on stderr, a bar (on a terminal) and a closing line.
      video_dir: folder of videos for 'folder', see `tf_dsae.data.folder`.
      clips: how those become clips; by default `ClipSettings()`.
      strict: whether to stop at the first damaged video of `video_dir`, instead of leaving it out.

    Raises:
      UserError: the name is unknown, the sheets cannot be had, the prepared data are damaged or
        made from other sheets than those in `sheets_dir`, `data_dir` cannot be written,
        `video_dir` holds too few videos, or an argument is of another data set.
    """
    if dataset not in _OPENERS:
        raise UserError(
            f"Expected one of the data sets {', '.join(_OPENERS)}, got {dataset!r}; name one."
        )
    return _OPENERS[dataset](
        _Request(data_dir, sheets_dir, show_progress, video_dir, clips, strict)
    )


def _open_folder(request: _Request) -> SequenceData:
    """Opens the videos of a folder."""
    if request.video_dir is None:
        raise UserError("video_dir: expected a folder of videos for folder, received none; name it")
    if request.sheets_dir is not None:
        raise UserError(
            f"sheets_dir: expected none for folder, received {request.sheets_dir}; leave it out, "
            "or choose sprites/lpc"
        )
    return prepare_folder(
        request.video_dir,
        request.clips or ClipSettings(),
        request.data_dir,
        request.strict,
        request.show_progress,
    )


def _open_sprites(config: str, request: _Request) -> SequenceData:
    """Opens one configuration of the TFDS data set `sprites`."""
    name = f"{sprites.Builder.name}/{config}"
    if request.sheets_dir is not None and config != sprites.LPC.name:
        raise UserError(
            f"Expected no sheets_dir for {name}, got {request.sheets_dir}; leave it out, or "
            "choose sprites/lpc."
        )
    if request.video_dir is not None or request.clips is not None:
        given = "clips" if request.video_dir is None else f"video_dir {request.video_dir}"
        raise UserError(f"Expected no {given} for {name}; leave it out, or choose folder.")
    new_builder = functools.partial(_sprites_builder, config, request)
    make = functools.partial(_make_sprites, name, config, request)
    builder, made = open_or_make(name, request.data_dir, new_builder, make, "200 MB")
    with as_user_error(f"Expected to read {name} in {builder.data_dir}", MAKE_AGAIN, DAMAGE):
        _check_sheets(builder, request.sheets_dir)
        fingerprint = builder.info.metadata[sprites.FINGERPRINT]
        dataset = opened(builder, name, fingerprint, dynamic_factors=("action",))
    if request.show_progress:
        print(
            f"{name} {'prepared' if made else 'found'} in {builder.data_dir}: {dataset.num_train} "
            f"training and {dataset.num_test} test videos, {builder.info.dataset_size}.",
            file=sys.stderr,
        )
    return dataset


def _sprites_builder(config: str, request: _Request, **kwargs: Any) -> sprites.Builder:
    return sprites.Builder(
        config=config, data_dir=request.data_dir, sheets_dir=request.sheets_dir, **kwargs
    )


def _make_sprites(name: str, config: str, request: _Request) -> None:
    """Has TFDS write the data set, with one bar of ours in place of its bars and prints."""
    total = sum(map(len, characters.split_characters().values())) * len(characters.MOTIONS)
    with tfds_silent(), progress_bar(name, total, show=request.show_progress) as bar:
        _sprites_builder(config, request, on_videos=bar.update).download_and_prepare()


def _check_sheets(builder: sprites.Builder, sheets_dir: str | os.PathLike | None) -> None:
    """Raises a UserError where the prepared videos were composed of other sheets."""
    made_from = builder.info.metadata[sprites.FINGERPRINT]
    if sheets_dir is not None and made_from != sheets.fingerprint(sheets.read_sheets(sheets_dir)):
        raise UserError(
            f"Expected videos made from the sheets in {sheets_dir}, but those in "
            f"{builder.data_dir} were made from other sheets; name another data_dir, or delete "
            "that folder to prepare again."
        )
    is_lpc = builder.builder_config.name == sprites.LPC.name
    if sheets_dir is None and is_lpc and made_from != sheets.PUBLISHED_FINGERPRINT:
        logging.warning("%s was not made from the published sheets.", builder.data_dir)


# Name -> what opens it. Another kind of data set needs no more than another line here.
_OPENERS: dict[str, Callable[[_Request], SequenceData]] = {
    "sprites": functools.partial(_open_sprites, sprites.DRAWN.name),
    "sprites/drawn": functools.partial(_open_sprites, sprites.DRAWN.name),
    "sprites/lpc": functools.partial(_open_sprites, sprites.LPC.name),
    "folder": _open_folder,
}
