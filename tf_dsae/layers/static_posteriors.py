"""Features to q(f | x_1:T)."""

from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import GaussianHead
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.parts import StaticPosterior
from tf_dsae.layers.recurrent import LSTM


@keras.saving.register_keras_serializable("tf_dsae")
class RecurrentStaticPosterior(StaticPosterior):
    """A recurrent network reads the features [B, T, D]; its last output gives a diagonal Gaussian.

    `static_posterior` of the config names the network: "lstm", "bidirectional_lstm", whose last
    output in either direction counts, or "gru"; `static_hidden_size` is its units in each
    direction (Leplae-Arthur and Nichani 2019, Section 2).

    Example:
      >>> config = tf_dsae.ModelConfig(static_size=7, static_posterior="gru")
      >>> q = RecurrentStaticPosterior(config)(tf.zeros([2, 3, 6]))
      >>> q.event_shape, q.batch_shape
      (TensorShape([7]), TensorShape([2]))
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **kwargs)
        self.is_bidirectional = config.static_posterior == "bidirectional_lstm"
        self.recurrent = self._make_recurrent()
        self.head = GaussianHead(config.static_size, dtype=self.dtype_policy, name="head")

    def _make_recurrent(self) -> keras.layers.Layer:
        units, dtype = self.config.static_hidden_size, self.dtype_policy
        if self.is_bidirectional:
            inner = keras.layers.LSTM(units, return_sequences=True, dtype=dtype)
            return keras.layers.Bidirectional(inner, dtype=dtype, name="recurrent")
        if self.config.static_posterior == "gru":
            return keras.layers.GRU(units, return_sequences=True, dtype=dtype, name="recurrent")
        return LSTM(units, dtype=dtype, name="recurrent")

    def build(self, features_shape: Shape) -> None:
        self.recurrent.build(features_shape)
        directions = 2 if self.is_bidirectional else 1
        self.head.build((None, directions * self.config.static_hidden_size))

    def call(self, features: tf.Tensor) -> tfd.Distribution:
        hidden = self.recurrent(features)
        if not self.is_bidirectional:
            return self.head(hidden[:, -1])
        forward, backward = tf.split(hidden, 2, axis=-1)
        return self.head(tf.concat([forward[:, -1], backward[:, 0]], -1))


@keras.saving.register_keras_serializable("tf_dsae")
class MeanStaticPosterior(StaticPosterior):
    """Dense layers around a mean over frames: features [B, T, D] to a diagonal Gaussian.

    One dense layer reads the features of each frame. Another reads the mean of its outputs over
    the frames, so that neither their order nor their number matters. Both have
    `static_hidden_size` units.

    Example:
      >>> config = tf_dsae.ModelConfig(static_size=7, static_posterior="mean")
      >>> q = MeanStaticPosterior(config)(tf.zeros([2, 3, 6]))
      >>> q.event_shape, q.batch_shape
      (TensorShape([7]), TensorShape([2]))
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **kwargs)
        self.of_frame, self.of_clip = (
            keras.layers.Dense(
                config.static_hidden_size,
                activation=config.activation,
                dtype=self.dtype_policy,
                name=name,
            )
            for name in ("of_frame", "of_clip")
        )
        self.head = GaussianHead(config.static_size, dtype=self.dtype_policy, name="head")

    def build(self, features_shape: Shape) -> None:
        hidden = (None, self.config.static_hidden_size)
        self.of_frame.build(features_shape)
        self.of_clip.build(hidden)
        self.head.build(hidden)

    def call(self, features: tf.Tensor) -> tfd.Distribution:
        return self.head(self.of_clip(tf.reduce_mean(self.of_frame(features), 1)))
