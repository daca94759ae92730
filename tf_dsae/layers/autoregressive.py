"""A posterior whose z_t depend on each other: q(z_1:T | x) = prod_t q(z_t | z_<t, x_t)."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tf_dsae.core.noise import Noise
from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import (
    GaussianHead,
    diagonal_normal,
    fold_leading,
    sample,
    unfold_leading,
)
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.parts import DynamicPosterior


@keras.saving.register_keras_serializable("tf_dsae")
class AutoregressiveDynamicPosterior(DynamicPosterior):
    """prod_t q(z_t | z_<t, x_t): features [B, T, D] to an AutoregressivePosterior.

    A GRU of `dynamic_hidden_size` units reads the features of frame t beside z_{t-1}, from zeros,
    and its output gives a diagonal Gaussian for z_t.

    Example:
      >>> posterior = AutoregressiveDynamicPosterior(tf_dsae.ModelConfig(dynamic_size=4))
      >>> posterior.build((2, 3, 6), (2, 7))
      >>> q = posterior(tf.zeros([2, 3, 6]), tf.zeros([2, 7]))
      >>> z = q.sample_noise((5,), Noise.of(0))
      >>> z.shape, q.conditional(z).batch_shape
      (TensorShape([5, 2, 3, 4]), TensorShape([5, 2, 3]))
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **kwargs)
        units, dtype = config.dynamic_hidden_size, self.dtype_policy
        self.recurrent = keras.layers.GRU(
            units, return_sequences=True, dtype=dtype, name="recurrent"
        )
        self.head = GaussianHead(config.dynamic_size, dtype=dtype, name="head")

    def build(self, features_shape: Shape, static_shape: Shape) -> None:
        batch, frames, size = features_shape
        self.recurrent.build((batch, frames, size + self.config.dynamic_size))
        self.head.build((batch, frames, self.config.dynamic_hidden_size))

    def call(self, features: tf.Tensor, static: tf.Tensor) -> "AutoregressivePosterior":
        return AutoregressivePosterior(self, features)


class AutoregressivePosterior:
    """prod_t q(z_t | z_<t, x_t) for features [B, T, D]; each factor is a diagonal Gaussian.

    `mean` and `stddev` [B, T, Z] are those of the factors along their own means.
    """

    def __init__(self, layer: AutoregressiveDynamicPosterior, features: tf.Tensor):
        self.layer, self.features = layer, features

    @property
    def event_shape(self) -> tf.TensorShape:
        """[Z]."""
        return tf.TensorShape([self.layer.config.dynamic_size])

    @property
    def batch_shape(self) -> tf.TensorShape:
        """[B, T]."""
        return self.features.shape[:-1]

    def conditional(self, z: tf.Tensor) -> tfd.Distribution:
        """q(z_t | z_<t, x_t) along z [..., B, T, Z]: event [Z], batch [..., B, T]."""
        z = tf.cast(z, self.features.dtype)
        before = tf.concat([tf.zeros_like(z[..., :1, :]), z[..., :-1, :]], -2)
        leading = tf.shape(z)[:-2]
        features = tf.broadcast_to(
            self.features, tf.concat([leading, tf.shape(self.features)[-2:]], 0)
        )
        inputs = tf.concat([features, before], -1)
        hidden = self.layer.recurrent(fold_leading(inputs, 2))
        return self.layer.head(unfold_leading(hidden, inputs, 2))

    def sample_noise(self, sample_shape: tuple[int, ...], noise: Noise) -> tf.Tensor:
        """Samples [*sample_shape, B, T, Z]."""
        leading = tf.concat([sample_shape, tf.shape(self.features)[:1]], 0)
        features = tf.broadcast_to(
            self.features, tf.concat([leading, tf.shape(self.features)[1:]], 0)
        )

        def draw(factor: tfd.Distribution, seed: tf.Tensor) -> tf.Tensor:
            shape = tf.concat([leading, factor.event_shape], 0)
            loc, scale = (tf.reshape(x, shape) for x in (factor.mean(), factor.stddev()))
            z = sample(diagonal_normal(loc, scale), (), noise._replace(seed=seed), batch_axis=-2)
            return tf.reshape(z, tf.shape(factor.mean()))

        z = self._walk(fold_leading(features, 2), noise.seed, draw)
        return tf.reshape(z, tf.concat([leading, tf.shape(z)[-2:]], 0))

    def mean(self) -> tf.Tensor:
        """[B, T, Z]: z_t at its mean given the means before it."""
        nothing = tf.zeros([2], tf.int32)
        return self._walk(self.features, nothing, lambda factor, seed: factor.mean())

    def stddev(self) -> tf.Tensor:
        """[B, T, Z]: of z_t given the means before it."""
        return self.conditional(self.mean()).stddev()

    def _walk(
        self,
        features: tf.Tensor,
        seed: tf.Tensor,
        draw: Callable[[tfd.Distribution, tf.Tensor], tf.Tensor],
    ) -> tf.Tensor:
        """z [N, T, Z] for features [N, T, D], one frame after the other."""
        config, cell, head = self.layer.config, self.layer.recurrent.cell, self.layer.head
        count, num_frames = tf.unstack(tf.shape(features)[:2])

        def advance(
            carry: tuple[tf.Tensor, tf.Tensor], inputs: tuple[tf.Tensor, tf.Tensor]
        ) -> tuple[tf.Tensor, tf.Tensor]:
            previous, state = carry
            frame, frame_seed = inputs
            frame = tf.concat([frame, tf.cast(previous, frame.dtype)], -1)
            hidden, (state,) = cell(frame, [state])
            return draw(head(hidden), frame_seed), state

        start = (
            tf.zeros([count, config.dynamic_size]),
            tf.zeros([count, config.dynamic_hidden_size], features.dtype),
        )
        seeds = tf.stack(tfp.random.split_seed(seed, n=num_frames))
        z, _ = tf.scan(advance, (tf.transpose(features, [1, 0, 2]), seeds), start)
        return tf.transpose(z, [1, 0, 2])
