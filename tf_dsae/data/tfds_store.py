"""Opening of data sets that TFDS stores."""

import contextlib
import functools
import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf import json_format
from tensorflow_datasets.core.utils import tqdm_utils

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.progress import progress_bar
from tf_dsae.data.data_source import DataSource
from tf_dsae.data.sequence_data import EncodedSplit, SequenceData

_FILE_ERRORS = (OSError, tf.errors.OpError)
# Errors of reading a damaged file.
_DAMAGE = (*_FILE_ERRORS, ValueError, KeyError, json_format.ParseError)
_READ_BATCH = 500
_Builder = TypeVar("_Builder", bound=tfds.core.DatasetBuilder)


def open_or_make(
    name: str,
    data_dir: str | os.PathLike | None,
    new_builder: Callable[[], _Builder],
    total: int,
    unit: str,
    space: str,
    show_progress: bool,
) -> tuple[_Builder, bool]:
    """Returns a builder whose data are prepared, and whether they had to be made.

    `new_builder` makes one of what is there, which calls its attribute `on_progress` with the
    number of items that are done, of a `total`; `space` is what the data take, such as '200 MB'.
    UserError where the folder cannot be written, or what it holds is damaged.
    """
    where = "the default data_dir" if data_dir is None else data_dir
    with wrap_read_errors(name, where):
        builder = new_builder()
    # TFDS renames a data set into place when it is complete, so what is there is whole.
    if builder.data_path.exists():
        return builder, False
    expected = f"to write {name} to {where}"
    advice = f"name a folder that can be written and has {space} to spare by --data_dir"
    try:
        with (
            _as_user_error(expected, advice, _FILE_ERRORS),
            _hide_tfds(),
            _without_empty_folders(builder.data_path.parent),
            progress_bar(name, total, unit, show_progress) as bar,
        ):
            builder.on_progress = bar.update
            builder.download_and_prepare()
    except UserError:
        if not builder.data_path.exists():  # Else another process made it meanwhile.
            raise
    return new_builder(), True


def open_store(
    builder: tfds.core.DatasetBuilder,
    name: str,
    fingerprint: str,
    source: DataSource,
    dynamic_factors: tuple[str, ...],
) -> SequenceData:
    """Wraps a prepared TFDS builder whose features are a video and class labels, among others."""
    features = builder.info.features
    factors = {
        key: tuple(feature.names)
        for key, feature in features.items()
        if isinstance(feature, tfds.features.ClassLabel)
    }

    @functools.cache
    def load_split(split: str) -> EncodedSplit:
        with wrap_read_errors(name, builder.data_dir):
            return _read_split(builder, split, tuple(factors))

    shape = features["video"].shape
    return SequenceData(
        name=name,
        fingerprint=fingerprint,
        video_shape=tuple(shape),
        num_train=builder.info.splits["train"].num_examples,
        num_test=builder.info.splits["test"].num_examples,
        factors=factors,
        load_split=load_split,
        decode=functools.partial(_inflate, shape=shape),
        dynamic_factors=dynamic_factors,
        source=source,
    )


@contextlib.contextmanager
def wrap_read_errors(name: str, place: str | os.PathLike) -> Iterator[None]:
    """Turns errors of a data set's damaged files into a UserError."""
    advice = "delete it there to prepare it again, or name another folder by --data_dir"
    with _as_user_error(f"to read {name} in {place}", advice, _DAMAGE):
        yield


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
        raise UserError(
            f"data_dir: expected {expected}, received: {reason(error)}; {advice}"
        ) from error


def say_ready(data: SequenceData, place: str, made: bool, counts: str) -> None:
    """Says on stderr where a data set lies and how much is in it."""
    how = "prepared" if made else "found"
    print(f"{data.name} {how} in {place}: {counts}.", file=sys.stderr)


@contextlib.contextmanager
def _hide_tfds() -> Iterator[None]:
    """Hides the bars of TFDS and what it prints to stdout."""
    was_active = tqdm_utils._active  # TFDS has a switch, and no way to ask how it is set.
    tfds.disable_progress_bar()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        tqdm_utils.display_progress_bar(was_active)


@contextlib.contextmanager
def _without_empty_folders(config_dir: os.PathLike) -> Iterator[None]:
    """Removes folders that TFDS made and left empty, also where it was interrupted.

    `config_dir` is that of the data set, DATA_DIR/<builder>/<config>.
    """
    data_dir = Path(config_dir).parent.parent
    downloads = data_dir / "downloads"
    folders = [config_dir, Path(config_dir).parent, downloads / "extracted", downloads, data_dir]
    ours = [folder for folder in map(Path, folders) if not folder.exists()]
    try:
        yield
    finally:
        for folder in ours:
            with contextlib.suppress(OSError):  # It holds something, or was never made.
                os.rmdir(folder)


def _inflate(encoded: tf.Tensor, shape: tuple[int, ...]) -> tf.Tensor:
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
