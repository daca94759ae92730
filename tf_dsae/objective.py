"""The evidence lower bound and its importance-weighted refinement; knows distributions only."""

from typing import NamedTuple

import tensorflow as tf
import tensorflow_probability as tfp

tfd = tfp.distributions


class ElboTerms(NamedTuple):
    """Terms of the bound, each float [B], nats per video, constants included.

    elbo = log_likelihood - static_kl - dynamic_kl is a lower bound of log p(x).
    """

    elbo: tf.Tensor
    log_likelihood: tf.Tensor
    static_kl: tf.Tensor
    dynamic_kl: tf.Tensor

    def weighted(self, beta_f, beta_z) -> tf.Tensor:
        """log_likelihood - beta_f static_kl - beta_z dynamic_kl, [B]: what training maximises."""
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

    Returns:
      ElboTerms, each [B], nats.
    """
    log_likelihood = _mean_over_samples(tf.reduce_sum(likelihood.log_prob(video), -1))
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
    """log p(x, z, f) - log q(z, f | x) at samples of q.

    Args:
      static: f sampled from q, [..., B, F].
      dynamic: z sampled from q, [..., B, T, Z].
      The others as in `elbo`.

    Returns:
      [..., B], nats.
    """
    over_time = (
        likelihood.log_prob(video)
        + dynamic_prior.log_prob(dynamic)
        - dynamic_posterior.log_prob(dynamic)
    )
    over_clip = static_prior.log_prob(static) - static_posterior.log_prob(static)
    return tf.reduce_sum(over_time, -1) + over_clip


def importance_weighted_bound(log_weights: tf.Tensor) -> tf.Tensor:
    """log of the mean importance weight: [S, B] to [B], nats (Burda et al. 2016, equation 8).

    A lower bound of log p(x) in expectation that rises to it with S; S = 1 is the ELBO.
    """
    num_samples = tf.cast(tf.shape(log_weights)[0], log_weights.dtype)
    return tf.reduce_logsumexp(log_weights, 0) - tf.math.log(num_samples)
