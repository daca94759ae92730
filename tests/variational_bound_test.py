"""The bound against exact likelihoods, Monte Carlo and a hand-rolled computation."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.distributions_test import random_normal
from tf_dsae.layers.distributions import diagonal_normal
from tf_dsae.models.variational_bound import (
    ElboTerms,
    elbo,
    importance_weighted_bound,
    log_importance_weights,
)

tfd = tfp.distributions
B, T, D = 3, 4, 2
SIGMA_F, SIGMA_Z, SIGMA_X = 1.3, 0.6, 0.8


class LinearModel:
    """f ~ N(0, I sigma_f^2), z_t ~ N(z_{t-1}, sigma_z^2 I), x_t ~ N(f + z_t, sigma_x^2 I)."""

    def covariance(self) -> np.ndarray:
        """Of one dimension of (f, z_1..z_T, x_1..x_T)."""
        walk = np.tril(np.ones((T, T)))
        latent = np.zeros((1 + T, 1 + T))
        latent[0, 0] = SIGMA_F**2
        latent[1:, 1:] = SIGMA_Z**2 * walk @ walk.T
        observe = np.hstack([np.ones((T, 1)), np.eye(T)])
        cross = observe @ latent
        data = cross @ observe.T + SIGMA_X**2 * np.eye(T)
        return np.block([[latent, cross.T], [cross, data]])

    def log_likelihood(self, x: np.ndarray) -> np.ndarray:
        """log p(x), [B]."""
        data = self.covariance()[1 + T :, 1 + T :]
        _, determinant = np.linalg.slogdet(data)
        squares = np.einsum("btd,ts,bsd->b", x, np.linalg.inv(data), x)
        return -0.5 * (squares + D * (determinant + T * np.log(2 * np.pi)))

    def parts(self, f, z) -> dict[str, tfd.Distribution]:
        before = tf.concat([tf.zeros_like(z[..., :1, :]), z[..., :-1, :]], -2)
        return {
            "likelihood": diagonal_normal(f[..., tf.newaxis, :] + z, SIGMA_X),
            "static_prior": diagonal_normal(tf.zeros([D]), SIGMA_F * tf.ones([D])),
            "dynamic_prior": diagonal_normal(before, SIGMA_Z),
        }


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(B, T, D)).astype(np.float32)


def test_terms_are_means_over_samples_and_time_in_nats(x):
    static, dynamic = random_normal((B, D), 1), random_normal((B, T, D), 2)
    f, z = static.sample(6, seed=(0, 1)), dynamic.sample(6, seed=(0, 2))
    parts = LinearModel().parts(f, z)
    terms = elbo(x, static_posterior=static, dynamic_posterior=dynamic, **parts)
    errors = x - (f.numpy()[:, :, None] + z.numpy())
    density = -0.5 * (errors / SIGMA_X) ** 2 - np.log(SIGMA_X) - 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms.log_likelihood, density.sum((2, 3)).mean(0), rtol=1e-5)
    before = np.concatenate([np.zeros((6, B, 1, D)), z.numpy()[:, :, :-1]], 2)
    m, s = dynamic.mean().numpy(), dynamic.stddev().numpy()
    kl = np.log(SIGMA_Z / s) + (s**2 + (m - before) ** 2) / (2 * SIGMA_Z**2) - 0.5
    np.testing.assert_allclose(terms.dynamic_kl, kl.sum((2, 3)).mean(0), rtol=1e-5)
    np.testing.assert_allclose(
        terms.elbo, terms.log_likelihood - terms.static_kl - terms.dynamic_kl, rtol=1e-6
    )
    np.testing.assert_allclose(
        terms.weighted(2.0, 3.0),
        terms.log_likelihood - 2 * terms.static_kl - 3 * terms.dynamic_kl,
        rtol=1e-6,
    )


def test_samples_of_a_full_posterior_have_kls_of_their_own(x):
    static, dynamic = random_normal((B, D), 1), random_normal((6, B, T, D), 2)
    f, z = static.sample(6, seed=(0, 1)), dynamic.sample(seed=(0, 2))
    parts = LinearModel().parts(f, z)
    whole = elbo(x, static_posterior=static, dynamic_posterior=dynamic, **parts)
    m, s = dynamic.mean(), dynamic.stddev()
    single = []
    for k in range(6):
        parts = LinearModel().parts(f[k], z[k])
        q = diagonal_normal(m[k], s[k])
        single.append(elbo(x, static_posterior=static, dynamic_posterior=q, **parts))
    for name in ElboTerms._fields:
        expected = np.mean([getattr(terms, name) for terms in single], 0)
        np.testing.assert_allclose(getattr(whole, name), expected, rtol=1e-4)


def test_bound_lies_below_the_exact_log_likelihood_by_the_kl_to_the_posterior(x):
    """log p(x) = ELBO + KL(q || p(f, z | x)), all but the sampled ELBO in closed form."""
    static, dynamic = random_normal((B, D), 3), random_normal((B, T, D), 4)
    count = 100_000
    f, z = static.sample(count, seed=(0, 1)), dynamic.sample(count, seed=(0, 2))
    terms = elbo(x, static_posterior=static, dynamic_posterior=dynamic, **LinearModel().parts(f, z))
    joint = LinearModel().covariance()
    gain = joint[: 1 + T, 1 + T :] @ np.linalg.inv(joint[1 + T :, 1 + T :])
    posterior = joint[: 1 + T, : 1 + T] - gain @ joint[1 + T :, : 1 + T]
    mean = np.einsum("lt,btd->bld", gain, x)
    # KL of Gaussians over (f, z), one dimension of D at a time; q is diagonal.
    locs = np.concatenate([static.mean()[:, None], dynamic.mean()], 1)
    scales = np.concatenate([static.stddev()[:, None], dynamic.stddev()], 1)
    precision = np.linalg.inv(posterior)
    kl = 0.5 * (
        np.einsum("ll,bld->b", precision, scales**2)
        + np.einsum("bld,lm,bmd->b", locs - mean, precision, locs - mean)
        - D * (1 + T)
        + D * np.linalg.slogdet(posterior)[1]
        - 2 * np.log(scales).sum((1, 2))
    )
    exact = LinearModel().log_likelihood(x)
    np.testing.assert_allclose(terms.elbo + kl, exact, rtol=0.01)
    assert np.all(kl > 0.5)


def test_importance_weights_average_to_the_likelihood(x):
    static, dynamic = random_normal((B, D), 3), random_normal((B, T, D), 4)
    static = diagonal_normal(0.3 * static.mean(), 1.5 * tf.ones([B, D]))
    dynamic = diagonal_normal(0.3 * dynamic.mean(), 1.2 * tf.ones([B, T, D]))
    count = 200_000
    f, z = static.sample(count, seed=(0, 1)), dynamic.sample(count, seed=(0, 2))
    weights = log_importance_weights(
        x, f, z, static_posterior=static, dynamic_posterior=dynamic, **LinearModel().parts(f, z)
    )
    assert weights.shape == [count, B]
    bound = importance_weighted_bound(weights)
    np.testing.assert_allclose(bound, LinearModel().log_likelihood(x), atol=0.2)
    # One sample each is the plain bound, and more are tighter.
    terms = elbo(x, static_posterior=static, dynamic_posterior=dynamic, **LinearModel().parts(f, z))
    np.testing.assert_allclose(np.mean(weights, 0), terms.elbo, rtol=0.01)
    ten = tf.reduce_mean(
        tf.stack([importance_weighted_bound(w) for w in tf.split(weights[:2000], 200)]), 0
    )
    assert np.all(terms.elbo < ten) and np.all(ten < bound)
