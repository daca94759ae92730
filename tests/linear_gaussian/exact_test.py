"""Exact inference against dense Gaussians, a Kalman filter, Bayes' rule and samples."""

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.linear_gaussian.conftest import PARAMETERS, Dense
from tf_dsae.core.errors import UserError
from tf_dsae.linear_gaussian import exact
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.study_settings import Parameters

tfd = tfp.distributions


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 20, 50])
def test_log_likelihood_is_that_of_one_dense_normal(draw, frames):
    x = draw(4, frames, 2)
    expected = Dense(PARAMETERS, frames).log_likelihood(x)
    np.testing.assert_allclose(exact.log_likelihood(PARAMETERS, x), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("frames", [1, 2, 3, 7, 20, 50])
def test_log_likelihood_is_that_of_a_kalman_filter(draw, frames):
    """f is a state that never changes."""
    x = draw(4, frames, 2)
    dimensions = 2
    sigma_f, sigma_z, sigma_x = (np.full(dimensions, sigma) for sigma in PARAMETERS)
    still = np.zeros(dimensions)
    model = tfd.LinearGaussianStateSpaceModel(
        num_timesteps=frames,
        transition_matrix=np.eye(2 * dimensions),
        transition_noise=tfd.MultivariateNormalDiag(scale_diag=np.concatenate([still, sigma_z])),
        observation_matrix=np.hstack([np.eye(dimensions)] * 2),
        observation_noise=tfd.MultivariateNormalDiag(scale_diag=sigma_x),
        initial_state_prior=tfd.MultivariateNormalDiag(
            scale_diag=np.concatenate([sigma_f, sigma_z])
        ),
    )
    expected = model.log_prob(x)
    np.testing.assert_allclose(exact.log_likelihood(PARAMETERS, x), expected, atol=1e-9, rtol=0)


@pytest.mark.parametrize("frames", [1, 3, 7, 50])
def test_posterior_is_the_dense_normal_conditioned(draw, frames):
    x = draw(4, frames, 2)
    mean, covariance = Dense(PARAMETERS, frames).posterior(x)
    q = exact.posterior(PARAMETERS, x)
    assert q.mean.shape == (4, 2, 1 + frames)
    np.testing.assert_allclose(q.mean, mean, rtol=0, atol=1e-9)
    scale = q.scale_tril.numpy()[0]
    np.testing.assert_allclose(scale @ scale.T, covariance, rtol=0, atol=1e-9)


def test_joint_over_posterior_is_the_likelihood_wherever_it_is_asked(draw):
    """Bayes' rule, with the joint density that TFP composes."""
    x = draw(4, 5, 2)
    process = LinearGaussianProcess(PARAMETERS, 5, 2)
    h = np.random.default_rng(1).normal(size=(4, 2, 6))
    f, z = h[..., 0], np.swapaxes(h[..., 1:], -1, -2)
    joint = process.joint.log_prob({"f": f, "z": z, "x": x})
    q = exact.posterior(PARAMETERS, x)
    posterior = tfd.MultivariateNormalTriL(q.mean, q.scale_tril).log_prob(h)
    found = joint - tf.reduce_sum(posterior, -1)
    np.testing.assert_allclose(found, exact.log_likelihood(PARAMETERS, x), rtol=0, atol=1e-9)


def test_parts_are_those_of_the_joint(draw):
    f, z, x = draw(4, 5, 2)[:, 0], draw(4, 5, 2, 1), draw(4, 5, 2, 2)
    process = LinearGaussianProcess(PARAMETERS, 5, 2)
    parts = (
        process.static_prior.log_prob(f)
        + tf.reduce_sum(process.dynamic_prior(z).log_prob(z), -1)
        + tf.reduce_sum(process.likelihood(f, z).log_prob(x), -1)
    )
    joint = process.joint.log_prob({"f": f, "z": z, "x": x})
    np.testing.assert_allclose(parts, joint, rtol=0, atol=1e-12)


def test_samples_have_the_covariance_and_are_functions_of_the_seed():
    process = LinearGaussianProcess(PARAMETERS, 4, 2)
    x = process.sample(200_000, seed=(1, 2)).numpy()
    assert x.shape == (200_000, 4, 2) and x.dtype == np.float64
    np.testing.assert_allclose(x.mean(0), 0, atol=0.03)
    flat = x.reshape(len(x), -1)
    covariance = exact.data_covariance(PARAMETERS, 4).numpy()
    np.testing.assert_allclose(np.cov(flat.T), np.kron(covariance, np.eye(2)), atol=0.05)
    np.testing.assert_array_equal(process.sample(3, seed=(1, 5)), process.sample(3, seed=(1, 5)))
    assert not np.any(process.sample(3, seed=(1, 5)) == process.sample(3, seed=(1, 6)))


def test_parameters_of_any_batch_shape_broadcast(draw):
    """Shapes of the three may differ; each result is the one of its numbers alone."""
    x = draw(4, 5, 2)
    sigma_z = np.array([0.2, 0.5, 1.1])
    batch = Parameters(np.full((3, 1), 1.3), sigma_z[:, np.newaxis], 0.8)
    found = exact.log_likelihood(batch, x)
    q = exact.posterior(batch, x)
    assert found.shape == (3, 4) and q.mean.shape == (3, 4, 2, 6)
    for index, value in enumerate(sigma_z):
        alone = Parameters(1.3, value, 0.8)
        np.testing.assert_allclose(found[index], exact.log_likelihood(alone, x), rtol=0, atol=1e-12)
        np.testing.assert_allclose(
            q.mean[index], exact.posterior(alone, x).mean, rtol=0, atol=1e-12
        )
    drawn = LinearGaussianProcess(Parameters(1.0, sigma_z, 0.5), 5, 2).sample(7, seed=(0, 1))
    assert drawn.shape == (7, 3, 5, 2)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (PARAMETERS._replace(sigma_z=0.0), "sigma_z: expected finite numbers above 0"),
        (PARAMETERS._replace(sigma_f=-1.0), "sigma_f: expected"),
        (PARAMETERS._replace(sigma_x=[0.1, np.nan]), "sigma_x: expected"),
        (PARAMETERS._replace(sigma_x=np.inf), "sigma_x: expected"),
        (PARAMETERS._replace(sigma_x="wide"), "sigma_x: expected finite .*wide"),
    ],
)
def test_parameters_that_are_none(draw, parameters, words):
    with pytest.raises(UserError, match=words):
        exact.log_likelihood(parameters, draw(4, 5, 2))
    with pytest.raises(UserError, match=words):
        LinearGaussianProcess(parameters, 5, 2)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (np.zeros(3), r"x: expected \[..., T, D\]"),
        (np.zeros((4, 0, 2)), "at least one sequence, frame and dimension"),
        (np.zeros((0, 3, 2)), "at least one sequence"),
        (np.full((4, 3, 2), np.nan), "x: expected finite numbers, 24 of 24 are not"),
        ("data", "x: expected numbers"),
    ],
)
def test_data_that_are_none(x, words):
    for function in (exact.log_likelihood, exact.posterior):
        with pytest.raises(UserError, match=words):
            function(PARAMETERS, x)


def test_sizes_that_are_none():
    with pytest.raises(UserError, match="num_frames: expected a whole number of at least 1"):
        LinearGaussianProcess(PARAMETERS, 0, 2)
    with pytest.raises(UserError, match="num_sequences: expected a whole number of at least 1"):
        LinearGaussianProcess(PARAMETERS, 3, 2).sample(0, seed=(0, 0))


def test_gradients_reach_the_parameters(draw):
    x = draw(4, 5, 2)
    sigma = tf.constant(0.6, tf.float64)
    with tf.GradientTape() as tape:
        tape.watch(sigma)
        value = tf.reduce_sum(exact.log_likelihood(PARAMETERS._replace(sigma_z=sigma), x))

    def at(sigma_z):
        return np.sum(exact.log_likelihood(PARAMETERS._replace(sigma_z=sigma_z), x))

    slope = (at(0.6 + 1e-5) - at(0.6 - 1e-5)) / 2e-5
    np.testing.assert_allclose(tape.gradient(value, sigma), slope, rtol=1e-6)
