"""log p(x) = ELBO(q) + KL(q || p(f, z | x)): the objective that trains models, to 1e-9."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.linear_gaussian.conftest import PARAMETERS, Dense
from tf_dsae.linear_gaussian import exact
from tf_dsae.linear_gaussian.bound import exact_elbo, sample_gaussian
from tf_dsae.linear_gaussian.exact import GaussianPosterior
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.study_settings import Parameters
from tf_dsae.models import variational_bound
from tf_dsae.models.variational_bound import ElboTerms

tfd = tfp.distributions
B, D = 4, 2


def random_tril(shape, seed) -> np.ndarray:
    generator = np.random.default_rng(seed)
    lower = np.tril(0.4 * generator.normal(size=shape), -1)
    return lower + np.eye(shape[-1]) * np.exp(0.5 * generator.normal(size=shape))


def random_gaussian(frames: int) -> GaussianPosterior:
    mean = np.random.default_rng(1).normal(size=(B, D, 1 + frames))
    scale = random_tril((B, D, 1 + frames, 1 + frames), 2)
    return GaussianPosterior(tf.constant(mean), tf.constant(scale))


@pytest.mark.parametrize("frames", [1, 3, 7, 20])
def test_bound_and_kl_to_the_posterior_make_the_likelihood(draw, frames):
    x = draw(B, frames, D)
    q = random_gaussian(frames)
    mean, covariance = Dense(PARAMETERS, frames).posterior(x)
    posterior = tfd.MultivariateNormalTriL(mean, np.linalg.cholesky(covariance))
    kl = tf.reduce_sum(tfd.MultivariateNormalTriL(*q).kl_divergence(posterior), -1)
    assert np.all(kl > 1)
    terms = exact_elbo(PARAMETERS, x, q)
    np.testing.assert_allclose(
        terms.elbo + kl, Dense(PARAMETERS, frames).log_likelihood(x), rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(
        terms.elbo, terms.log_likelihood - terms.static_kl - terms.dynamic_kl, rtol=0, atol=1e-9
    )


def test_bound_of_the_posterior_itself_is_the_likelihood(draw):
    x = draw(B, 5, D)
    terms = exact_elbo(PARAMETERS, x, exact.posterior(PARAMETERS, x))
    np.testing.assert_allclose(terms.elbo, exact.log_likelihood(PARAMETERS, x), rtol=0, atol=1e-9)


def test_any_gaussian_whatever_its_dimensions_have_to_do_with_each_other(draw):
    """A q over all (1 + T) D latents at once, given to the objective as the chain of its parts."""
    frames, size = 3, (1 + 3) * D
    x = draw(B, frames, D)
    mean = np.random.default_rng(1).normal(size=(B, size))
    scale = random_tril((B, size, size), 2)
    points = np.sqrt(size) * np.concatenate([np.eye(size), -np.eye(size)])
    deviations = np.einsum("bij,sj->sbi", scale, points)
    h = (mean + deviations).reshape(2 * size, B, 1 + frames, D)
    blocks = scale.reshape(B, 1 + frames, D, 1 + frames, D)
    own = np.stack([blocks[:, i, :, i] for i in range(1 + frames)], 1)
    of_own = np.einsum("bijk,sik->sbij", own, points.reshape(2 * size, 1 + frames, D))
    dynamic_mean = (h - of_own)[:, :, 1:]

    def diagonal(distribution):
        return tfd.MultivariateNormalDiag(
            distribution.mean(), tf.broadcast_to(distribution.stddev(), distribution.mean().shape)
        )

    process = LinearGaussianProcess(PARAMETERS, frames, D)
    terms = variational_bound.elbo(
        x,
        likelihood=process.likelihood(h[:, :, 0], h[:, :, 1:]),
        static_posterior=tfd.MultivariateNormalTriL(mean[:, :D], own[:, 0]),
        static_prior=diagonal(process.static_prior),
        dynamic_posterior=tfd.MultivariateNormalTriL(dynamic_mean, own[:, 1:]),
        dynamic_prior=diagonal(process.dynamic_prior(tf.constant(h[:, :, 1:]))),
    )
    dense = Dense(PARAMETERS, frames)
    posterior_mean, covariance = dense.posterior(x)
    posterior = tfd.MultivariateNormalTriL(
        np.swapaxes(posterior_mean, 1, 2).reshape(B, size),
        np.linalg.cholesky(np.kron(covariance, np.eye(D))),
    )
    kl = tfd.MultivariateNormalTriL(mean, scale).kl_divergence(posterior)
    np.testing.assert_allclose(terms.elbo + kl, dense.log_likelihood(x), rtol=0, atol=1e-9)


def test_terms_are_what_samples_average_to(draw):
    frames, samples = 3, 200_000
    x = draw(B, frames, D)
    q = random_gaussian(frames)
    noise = np.random.default_rng(3).normal(size=(samples, B, D, 1 + frames))
    posterior, latents = sample_gaussian(q, noise)
    assert latents.static.shape == (samples, B, D)
    assert latents.dynamic.shape == (samples, B, frames, D)
    process = LinearGaussianProcess(PARAMETERS, frames, D)
    sampled = variational_bound.elbo(
        x,
        likelihood=process.likelihood(*latents),
        static_posterior=posterior.static,
        static_prior=process.static_prior,
        dynamic_posterior=posterior.dynamic,
        dynamic_prior=process.dynamic_prior(latents.dynamic),
    )
    terms = exact_elbo(PARAMETERS, x, q)
    for name in ElboTerms._fields:
        np.testing.assert_allclose(getattr(terms, name), getattr(sampled, name), rtol=0.02)


def test_densities_of_the_chain_are_that_of_the_whole(draw):
    """q(f) prod_t q(z_t | z_<t, f) at samples, against the dense normal that it factorises."""
    q = random_gaussian(3)
    posterior, latents = sample_gaussian(q, np.random.default_rng(3).normal(size=(5, B, D, 4)))
    chain = posterior.static.log_prob(latents.static) + tf.reduce_sum(
        posterior.dynamic.log_prob(latents.dynamic), -1
    )
    h = tf.concat(
        [latents.static[..., tf.newaxis], tf.linalg.matrix_transpose(latents.dynamic)], -1
    )
    whole = tf.reduce_sum(tfd.MultivariateNormalTriL(*q).log_prob(h), -1)
    np.testing.assert_allclose(chain, whole, rtol=0, atol=1e-9)


def test_batches_of_parameters_broadcast(draw):
    x = draw(B, 3, D)
    q = random_gaussian(3)
    sigma_x = np.array([0.3, 0.9, 1.4])
    batch = PARAMETERS._replace(sigma_x=sigma_x[:, np.newaxis])
    terms = exact_elbo(batch, x, q)
    assert all(term.shape == (3, B) for term in terms)
    for index, value in enumerate(sigma_x):
        alone = exact_elbo(Parameters(*PARAMETERS)._replace(sigma_x=value), x, q)
        np.testing.assert_allclose(terms.elbo[index], alone.elbo, rtol=0, atol=1e-10)
