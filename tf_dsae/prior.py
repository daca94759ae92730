"""The dynamic prior p(z_1:T) = prod_t p(z_t | z_<t)."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.distributions import GaussianHead, diagonal_normal, fold_leading, unfold_leading

tfd = tfp.distributions
State = list[tf.Tensor]


@keras.saving.register_keras_serializable("tf_dsae")
class DynamicPrior(keras.layers.Layer):
    """An LSTM over z_<t whose output gives p(z_t | z_<t), a diagonal Gaussian of event [Z].

    `step` is the whole prior: calling the layer scans it over given z (the samples of q, in the
    bound), `roll_out` over its own samples.

    Args:
      size: Z.
      units: of the LSTM.
      initial: p(z_1), "learned" (one step from zeros) or "standard_normal".
    """

    def __init__(self, size: int, units: int, initial: str, **kwargs):
        # z stays float32: its densities are compared with the posterior's.
        super().__init__(autocast=False, **kwargs)
        self.settings = {"size": size, "units": units, "initial": initial}
        self.cell = keras.layers.LSTMCell(units, dtype=self.dtype_policy, name="cell")
        self.head = GaussianHead(size, dtype=self.dtype_policy, name="head")

    def build(self, input_shape):
        self.cell.build((None, self.settings["size"]))
        self.head.build((None, self.settings["units"]))

    def initial_state(self, num_videos) -> tuple[tf.Tensor, State]:
        """The (z_0, state) that `step` starts from: zeros, z_0 of shape [num_videos, Z]."""
        return tf.zeros([num_videos, self.settings["size"]]), self.cell.get_initial_state(
            num_videos
        )

    def step(
        self, frame: tf.Tensor, previous: tf.Tensor, state: State
    ) -> tuple[tfd.Distribution, State]:
        """p(z_t | z_<t), batch [N], for t = frame (from 0), from z_{t-1} [N, Z], and the new state."""
        hidden, state = self.cell(tf.cast(previous, self.compute_dtype), state)
        prior = self.head(hidden)
        if self.settings["initial"] == "standard_normal":
            learned = tf.cast(frame > 0, tf.float32)
            prior = diagonal_normal(
                learned * prior.mean(), learned * prior.stddev() + (1.0 - learned)
            )
        return prior, state

    def call(self, z: tf.Tensor) -> tfd.Distribution:
        """p(z_t | z_<t) for every t, conditioned on z [..., T, Z]: event [Z], batch [..., T]."""
        folded = fold_leading(z, 2)
        first, state = self.initial_state(tf.shape(folded)[0])
        previous = tf.concat([first[:, tf.newaxis], folded[:, :-1]], 1)
        previous = tf.transpose(previous, [1, 0, 2])

        def advance(carry, inputs):
            prior, state = self.step(*inputs, carry[2])
            return prior.mean(), prior.stddev(), state

        frames = tf.range(tf.shape(previous)[0])
        loc, scale, _ = tf.scan(advance, (frames, previous), (first, first, state))
        loc, scale = (unfold_leading(tf.transpose(x, [1, 0, 2]), z, 2) for x in (loc, scale))
        return diagonal_normal(loc, scale)

    def roll_out(self, num_videos, num_frames, seed: tf.Tensor) -> tf.Tensor:
        """Samples z [num_videos, num_frames, Z] from the prior; a function of seed int32 [2]."""
        first, state = self.initial_state(num_videos)
        seeds = tfp.random.split_seed(seed, n=num_frames)

        def advance(carry, inputs):
            frame, frame_seed = inputs
            prior, state = self.step(frame, *carry)
            return prior.sample(seed=frame_seed), state

        z, _ = tf.scan(advance, (tf.range(num_frames), tf.stack(seeds)), (first, state))
        return tf.transpose(z, [1, 0, 2])

    def get_config(self):
        return super().get_config() | self.settings
