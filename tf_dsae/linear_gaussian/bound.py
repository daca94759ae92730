"""The bound of a Gaussian q without sampling error, through the objective that trains models."""

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise
from tf_dsae.core.types import Latents, Posterior, TensorLike
from tf_dsae.layers.distributions import diagonal_normal, sample
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


class GaussianGivenStatic:
    """q(z_1:T | f, x) of a q(f, z_1:T | x) that is one Gaussian.

    Args:
      q: of B sequences, mean [B, D, 1 + T].
      f: S samples of f, [S, B, D], or [B, D].
    """

    def __init__(self, q: GaussianPosterior, f: tf.Tensor):
        self.q, self.f = q, f
        scale = tf.broadcast_to(q.scale_tril[..., 0, 0], tf.shape(q.mean[..., 0]))
        self.standard_f = (f - q.mean[..., 0]) / scale  # [..., B, D]

    @property
    def batch_shape(self) -> tf.TensorShape:
        """[..., B, T]."""
        return self.f.shape[:-1].concatenate(self.q.mean.shape[-1] - 1)

    def _join(self, standard_z: tf.Tensor) -> tuple[Posterior, Latents]:
        """q and its sample at points of a standard normal, [..., B, D, T] for z."""
        shape = tf.concat([tf.shape(self.standard_f), tf.shape(standard_z)[-1:]], 0)
        noise = [self.standard_f[..., tf.newaxis], tf.broadcast_to(standard_z, shape)]
        return sample_gaussian(self.q, tf.concat(noise, -1))

    def sample_noise(self, sample_shape: tuple[int, ...], noise: Noise) -> tf.Tensor:
        """z [*sample_shape, ..., B, T, D]."""
        shape = tf.concat([sample_shape, tf.shape(self.standard_f)], 0)
        size = tf.shape(self.q.mean)[-1:] - 1
        standard = diagonal_normal(
            tf.zeros(tf.concat([shape, size], 0)), tf.ones(tf.concat([shape, size], 0))
        )
        return self._join(sample(standard, (), noise, batch_axis=-3))[1].dynamic

    def conditional(self, z: tf.Tensor) -> tfd.Distribution:
        """q(z_t | z_<t, f, x) along z [..., B, T, D]: event [D], batch [..., B, T]."""
        q, z = self.q, tf.linalg.matrix_transpose(z)
        given_f = q.mean[..., 1:] + q.scale_tril[..., 1:, 0] * self.standard_f[..., tf.newaxis]
        inner = tf.broadcast_to(
            q.scale_tril[..., 1:, 1:], tf.concat([tf.shape(z), tf.shape(z)[-1:]], 0)
        )
        left = (z - given_f)[..., tf.newaxis]
        standard_z = tf.linalg.triangular_solve(inner, left)[..., 0]
        return self._join(standard_z)[0].dynamic

    def mean(self) -> tf.Tensor:
        """E[z | f, x], [..., B, T, D]."""
        return self._join(tf.zeros([tf.shape(self.q.mean)[-1] - 1]))[1].dynamic

    def stddev(self) -> tf.Tensor:
        """The standard deviation of z_t given z_<t and f, [..., B, T, D]."""
        return self.conditional(self.mean()).stddev()


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
