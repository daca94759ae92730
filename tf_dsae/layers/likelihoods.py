"""The decoder's output to p(x_t | z_t, f)."""

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import MIN_STDDEV, SOFTPLUS_OF_ONE
from tf_dsae.layers.parts import Likelihood


def _mean_in_unit_range(outputs: tf.Tensor) -> tf.Tensor:
    return tf.nn.sigmoid(tf.cast(outputs, tf.float32))


@keras.saving.register_keras_serializable("tf_dsae")
class UnitNormalLikelihood(Likelihood):
    """N(sigmoid(output), 1): event [H, W, C], batch [..., T].

    The likelihood of Leplae-Arthur and Nichani (2019), Section 5.2, for videos in [0, 1].

    Example:
      >>> p = UnitNormalLikelihood(tf_dsae.ModelConfig())(tf.zeros([2, 3, 64, 64, 3]))
      >>> p.event_shape, p.batch_shape, float(p.mean()[0, 0, 0, 0, 0])
      (TensorShape([64, 64, 3]), TensorShape([2, 3]), 0.5)
    """

    def call(self, outputs: tf.Tensor) -> tfd.Distribution:
        mean = _mean_in_unit_range(outputs)
        return tfd.Independent(tfd.Normal(mean, 1.0), reinterpreted_batch_ndims=3)


@keras.saving.register_keras_serializable("tf_dsae")
class NormalLikelihood(Likelihood):
    """N(sigmoid(output), s^2) with one learned standard deviation s for each channel, 1 at first.

    Example:
      >>> p = NormalLikelihood(tf_dsae.ModelConfig())(tf.zeros([2, 3, 64, 64, 3]))
      >>> round(float(p.stddev()[0, 0, 0, 0, 0]), 3)
      1.001
    """

    def build(self, outputs_shape: Shape) -> None:
        shape = (self.config.frame_shape[-1],)
        self.raw_scale = self.add_weight(shape=shape, initializer="zeros", name="raw_scale")

    def call(self, outputs: tf.Tensor) -> tfd.Distribution:
        mean = _mean_in_unit_range(outputs)
        raw_scale = tf.cast(self.raw_scale, tf.float32)
        scale = MIN_STDDEV + tf.nn.softplus(raw_scale + SOFTPLUS_OF_ONE)
        return tfd.Independent(tfd.Normal(mean, scale), reinterpreted_batch_ndims=3)
