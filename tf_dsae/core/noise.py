"""What a replica knows of a batch that several devices share: its place there, sums over all."""

from typing import NamedTuple

import tensorflow as tf

from tf_dsae.core.types import TensorLike


class BatchSlice(NamedTuple):
    """Examples from `start` on, of a batch of `total`: the ones that are at hand. int32 scalars.

    Noise is drawn for the whole batch, and the slice's taken from it, so that an example's noise
    does not depend on how a batch is shared out.

    Example, the last three of a batch of five:
      >>> BatchSlice(start=2, total=5).of(tf.range(5), 3).numpy().tolist()
      [2, 3, 4]
    """

    start: TensorLike
    total: TensorLike

    def of(self, values: tf.Tensor, count: TensorLike, axis: int = 0) -> tf.Tensor:
        """The slice's `count` examples of values of the whole batch, whose axis is `axis`."""
        return tf.gather(values, self.start + tf.range(count), axis=axis)


def num_replicas() -> int:
    """Replicas that take the step under way together; 1 outside of a step."""
    context = tf.distribute.get_replica_context()
    return context.num_replicas_in_sync if context else 1


def summed(values: tf.Tensor) -> tf.Tensor:
    """The sum of what every replica holds; `values` itself where there is one.

    Example:
      >>> summed(tf.constant([1.0, 2.0])).numpy().tolist()
      [1.0, 2.0]
    """
    if num_replicas() == 1:
        return values
    return tf.distribute.get_replica_context().all_reduce(tf.distribute.ReduceOp.SUM, values)


def batch_slice(examples: tf.Tensor) -> BatchSlice | None:
    """Where this replica's examples [n, ...] are in the batch; None where they are all of it."""
    replicas = num_replicas()
    if replicas == 1:
        return None
    replica = tf.distribute.get_replica_context().replica_id_in_sync_group
    here = tf.cast(tf.shape(examples)[0], tf.float32)  # Sums of whole numbers are exact.
    sizes = tf.cast(summed(here * tf.one_hot(replica, replicas)), tf.int32)
    return BatchSlice(tf.reduce_sum(sizes[:replica]), tf.reduce_sum(sizes))
