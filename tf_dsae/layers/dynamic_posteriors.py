"""Features to q(z_1:T | .), the two posteriors of Li and Mandt (2018)."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import GaussianHead, fold_leading, unfold_leading
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.parts import DynamicPosterior


@keras.saving.register_keras_serializable("tf_dsae")
class FactorisedDynamicPosterior(DynamicPosterior):
    """prod_t q(z_t | x_t): features [B, T, D] to a diagonal Gaussian, event [Z], batch [B, T].

    One network with one hidden layer of `dynamic_hidden_size` units serves every t (Leplae-Arthur
    and Nichani 2019, Sections 2 and 5.2).

    Example:
      >>> q = FactorisedDynamicPosterior(tf_dsae.ModelConfig(dynamic_size=4))
      >>> q(tf.zeros([2, 3, 6])).batch_shape
      TensorShape([2, 3])
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **kwargs)
        self.hidden = keras.layers.Dense(
            config.dynamic_hidden_size,
            activation=config.activation,
            dtype=self.dtype_policy,
            name="hidden",
        )
        self.head = GaussianHead(config.dynamic_size, dtype=self.dtype_policy, name="head")

    def build(self, features_shape: Shape, static_shape: Shape | None = None) -> None:
        self.hidden.build(features_shape)
        self.head.build((*features_shape[:-1], self.hidden.units))

    def call(self, features: tf.Tensor, static: tf.Tensor | None = None) -> tfd.Distribution:
        return self.head(self.hidden(features))


@keras.saving.register_keras_serializable("tf_dsae")
class FullDynamicPosterior(DynamicPosterior):
    """prod_t q(z_t | f, x_1:T): a Gaussian of event [Z] and batch [..., B, T], one for each f.

    A bidirectional LSTM reads the features [B, T, D] with f [..., B, F] beside each. A simple
    recurrent network reads its outputs, and each of its outputs gives one z_t (Li and Mandt 2018,
    "full q"). Both have `dynamic_hidden_size` units.

    Example, given ten samples of f:
      >>> q = FullDynamicPosterior(tf_dsae.ModelConfig(dynamic_size=4))
      >>> q(tf.zeros([2, 3, 6]), tf.zeros([10, 2, 7])).batch_shape
      TensorShape([10, 2, 3])
    """

    depends_on_static = True

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **kwargs)
        units, dtype = config.dynamic_hidden_size, self.dtype_policy
        self.smoother = keras.layers.Bidirectional(
            keras.layers.LSTM(units, return_sequences=True, dtype=dtype),
            dtype=dtype,
            name="smoother",
        )
        self.recurrent = keras.layers.SimpleRNN(
            units, return_sequences=True, dtype=dtype, name="recurrent"
        )
        self.head = GaussianHead(config.dynamic_size, dtype=dtype, name="head")

    def build(self, features_shape: Shape, static_shape: Shape) -> None:
        batch, frames, size = features_shape
        units = self.config.dynamic_hidden_size
        self.smoother.build((batch, frames, size + static_shape[-1]))
        self.recurrent.build((batch, frames, 2 * units))
        self.head.build((batch, frames, units))

    def call(self, features: tf.Tensor, static: tf.Tensor) -> tfd.Distribution:
        leading = tf.shape(static)[:-1]
        num_frames = tf.shape(features)[1]
        features = tf.broadcast_to(features, tf.concat([leading, tf.shape(features)[1:]], 0))
        static = tf.repeat(static[..., tf.newaxis, :], num_frames, axis=-2)
        inputs = tf.concat([features, static], -1)
        hidden = self.recurrent(self.smoother(fold_leading(inputs, 2)))
        return self.head(unfold_leading(hidden, inputs, 2))
