"""Opens a data set by its name, and prepares it first where it is not there yet."""

import contextlib
import functools
import io
import os
import sys
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from absl import logging
from google.protobuf import json_format
from tensorflow_datasets.core.utils import tqdm_utils
from tqdm import tqdm

from tf_dsae.data import characters, sheets
from tf_dsae.data.prepared import EncodedSplit, PreparedDataset
from tf_dsae.data.sprites import sprites_dataset_builder as sprites
from tf_dsae.errors import UserError

__all__ = ["EncodedSplit", "PreparedDataset", "prepare"]

_READ_BATCH = 500
_FILE_ERRORS = (OSError, tf.errors.OpError)
# What reading a file raises that holds something else than was written.
_DAMAGE = (*_FILE_ERRORS, ValueError, KeyError, json_format.ParseError)
_MAKE_AGAIN = "delete it there to prepare it again, or name another folder by --data_dir"


class _Request(NamedTuple):
    """What a caller of `prepare` asks for."""

    data_dir: str | os.PathLike | None
    sheets_dir: str | os.PathLike | None
    show_progress: bool


def prepare(
    dataset: str,
    data_dir: str | os.PathLike | None = None,
    sheets_dir: str | os.PathLike | None = None,
    show_progress: bool = True,
) -> PreparedDataset:
    """Opens a data set, which it first makes where `data_dir` does not hold it.

    Args:
      dataset: 'sprites/drawn' ('sprites' for short) or 'sprites/lpc'.
      data_dir: folder of prepared data sets; by default that of TFDS, $TFDS_DATA_DIR or
        ~/tensorflow_datasets.
      sheets_dir: folder with the sheets for 'sprites/lpc'; by default they are downloaded.
      show_progress: whether to show, on stderr, a bar (on a terminal) and a closing line.

    Raises:
      UserError: the name is unknown, the sheets cannot be had, the prepared data are damaged or
        made from other sheets than those in `sheets_dir`, or `data_dir` cannot be written.
    """
    if dataset not in _OPENERS:
        raise UserError(
            f"Expected one of the data sets {', '.join(_OPENERS)}, got {dataset!r}; name one."
        )
    return _OPENERS[dataset](_Request(data_dir, sheets_dir, show_progress))


def _open_sprites(config: str, request: _Request) -> PreparedDataset:
    """Opens one configuration of the TFDS data set `sprites`."""
    name = f"{sprites.Builder.name}/{config}"
    if request.sheets_dir is not None and config != sprites.LPC.name:
        raise UserError(
            f"Expected no sheets_dir for {name}, got {request.sheets_dir}; leave it out, or "
            "choose sprites/lpc."
        )
    builder, made = _open_or_make(name, config, request)
    with _as_user_error(f"Expected to read {name} in {builder.data_dir}", _MAKE_AGAIN, _DAMAGE):
        _check_sheets(builder, request.sheets_dir)
        opened = _opened(builder, name)
    if request.show_progress:
        print(
            f"{name} {'prepared' if made else 'found'} in {builder.data_dir}: {opened.num_train} "
            f"training and {opened.num_test} test videos, {builder.info.dataset_size}.",
            file=sys.stderr,
        )
    return opened


def _open_or_make(name: str, config: str, request: _Request) -> tuple[sprites.Builder, bool]:
    """Returns a builder whose data lie ready, and whether they had to be made."""
    where = "the default data_dir" if request.data_dir is None else request.data_dir
    with _as_user_error(f"Expected to read {name} in {where}", _MAKE_AGAIN, _DAMAGE):
        builder = _sprites_builder(config, request)
    # TFDS renames a data set into place when it is complete, so what is there is whole.
    if builder.data_path.exists():
        return builder, False
    advice = "name a folder that can be written and has 200 MB to spare by --data_dir"
    try:
        with _as_user_error(f"Expected to write {name} to {where}", advice, _FILE_ERRORS):
            _make_sprites(name, config, request)
    except UserError:
        if not builder.data_path.exists():  # Else another process made it meanwhile.
            raise
    return _sprites_builder(config, request), True


def _sprites_builder(config: str, request: _Request, **kwargs) -> sprites.Builder:
    return sprites.Builder(
        config=config, data_dir=request.data_dir, sheets_dir=request.sheets_dir, **kwargs
    )


def _make_sprites(name: str, config: str, request: _Request) -> None:
    """Has TFDS write the data set, with one bar of ours in place of its bars and prints."""
    total = sum(map(len, characters.split_characters().values())) * len(characters.MOTIONS)
    hidden = None if request.show_progress else True  # None: hidden unless on a terminal.
    with (
        _tfds_silent(),
        tqdm(desc=name, total=total, unit=" videos", leave=False, disable=hidden) as bar,
    ):
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


def _opened(builder: tfds.core.DatasetBuilder, name: str) -> PreparedDataset:
    """Wraps a prepared TFDS builder whose features are a video and class labels."""
    features = builder.info.features
    video = features["video"]
    factors = {key: tuple(feature.names) for key, feature in features.items() if feature != video}

    @functools.cache
    def load_split(split: str) -> EncodedSplit:
        with _as_user_error(f"Expected to read {name} in {builder.data_dir}", _MAKE_AGAIN, _DAMAGE):
            return _read_split(builder, split, tuple(factors))

    return PreparedDataset(
        name=name,
        fingerprint=builder.info.metadata[sprites.FINGERPRINT],
        video_shape=tuple(video.shape),
        num_train=builder.info.splits["train"].num_examples,
        num_test=builder.info.splits["test"].num_examples,
        factors=factors,
        load_split=load_split,
        decode=functools.partial(_inflated, shape=video.shape),
        dynamic_factors=("action",),
    )


def _inflated(encoded: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
    """Decodes a zlib-encoded uint8 feature as TFDS does, whose own function logs a warning."""
    pixels = tf.io.decode_raw(tf.io.decode_compressed(encoded, "ZLIB"), tf.uint8)
    return tf.reshape(pixels, shape)


def _read_split(
    builder: tfds.core.DatasetBuilder, split: str, factors: tuple[str, ...]
) -> EncodedSplit:
    """Reads a split whole, in stored order, with the videos left encoded."""
    stored = builder.as_dataset(
        split=split, decoders={"video": tfds.decode.SkipDecoding()}, shuffle_files=False
    )
    parts = list(stored.batch(_READ_BATCH))
    read, known = sum(len(part["video"]) for part in parts), builder.info.splits[split].num_examples
    if read != known:
        raise OSError(f"{read} of {known} videos of {split} are there")
    labels = {
        name: np.concatenate([part[name].numpy().astype(np.int64) for part in parts])
        for name in factors
    }
    return EncodedSplit(tf.concat([part["video"] for part in parts], axis=0), labels)


@contextlib.contextmanager
def _as_user_error(
    expected: str, advice: str, kinds: tuple[type[Exception], ...]
) -> Iterator[None]:
    """Turns errors of some kinds, and errors caused by them, into a UserError."""
    try:
        yield
    except UserError:
        raise
    except Exception as error:
        # TFDS wraps what happens while it writes a split.
        if not isinstance(error, kinds) and not isinstance(error.__cause__, kinds):
            raise
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise UserError(f"{expected}, but that failed ({reason}); {advice}.") from error


@contextlib.contextmanager
def _tfds_silent() -> Iterator[None]:
    """Hides the bars of TFDS and what it prints to stdout."""
    was_active = tqdm_utils._active  # TFDS has a switch, and no way to ask how it is set.
    tfds.disable_progress_bar()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        tqdm_utils.display_progress_bar(was_active)


# Name -> what opens it. Another kind of data set needs no more than another line here.
_OPENERS: dict[str, Callable[[_Request], PreparedDataset]] = {
    "sprites": functools.partial(_open_sprites, sprites.DRAWN.name),
    "sprites/drawn": functools.partial(_open_sprites, sprites.DRAWN.name),
    "sprites/lpc": functools.partial(_open_sprites, sprites.LPC.name),
}
