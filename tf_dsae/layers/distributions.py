"""The one Gaussian head, and helpers for distributions and batches."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.noise import Noise
from tf_dsae.core.types import Shape

# Keeps log densities and KLs finite however sure a head becomes.
MIN_STDDEV = 1e-3
# softplus(x + this) = 1 at x = 0: a new head starts at standard deviations near 1.
SOFTPLUS_OF_ONE = 0.5413248546129181


def diagonal_normal(loc: tf.Tensor, scale: tf.Tensor) -> tfd.Distribution:
    """Diagonal Gaussian of mean loc and standard deviation scale, each [..., size].

    Event shape: the last axis, batch shape: the others.

    Example:
      >>> normal = diagonal_normal(tf.zeros([2, 3, 4]), tf.ones([2, 3, 4]))
      >>> normal.event_shape, normal.batch_shape
      (TensorShape([4]), TensorShape([2, 3]))
    """
    return tfd.Independent(tfd.Normal(loc, scale), reinterpreted_batch_ndims=1)


def standard_normal(size: int) -> tfd.Distribution:
    """N(0, I) in float32; event shape [size], batch shape [].

    Example:
      >>> standard_normal(4).sample(2, seed=[0, 0]).shape
      TensorShape([2, 4])
    """
    return diagonal_normal(tf.zeros([size]), tf.ones([size]))


def sample(
    distribution: Any, sample_shape: tuple[int, ...], noise: Noise, batch_axis: int
) -> tf.Tensor:
    """Samples of a posterior for the examples at hand.

    A distribution that is drawn in its own way has a method `sample_noise(sample_shape, noise)`.
    For a diagonal Gaussian the samples of a part of a batch are those that the whole batch has
    there. Any other TFP distribution is drawn from the seed and the part's place, so that its
    samples depend on how the batch is shared.

    Args:
      distribution: of the examples at hand.
      sample_shape: leading axes of the samples.
      noise: of the examples at hand.
      batch_axis: that of the examples in a sample, from the end.

    Example, the second of two examples of size 3:
      >>> both = diagonal_normal(tf.zeros([2, 3]), tf.ones([2, 3]))
      >>> second = diagonal_normal(tf.zeros([1, 3]), tf.ones([1, 3]))
      >>> noise = Noise.of(0)
      >>> part = sample(second, (4,), noise._replace(start=1, total=2), batch_axis=-2)
      >>> bool(tf.reduce_all(part == sample(both, (4,), noise, batch_axis=-2)[:, 1:]))
      True
    """
    if hasattr(distribution, "sample_noise"):
        return distribution.sample_noise(sample_shape, noise)
    if noise.total is None:
        return distribution.sample(sample_shape, seed=noise.seed)
    if not _is_diagonal_normal(distribution):
        seed = tf.random.experimental.stateless_fold_in(noise.seed, noise.start)
        return distribution.sample(sample_shape, seed=seed)
    loc, scale = distribution.mean(), distribution.stddev()
    shape = tf.unstack(tf.shape(loc))
    count, shape[batch_axis] = shape[batch_axis], noise.total
    standard = diagonal_normal(tf.zeros(shape), tf.ones(shape))
    drawn = standard.sample(sample_shape, seed=noise.seed)
    return loc + scale * noise.take(drawn, count, batch_axis)


def _is_diagonal_normal(distribution: Any) -> bool:
    inner = getattr(distribution, "distribution", None)
    return isinstance(distribution, tfd.Independent) and isinstance(inner, tfd.Normal)


def conditional(distribution: Any, z: tf.Tensor) -> tfd.Distribution:
    """q(z_t | z_<t, .) along samples z [..., B, T, Z] of q: event [Z], batch [..., B, T].

    A posterior whose z_t depend on each other has a method `conditional(z)`; the others are their
    own conditional.

    Example:
      >>> q = diagonal_normal(tf.zeros([2, 3, 4]), tf.ones([2, 3, 4]))
      >>> conditional(q, tf.zeros([5, 2, 3, 4])) is q
      True
    """
    return distribution.conditional(z) if hasattr(distribution, "conditional") else distribution


def fold_leading(x: tf.Tensor, event_rank: int) -> tf.Tensor:
    """x [..., event] -> [product of the leading axes, event]; keeps known sizes of it.

    Args:
      x: any tensor.
      event_rank: how many of its axes, the last ones, are the event's.

    Example:
      >>> fold_leading(tf.zeros([2, 3, 4, 5]), event_rank=2).shape
      TensorShape([6, 4, 5])
    """
    event = [-1 if size is None else size for size in x.shape[-event_rank:]]
    if event.count(-1) == 0:
        return tf.reshape(x, [-1, *event])
    return tf.reshape(x, tf.concat([[-1], tf.shape(x)[-event_rank:]], 0))


def unfold_leading(x: tf.Tensor, like: tf.Tensor, event_rank: int) -> tf.Tensor:
    """x [N, event] -> [leading axes of `like`, event]; `event_rank` is that of `like`.

    Example:
      >>> unfold_leading(tf.zeros([6, 7]), like=tf.zeros([2, 3, 4, 5]), event_rank=2).shape
      TensorShape([2, 3, 7])
    """
    leading = like.shape[:-event_rank]
    event = x.shape[1:]
    shape = tf.concat([tf.shape(like)[:-event_rank], tf.shape(x)[1:]], 0)
    return tf.ensure_shape(tf.reshape(x, shape), leading.concatenate(event))


@keras.saving.register_keras_serializable("tf_dsae")
class GaussianHead(keras.layers.Layer):
    """Maps features [..., D] to a diagonal Gaussian: event [size], batch [...], float32.

    The only place that knows how a scale is parametrised: softplus of a dense layer's output,
    shifted to 1 at the start, above MIN_STDDEV. The arithmetic after the dense layer is float32
    whatever the layer's compute type.

    Args:
      size: of the event.
      constant_scale: one learned scale for all inputs; otherwise it depends on the features.

    Example:
      >>> q = GaussianHead(size=4)(tf.zeros([2, 3, 6]))
      >>> q.event_shape, q.batch_shape, q.dtype.name
      (TensorShape([4]), TensorShape([2, 3]), 'float32')
    """

    def __init__(self, size: int, constant_scale: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.settings = {"size": size, "constant_scale": constant_scale}
        units = size if constant_scale else 2 * size
        self.dense = keras.layers.Dense(units, dtype=self.dtype_policy, name="dense")

    def build(self, input_shape: Shape) -> None:
        self.dense.build(input_shape)
        if self.settings["constant_scale"]:
            shape = (self.settings["size"],)
            self.raw_scale = self.add_weight(shape=shape, initializer="zeros", name="raw_scale")

    def call(self, features: tf.Tensor) -> tfd.Distribution:
        outputs = tf.cast(self.dense(features), tf.float32)
        if self.settings["constant_scale"]:
            loc = outputs
            raw_scale = tf.broadcast_to(tf.cast(self.raw_scale, tf.float32), tf.shape(loc))
        else:
            loc, raw_scale = tf.split(outputs, 2, axis=-1)
        return diagonal_normal(loc, MIN_STDDEV + tf.nn.softplus(raw_scale + SOFTPLUS_OF_ONE))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.settings
