"""Trained posteriors against the best of their families, and side by side against alone."""

import numpy as np
import pytest
import tensorflow as tf

from tests.linear_gaussian.conftest import PARAMETERS
from tf_dsae.core.errors import UserError
from tf_dsae.linear_gaussian import families, study_training
from tf_dsae.linear_gaussian.autoencoders import family_mask, make_autoencoder
from tf_dsae.linear_gaussian.bound import exact_elbo
from tf_dsae.linear_gaussian.exact import GaussianPosterior
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.study_settings import FAMILIES, Parameters
from tf_dsae.linear_gaussian.study_training import train
from tf_dsae.models.autoencoder import SequenceAutoencoder

N, T, D = 7, 3, 2
SIGMA_X = np.array([0.4, 0.8, 1.6])
BATCH = Parameters(np.full(3, 1.3), np.full(3, 0.6), SIGMA_X)


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return LinearGaussianProcess(PARAMETERS, T, D).sample(N, seed=(4, 2)).numpy()


def alone(index: int) -> Parameters:
    return Parameters(*(sigma[index] for sigma in BATCH))


@pytest.mark.parametrize("family", FAMILIES)
def test_training_reaches_the_best_bound_and_stays_below_it(x, family):
    trained = train(family, BATCH, np.repeat(x[np.newaxis], 3, 0), steps=600)
    assert trained.posterior.mean.shape == (3, N, D, 1 + T)
    for index in range(3):
        q = GaussianPosterior(*(values[index] for values in trained.posterior))
        found = tf.reduce_mean(exact_elbo(alone(index), x, q).elbo)
        best = families.optimal_elbo(family, alone(index), families.sample_moments(x))
        assert -1e-9 < best - found < 0.02
    np.testing.assert_allclose(trained.path[-1], np.stack(BATCH, -1), rtol=1e-6)


@pytest.mark.parametrize("family", ["amortised", "full"])
def test_many_side_by_side_end_as_each_alone(x, family):
    """Of other data, too; the batch's program is another, so not to the bit."""
    data = np.stack([x, 2 * x, x - 1])
    together = train(family, BATCH, data, steps=20, seed=3)
    for index in (0, 2):
        single = Parameters(*(sigma[index : index + 1] for sigma in BATCH))
        apart = train(family, single, data[index : index + 1], steps=20, seed=3)
        for all_of_them, one in zip(together.posterior, apart.posterior, strict=True):
            np.testing.assert_allclose(all_of_them[index], one[0], rtol=1e-3, atol=1e-4)


def test_compiled_is_eager(x, monkeypatch):
    """Of a family whose bound needs no samples: XLA draws other ones from the same seed."""
    data = np.repeat(x[np.newaxis], 3, 0)
    compiled = train("structured", BATCH, data, steps=9, learn_parameters=True)
    monkeypatch.setattr(study_training.tf, "function", lambda **_: lambda loop: loop)
    eager = train("structured", BATCH, data, steps=9, learn_parameters=True)
    for one, other in zip(compiled.posterior, eager.posterior, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(compiled.path, eager.path, rtol=1e-3)
    assert np.all(compiled.path[-1] != compiled.path[0])


def test_families_train_side_by_side_in_their_own_shapes(x):
    names = ["structured", "mean_field", "full"]
    data = np.repeat(x[np.newaxis], 3, 0)
    trained = train(names, BATCH, data, steps=20)
    for index, name in list(enumerate(names))[:2]:
        scale = trained.posterior.scale_tril.numpy()[index]
        mask = family_mask(name, T)
        assert np.all(scale[..., mask == 0] == 0) and np.all(scale[..., mask == 1] != 0)
        apart = train(name, BATCH, data, steps=20).posterior
        np.testing.assert_allclose(scale, apart.scale_tril[index], rtol=1e-3, atol=1e-4)


def test_masks_are_the_families():
    assert family_mask("mean_field", 2).tolist() == np.eye(3).tolist()
    assert family_mask("structured", 2).tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 1]]
    assert family_mask("full", 2).tolist() == [[1, 0, 0], [1, 1, 0], [1, 0, 1]]
    assert family_mask("exact", 2).tolist() == np.tril(np.ones((3, 3))).tolist()


def test_parameters_wait_for_q_and_then_move_up_the_bound(x):
    trained = train("exact", BATCH, np.repeat(x[np.newaxis], 3, 0), 3000, learn_parameters=True)
    start = np.stack(BATCH, -1)
    np.testing.assert_allclose(trained.path[749], start, rtol=1e-6)
    assert np.all(np.abs(trained.path[800] - start) > 1e-3)
    np.testing.assert_array_equal(np.stack(trained.parameters, -1), trained.path[-1])
    # No gap: all three end where the likelihood alone is highest.
    moments = families.sample_moments(x)
    logs = tf.constant(np.log(trained.path[-1]))
    with tf.GradientTape() as tape:
        tape.watch(logs)
        ends = Parameters(*tf.unstack(tf.exp(logs), axis=-1))
        values = families.mean_log_likelihood(ends, moments)
    np.testing.assert_allclose(tape.gradient(values, logs), 0, atol=0.03)
    np.testing.assert_allclose(values, np.repeat(values[:1], 3), atol=1e-2)


def test_the_amortised_model_is_an_autoencoder_like_any_other(x):
    """Its bound is the base class' own, sampled, and averages to the exact one."""
    model = make_autoencoder("amortised", N, T, D, seed=1)
    assert type(model).elbo is SequenceAutoencoder.elbo
    model.log_sigmas.assign(np.log(np.array(PARAMETERS)))
    data = x.astype(np.float32)
    sampled = model.elbo(data, seed=0, num_samples=20_000)
    exact = exact_elbo(PARAMETERS, data, model.gaussian(data))
    np.testing.assert_allclose(sampled.elbo, exact.elbo, rtol=0.02)
    posterior = model.encode(data)
    assert posterior.static.batch_shape == [N] and posterior.dynamic.batch_shape == [N, T]
    # q(z_t | x_t): one encoder for all t.
    turned = model.encode(data[:, ::-1])
    np.testing.assert_allclose(
        turned.dynamic.mean()[:, ::-1], posterior.dynamic.mean(), rtol=1e-5, atol=1e-6
    )
    other = make_autoencoder("amortised", N, T, D, seed=2)
    head, others = (m.static_encoder.dense.kernel.numpy() for m in (model, other))
    assert np.all(head != others)


def test_wrong_settings(x):
    data = np.repeat(x[np.newaxis], 3, 0)
    with pytest.raises(UserError, match="x: expected finite numbers"):
        train("exact", BATCH, data * np.nan, steps=1)
    with pytest.raises(UserError, match="sigma_z: expected finite numbers above 0"):
        train("exact", BATCH._replace(sigma_z=np.zeros(3)), data, steps=1)
    with pytest.raises(UserError, match=r"x: expected \[G, N, T, D\]"):
        train("exact", BATCH, x, steps=1)
    with pytest.raises(UserError, match="parameters: expected 3 of each and a family for each"):
        train(["exact"], BATCH, data, steps=1)
    with pytest.raises(UserError, match=r"x: expected \[B, 3, 2\], received"):
        make_autoencoder("amortised", N, T, D).elbo(np.zeros((N, 4, 2)), seed=0)
    with pytest.raises(UserError, match="steps: expected a whole number of at least 1"):
        train("exact", BATCH, data, steps=0)
    with pytest.raises(UserError, match="posterior: expected one of"):
        train("best", BATCH, data, steps=1)
