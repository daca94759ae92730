"""A prepared data set: batches for training and evaluation, and single examples for figures."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import cast

import numpy as np
import tensorflow as tf

from tf_dsae.core.checks import check_whole, quote
from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DataSource
from tf_dsae.data.sequence_spec import SequenceSpec

_ENDLESS = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)


@dataclasses.dataclass(frozen=True)
class EncodedSplit:
    """One split as it is stored, encoded, in memory.

    Attributes:
      videos: [N, ...]; `SequenceData.decode` takes one of them.
      labels: factor -> int64 [N].
    """

    videos: tf.Tensor
    labels: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class SequenceData:
    """Videos with labels, split by 'train' and 'test'.

    Attributes:
      name: of the data set, such as 'sprites/drawn'.
      fingerprint: SHA-256, in hex, of the source material.
      video_shape: (T, H, W, C) in frames, pixels, pixels, channels.
      num_train: videos in split 'train'.
      num_test: videos in split 'test'.
      factors: factor -> names of its classes, in label order.
      dynamic_factors: those of `factors` that describe the motion; the others are static.
      load_split: split name -> `EncodedSplit`; should be cheap the second time.
      decode: one of `EncodedSplit.videos` -> uint8 [T, H, W, C], in a TensorFlow graph.
      source: of the data; None if unknown.
      spec: of one sequence; by default a video with the frames of video_shape.
    """

    name: str
    fingerprint: str
    video_shape: tuple[int, int, int, int]
    num_train: int
    num_test: int
    factors: Mapping[str, tuple[str, ...]]
    load_split: Callable[[str], EncodedSplit] = dataclasses.field(repr=False)
    decode: Callable[[tf.Tensor], tf.Tensor] = dataclasses.field(repr=False)
    dynamic_factors: tuple[str, ...] = ()
    source: DataSource | None = None
    spec: SequenceSpec = cast(SequenceSpec, None)  # Made where it is not given.

    def __post_init__(self) -> None:
        frame_shape = tuple(self.video_shape[1:])
        if not self.spec:
            object.__setattr__(self, "spec", SequenceSpec("video", frame_shape))
        elif self.spec.frame_shape != frame_shape:  # As `dataclasses.replace` leaves it.
            spec = dataclasses.replace(self.spec, frame_shape=frame_shape)
            object.__setattr__(self, "spec", spec)

    @property
    def baselines(self) -> Mapping[str, Mapping[str, Mapping[str, float]]]:
        """Published results on these data, as `DataSource.baselines` has them."""
        return {} if self.source is None else self.source.baselines

    def cluster_labels(self, labels: Mapping[str, np.ndarray]) -> np.ndarray:
        """Numbers 0, 1, ... of the clusters in an interval, such as persons, int64 [N].

        By default sequences that have all static factors alike; `labels` are factor -> int [N].
        """
        static = [name for name in self.factors if name not in self.dynamic_factors]
        names = (self.source.clusters if self.source else ()) or static or list(self.factors)
        rows = np.stack([labels[name] for name in names], 1)
        return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)

    def num_videos(self, split: str) -> int:
        """The number of videos in a split; UserError unless it is 'train' or 'test'."""
        sizes = {"train": self.num_train, "test": self.num_test}
        if split not in sizes:
            raise UserError(f"split: expected one of {', '.join(sizes)}, received {split!r}")
        return sizes[split]

    def training_batches(
        self,
        batch_size: int,
        seed: int,
        start_step: int = 0,
        input_context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """Endless batches of the training split, in an order that is a function of seed.

        The video at a position, step * batch_size + i, depends on seed and position alone. Every
        num_train positions are one pass over all training videos, shuffled anew; batches run
        across the border of passes. A run may start at any step, at once and with the same bits.

        Args:
          batch_size: videos per batch.
          seed: 0 or more, below 2**63.
          start_step: batches to leave out.
          input_context: of a `tf.distribute` strategy, for the worker's part of every batch: an
            element for each of its replicas, which take equal parts in order.

        Returns:
          {'video': uint8 [B, T, H, W, C]}, B batch_size over the number of all replicas.

        Raises:
          UserError: an argument is out of range.
        """
        check_whole("batch_size", batch_size, 1)
        check_whole("start_step", start_step, 0, largest=2**62)
        context = input_context or tf.distribute.InputContext()  # One worker with one replica.
        replicas = context.num_replicas_in_sync
        if batch_size % replicas:
            raise UserError(
                f"batch_size: expected a number that {replicas} replicas can share equally, "
                f"received {batch_size}"
            )
        indices = _endless_order(self.num_train, seed, start_step * batch_size)
        part = batch_size // context.num_input_pipelines
        if part < batch_size:
            first = context.input_pipeline_id * part
            last = first + part
            indices = indices.batch(batch_size).map(lambda batch: batch[first:last]).unbatch()
        videos = self.load_split("train").videos
        examples = _map_in_order(indices, lambda index: {"video": self.decode(videos[index])})
        batches = examples.batch(batch_size // replicas, drop_remainder=True)
        return batches.apply(_ENDLESS).prefetch(tf.data.AUTOTUNE)

    def evaluation_batches(
        self,
        split: str,
        batch_size: int,
        limit: int | None = None,
        offset: int = 0,
        input_context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """Returns a split once, in stored order, with labels; the last batch may be smaller.

        Args:
          split: 'train' or 'test'.
          batch_size: videos per batch.
          limit: at most so many videos; None for all.
          offset: videos to leave out at the start, fewer than there are.
          input_context: as of `training_batches`; parts of a batch may differ by a video.

        Returns:
          {'video': uint8 [B, T, H, W, C], factor: int64 [B], ...}, of known cardinality.

        Raises:
          UserError: an argument is out of range.
        """
        check_whole("batch_size", batch_size, 1)
        check_whole("limit", 1 if limit is None else limit, 1)
        check_whole("offset", offset, 0)
        end = self.num_videos(split)
        if offset >= end:
            raise UserError(
                f"offset: expected less than the {end} videos of {split}, received {offset}"
            )
        end = end if limit is None else min(end, offset + limit)
        encoded = self.load_split(split)
        labels = {name: tf.constant(values) for name, values in encoded.labels.items()}

        def example_at(index: tf.Tensor) -> dict[str, tf.Tensor]:
            chosen = {name: values[index] for name, values in labels.items()}
            return {"video": self.decode(encoded.videos[index]), **chosen}

        if input_context is None:
            examples = _map_in_order(tf.data.Dataset.range(offset, end), example_at)
            return examples.batch(batch_size).prefetch(tf.data.AUTOTUNE)

        def part_of(first: tf.Tensor, last: tf.Tensor) -> dict[str, tf.Tensor]:
            signature = {"video": tf.uint8, **dict.fromkeys(labels, tf.int64)}
            examples = tf.map_fn(example_at, tf.range(first, last), fn_output_signature=signature)
            video = tf.ensure_shape(examples["video"], [None, *self.video_shape])
            return {**examples, "video": video}

        bounds = _part_bounds(offset, end, batch_size, input_context)
        return _map_in_order(tf.data.Dataset.from_tensor_slices(bounds), part_of).prefetch(1)

    def labels(self, split: str, indices: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
        """The labels of chosen examples, factor -> int64 [N]; UserError where there is none."""
        count = self.num_videos(split)
        chosen = np.asarray(indices, np.int64).reshape(-1)
        if np.any((chosen < 0) | (chosen >= count)):
            raise UserError(
                f"indices: expected 0 to {count - 1} of {split}, received {quote(chosen.tolist())}"
            )
        return {name: values[chosen] for name, values in self.load_split(split).labels.items()}

    def examples(self, split: str, indices: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
        """Chosen examples {'video': uint8 [N, T, H, W, C], factor: int64 [N], ...}, as `labels`."""
        labels = self.labels(split, indices)
        encoded = self.load_split(split).videos
        videos = [self.decode(encoded[int(index)]).numpy() for index in np.ravel(indices)]
        video = np.stack(videos) if videos else np.zeros((0, *self.video_shape), np.uint8)
        return {"video": video, **labels}


def _endless_order(count: int, seed: int, start: int) -> tf.data.Dataset:
    """Returns indices below count, int64: one uniform permutation per pass, from a position on."""
    if not 0 <= seed < 2**63:
        raise UserError(f"seed: expected 0 to 2**63 - 1, received {seed}; choose another")

    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        key = tf.random.fold_in(tf.constant([seed, 0], tf.int64), number)
        order = tf.random.experimental.stateless_shuffle(tf.range(count, dtype=tf.int64), key)
        return tf.data.Dataset.from_tensor_slices(order)

    passes = tf.data.Dataset.range(start // count, tf.int64.max)
    return passes.flat_map(one_pass).skip(start % count)


def _part_bounds(
    offset: int, end: int, batch_size: int, input_context: tf.distribute.InputContext
) -> tuple[np.ndarray, np.ndarray]:
    """Positions at which the parts of this worker's replicas begin and end; int64 [N]."""
    replicas = input_context.num_replicas_in_sync
    first = np.arange(offset, end, batch_size)[:, np.newaxis]
    size = np.minimum(batch_size, end - first)
    here = replicas // input_context.num_input_pipelines
    replica = input_context.input_pipeline_id * here + np.arange(here)
    begin, stop = first + replica * size // replicas, first + (replica + 1) * size // replicas
    return begin.reshape(-1), stop.reshape(-1)


def _map_in_order(indices: tf.data.Dataset, example_at: Callable) -> tf.data.Dataset:
    return indices.map(example_at, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
