"""A data set that lies ready, and how its videos come out: for training, evaluation and figures."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError

_ENDLESS = tf.data.experimental.assert_cardinality(tf.data.INFINITE_CARDINALITY)


@dataclasses.dataclass(frozen=True)
class EncodedSplit:
    """One split as it is stored: small enough to be held in memory, decoded when asked for.

    Attributes:
      videos: string [N], what `SequenceData.decode` takes.
      labels: factor -> int64 [N].
    """

    videos: tf.Tensor
    labels: Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class SequenceData:
    """Videos with labels, split by 'train' and 'test'.

    Attributes:
      name: of the data set, such as 'sprites/drawn'.
      fingerprint: SHA-256, in hex, of what the videos were made from.
      video_shape: (T, H, W, C) in frames, pixels, pixels, channels.
      num_train: videos in split 'train'.
      num_test: videos in split 'test'.
      factors: factor -> names of its classes, in label order.
      dynamic_factors: those of `factors` that say what moves; the others say what stays.
      load_split: split name -> `EncodedSplit`; should be cheap the second time.
      decode: a scalar of `EncodedSplit.videos` -> uint8 [T, H, W, C], in a TensorFlow graph.
      source: facts, as JSON has them, that are needed besides the name to open it again.
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
    source: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def num_videos(self, split: str) -> int:
        """Returns the number of videos in a split.

        Raises:
          UserError: the split is neither 'train' nor 'test'.
        """
        sizes = {"train": self.num_train, "test": self.num_test}
        if split not in sizes:
            raise UserError(f"Expected a split of {', '.join(sizes)}, got {split!r}; name one.")
        return sizes[split]

    def training_batches(
        self,
        batch_size: int,
        seed: int,
        start_step: int = 0,
        input_context: tf.distribute.InputContext | None = None,
    ) -> tf.data.Dataset:
        """Returns endless batches of the training split, in an order that is a function of seed.

        The video at position step * batch_size + i depends on seed and position alone. Every
        num_train positions are one pass over all training videos, shuffled anew; batches run
        across the border of passes. So a run that starts at a step sees the very bits that it
        would have seen there without interruption, and starts there at once.

        Args:
          batch_size: videos per batch, at least 1.
          seed: 0 or more, below 2**63.
          start_step: batches to leave out, at least 0.
          input_context: of a `tf.distribute` strategy, for the worker's part of every batch: one
            element for each of its replicas, which take equal parts in their order.

        Returns:
          dictionaries {'video': uint8 [batch_size, T, H, W, C]}, or, with an input_context,
          batch_size over the number of all replicas.

        Raises:
          UserError: an argument is out of range.
        """
        _at_least("batch_size", batch_size, 1)
        _at_least("start_step", start_step, 0)
        workers, replicas = _sharing(input_context)
        if batch_size % replicas:
            raise UserError(
                f"Expected a batch_size that {replicas} replicas can share equally, got "
                f"{batch_size}."
            )
        indices = _endless_order(self.num_train, seed, start_step * batch_size)
        if input_context is not None:
            first = input_context.input_pipeline_id * batch_size // workers
            last = first + batch_size // workers
            indices = indices.batch(batch_size).map(lambda batch: batch[first:last]).unbatch()
        videos = self.load_split("train").videos
        examples = _decoded(indices, lambda index: {"video": self.decode(videos[index])})
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
          batch_size: videos per batch, at least 1.
          limit: at most so many videos, at least 1; None for all.
          offset: videos to leave out at the start, fewer than there are.
          input_context: as of `training_batches`; parts of a batch may differ by a video.

        Returns:
          dictionaries {'video': uint8 [B, T, H, W, C], factor: int64 [B], ...}; the number of
          elements is the cardinality.

        Raises:
          UserError: an argument is out of range.
        """
        _at_least("batch_size", batch_size, 1)
        _at_least("limit", 1 if limit is None else limit, 1)
        _at_least("offset", offset, 0)
        end = self.num_videos(split)
        if offset >= end:
            raise UserError(f"Expected an offset below the {end} videos of {split}, got {offset}.")
        end = end if limit is None else min(end, offset + limit)
        encoded = self.load_split(split)
        labels = {name: tf.constant(values) for name, values in encoded.labels.items()}

        def example_at(index: tf.Tensor) -> dict[str, tf.Tensor]:
            chosen = {name: values[index] for name, values in labels.items()}
            return {"video": self.decode(encoded.videos[index]), **chosen}

        if input_context is None:
            examples = _decoded(tf.data.Dataset.range(offset, end), example_at)
            return examples.batch(batch_size).prefetch(tf.data.AUTOTUNE)

        def part_of(first: tf.Tensor, last: tf.Tensor) -> dict[str, tf.Tensor]:
            signature = {"video": tf.uint8, **dict.fromkeys(labels, tf.int64)}
            found = tf.map_fn(example_at, tf.range(first, last), fn_output_signature=signature)
            found["video"] = tf.ensure_shape(found["video"], [None, *self.video_shape])
            return found

        bounds = _part_bounds(offset, end, batch_size, input_context)
        return _decoded(tf.data.Dataset.from_tensor_slices(bounds), part_of).prefetch(1)

    def labels(self, split: str, indices: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
        """Returns the labels of chosen examples, factor -> int64 [N]; decodes no video.

        Raises:
          UserError: there is no such split or index.
        """
        chosen = self._checked(split, indices)
        return {name: of[chosen] for name, of in self.load_split(split).labels.items()}

    def examples(self, split: str, indices: Sequence[int] | np.ndarray) -> dict[str, np.ndarray]:
        """Returns chosen examples {'video': uint8 [N, T, H, W, C], factor: int64 [N], ...}.

        Raises:
          UserError: there is no such split or index.
        """
        chosen = self._checked(split, indices)
        encoded = self.load_split(split).videos
        videos = [self.decode(encoded[index]).numpy() for index in chosen]
        video = np.stack(videos) if videos else np.zeros((0, *self.video_shape), np.uint8)
        return {"video": video, **self.labels(split, indices)}

    def _checked(self, split: str, indices: Sequence[int] | np.ndarray) -> np.ndarray:
        count = self.num_videos(split)
        chosen = np.asarray(indices, np.int64).reshape(-1)
        if np.any((chosen < 0) | (chosen >= count)):
            raise UserError(f"Expected indices in 0..{count - 1} of {split}, got {list(chosen)}.")
        return chosen


def _endless_order(count: int, seed: int, start: int) -> tf.data.Dataset:
    """Returns indices below count, int64: one uniform permutation per pass, from a position on."""
    if not 0 <= seed < 2**63:
        raise UserError(f"Expected a seed in 0..2**63 - 1, got {seed}; choose another.")

    def one_pass(number: tf.Tensor) -> tf.data.Dataset:
        key = tf.random.fold_in(tf.constant([seed, 0], tf.int64), number)
        order = tf.random.experimental.stateless_shuffle(tf.range(count, dtype=tf.int64), key)
        return tf.data.Dataset.from_tensor_slices(order)

    passes = tf.data.Dataset.range(start // count, tf.int64.max)
    return passes.flat_map(one_pass).skip(start % count)


def _sharing(input_context: tf.distribute.InputContext | None) -> tuple[int, int]:
    """(workers, replicas of all of them) that share a batch."""
    if input_context is None:
        return 1, 1
    return input_context.num_input_pipelines, input_context.num_replicas_in_sync


def _part_bounds(
    offset: int, end: int, batch_size: int, input_context: tf.distribute.InputContext
) -> tuple[np.ndarray, np.ndarray]:
    """Where the parts of this worker's replicas begin and end, batch after batch; int64 [N]."""
    workers, replicas = _sharing(input_context)
    first = np.arange(offset, end, batch_size)[:, np.newaxis]
    size = np.minimum(batch_size, end - first)
    here = replicas // workers
    replica = input_context.input_pipeline_id * here + np.arange(here)
    begin, stop = first + replica * size // replicas, first + (replica + 1) * size // replicas
    return begin.reshape(-1), stop.reshape(-1)


def _decoded(indices: tf.data.Dataset, example_at: Callable) -> tf.data.Dataset:
    return indices.map(example_at, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _at_least(name: str, value: int, least: int) -> None:
    if value < least:
        raise UserError(f"Expected {name} of at least {least}, got {value}.")
