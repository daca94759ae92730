"""Exact inference in the linear-Gaussian process: pure functions of (parameters, x), float64.

The D dimensions are independent and identically distributed, so that the text describes one: its
latent vector is h = (f, z_1, .., z_T), and x = H h + noise with H = [1, I]. num_frames is T.
Parameters have any batch shape and broadcast against the leading axes of x, as in TFP.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tf_dsae.core.types import TensorLike
from tf_dsae.linear_gaussian.process import as_observations, as_parameters
from tf_dsae.linear_gaussian.study_settings import Parameters


class GaussianPosterior(NamedTuple):
    """q(h | x) = N(mean, scale_tril scale_tril^T) over h = (f, z_1..z_T), for each dimension.

    mean: [..., D, 1 + T]. scale_tril: lower triangular [..., 1 + T, 1 + T], broadcasting against
    mean's leading axes and D: [..., D or 1, 1 + T, 1 + T].

    Example:
      >>> q = posterior(Parameters(2.0, 0.5, 0.5), np.zeros([50, 3, 2]))
      >>> q.mean.shape, q.scale_tril.shape
      (TensorShape([50, 2, 4]), TensorShape([1, 4, 4]))
    """

    mean: tf.Tensor
    scale_tril: tf.Tensor


def _variances(parameters: Parameters) -> tuple[tf.Tensor, ...]:
    """The variances of f, z and x, each float64 [..., 1, 1]."""
    return tuple(sigma[..., tf.newaxis, tf.newaxis] ** 2 for sigma in as_parameters(parameters))


def data_covariance(parameters: Parameters, num_frames: int) -> tf.Tensor:
    """Cov(x_s, x_t) = sigma_f^2 + sigma_z^2 min(s, t) + sigma_x^2 [s = t], [..., T, T].

    Example:
      >>> data_covariance(Parameters(2.0, 1.0, 1.0), num_frames=2).numpy()
      array([[6., 5.],
             [5., 7.]])
    """
    f, z, x = _variances(parameters)
    time = np.arange(1.0, num_frames + 1)
    return f + z * np.minimum.outer(time, time) + x * np.eye(num_frames)


def posterior_precision(parameters: Parameters, num_frames: int) -> tf.Tensor:
    """P of p(h | x): the prior's precision and H^T H / sigma_x^2, [..., 1 + T, 1 + T].

    Example:
      >>> posterior_precision(Parameters(1.0, 1.0, 1.0), num_frames=2).numpy()
      array([[ 3.,  1.,  1.],
             [ 1.,  3., -1.],
             [ 1., -1.,  2.]])
    """
    f, z, x = _variances(parameters)
    difference = np.eye(num_frames) - np.eye(num_frames, k=-1)
    static, walk = np.zeros((2, 1 + num_frames, 1 + num_frames))
    static[0, 0] = 1.0
    walk[1:, 1:] = difference.T @ difference
    observe = np.hstack([np.ones((num_frames, 1)), np.eye(num_frames)])
    return static / f + walk / z + observe.T @ observe / x


def posterior_gain(parameters: Parameters, num_frames: int) -> tf.Tensor:
    """E[h | x] = gain x: Cov(h, x) Cov(x)^-1, [..., 1 + T, T].

    Example, one frame, of whose variance f, z and the noise have a third each:
      >>> posterior_gain(Parameters(1.0, 1.0, 1.0), num_frames=1).numpy().round(3).tolist()
      [[0.333], [0.333]]
    """
    f, z, _ = _variances(parameters)
    time = np.arange(1.0, num_frames + 1)
    of_static = f * np.ones((1, num_frames))
    of_walk = z * np.minimum.outer(time, time)
    cross = tf.concat([of_static, of_walk], -2)
    covariance = data_covariance(parameters, num_frames)
    return tf.linalg.matrix_transpose(
        tf.linalg.cholesky_solve(tf.linalg.cholesky(covariance), tf.linalg.matrix_transpose(cross))
    )


def log_likelihood(parameters: Parameters, x: TensorLike) -> tf.Tensor:
    """log p(x) of x [..., T, D], nats per sequence, [...]: the normal density of each dimension.

    Raises:
      UserError: a parameter is not positive, or x of another rank, empty or not finite.

    Example, the density of N(0, 3) at 0:
      >>> value = log_likelihood(Parameters(1.0, 1.0, 1.0), [[0.0]])
      >>> bool(np.isclose(value, -0.5 * np.log(2 * np.pi * 3)))
      True
    """
    x = as_observations(x)
    num_frames, dimensions = x.shape[-2:]
    cholesky = tf.linalg.cholesky(data_covariance(parameters, num_frames))
    shape = tf.broadcast_dynamic_shape(tf.shape(cholesky)[:-2], tf.shape(x)[:-2])
    cholesky = tf.broadcast_to(cholesky, tf.concat([shape, tf.shape(cholesky)[-2:]], 0))
    x = tf.broadcast_to(x, tf.concat([shape, tf.shape(x)[-2:]], 0))
    whitened = tf.linalg.triangular_solve(cholesky, x)
    half_log_determinant = tf.reduce_sum(tf.math.log(tf.linalg.diag_part(cholesky)), -1)
    return (
        -0.5 * tf.reduce_sum(whitened**2, [-2, -1])
        - dimensions * half_log_determinant
        - 0.5 * dimensions * num_frames * np.log(2 * np.pi)
    )


def posterior_mean(parameters: Parameters, x: TensorLike) -> tf.Tensor:
    """E[h | x] of x [..., T, D]: [..., D, 1 + T].

    Raises:
      UserError: as `log_likelihood` does.

    Example:
      >>> posterior_mean(Parameters(1.0, 1.0, 1.0), [[3.0]]).numpy().round(3).tolist()
      [[1.0, 1.0]]
    """
    x = as_observations(x)
    gain = posterior_gain(parameters, x.shape[-2])
    return tf.linalg.matrix_transpose(tf.linalg.matmul(gain, x))


def posterior(parameters: Parameters, x: TensorLike) -> GaussianPosterior:
    """p(f, z_1:T | x) of x [..., T, D].

    Raises:
      UserError: as `log_likelihood` does.

    Example:
      >>> q = posterior(Parameters(1.0, 1.0, 1.0), [[3.0]])
      >>> covariance = q.scale_tril @ tf.linalg.matrix_transpose(q.scale_tril)
      >>> covariance.numpy().round(3).tolist()
      [[[0.667, -0.333], [-0.333, 0.667]]]
    """
    x = as_observations(x)
    covariance = tf.linalg.inv(posterior_precision(parameters, x.shape[-2]))
    return GaussianPosterior(
        posterior_mean(parameters, x), tf.linalg.cholesky(covariance)[..., tf.newaxis, :, :]
    )
