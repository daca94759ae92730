"""Slices of a batch: the noise, the bound and the step are those of the whole."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import B, C, H, T, W, small_config
from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise, gather_replicas, noise_of_replica, sum_over_replicas
from tf_dsae.models.dsae import DSAE
from tf_dsae.models.views import Views

VIEWS = Views(0.5, static_frames=2, likelihood_frames=3, random_erasing=0.5)


@pytest.fixture
def many() -> np.ndarray:
    """uint8 [6, T, H, W, C]."""
    return np.random.default_rng(1).integers(0, 256, (2 * B, T, H, W, C), np.uint8)


def test_keras_3_15_1_builds_by_a_private_method():
    """Which this trainer leaves out, as it fails over machines."""
    assert "self._maybe_symbolic_build(" in inspect.getsource(keras.Model.fit), keras.__version__


@pytest.mark.parametrize("posterior", ["factorised", "full", "autoregressive"])
@pytest.mark.parametrize("views", [Views(), VIEWS], ids=["all", "views"])
def test_slices_have_the_bound_of_the_whole(posterior, views, many):
    model = DSAE(small_config(dynamic_posterior=posterior), seed=2)
    model.compile("adam", num_samples=2, views=views)
    whole = model.training_elbo(many, seed=7)
    first, rest = (
        model.training_elbo(many[start:stop], Noise.of(7)._replace(start=start, total=len(many)))
        for start, stop in ((0, 2), (2, 6))
    )
    for name, expected in whole._asdict().items():
        found = np.concatenate([getattr(first, name), getattr(rest, name)])
        np.testing.assert_allclose(found, expected, rtol=2e-6)
    alone = model.training_elbo(many[2:], 7)  # Another batch, so other noise.
    assert not np.allclose(alone.elbo, rest.elbo, rtol=1e-6)


def step_of(many, accumulate_steps, steps=3, **options):
    model = DSAE(small_config(), seed=2)
    model.compile("sgd", beta=1.5, views=VIEWS, accumulate_steps=accumulate_steps, **options)
    history = model.fit(many, batch_size=len(many), epochs=steps, shuffle=False, verbose=0)
    return model.get_weights(), history.history


@pytest.mark.parametrize("accumulate_steps", [2, 6])
def test_accumulated_steps_are_those_of_the_whole_batch(accumulate_steps, many):
    (expected, expected_terms), (found, terms) = step_of(many, 1), step_of(many, accumulate_steps)
    start = DSAE(small_config(), seed=2).get_weights()
    for before, mine, other in zip(start, found, expected, strict=True):
        moved = np.linalg.norm(other - before)
        assert np.linalg.norm(mine - other) <= 1e-5 * moved + 1e-7
    for name, values in expected_terms.items():
        np.testing.assert_allclose(terms[name], values, rtol=1e-5)


def test_accumulated_steps_compile(many):
    """Against the compiled step of the whole batch: XLA has noise of its own."""
    whole, parts = (step_of(many, count, 1, jit_compile=True)[0] for count in (1, 2))
    for mine, other in zip(parts, whole, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-3, atol=1e-4)


def test_a_step_is_traced_once(many, monkeypatch):
    """Variables that the optimiser made in it would have it traced again."""
    traced, measure = [], DSAE._measure

    def counting(self, *arguments, **options):
        traced.append(self)
        return measure(self, *arguments, **options)

    monkeypatch.setattr(DSAE, "_measure", counting)
    model = DSAE(small_config(), seed=2)
    model.compile("adam")
    model.fit(many, batch_size=len(many), verbose=0)
    assert traced == [model]


def test_parts_that_are_not_equal_are_refused(many):
    model = DSAE(small_config(), seed=2)
    with pytest.raises(UserError, match="accumulate_steps: expected a whole number"):
        model.compile("adam", accumulate_steps=0)
    model.compile("adam", accumulate_steps=4)
    with pytest.raises(UserError, match="expected a divisor of the 6 videos"):
        model.train_step(tf.constant(many))


def test_one_replica_has_the_whole_batch(many):
    assert noise_of_replica(tf.constant([1, 2]), tf.constant(many)).total is None
    for join in (sum_over_replicas, gather_replicas):
        np.testing.assert_array_equal(join(tf.constant([3.0, 4.0])), [3.0, 4.0])
