"""Noise as a function of a seed and of the place in the whole batch, however it is shared."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.core.types import Seed, Shape, TensorLike


class Noise(NamedTuple):
    """The source of a batch's random numbers, which are a function of it.

    A replica that holds a part of a batch draws the noise of the whole batch and takes its part,
    so that an example's noise does not depend on how the batch is shared.

    Attributes:
      seed: int32 [2].
      start, total: the examples at hand are those from `start` on, of a batch of `total`; None
        where they are the whole batch.

    Example, the last three of five examples have the noise of the whole batch:
      >>> whole = Noise.of(3).uniform(5, [2])
      >>> part = Noise.of(3)._replace(start=2, total=5).uniform(3, [2])
      >>> bool(tf.reduce_all(part == whole[2:]))
      True
    """

    seed: tf.Tensor
    start: TensorLike | None = None
    total: TensorLike | None = None

    @classmethod
    def of(cls, seed: "Seed | Noise") -> "Noise":
        """Noise from a whole number or a pair of them; noise stays as it is."""
        if isinstance(seed, Noise):
            return seed
        seed = tf.cast(seed, tf.int32)
        return cls(tf.stack([seed, 0]) if seed.shape.rank == 0 else seed)

    def split(self, count: int) -> "tuple[Noise, ...]":
        """`count` independent noises for the same examples.

        Example:
          >>> first, second = Noise.of(5).split(2)
          >>> bool(tf.reduce_any(first.seed != second.seed))
          True
        """
        seeds = tf.unstack(tfp.random.split_seed(self.seed, count))
        return tuple(self._replace(seed=seed) for seed in seeds)

    def fold_in(self, number: int | tf.Tensor) -> "Noise":
        """Independent noise for the same examples, one for every number.

        Example:
          >>> bool(tf.reduce_all(Noise.of(5).fold_in(1).seed == Noise.of(5).fold_in(1).seed))
          True
        """
        seed = tf.random.experimental.stateless_fold_in(self.seed, tf.cast(number, tf.int32))
        return self._replace(seed=seed)

    def uniform(
        self, count: TensorLike, shape: Shape, minval: float = 0.0, maxval: float = 1.0
    ) -> tf.Tensor:
        """Numbers [count, *shape], uniform from minval to maxval, for the `count` examples.

        Example:
          >>> Noise.of(5).uniform(2, [3]).shape
          TensorShape([2, 3])
        """
        whole = count if self.total is None else self.total
        values = tf.random.stateless_uniform([whole, *shape], self.seed, minval, maxval)
        return self.take(values, count)

    def take(self, values: tf.Tensor, count: TensorLike, axis: int = 0) -> tf.Tensor:
        """The part, along `axis`, of a whole batch's values for these `count` examples.

        Example, examples 1 and 2 of a batch of 4:
          >>> Noise.of(5)._replace(start=1, total=4).take(tf.range(4), 2).numpy().tolist()
          [1, 2]
        """
        if self.total is None:
            return values
        return tf.gather(values, self.start + tf.range(count), axis=axis)


def num_replicas() -> int:
    """How many replicas share the current step; 1 outside of a step.

    Example:
      >>> num_replicas()
      1
    """
    context = tf.distribute.get_replica_context()
    return context.num_replicas_in_sync if context else 1


def sum_over_replicas(values: tf.Tensor) -> tf.Tensor:
    """The sum of what every replica holds; `values` itself where there is one."""
    if num_replicas() == 1:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def gather_replicas(values: tf.Tensor) -> tf.Tensor:
    """What every replica holds, joined along the first axis in their order; gradients pass."""
    if num_replicas() == 1:
        return values
    return tf.distribute.get_replica_context().all_gather(values, axis=0)


def noise_of_replica(seed: tf.Tensor, examples: tf.Tensor) -> Noise:
    """The noise of this replica's examples [n, ...] in the batch that all replicas share.

    Example, of one replica:
      >>> noise_of_replica(tf.constant([5, 0]), tf.zeros([2, 3])).total is None
      True
    """
    replicas = num_replicas()
    if replicas == 1:
        return Noise(seed)
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    here = tf.cast(tf.shape(examples)[0], tf.float32)  # Sums of whole numbers are exact.
    sizes = sum_over_replicas(here * tf.one_hot(replica, replicas))
    sizes = tf.cast(sizes, tf.int32)
    return Noise(seed, tf.reduce_sum(sizes[:replica]), tf.reduce_sum(sizes))
