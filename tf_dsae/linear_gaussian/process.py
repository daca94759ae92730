"""The linear-Gaussian process: a sequential latent model small enough to know its truth."""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.config import check_whole
from tf_dsae.distributions import diagonal_normal
from tf_dsae.errors import UserError

tfd = tfp.distributions


class Parameters(NamedTuple):
    """Standard deviations of the process, each a number or [...], in units of x.

    Those of f, of a step of z, and of x around f + z_t.
    """

    sigma_f: float | tf.Tensor
    sigma_z: float | tf.Tensor
    sigma_x: float | tf.Tensor


# Those of the published study.
TRUE_PARAMETERS = Parameters(sigma_f=2.0, sigma_z=0.5, sigma_x=0.5)


def check_parameters(parameters: Parameters) -> Parameters:
    """The parameters as float64; raises UserError unless all are finite and above 0."""
    checked = {}
    for name, value in parameters._asdict().items():
        try:
            values = np.asarray(value, np.float64)
        except (TypeError, ValueError):
            values = np.asarray(np.nan)
        if not (np.all(np.isfinite(values)) and np.all(values > 0)):
            raise UserError(f"{name}: expected finite numbers above 0, received {value}")
        checked[name] = values
    return Parameters(**checked)


def check_observations(x) -> np.ndarray:
    """x as float64 [..., T, D]; raises UserError for another rank, no frames, NaN or infinity."""
    try:
        values = np.asarray(x, np.float64)
    except (TypeError, ValueError):
        raise UserError(f"x: expected numbers [..., T, D], received {type(x).__name__}") from None
    if values.ndim < 2 or 0 in values.shape:
        raise UserError(
            f"x: expected [..., T, D] with at least one sequence, frame and dimension, "
            f"received {list(values.shape)}"
        )
    if not np.all(np.isfinite(values)):
        raise UserError(f"x: expected finite numbers, {np.sum(~np.isfinite(values))} are not")
    return values


class LinearGaussianProcess:
    """f ~ N(0, sigma_f^2), z_t ~ N(z_{t-1}, sigma_z^2), x_t ~ N(f + z_t, sigma_x^2); z_0 = 0.

    All in R^D and isotropic (Leplae-Arthur and Nichani 2019, Section 3.2). The parts are those that
    `objective.elbo` takes; `joint` is the TFP distribution that they compose.

    Args:
      parameters: of any batch shape, written [...] below.
      num_frames: T.
      dimensions: D.

    Raises:
      UserError: T or D is not a whole number of at least 1.
    """

    def __init__(self, parameters: Parameters, num_frames: int, dimensions: int):
        check_whole("num_frames", num_frames, 1)
        check_whole("dimensions", dimensions, 1)
        dtype = next((p.dtype for p in parameters if tf.is_tensor(p)), tf.float64)
        self.parameters = Parameters(*(tf.convert_to_tensor(p, dtype) for p in parameters))
        self.num_frames = num_frames
        self.dimensions = dimensions

    @property
    def static_prior(self) -> tfd.Distribution:
        """p(f): event [D], batch [...]."""
        scale = self.parameters.sigma_f[..., tf.newaxis]
        loc = tf.zeros([self.dimensions], scale.dtype)
        return diagonal_normal(loc, scale)

    def dynamic_prior(self, z: tf.Tensor) -> tfd.Distribution:
        """p(z_t | z_{t-1}) for every t, given z [..., T, D]: event [D], batch [..., T]."""
        before = tf.concat([tf.zeros_like(z[..., :1, :]), z[..., :-1, :]], -2)
        return diagonal_normal(before, self.parameters.sigma_z[..., tf.newaxis, tf.newaxis])

    def likelihood(self, f: tf.Tensor, z: tf.Tensor) -> tfd.Distribution:
        """p(x_t | z_t, f) from f [..., D] and z [..., T, D]: event [D], batch [..., T]."""
        scale = self.parameters.sigma_x[..., tf.newaxis, tf.newaxis]
        return diagonal_normal(f[..., tf.newaxis, :] + z, scale)

    @property
    def joint(self) -> tfd.JointDistribution:
        """p(f, z, x): events {f: [D], z: [T, D], x: [T, D]}, batch [...]."""
        step = self.parameters.sigma_z[..., tf.newaxis]
        start = diagonal_normal(tf.zeros([self.dimensions], step.dtype), step)
        walk = tfd.MarkovChain(start, lambda _, z: diagonal_normal(z, step), self.num_frames)
        return tfd.JointDistributionNamed(
            {
                "f": self.static_prior,
                "z": walk,
                "x": lambda f, z: tfd.Independent(self.likelihood(f, z), 1),
            }
        )

    def sample(self, num_sequences: int, seed) -> tf.Tensor:
        """x [num_sequences, ..., T, D]; a function of seed, int32 [2]."""
        check_whole("num_sequences", num_sequences, 1)
        return self.joint.sample(num_sequences, seed=seed)["x"]
