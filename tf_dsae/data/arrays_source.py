"""Arrays in memory as a data set."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DATA_SOURCES, DataSource
from tf_dsae.data.factor_labels import read_label_pairs
from tf_dsae.data.sequence_spec import SequenceSpec

if TYPE_CHECKING:
    from tf_dsae.data.sequence_data import SequenceData


@dataclasses.dataclass(frozen=True)
class ArraysSource(DataSource):
    """Arrays that were in hand; a run keeps their name, kind and shape [T, H, W, C] alone."""

    kind = "arrays"
    summary = "arrays in hand, in Python alone"

    name: str = "arrays"
    sequences: str = "video"
    shape: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not isinstance(self.name, str):
            raise UserError(f"name: expected text, received {quote(self.name)}")

    @property
    def label(self) -> str:
        return self.name

    def check(self) -> None:
        raise UserError(
            f"data: expected the arrays of {quote(self.name)} in hand, as a run keeps none, "
            "received none; make them by tf_dsae.data.from_arrays and pass data="
        )


def from_arrays(
    train: Any,
    test: Any,
    kind: str = "video",
    labels: Mapping[str, tuple[Any, Any]] | None = None,
    dynamic_factors: Sequence[str] = (),
    rate: float | None = None,
    channels: Sequence[str] | None = None,
    name: str = "arrays",
) -> "SequenceData":
    """A data set of arrays.

    Args:
      train: [N, T, H, W, C], uint8 or float in [0, 1], C 1 or 3; or a list of N clips
        [T, H, W, C] of one length. Floats are rounded to 255 steps.
      test: the same, held out; N may differ.
      kind: "video"; "audio" and "series" are not supported yet.
      labels: factor -> (labels of train [N], labels of test [N]), each names or integers. Classes
        are sorted, over both splits; test may have some that train does not.
      dynamic_factors: factors of `labels` that say what moves; the others say what stays.
      rate: frames a second.
      channels: names of the entries of a frame, where they have names.
      name: of the data set, for messages and folders.

    Returns:
      The data set. Its fingerprint is that of the content; the arrays are copied.

    Raises:
      UserError: an array, a label or a name does not fit the description above.

    Example:
      >>> videos = np.zeros([3, 4, 16, 16, 1], np.uint8)
      >>> data = from_arrays(videos, videos[:2], labels={"who": (["b", "a", "b"], ["a", "c"])})
      >>> data.video_shape, data.num_train, data.num_test, data.factors
      ((4, 16, 16, 1), 3, 2, {'who': ('a', 'b', 'c')})
    """
    import tensorflow as tf

    from tf_dsae.data.sequence_data import EncodedSplit, SequenceData

    if kind in ("audio", "series"):
        raise UserError(f"kind: expected video, received {kind}; {kind} is not supported yet")
    SequenceSpec(kind, (1, 1, 1))  # Raises for an unknown kind.
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= 60:
        raise UserError(f"name: expected 1 to 60 printable characters, received {quote(name)}")
    # Published results are set beside what is named so.
    if name != ArraysSource.kind and name in DATA_SOURCES and not DATA_SOURCES.added_by(name):
        raise UserError(f"name: expected one that is not taken, received {quote(name)}")
    train, test = _read_videos("train", train), _read_videos("test", test)
    shape = train.shape[1:]
    if shape != test.shape[1:]:
        raise UserError(
            f"test: expected sequences {list(shape)} as those of train, received "
            f"{list(test.shape[1:])}; give both splits frames of one size and clips of one length"
        )
    spec = SequenceSpec(kind, shape[1:], None if channels is None else tuple(channels), rate)
    factors, numbers = read_label_pairs(labels or {}, {"train": len(train), "test": len(test)})
    if isinstance(dynamic_factors, str) or any(name not in factors for name in dynamic_factors):
        raise UserError(
            f"dynamic_factors: expected factors of labels, {', '.join(factors) or 'none'}, "
            f"received {quote(dynamic_factors)}; correct the names"
        )
    digest = hashlib.sha256(repr((spec, sorted(factors.items()))).encode())
    splits = {}
    for split, videos in (("train", train), ("test", test)):
        digest.update(f"{split}{videos.shape}".encode())
        digest.update(videos.data)
        for factor in sorted(factors):
            digest.update(numbers[split][factor].astype("<i8").data)
        with tf.device("CPU"):
            splits[split] = EncodedSplit(tf.constant(videos), numbers[split])
    return SequenceData(
        name=name,
        fingerprint=digest.hexdigest(),
        video_shape=shape,
        num_train=len(train),
        num_test=len(test),
        factors=factors,
        load_split=splits.__getitem__,
        decode=tf.identity,
        dynamic_factors=tuple(dynamic_factors),
        source=ArraysSource(name, spec.kind, shape),
        spec=spec,
    )


def _read_videos(split: str, given: Any) -> np.ndarray:
    """A copy of a split as uint8 [N, T, H, W, C]."""
    if given is None or (hasattr(given, "__len__") and len(given) == 0):
        raise UserError(
            f"{split}: expected at least one sequence, received none; hold some out for test"
        )
    videos = _stack(split, given) if isinstance(given, list | tuple) else _as_array(split, given)
    if videos.ndim != 5 or videos.shape[-1] not in (1, 3) or 0 in videos.shape:
        raise UserError(
            f"{split}: expected videos [N, T, H, W, C] with 1 or 3 channels, received "
            f"{list(videos.shape)}; add the axis that is missing"
        )
    if videos.dtype == np.uint8:
        return np.array(videos, order="C")
    return _round(split, videos)


def _stack(split: str, clips: Sequence[Any]) -> np.ndarray:
    arrays = [_as_array(f"{split}[{at}]", clip) for at, clip in enumerate(clips)]
    for at, array in enumerate(arrays):
        if (array.shape, array.dtype) != (arrays[0].shape, arrays[0].dtype):
            raise UserError(
                f"{split}[{at}]: expected a clip {list(arrays[0].shape)} of {arrays[0].dtype}, as "
                f"the first, received {list(array.shape)} of {array.dtype}; convert it, or cut or "
                "pad it, as ragged sequences are not supported yet"
            )
    return np.stack(arrays)


def _as_array(name: str, given: Any) -> np.ndarray:
    try:
        array = np.asarray(given)
    except ValueError as error:  # Lists of lists that are no box.
        raise UserError(f"{name}: expected an array, received {type(given).__name__}") from error
    if array.dtype != np.uint8 and array.dtype.kind != "f":
        raise UserError(
            f"{name}: expected uint8 or floats in [0, 1], received {array.dtype}; convert it"
        )
    return array


def _round(split: str, videos: np.ndarray) -> np.ndarray:
    """Floats in [0, 1] as uint8; a sequence at a time, for the memory's sake."""
    rounded = np.empty(videos.shape, np.uint8)
    for at, video in enumerate(videos):
        low, high = video.min(), video.max()
        if not (low >= 0 and high <= 1):  # Comparisons with NaN are false.
            raise UserError(
                f"{split}[{at}]: expected floats in [0, 1] without NaN, received values from "
                f"{low:g} to {high:g}; give uint8 videos, or divide by 255"
            )
        rounded[at] = np.rint(video.astype(np.float32) * 255)
    return rounded
