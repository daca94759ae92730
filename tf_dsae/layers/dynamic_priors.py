"""The dynamic prior p(z_1:T) = prod_t p(z_t | z_<t)."""

from typing import Any

import keras
import tensorflow as tf
import tensorflow_probability as tfp
from tensorflow_probability import distributions as tfd

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import GaussianHead, diagonal_normal, fold_leading, unfold_leading
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.parts import DynamicPrior
from tf_dsae.layers.recurrent import LSTM

State = tuple[tf.Tensor, tf.Tensor]


@keras.saving.register_keras_serializable("tf_dsae")
class LSTMDynamicPrior(DynamicPrior):
    """An LSTM over z_<t whose output gives p(z_t | z_<t), a diagonal Gaussian of event [Z].

    `step` is the whole prior. `roll_out` walks it over its own samples; calling the layer
    conditions it on given z (the samples of q, in the bound): the same steps, products gathered
    (Leplae-Arthur and Nichani 2019, Section 2).

    `prior_size` of the config is the LSTM's units; `initial_prior` is p(z_1), "learned" (one step
    from zeros) or "standard_normal".

    Example:
      >>> config = tf_dsae.ModelConfig(dynamic_size=4, initial_prior="standard_normal")
      >>> prior = LSTMDynamicPrior(config)
      >>> p = prior(tf.zeros([2, 3, 4]))
      >>> p.event_shape, p.batch_shape
      (TensorShape([4]), TensorShape([2, 3]))
      >>> bool(tf.reduce_all(p.mean()[:, 0] == 0)), bool(tf.reduce_all(p.stddev()[:, 0] == 1))
      (True, True)
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        # z stays float32: its densities are compared with the posterior's.
        super().__init__(config, autocast=False, **kwargs)
        self.recurrent = LSTM(config.prior_size, dtype=self.dtype_policy, name="recurrent")
        self.head = GaussianHead(config.dynamic_size, dtype=self.dtype_policy, name="head")

    def build(self, input_shape: Shape) -> None:
        self.recurrent.build((None, None, self.config.dynamic_size))
        self.head.build((None, self.config.prior_size))

    def _distribution(self, hidden: tf.Tensor, frames: tf.Tensor) -> tfd.Distribution:
        """p(z_t | z_<t) from the LSTM's output for t = frames, counted from 0."""
        prior = self.head(hidden)
        if self.config.initial_prior == "learned":
            return prior
        learned = tf.cast(frames > 0, tf.float32)[..., tf.newaxis]
        return diagonal_normal(learned * prior.mean(), learned * prior.stddev() + 1.0 - learned)

    def initial_state(self, num_videos: int | tf.Tensor) -> tuple[tf.Tensor, State]:
        """The (z_0, state) that `step` starts from, zeros; z_0 is [num_videos, Z].

        Example:
          >>> z, state = prior.initial_state(2)
          >>> z.shape, [part.shape for part in state]
          (TensorShape([2, 4]), [TensorShape([2, 512]), TensorShape([2, 512])])
        """
        return tf.zeros([num_videos, self.config.dynamic_size]), self.recurrent.initial_state(
            num_videos
        )

    def step(
        self, frame: tf.Tensor, previous: tf.Tensor, state: State
    ) -> tuple[tfd.Distribution, State]:
        """p(z_t | z_<t), batch [N], and the new state.

        Args:
          frame: t, counted from 0.
          previous: z_{t-1}, [N, Z].
          state: after z_{t-1}, as the step before or `initial_state` gave it.

        Example:
          >>> p, state = prior.step(tf.constant(0), *prior.initial_state(2))
          >>> p.event_shape, p.batch_shape
          (TensorShape([4]), TensorShape([2]))
        """
        state = self.recurrent.step(previous, state)
        return self._distribution(state[0], frame), state

    def call(self, z: tf.Tensor) -> tfd.Distribution:
        """p(z_t | z_<t) for every t, conditioned on z [..., T, Z]: event [Z], batch [..., T]."""
        folded = fold_leading(z, 2)
        before = tf.concat([tf.zeros_like(folded[:, :1]), folded[:, :-1]], 1)
        hidden = unfold_leading(self.recurrent(before), z, 2)
        return self._distribution(hidden, tf.range(tf.shape(z)[-2]))

    def roll_out(
        self, num_videos: int | tf.Tensor, num_frames: int | tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """Samples z [num_videos, num_frames, Z] from the prior; a function of seed int32 [2].

        Example:
          >>> prior.roll_out(2, 3, tf.constant([0, 0])).shape
          TensorShape([2, 3, 4])
        """
        seeds = tf.stack(tfp.random.split_seed(seed, n=num_frames))

        def advance(
            carry: tuple[tf.Tensor, State], inputs: tuple[tf.Tensor, tf.Tensor]
        ) -> tuple[tf.Tensor, State]:
            frame, frame_seed = inputs
            prior, state = self.step(frame, *carry)
            return prior.sample(seed=frame_seed), state

        start = self.initial_state(num_videos)
        z, _ = tf.scan(advance, (tf.range(num_frames), seeds), start)
        return tf.transpose(z, [1, 0, 2])
