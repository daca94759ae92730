"""The best bounds against the bounds of their posteriors, NumPy's least squares and gradients."""

import numpy as np
import pytest
import tensorflow as tf

from tests.linear_gaussian.conftest import PARAMETERS, Dense
from tf_dsae.core.errors import UserError
from tf_dsae.linear_gaussian import exact, families
from tf_dsae.linear_gaussian.autoencoders import family_mask
from tf_dsae.linear_gaussian.bound import exact_elbo
from tf_dsae.linear_gaussian.exact import GaussianPosterior
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.study_settings import FAMILIES, Parameters

N, D = 11, 2
LENGTHS = [1, 3, 7]


def best_posterior(family: str, x: np.ndarray) -> GaussianPosterior:
    """The q of a family whose mean bound over the sequences x [N, T, D] is the best."""
    frames = x.shape[1]
    mean, covariance = Dense(PARAMETERS, frames).posterior(x)
    precision = np.linalg.inv(covariance)
    diagonal = np.diag(precision).copy()
    if family == "amortised":
        encoder, _, _ = families._amortised_encoder(PARAMETERS, families.sample_moments(x))
        u = np.concatenate([np.ones_like(x[..., :1]), x], -1)
        walk = np.einsum("nti,id->ndt", u, encoder)
        # f follows the error of z.
        slope = precision[0, 1:] / precision[0, 0]
        static = mean[..., 0] - (walk - mean[..., 1:]) @ slope
        mean = np.concatenate([static[..., np.newaxis], walk], -1)
        diagonal[1:] = diagonal[1:].mean()
    scale = np.diag(diagonal**-0.5)
    if family == "exact":
        scale = np.linalg.cholesky(covariance)
    if family == "structured":
        scale[1:, 1:] = np.linalg.cholesky(np.linalg.inv(precision[1:, 1:]))
    if family == "full":
        slope = -np.linalg.solve(precision[1:, 1:], precision[1:, 0])
        scale[:, 0] = np.sqrt(covariance[0, 0]) * np.concatenate([[1.0], slope])
    return GaussianPosterior(tf.constant(mean), tf.constant(scale[np.newaxis]))


@pytest.mark.parametrize("frames", LENGTHS)
@pytest.mark.parametrize("family", FAMILIES)
def test_best_bound_is_that_of_the_best_posterior(draw, family, frames):
    x = draw(N, frames, D) + 0.3
    q = best_posterior(family, x)
    attained = tf.reduce_mean(exact_elbo(PARAMETERS, x, q).elbo)
    moments = families.sample_moments(x)
    best = families.optimal_elbo(family, PARAMETERS, moments)
    np.testing.assert_allclose(best, attained, rtol=0, atol=1e-9)
    gap = families.optimal_gap(family, PARAMETERS, moments)
    likelihood = tf.reduce_mean(exact.log_likelihood(PARAMETERS, x))
    np.testing.assert_allclose(best + gap, likelihood, rtol=0, atol=1e-9)


@pytest.mark.parametrize("family", [name for name in FAMILIES if name != "amortised"])
def test_nothing_the_family_may_change_improves_it(draw, family):
    """At the best q the gradient vanishes, and the bound is concave in mean and scale."""
    x = draw(N, 3, D)
    q = best_posterior(family, x)
    scale = tf.broadcast_to(q.scale_tril, (N, D, 4, 4))
    mask = family_mask(family, 3)
    assert np.all(scale.numpy()[..., mask == 0] == 0)
    with tf.GradientTape() as tape:
        tape.watch([q.mean, scale])
        bound = tf.reduce_sum(exact_elbo(PARAMETERS, x, GaussianPosterior(q.mean, scale)).elbo)
    of_mean, of_scale = tape.gradient(bound, [q.mean, scale])
    np.testing.assert_allclose(of_mean, 0, rtol=0, atol=1e-9)
    np.testing.assert_allclose(of_scale * mask, 0, rtol=0, atol=1e-9)
    if family != "exact":
        assert np.max(np.abs(of_scale * (np.tril(np.ones((4, 4))) - mask))) > 0.01


@pytest.mark.parametrize("frames", LENGTHS)
def test_amortised_means_are_least_squares(draw, frames):
    """All weights at once, of f too, by NumPy, in place of f's elimination."""
    x = draw(N, frames, D) + 0.3
    mean, covariance = Dense(PARAMETERS, frames).posterior(x)
    precision = np.linalg.inv(covariance)
    whiten = np.linalg.cholesky(precision).T
    clip = np.concatenate([np.ones((N, 1)), x.reshape(N, -1)], 1)
    frame = np.concatenate([np.ones((N, frames, 1)), x], 2)
    columns = clip.shape[1] + frame.shape[2]
    design = np.zeros((N, 1 + frames, columns))
    design[:, 0, : clip.shape[1]] = clip
    design[:, 1:, clip.shape[1] :] = frame
    design = np.einsum("ij,njk->nik", whiten, design).reshape(-1, columns)
    error = 0.0
    for dimension in range(D):
        target = (mean[:, dimension] @ whiten.T).reshape(-1)
        weights = np.linalg.lstsq(design, target, rcond=None)[0]
        error += 0.5 * np.sum((design @ weights - target) ** 2) / N
    of_walk = np.mean(np.diag(precision)[1:])
    spread = np.log(precision[0, 0]) + frames * np.log(of_walk) - np.linalg.slogdet(precision)[1]
    gap = families.optimal_gap("amortised", PARAMETERS, families.sample_moments(x))
    np.testing.assert_allclose(gap, 0.5 * D * spread + error, rtol=0, atol=1e-9)
    if frames > 1:
        assert error > 0.01


def test_wider_families_have_tighter_bounds(draw):
    sigma = np.array([0.1, 0.5, 2.0])
    parameters = Parameters(sigma[:, np.newaxis, np.newaxis], sigma[:, np.newaxis], sigma)
    moments = families.sample_moments(draw(N, 5, D))
    gap = {name: families.optimal_gap(name, parameters, moments).numpy() for name in FAMILIES}
    assert gap["exact"].shape == (3, 3, 3) and np.all(gap["exact"] == 0)
    for narrow, wide in (
        ("amortised", "mean_field"),
        ("mean_field", "structured"),
        ("mean_field", "full"),
        ("structured", "exact"),
        ("full", "exact"),
    ):
        assert np.all(gap[narrow] > gap[wide]), (narrow, wide)


def test_moments_of_many_sequences_are_the_expected_ones():
    x = LinearGaussianProcess(PARAMETERS, 4, D).sample(400_000, seed=(0, 3))
    expected = families.expected_moments(PARAMETERS, 4, D)
    assert expected.shape == (4, 4, 1 + D, 1 + D)
    np.testing.assert_allclose(families.sample_moments(x), expected, atol=0.03)
    likelihood = families.mean_log_likelihood(PARAMETERS, expected)
    dense = Dense(PARAMETERS, 4).data
    entropy = 0.5 * D * np.linalg.slogdet(2 * np.pi * np.e * dense)[1]
    np.testing.assert_allclose(likelihood, -entropy, rtol=0, atol=1e-9)


def test_mean_log_likelihood_is_the_mean(draw):
    x = draw(N, 5, D) + 0.3
    found = families.mean_log_likelihood(PARAMETERS, families.sample_moments(x))
    np.testing.assert_allclose(
        found, np.mean(Dense(PARAMETERS, 5).log_likelihood(x)), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("family", FAMILIES)
def test_one_sequence_of_one_frame_is_enough(draw, family):
    """Fewer data than weights: some of them are free, the bound is not."""
    moments = families.sample_moments(draw(1, 1, D))
    gap = families.optimal_gap(family, PARAMETERS, moments)
    assert np.isfinite(gap) and gap >= 0


def test_unknown_family(draw):
    moments = families.sample_moments(draw(N, 3, D))
    with pytest.raises(UserError, match="posterior: expected one of mean_field, .*'mean-field'"):
        families.optimal_elbo("mean-field", PARAMETERS, moments)
