"""The bound of a Gaussian q without sampling error, through the objective that trains models."""

import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.core.types import Latents, Posterior, TensorLike
from tf_dsae.layers.distributions import diagonal_normal
from tf_dsae.linear_gaussian.exact import GaussianPosterior
from tf_dsae.linear_gaussian.process import (
    LinearGaussianProcess,
    as_observations,
    as_parameters,
    common_shape,
)
from tf_dsae.linear_gaussian.study_settings import Parameters
from tf_dsae.models import variational_bound
from tf_dsae.models.variational_bound import ElboTerms


def sample_gaussian(q: GaussianPosterior, noise: tf.Tensor) -> tuple[Posterior, Latents]:
    """q as q(f | x) prod_t q(z_t | z_<t, f, x) at samples mean + scale_tril noise.

    Args:
      q: of B sequences, mean [B, D, 1 + T].
      noise: S points of a standard normal, broadcasting to [S, B, D, 1 + T].

    Returns:
      Posterior: static, batch [B]; dynamic, batch [S, B, T]. Latents: f [S, B, D], z [S, B, T, D].
    """
    noise = tf.cast(noise, q.mean.dtype)
    if noise.shape.rank != q.mean.shape.rank:
        noise = tf.broadcast_to(noise, tf.concat([tf.shape(noise)[:1], tf.shape(q.mean)], 0))
    samples = q.mean + tf.linalg.matvec(q.scale_tril, noise)
    scale = tf.broadcast_to(tf.linalg.diag_part(q.scale_tril), tf.shape(q.mean))
    # noise_i adds the part of h_i that h_<i do not determine.
    loc = samples - scale * noise
    static = diagonal_normal(q.mean[..., 0], scale[..., 0])
    dynamic = diagonal_normal(
        tf.linalg.matrix_transpose(loc[..., 1:]), tf.linalg.matrix_transpose(scale[..., 1:])
    )
    return Posterior(static, dynamic), Latents(
        samples[..., 0], tf.linalg.matrix_transpose(samples[..., 1:])
    )


def exact_elbo(parameters: Parameters, x: TensorLike, q: GaussianPosterior) -> ElboTerms:
    """The bound's terms of x [..., T, D] under q, nats per sequence, each [...].

    `variational_bound.elbo` averages functions that are quadratic in samples of q. The 2 (1 + T)
    points +-sqrt(1 + T) e_i have the mean and the covariance of a standard normal, so that their
    average is the expectation itself.
    """
    x = tf.cast(as_observations(x), q.mean.dtype)
    num_frames, dimensions = x.shape[-2:]
    if q.mean.shape[-2:] != (dimensions, 1 + num_frames):
        raise UserError(
            f"q: expected the mean of {dimensions} dimensions and 1 + {num_frames} latents, "
            f"received {q.mean.shape}"
        )
    parameters = as_parameters(parameters, x.dtype)
    batch = common_shape(tf.shape(q.mean)[:-2], tf.shape(x)[:-2], tf.shape(parameters.sigma_f))

    def flat(values: tf.Tensor, event_rank: int) -> tf.Tensor:
        event = tf.shape(values)[tf.rank(values) - event_rank :]
        return tf.reshape(
            tf.broadcast_to(values, tf.concat([batch, event], 0)), tf.concat([[-1], event], 0)
        )

    process = LinearGaussianProcess(
        Parameters(*(flat(sigma, 0) for sigma in parameters)),
        num_frames,
        dimensions,
    )
    x = flat(x, 2)
    q = GaussianPosterior(flat(q.mean, 2), flat(q.scale_tril, 3))
    points = tf.eye(1 + num_frames, dtype=x.dtype) * tf.sqrt(tf.cast(1 + num_frames, x.dtype))
    points = tf.concat([points, -points], 0)[:, tf.newaxis, tf.newaxis, :]
    distributions, latents = sample_gaussian(q, points)
    terms = variational_bound.elbo(
        x,
        likelihood=process.likelihood(*latents),
        static_posterior=distributions.static,
        static_prior=process.static_prior,
        dynamic_posterior=distributions.dynamic,
        dynamic_prior=process.dynamic_prior(latents.dynamic),
    )
    return ElboTerms(*(tf.reshape(term, batch) for term in terms))
