"""The evidence lower bound and its importance-weighted refinement; knows distributions only."""

from typing import NamedTuple

import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.types import TensorLike


class ElboTerms(NamedTuple):
    """Terms of the bound, each float [B], nats per video, constants included.

    elbo = log_likelihood - static_kl - dynamic_kl is a lower bound of log p(x) (Leplae-Arthur and
    Nichani 2019, Section 2).

    Example:
      >>> terms = tf_dsae.ElboTerms(elbo=-7.0, log_likelihood=-4.0, static_kl=1.0, dynamic_kl=2.0)
      >>> terms.elbo == terms.weighted(beta_f=1.0, beta_z=1.0)
      True
    """

    elbo: tf.Tensor
    log_likelihood: tf.Tensor
    static_kl: tf.Tensor
    dynamic_kl: tf.Tensor

    def weighted(self, beta_f: TensorLike, beta_z: TensorLike) -> tf.Tensor:
        """log_likelihood - beta_f static_kl - beta_z dynamic_kl, [B]: what training maximises.

        With beta_f = beta_z = beta, the beta-VAE of Leplae-Arthur and Nichani (2019), Section 6.

        Args:
          beta_f, beta_z: numbers of at least 0, or tensors that broadcast to [B].

        Example:
          >>> terms.weighted(beta_f=6.0, beta_z=6.0)
          -22.0
        """
        return self.log_likelihood - beta_f * self.static_kl - beta_z * self.dynamic_kl


def _mean_over_samples(terms: tf.Tensor) -> tf.Tensor:
    """[..., B] -> [B]."""
    return tf.reduce_mean(tf.reshape(terms, [-1, tf.shape(terms)[-1]]), 0)


def elbo(
    video: tf.Tensor,
    likelihood: tfd.Distribution,
    static_posterior: tfd.Distribution,
    static_prior: tfd.Distribution,
    dynamic_posterior: tfd.Distribution,
    dynamic_prior: tfd.Distribution,
    likelihood_weight: float | tf.Tensor = 1.0,
) -> ElboTerms:
    """Estimates the bound of every video; both KLs are closed forms (2019 paper, Section 2).

    E_q log p(x | z, f) - KL(q(f | x) || p(f)) - sum_t E_q KL(q(z_t | .) || p(z_t | z_<t)).

    Args:
      video: [B, T, ...] of the likelihood's event shape.
      likelihood: p(x_t | z_t, f) at samples of q, batch [..., B, T]; the leading axes are samples,
        over which the terms are averaged.
      static_posterior: q(f | x), batch [B].
      static_prior: p(f), batch [] or [B].
      dynamic_posterior: q(z_t | .), batch [B, T], or [..., B, T] where it depends on a sample of f.
      dynamic_prior: p(z_t | z_<t), batch [..., B, T], with z_<t sampled from q, never from the
        prior.
      likelihood_weight: of the log-likelihood; T / n where video and likelihood are n frames of T,
        drawn at random, which leaves the estimate without bias.

    Returns:
      ElboTerms, each [B], nats.

    Example, of one video of three frames, the dynamic posterior equal to its prior:
      >>> from tf_dsae.layers.distributions import diagonal_normal, standard_normal
      >>> static = diagonal_normal(tf.ones([1, 2]), tf.ones([1, 2]))
      >>> over_time = diagonal_normal(tf.zeros([1, 3, 2]), tf.ones([1, 3, 2]))
      >>> x = tf.zeros([1, 3, 2])
      >>> terms = elbo(x, over_time, static, standard_normal(2), over_time, over_time)
      >>> float(terms.static_kl[0]), float(terms.dynamic_kl[0])
      (1.0, 0.0)
    """
    log_likelihood = _mean_over_samples(tf.reduce_sum(likelihood.log_prob(video), -1))
    log_likelihood *= likelihood_weight
    static_kl = tfd.kl_divergence(static_posterior, static_prior)
    dynamic_kl = tfd.kl_divergence(dynamic_posterior, dynamic_prior)
    dynamic_kl = _mean_over_samples(tf.reduce_sum(dynamic_kl, -1))
    bound = log_likelihood - static_kl - dynamic_kl
    return ElboTerms(bound, log_likelihood, static_kl, dynamic_kl)


def log_importance_weights(
    video: tf.Tensor,
    static: tf.Tensor,
    dynamic: tf.Tensor,
    likelihood: tfd.Distribution,
    static_posterior: tfd.Distribution,
    static_prior: tfd.Distribution,
    dynamic_posterior: tfd.Distribution,
    dynamic_prior: tfd.Distribution,
) -> tf.Tensor:
    """log p(x, z, f) - log q(z, f | x) at samples of q (Burda et al. 2016).

    Args:
      video: as in `elbo`.
      static: f sampled from q, [..., B, F].
      dynamic: z sampled from q, [..., B, T, Z].
      likelihood, static_posterior, static_prior, dynamic_posterior, dynamic_prior: as in `elbo`.

    Returns:
      [..., B], nats.

    Example, where q is the prior, so that what is left is log p(x | z, f):
      >>> from tf_dsae.layers.distributions import diagonal_normal, standard_normal
      >>> f, z = tf.zeros([5, 1, 2]), tf.zeros([5, 1, 3, 2])
      >>> static, over_time = standard_normal(2), diagonal_normal(z, tf.ones_like(z))
      >>> weights = log_importance_weights(
      ...     z, f, z, over_time, static, static, over_time, over_time
      ... )
      >>> weights.shape, bool(np.allclose(weights, -3 * np.log(2 * np.pi)))
      (TensorShape([5, 1]), True)
    """
    over_time = (
        likelihood.log_prob(video)
        + dynamic_prior.log_prob(dynamic)
        - dynamic_posterior.log_prob(dynamic)
    )
    over_clip = static_prior.log_prob(static) - static_posterior.log_prob(static)
    return tf.reduce_sum(over_time, -1) + over_clip


def importance_weighted_bound(log_weights: tf.Tensor) -> tf.Tensor:
    """log of the mean importance weight, nats (Burda et al. 2016, equation 8): [B].

    A lower bound of log p(x) in expectation that rises to it with S; S = 1 is the ELBO.

    Args:
      log_weights: [S, B], nats, of S samples of q, as `log_importance_weights` returns them.

    Example, the mean of 1 and 3:
      >>> bound = importance_weighted_bound(tf.math.log([[1.0], [3.0]]))
      >>> bound.shape, round(float(tf.exp(bound[0])), 3)
      (TensorShape([1]), 2.0)
    """
    num_samples = tf.cast(tf.shape(log_weights)[0], log_weights.dtype)
    return tf.reduce_logsumexp(log_weights, 0) - tf.math.log(num_samples)
