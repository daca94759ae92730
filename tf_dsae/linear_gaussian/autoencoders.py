"""Models of the linear-Gaussian process with a q to train; x is float32 [B, T, D]."""

import keras
import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.errors import UserError
from tf_dsae.core.types import Shape, TensorLike
from tf_dsae.layers.distributions import GaussianHead
from tf_dsae.linear_gaussian.bound import exact_elbo
from tf_dsae.linear_gaussian.exact import GaussianPosterior
from tf_dsae.linear_gaussian.process import LinearGaussianProcess, as_observations
from tf_dsae.linear_gaussian.study_settings import Parameters, check_family
from tf_dsae.models.autoencoder import SequenceAutoencoder
from tf_dsae.models.initial_weights import seed_initializers
from tf_dsae.models.variational_bound import ElboTerms


class ProcessModel(keras.Model):
    """A model whose p is the process; a subclass gives q.

    A subclass has `elbo`, the bound's terms of x, and `gaussian`, x to q(f, z_1:T | x).

    Args:
      num_frames, dimensions: T and D.
    """

    def __init__(self, num_frames: int, dimensions: int):
        super().__init__()
        self.num_frames, self.dimensions = num_frames, dimensions
        # exp of it is positive however it is learned.
        self.log_sigmas = self.add_weight(
            shape=(3,), initializer="zeros", trainable=False, name="log_sigmas"
        )

    @property
    def process(self) -> LinearGaussianProcess:
        """The process at the present parameters."""
        sigmas = tf.unstack(tf.exp(tf.convert_to_tensor(self.log_sigmas)))
        return LinearGaussianProcess(Parameters(*sigmas), self.num_frames, self.dimensions)

    def observations(self, video: TensorLike, name: str = "x") -> tf.Tensor:
        """x [B, T, D] as float32."""
        x = tf.cast(as_observations(video), tf.float32)
        if x.shape[-2:] != (self.num_frames, self.dimensions):
            raise UserError(
                f"{name}: expected [B, {self.num_frames}, {self.dimensions}], received {x.shape}"
            )
        return x


class LinearStaticEncoder(GaussianHead):
    """q(f | x_1:T): x [B, T, D] flattened, through one Gaussian head; event [D], batch [B]."""

    def build(self, input_shape: Shape) -> None:
        super().build((None, input_shape[-2] * input_shape[-1]))

    def call(self, x: tf.Tensor) -> tfd.Distribution:
        return super().call(tf.reshape(x, [-1, x.shape[-2] * x.shape[-1]]))


class LinearDynamicEncoder(GaussianHead):
    """prod_t q(z_t | x_t): one Gaussian head for every t; event [D], batch [B, T]."""

    depends_on_static = False

    def call(self, x: tf.Tensor, static: tf.Tensor | None = None) -> tfd.Distribution:
        del static
        return super().call(x)


class AmortisedAutoencoder(ProcessModel, SequenceAutoencoder):
    """q(f | x_1:T) prod_t q(z_t | x_t) by linear encoders, factorised as the paper's model is.

    It differs from DSAE in its parts alone: bound and sampling are those that train on videos.

    Args:
      num_frames, dimensions: T and D.
      seed: of the initial weights.
    """

    def __init__(self, num_frames: int, dimensions: int, seed: int = 0):
        super().__init__(num_frames, dimensions)
        self.static_encoder = LinearStaticEncoder(dimensions, constant_scale=True)
        self.dynamic_encoder = LinearDynamicEncoder(dimensions, constant_scale=True)
        seed_initializers(self, seed)
        self.static_encoder.build((None, num_frames, dimensions))
        self.dynamic_encoder.build((None, num_frames, dimensions))
        self.built = True

    def frame_encoder(self, x: tf.Tensor) -> tf.Tensor:
        return x

    @property
    def static_prior(self) -> tfd.Distribution:
        return self.process.static_prior

    def dynamic_prior(self, z: tf.Tensor) -> tfd.Distribution:
        return self.process.dynamic_prior(z)

    def decode(self, f: tf.Tensor, z: tf.Tensor) -> tfd.Distribution:
        return self.process.likelihood(f, z)

    def gaussian(self, x: tf.Tensor) -> GaussianPosterior:
        f, z = self.encode(x)

        def side_by_side(static: tf.Tensor, dynamic: tf.Tensor) -> tf.Tensor:
            return tf.concat([static[..., tf.newaxis], tf.linalg.matrix_transpose(dynamic)], -1)

        stddev = side_by_side(f.stddev(), z.stddev())
        return GaussianPosterior(side_by_side(f.mean(), z.mean()), tf.linalg.diag(stddev))


def family_mask(family: str, num_frames: int) -> np.ndarray:
    """Where scale_tril of a family's q over (f, z_1..z_T) may differ from 0: [1 + T, 1 + T]."""
    mask = np.eye(1 + num_frames)
    if family in ("structured", "exact"):
        mask[1:, 1:] = np.tril(np.ones((num_frames, num_frames)))
    if family in ("full", "exact"):
        mask[:, 0] = 1.0
    return mask


class FreePosterior(ProcessModel):
    """q(f, z_1:T | x) with a free mean and scale for every sequence, shaped as its family says.

    Args:
      family: of FAMILIES, not amortised.
      num_sequences, num_frames, dimensions: N, T and D.
    """

    def __init__(self, family: str, num_sequences: int, num_frames: int, dimensions: int):
        super().__init__(num_frames, dimensions)
        size = 1 + num_frames
        # A weight, so that families can be trained side by side.
        self.mask = self.add_weight(shape=(size, size), trainable=False, name="mask")
        self.mask.assign(family_mask(family, num_frames))
        shape = (num_sequences, dimensions, size)
        self.mean = self.add_weight(shape=shape, initializer="zeros", name="mean")
        # Below the diagonal itself; on it, its logarithm.
        self.raw_scale = self.add_weight(
            shape=(*shape, size), initializer="zeros", name="raw_scale"
        )
        self.built = True

    def gaussian(self, x: tf.Tensor) -> GaussianPosterior:
        del x  # One q for every sequence, in their order.
        raw = tf.convert_to_tensor(self.raw_scale) * tf.convert_to_tensor(self.mask)
        diagonal = tf.linalg.diag_part(raw)
        scale = raw + tf.linalg.diag(tf.exp(diagonal) - diagonal)
        return GaussianPosterior(tf.convert_to_tensor(self.mean), scale)

    def elbo(self, x: TensorLike, *sampling: object) -> ElboTerms:
        """The bound's terms, [B]; q is one Gaussian, whose expectation needs no samples."""
        del sampling
        x = self.observations(x)
        return exact_elbo(self.process.parameters, x, self.gaussian(x))


def make_autoencoder(
    family: str, num_sequences: int, num_frames: int, dimensions: int, seed: int = 0
) -> ProcessModel:
    """The trainable q of a family; its initial weights are a function of the seed."""
    check_family(family)
    if family == "amortised":
        return AmortisedAutoencoder(num_frames, dimensions, seed)
    return FreePosterior(family, num_sequences, num_frames, dimensions)
