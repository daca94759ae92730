"""Families of q, and the best bound of each in closed form.

The families differ in the edges that they keep of the exact posterior's graph; q is the product of

    mean_field   q(f | x)       q(z_t | x)          each mean and variance free
    amortised    q(f | x_1:T)   q(z_t | x_t)        one encoder for all t, linear, with one variance
    structured   q(f | x)       q(z_1:T | x)        z jointly Gaussian
    full         q(f | x)       q(z_t | f, x)
    exact        q(f | x)       q(z_1:T | f, x)     the posterior itself

The precision P of p(h | x), h = (f, z_1..z_T), does not depend on x, so that each family's
KL(q || p(h | x)) has a closed form (Turner and Sahani 2011 do so for two of them).

Parameters have any batch shape [...]. Moments are the data's sufficient statistics, from
`sample_moments` and `expected_moments`, for num_frames T and dimensions D.
"""

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.core.types import TensorLike
from tf_dsae.linear_gaussian import exact
from tf_dsae.linear_gaussian.process import as_observations
from tf_dsae.linear_gaussian.study_settings import Parameters, check_family

# --- The sufficient statistics of the data.


def sample_moments(x: TensorLike) -> tf.Tensor:
    """Mean of u_t u_s^T over sequences x [N, T, D], u_t = (1, x_t): [T, T, 1 + D, 1 + D].

    Raises:
      UserError: x of another rank, empty or not finite.

    Example:
      >>> sample_moments([[[1.0]], [[3.0]]])[0, 0].numpy()
      array([[1., 2.],
             [2., 5.]])
    """
    x = as_observations(x)
    if x.shape.rank != 3:
        raise UserError(f"x: expected [N, T, D], received {x.shape}")
    u = tf.concat([tf.ones_like(x[..., :1]), x], -1)
    return tf.einsum("nti,nsj->tsij", u, u) / tf.cast(tf.shape(x)[0], tf.float64)


def expected_moments(parameters: Parameters, num_frames: int, dimensions: int) -> tf.Tensor:
    """The limit of `sample_moments` for infinitely many sequences: [..., T, T, 1 + D, 1 + D].

    Example:
      >>> expected_moments(Parameters(1.0, 1.0, 1.0), num_frames=1, dimensions=1)[0, 0].numpy()
      array([[1., 0.],
             [0., 3.]])
    """
    covariance = exact.data_covariance(parameters, num_frames)[..., tf.newaxis, tf.newaxis]
    ones, units = np.zeros((2, 1 + dimensions, 1 + dimensions))
    ones[0, 0] = 1.0
    units[1:, 1:] = np.eye(dimensions)
    return ones + covariance * units


def _scatter(moments: tf.Tensor) -> tf.Tensor:
    """E sum_d x_td x_sd from moments: [..., T, T]."""
    return tf.linalg.trace(moments[..., 1:, 1:])


def mean_log_likelihood(parameters: Parameters, moments: tf.Tensor) -> tf.Tensor:
    """Mean of log p(x) over data of these moments, nats per sequence, [...].

    Example:
      >>> x, truth = np.arange(12.0).reshape(2, 3, 2), Parameters(2.0, 0.5, 0.5)
      >>> mean = mean_log_likelihood(truth, sample_moments(x))
      >>> bool(np.isclose(mean, np.mean(exact.log_likelihood(truth, x))))
      True
    """
    num_frames, dimensions = moments.shape[-3], moments.shape[-1] - 1
    cholesky = tf.linalg.cholesky(exact.data_covariance(parameters, num_frames))
    scatter = tf.broadcast_to(_scatter(moments), tf.shape(cholesky))
    log_determinant = 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(cholesky)), -1)
    normal = dimensions * (log_determinant + num_frames * np.log(2 * np.pi))
    return -0.5 * (normal + tf.linalg.trace(tf.linalg.cholesky_solve(cholesky, scatter)))


# --- The best bounds.


def _log_determinant(matrix: tf.Tensor) -> tf.Tensor:
    """The log determinant of positive definite [..., n, n]; 0 for n = 0."""
    return 2 * tf.reduce_sum(tf.math.log(tf.linalg.diag_part(tf.linalg.cholesky(matrix))), -1)


def optimal_gap(family: str, parameters: Parameters, moments: tf.Tensor) -> tf.Tensor:
    """log p(x) less the family's best bound, mean over data of these moments: nats, [...].

    Only the amortised family's gap depends on the data. Turner and Sahani (2011) study such gaps,
    as do Leplae-Arthur and Nichani (2019), Section 3.2.

    Raises:
      UserError: an unknown family.

    Example, the posterior's own family has none, and the more edges one keeps, the less:
      >>> truth = Parameters(2.0, 0.5, 0.5)
      >>> moments = expected_moments(truth, num_frames=3, dimensions=2)
      >>> float(optimal_gap("exact", truth, moments))
      0.0
      >>> optimal_gap("structured", truth, moments) < optimal_gap("mean_field", truth, moments)
      <tf.Tensor: shape=(), dtype=bool, numpy=True>
    """
    check_family(family)
    num_frames, dimensions = moments.shape[-3], moments.shape[-1] - 1
    precision = exact.posterior_precision(parameters, num_frames)
    diagonal = tf.linalg.diag_part(precision)
    of_walk = _log_determinant(precision[..., 1:, 1:])
    logs = tf.math.log(diagonal)
    per_dimension = {
        "exact": lambda: tf.zeros_like(of_walk),
        "full": lambda: tf.reduce_sum(logs[..., 1:], -1) - of_walk,
        "structured": lambda: logs[..., 0] + of_walk - _log_determinant(precision),
        "mean_field": lambda: tf.reduce_sum(logs, -1) - _log_determinant(precision),
        "amortised": lambda: (
            logs[..., 0]
            + num_frames * tf.math.log(tf.reduce_mean(diagonal[..., 1:], -1))
            - _log_determinant(precision)
        ),
    }[family]()
    # Rounding may give a negative gap.
    gap = 0.5 * dimensions * tf.maximum(per_dimension, 0.0)
    return gap + _amortised_error(parameters, moments) if family == "amortised" else gap


def optimal_elbo(family: str, parameters: Parameters, moments: tf.Tensor) -> tf.Tensor:
    """The family's best bound, mean over data of these moments, nats per sequence, [...].

    Raises:
      UserError: an unknown family.

    Example, over a grid of one parameter:
      >>> moments = expected_moments(Parameters(2.0, 0.5, 0.5), num_frames=3, dimensions=2)
      >>> optimal_elbo("amortised", Parameters(2.0, 0.5, [0.4, 0.5, 0.6]), moments).shape
      TensorShape([3])
    """
    return mean_log_likelihood(parameters, moments) - optimal_gap(family, parameters, moments)


def _amortised_encoder(
    parameters: Parameters, moments: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The linear encoder W of q(z_t | x_t), E z_t = W^T (1, x_t): weighted least squares.

    q(f | x_1:T) sees everything that E[h | x] depends on, so that it can adapt to any q(z). What
    remains is the error of z under the precision of z alone, Q = P_zz - P_zf P_fz / P_ff:
    W = (sum_ts Q_ts E[u_t u_s^T])^-1 sum_ts Q_ts E[u_t E[z_s | x]^T], u_t = (1, x_t).

    Returns:
      W [..., 1 + D, D], the second sum [..., 1 + D, D], and Q [..., T, T].
    """
    num_frames = moments.shape[-3]
    precision = exact.posterior_precision(parameters, num_frames)
    of_static, cross = precision[..., :1, :1], precision[..., 1:, :1]
    q = precision[..., 1:, 1:] - cross * tf.linalg.matrix_transpose(cross) / of_static
    gain = exact.posterior_gain(parameters, num_frames)[..., 1:, :]
    curvature = tf.einsum("...ts,...tsij->...ij", q, moments)
    target = tf.einsum("...ts,...sr,...trid->...id", q, gain, moments[..., 1:])
    # With fewer data than weights the solution is not unique; take the smallest.
    return tf.linalg.matmul(tf.linalg.pinv(curvature), target), target, q


def _amortised_error(parameters: Parameters, moments: tf.Tensor) -> tf.Tensor:
    """Mean KL due to the error of the amortised means, [...]."""
    encoder, target, q = _amortised_encoder(parameters, moments)
    gain = exact.posterior_gain(parameters, moments.shape[-3])[..., 1:, :]
    # tr(Q G E[x x^T] G^T), less what the encoder explains.
    total = tf.einsum("...ts,...sr,...ru,...tu->...", q, gain, _scatter(moments), gain)
    return 0.5 * tf.maximum(total - tf.reduce_sum(encoder * target, [-2, -1]), 0.0)
