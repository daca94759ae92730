"""The linear-Gaussian process: a sequential latent model small enough to know its truth."""

import functools

import numpy as np
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.core.types import Seed, TensorLike
from tf_dsae.layers.distributions import diagonal_normal
from tf_dsae.linear_gaussian.study_settings import Parameters


def _as_tensor(name: str, values: TensorLike, expected: str, dtype: tf.DType) -> tf.Tensor:
    try:
        if not tf.is_tensor(values):
            values = np.asarray(values, np.float64)
        return tf.cast(values, dtype)
    except (TypeError, ValueError):
        raise UserError(f"{name}: expected {expected}, received {values!r}") from None


def as_parameters(parameters: Parameters, dtype: tf.DType = tf.float64) -> Parameters:
    """The parameters as tensors of one shape and dtype; UserError unless finite and above 0.

    Values are checked where they are known, not while a graph is traced.

    Example:
      >>> as_parameters(Parameters(2.0, [0.5, 1.0], 0.5)).sigma_f.numpy()
      array([2., 2.])
    """
    expected = "finite numbers above 0"
    checked = {}
    for name, value in parameters._asdict().items():
        sigma = _as_tensor(name, value, expected, dtype)
        if not tf.is_symbolic_tensor(sigma):
            values = sigma.numpy()
            if not (np.all(np.isfinite(values)) and np.all(values > 0)):
                raise UserError(f"{name}: expected {expected}, received {value}")
        checked[name] = sigma
    shape = common_shape(*(tf.shape(sigma) for sigma in checked.values()))
    return Parameters(**{name: tf.broadcast_to(v, shape) for name, v in checked.items()})


def common_shape(*shapes: tf.Tensor) -> tf.Tensor:
    """The shape, int32, that all shapes broadcast to.

    Example:
      >>> common_shape(tf.constant([5, 1]), tf.constant([3])).numpy()
      array([5, 3], dtype=int32)
    """
    return functools.reduce(tf.broadcast_dynamic_shape, shapes)


def as_observations(x: TensorLike) -> tf.Tensor:
    """x as a float64 tensor [..., T, D]; raises UserError for another rank, no frames or NaN.

    Values are checked where they are known, not while a graph is traced.

    Example:
      >>> as_observations(np.zeros([50, 3, 2], np.float32)).dtype.name
      'float64'
    """
    x = _as_tensor("x", x, "numbers [..., T, D]", tf.float64)
    if x.shape.rank is not None and (x.shape.rank < 2 or 0 in x.shape):
        raise UserError(
            f"x: expected [..., T, D] with at least one sequence, frame and dimension, "
            f"received {x.shape}"
        )
    if not tf.is_symbolic_tensor(x):
        wrong = int(np.sum(~np.isfinite(x.numpy())))
        if wrong:
            raise UserError(f"x: expected finite numbers, {wrong} of {x.numpy().size} are not")
    return x


class LinearGaussianProcess:
    """f ~ N(0, sigma_f^2), z_t ~ N(z_{t-1}, sigma_z^2), x_t ~ N(f + z_t, sigma_x^2); z_0 = 0.

    All in R^D and isotropic (Leplae-Arthur and Nichani 2019, Section 3.2). `variational_bound.elbo`
    takes these parts; `joint` is their joint TFP distribution.

    Args:
      parameters: of any batch shape, written [...] below.
      num_frames: T.
      dimensions: D.

    Raises:
      UserError: a parameter is not positive, or T or D not a whole number of at least 1.

    Example, the process of the paper:
      >>> process = LinearGaussianProcess(Parameters(2.0, 0.5, 0.5), num_frames=3, dimensions=2)
      >>> process.sample(50, seed=[0, 0]).shape
      TensorShape([50, 3, 2])
    """

    def __init__(self, parameters: Parameters, num_frames: int, dimensions: int):
        check_whole("num_frames", num_frames, 1)
        check_whole("dimensions", dimensions, 1)
        dtype = next((p.dtype for p in parameters if tf.is_tensor(p)), tf.float64)
        self.parameters = as_parameters(parameters, dtype)
        self.num_frames = num_frames
        self.dimensions = dimensions

    @property
    def static_prior(self) -> tfd.Distribution:
        """p(f): event [D], batch [...].

        Example:
          >>> process.static_prior.stddev().numpy()
          array([2., 2.])
        """
        scale = self.parameters.sigma_f[..., tf.newaxis]
        loc = tf.zeros([self.dimensions], scale.dtype)
        return diagonal_normal(loc, scale)

    def dynamic_prior(self, z: tf.Tensor) -> tfd.Distribution:
        """p(z_t | z_{t-1}) for every t, given z [..., T, D]: event [D], batch [..., T].

        Example, of a walk over 1, 2, 3, whose next value is expected where it was:
          >>> z = tf.constant([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]], tf.float64)
          >>> process.dynamic_prior(z).mean()[:, 0].numpy()
          array([0., 1., 2.])
        """
        before = tf.concat([tf.zeros_like(z[..., :1, :]), z[..., :-1, :]], -2)
        return diagonal_normal(before, self.parameters.sigma_z[..., tf.newaxis, tf.newaxis])

    def likelihood(self, f: tf.Tensor, z: tf.Tensor) -> tfd.Distribution:
        """p(x_t | z_t, f) from f [..., D] and z [..., T, D]: event [D], batch [..., T].

        Example:
          >>> f, z = tf.ones([2], tf.float64), tf.ones([3, 2], tf.float64)
          >>> process.likelihood(f, z).mean()[:, 0].numpy()
          array([2., 2., 2.])
        """
        scale = self.parameters.sigma_x[..., tf.newaxis, tf.newaxis]
        return diagonal_normal(f[..., tf.newaxis, :] + z, scale)

    @property
    def joint(self) -> tfd.JointDistribution:
        """p(f, z, x): events {f: [D], z: [T, D], x: [T, D]}, batch [...].

        Example:
          >>> drawn = process.joint.sample(seed=[0, 0])
          >>> drawn["f"].shape, drawn["z"].shape, drawn["x"].shape
          (TensorShape([2]), TensorShape([3, 2]), TensorShape([3, 2]))
        """
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

    def sample(self, num_sequences: int, seed: Seed) -> tf.Tensor:
        """x [num_sequences, ..., T, D]; a function of seed, int32 [2].

        Raises:
          UserError: num_sequences is not a whole number of at least 1.

        Example:
          >>> x = process.sample(4, seed=[0, 0])
          >>> bool(tf.reduce_all(x == process.sample(4, seed=[0, 0])))
          True
        """
        check_whole("num_sequences", num_sequences, 1)
        return self.joint.sample(num_sequences, seed=seed)["x"]
