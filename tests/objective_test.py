"""The objective: added terms, their weights, and what a step makes of them."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import B, F, T, small_config
from tf_dsae.core.errors import UserError
from tf_dsae.core.noise import Noise
from tf_dsae.models.dsae import DSAE
from tf_dsae.models.objective import Objective, Term
from tf_dsae.models.views import Views


class Shrink(Term):
    """Of every sequence: the sum of squares of f's mean."""

    name = "shrink"

    def __call__(self, step):
        return tf.reduce_sum(step.posterior.static.mean() ** 2, -1)


class Spread(Term):
    """Of the batch: minus the variance of f's means over all sequences."""

    name = "spread"

    def __call__(self, step):
        f = step.gather(step.posterior.static.mean())
        return -tf.reduce_mean(tf.math.reduce_variance(f, 0))


class Wrong(Term):
    name = "wrong"

    def __call__(self, step):
        return step.posterior.static.mean()


def make(**options) -> DSAE:
    model = DSAE(small_config(), seed=1)
    model.compile(keras.optimizers.SGD(0.1), seed=3, **options)
    return model


def test_step_follows_the_bound_less_the_weighted_terms(videos):
    """One SGD step against the gradient of the objective written out."""
    model = make(beta=2.0, terms=[Shrink(3.0), Spread(((0, 5.0), (4, 9.0)))])
    twin = make()
    with tf.GradientTape() as tape:
        terms = twin.elbo(videos, twin._step_seed(0, 0))
        f = twin.encode(videos).static.mean()
        shrink = tf.reduce_sum(f**2, -1)
        spread = -tf.reduce_mean(tf.math.reduce_variance(f, 0))
        bound = terms.log_likelihood - 2 * (terms.static_kl + terms.dynamic_kl) - 3 * shrink
        loss = -tf.reduce_mean(bound) + 5 * spread
    gradients = tape.gradient(loss, twin.trainable_variables)
    shown = model.train_step(tf.constant(videos))
    for after, before, gradient in zip(
        model.trainable_variables, twin.trainable_variables, gradients, strict=True
    ):
        np.testing.assert_allclose(after, before - 0.1 * gradient, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(shown["shrink"], np.mean(shrink), rtol=1e-5)
    np.testing.assert_allclose(shown["spread"], spread, rtol=1e-4)


def test_history_has_every_term_in_training_and_held_out(videos):
    model = make(terms=[Shrink(), Spread()], views=Views(0.5, 2, 3, 0.5))
    history = model.fit(videos, batch_size=B, verbose=0, validation_data=(videos,)).history
    names = ("elbo", "log_likelihood", "static_kl", "dynamic_kl", "shrink", "spread")
    assert model.objective.names == names
    assert set(history) == {*names, *(f"val_{name}" for name in names)}
    scores = model.score(videos, seed=1)
    assert list(scores) == list(names) and all(value.shape == [B] for value in scores.values())
    f = model.encode(videos).static.mean().numpy()
    np.testing.assert_allclose(scores["shrink"], (f**2).sum(-1), rtol=1e-5)
    np.testing.assert_allclose(history["val_shrink"][0], (f**2).sum(-1).mean(), rtol=1e-5)


def test_a_term_sees_the_step(videos):
    seen = {}

    class Look(Term):
        name = "look"

        def __call__(self, step):
            seen.update(step._asdict())
            return tf.zeros(tf.shape(step.x)[0])

    model = make(terms=[Look()], num_samples=2, views=Views(likelihood_frames=3))
    model.train_step(tf.constant(videos))
    assert seen["x"].shape == videos.shape and seen["x"].dtype == tf.float32
    np.testing.assert_array_equal(seen["mask"], np.ones((B, T), bool))
    assert seen["latents"].static.shape == [2, B, F] and seen["training"]
    assert seen["likelihood"].batch_shape == [2, B, 3] and seen["frames"].shape == [3]
    assert seen["model"] is model and isinstance(seen["noise"], Noise)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_a_batch_in_parts_refuses_terms_that_need_it_whole(videos, jit_compile):
    class Pairs(Term):
        name = "pairs"
        needs_batch = True

        def __call__(self, step):
            f = step.posterior.static.mean()
            return tf.reduce_sum(tf.matmul(f, f, transpose_b=True), -1)

    refused = pytest.raises(UserError, match="^accumulate_steps: expected 1 with .* whole batch")
    with refused:
        make(terms=[Pairs()], accumulate_steps=3, jit_compile=jit_compile)
    model = make(terms=[Spread()], accumulate_steps=3, jit_compile=jit_compile)
    with refused:
        model.fit(videos, batch_size=B, verbose=0)


def test_terms_of_one_sequence_add_up_over_parts(videos):
    whole, parts = (make(terms=[Shrink(2.0)], accumulate_steps=count) for count in (1, 3))
    for model in (whole, parts):
        model.fit(videos, batch_size=B, shuffle=False, verbose=0)
    for mine, other in zip(whole.get_weights(), parts.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)


def test_a_model_with_terms_is_saved_and_read(videos, tmp_path):
    model = make(terms=[Shrink("0:0,10:4"), Spread(0.5)])
    model.fit(videos, batch_size=B, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert [type(term) for term in again.objective.terms] == [Shrink, Spread]
    assert again.objective.schedules == model.objective.schedules
    for one in (model, again):
        one.fit(videos, batch_size=B, shuffle=False, verbose=0)
    for mine, other in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_schedules_may_be_shares_of_a_run():
    objective = Objective(beta_z="0%:1,50%:3", terms=[Shrink("100%:2")], total_steps=40)
    weights = objective.weights(10)
    assert {name: float(value) for name, value in weights.items()} == {
        "static_kl": 1.0,
        "dynamic_kl": 2.0,
        "shrink": 2.0,
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"terms": [Shrink(), Shrink()]}, "terms: expected different names"),
        ({"terms": [3]}, "terms: expected objects of tf_dsae.Term"),
        ({"terms": [Shrink(-1.0)]}, "weight of shrink: expected finite values of at least 0"),
        ({"terms": [Shrink("0%:1,50%:2")]}, "weight of shrink: expected .* without percentages"),
        ({"beta": 1.0, "beta_f": 2.0}, "beta: expected beta or beta_f and beta_z, received both"),
        ({"beta_z": "six"}, "beta_z: expected a number or step:value pairs"),
        ({"loss": "mse"}, "loss: expected none"),
        ({"metrics": ["mse"]}, "metrics: expected none"),
    ],
)
def test_objectives_that_make_no_sense(options, words):
    with pytest.raises(UserError, match=f"^{words}"):
        make(**options)


def test_a_term_of_its_own_arguments_weighs_one():
    class Scaled(Term):
        name = "scaled"

        def __init__(self, scale):
            self.scale = scale

    assert Objective(terms=[Scaled(3.0)]).schedules["scaled"] == ((0.0, 1.0),)


@pytest.mark.parametrize("name", ["", None, "two words", "epoch", "step", "loss", "val_elbo"])
def test_names_that_cannot_be_columns(name):
    term = type("Named", (Term,), {"name": name})()
    with pytest.raises(UserError, match="^name: expected that of a term"):
        Objective(terms=[term])


def test_float16_learns_what_float32_does(videos):
    """Keras scales the loss; it leaves out steps whose gradients overflow, and then scales less."""
    models = [DSAE(small_config(), seed=1, dtype=dtype) for dtype in ("float32", "mixed_float16")]
    starts = models[0].get_weights()
    for model in models:
        model.compile(keras.optimizers.SGD(1e-3), seed=3)
        for _ in range(16):
            if not int(model.optimizer.iterations):
                model.fit(videos, batch_size=B, shuffle=False, verbose=0)
    full, half = (
        np.concatenate([(w - start).ravel() for w, start in zip(ends, starts, strict=True)])
        for ends in ([v.numpy() for v in model.weights[: len(starts)]] for model in models)
    )
    assert np.linalg.norm(full) > 0
    assert np.linalg.norm(half - full) < 0.05 * np.linalg.norm(full)


@pytest.mark.parametrize("weights", [None, np.ones(B)])
def test_what_is_not_learned_from_is_refused(videos, weights):
    with pytest.raises(UserError, match="^x: expected examples alone"):
        make().fit(videos, np.zeros(B), sample_weight=weights, batch_size=B, verbose=0)


def test_terms_that_make_no_sense(videos):
    with pytest.raises(UserError, match=r"^wrong: expected a cost for every sequence, \[B\]"):
        make(terms=[Wrong()]).train_step(tf.constant(videos))
