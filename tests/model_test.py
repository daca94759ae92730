"""The Keras model: shapes, the bound, swaps, seeds, saving, and what it refuses."""

import dataclasses

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_probability as tfp

from tests.conftest import B, C, F, H, T, W, Z, small_config
from tf_dsae.core.errors import UserError
from tf_dsae.layers.distributions import conditional
from tf_dsae.methods.presets import PRESETS
from tf_dsae.models.dsae import DSAE

POSTERIORS = ("factorised", "full", "autoregressive")


def make(seed=1, dtype=None, **changes) -> DSAE:
    return DSAE(small_config(**changes), seed=seed, dtype=dtype)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_shapes(videos, posterior):
    model = make(dynamic_posterior=posterior)
    q = model.encode(videos)
    assert (q.static.batch_shape, q.static.event_shape) == ([B], [F])
    assert (q.dynamic.batch_shape, q.dynamic.event_shape) == ([B, T], [Z])
    assert model.reconstruct(videos).shape == [B, T, H, W, C]
    assert model.swap(videos[:, :2], videos).shape == [B, T, H, W, C]
    assert model.generate(2, 6, seed=3).shape == [2, 6, H, W, C]
    assert model.importance_weighted_bound(videos, seed=1, num_samples=4).shape == [B]
    for samples in (1, 4):
        q, latents = model.sample_posterior(videos, 0, samples)
        assert latents.static.shape == [samples, B, F]
        assert latents.dynamic.shape == [samples, B, T, Z]
        assert all(term.shape == [B] for term in model.elbo(videos, 0, samples))


@pytest.mark.parametrize("shape", [(64, 64, 3), (46, 70, 1)])
@pytest.mark.parametrize("name", ["sprites_drawn", "paper", "li_mandt"])
def test_presets_take_their_frames(name, shape):
    if name != "paper":
        shape = (64, 64, 3) if shape[2] == 3 else (64, 96, 1)
    config = dataclasses.replace(
        PRESETS[name].model,
        frame_shape=shape,
        static_hidden_size=8,
        prior_size=8,
        dynamic_hidden_size=8,
        encoder_channels=(3, 4, 5, 6),
        decoder_channels=(7, 6, 5, 4),
    )
    assert DSAE(config).reconstruct(np.zeros((2, 3, *shape), np.uint8)).shape == [2, 3, *shape]


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_bound_is_that_of_its_parts(videos, posterior):
    """The model's bound again, from its layers, in NumPy."""
    model = make(dynamic_posterior=posterior)
    unit = videos.astype(np.float32) / 255
    q, latents = model.sample_posterior(videos, (3, 4), 2)
    terms = model.elbo(videos, (3, 4), 2)
    f, z = latents.static.numpy(), latents.dynamic.numpy()
    mean = np.stack([model.decode(f[k], z[k]).mean().numpy() for k in range(2)])
    density = -0.5 * ((unit - mean) ** 2 + np.log(2 * np.pi))
    np.testing.assert_allclose(terms.log_likelihood, density.sum((2, 3, 4, 5)).mean(0), rtol=1e-5)
    m, s = q.static.mean().numpy(), q.static.stddev().numpy()
    static_kl = (0.5 * (m**2 + s**2 - 1) - np.log(s)).sum(-1)
    np.testing.assert_allclose(terms.static_kl, static_kl, rtol=1e-4, atol=1e-4)
    p, q_z = model.dynamic_prior(latents.dynamic), conditional(q.dynamic, latents.dynamic)
    m, s, n, r = (
        np.broadcast_to(x.numpy(), z.shape)
        for x in (q_z.mean(), q_z.stddev(), p.mean(), p.stddev())
    )
    kl = np.log(r / s) + (s**2 + (m - n) ** 2) / (2 * r**2) - 0.5
    np.testing.assert_allclose(terms.dynamic_kl, kl.sum((2, 3)).mean(0), rtol=1e-3, atol=1e-3)


def test_importance_weighted_bound_is_tighter(videos):
    model = make()
    elbo = np.mean([model.elbo(videos, seed).elbo for seed in range(20)], 0)
    tighter = model.importance_weighted_bound(videos, seed=0, num_samples=50)
    assert np.all(tighter > elbo)


@pytest.mark.parametrize("posterior", POSTERIORS)
def test_swap_takes_f_of_content_and_z_of_motion(videos, posterior):
    model = make(dynamic_posterior=posterior)
    content, motion = videos, videos[::-1]
    f, z = model.encode(content).static.mean(), model.encode(motion).dynamic.mean()
    np.testing.assert_allclose(model.swap(content, motion), model.decode(f, z).mean(), atol=1e-6)
    np.testing.assert_allclose(model.swap(videos, videos), model.reconstruct(videos), atol=1e-6)


def test_uint8_and_floats_are_the_same_videos(videos):
    model = make()
    np.testing.assert_allclose(
        model.reconstruct(videos), model.reconstruct(videos.astype(np.float64) / 255), atol=1e-6
    )


def test_randomness_is_a_function_of_seeds(videos):
    model = make()
    np.testing.assert_array_equal(model.generate(2, T, 5), model.generate(2, T, 5))
    assert np.any(model.generate(2, T, 5) != model.generate(2, T, 6))
    np.testing.assert_array_equal(model.elbo(videos, 5).elbo, model.elbo(videos, 5).elbo)
    assert np.all(model.elbo(videos, 5).elbo != model.elbo(videos, 6).elbo)
    for mine, same, other in zip(
        make(1).get_weights(), make(1).get_weights(), make(2).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(mine, same)
        assert mine.ndim == 1 or np.any(mine != other)


@pytest.mark.parametrize(
    ("posterior", "dtype", "jit_compile"),
    [
        ("factorised", "float32", False),
        ("factorised", "mixed_bfloat16", False),
        ("full", "float32", False),
        ("full", "mixed_bfloat16", False),
        ("factorised", "float32", True),
    ],
)
def test_fit_raises_the_bound(videos, posterior, dtype, jit_compile):
    model = make(dynamic_posterior=posterior, dtype=dtype)
    model.compile(keras.optimizers.Adam(0.01), seed=4, num_samples=2, jit_compile=jit_compile)
    data = {"video": np.zeros_like(videos) + videos[:1, :1]}
    history = model.fit(data, epochs=12, batch_size=B, verbose=0, validation_data=data).history
    assert history["elbo"][-1] > history["elbo"][0] + 10
    assert set(history) == {
        prefix + name
        for prefix in ("", "val_")
        for name in ("elbo", "log_likelihood", "static_kl", "dynamic_kl")
    }


def test_train_step_follows_the_weighted_bound(videos):
    """One SGD step moves the weights by the gradient of log_likelihood - 2 KL_f - 5 KL_z."""
    model, twin = make(), make()
    model.compile(keras.optimizers.SGD(0.1), beta_f=2.0, beta_z=((0, 5.0), (4, 9.0)), seed=3)
    seed = model._step_seed(0, 0)
    with tf.GradientTape() as tape:
        terms = twin.elbo(videos, seed)
        bound = terms.log_likelihood - 2 * terms.static_kl - 5 * terms.dynamic_kl
        loss = -tf.reduce_mean(bound)
    gradients = tape.gradient(loss, twin.trainable_variables)
    model.train_step({"video": tf.constant(videos)})
    for after, before, gradient in zip(
        model.trainable_variables, twin.trainable_variables, gradients, strict=True
    ):
        np.testing.assert_allclose(after, before - 0.1 * gradient, rtol=1e-4, atol=1e-3)


def test_collapse_under_a_huge_beta(videos):
    model = make()
    model.compile(keras.optimizers.Adam(0.01), beta=1e4)
    history = model.fit({"video": videos}, epochs=40, batch_size=B, verbose=0).history
    assert history["static_kl"][-1] + history["dynamic_kl"][-1] < 0.1


def test_predict_and_saved_model_file(videos, tmp_path):
    model = make(dynamic_posterior="full")
    model.compile("adam", beta_f=((0, 0.5), (10, 1.0)), beta_z=3.0, seed=8)
    model.fit({"video": videos}, batch_size=B, verbose=0)
    path = tmp_path / "model.keras"
    model.save(path)
    again = keras.models.load_model(path)
    assert again.config == model.config
    assert (again.objective.schedules, again.seed) == (model.objective.schedules, 8)
    np.testing.assert_array_equal(
        again.predict(videos, verbose=0), model.predict(videos, verbose=0)
    )
    assert int(again.optimizer.iterations) == 1


def test_any_number_of_frames_in_a_graph(videos):
    model = make()
    signature = [tf.TensorSpec([None, None, H, W, C], tf.uint8)]
    graph = tf.function(lambda video: model.elbo(video, 1).elbo, input_signature=signature)
    for count in (1, 2, T):
        np.testing.assert_allclose(
            graph(videos[:2, :count]), model.elbo(videos[:2, :count], 1).elbo, rtol=1e-5
        )


@pytest.mark.parametrize(
    ("video", "words"),
    [
        (np.zeros((B, T, H, W), np.uint8), r"\[B, T, 20, 26, 3\], received \[3, 5, 20, 26\]"),
        (np.zeros((B, T, W, H, C), np.uint8), r"received \[3, 5, 26, 20, 3\]"),
        (np.zeros((B, 0, H, W, C), np.uint8), "at least one frame"),
        (np.zeros((0, T, H, W, C), np.uint8), "at least one video"),
        (np.zeros((B, T, H, W, C), np.int32), "uint8 in 0..255 or floats .* received int32"),
        (np.full((B, T, H, W, C), np.nan), "without NaN, received values from nan"),
        (np.full((B, T, H, W, C), 255.0), "received values from 255 to 255"),
        (np.full((B, T, H, W, C), -0.1), "received values from -0.1"),
    ],
)
def test_bad_videos_are_refused(video, words):
    model = make()
    for method in (model.encode, model.reconstruct, lambda v: model.elbo(v, 0)):
        with pytest.raises(UserError, match=words):
            method(video)


def test_bad_values_stop_a_fit(videos):
    model = make()
    model.compile("adam")
    unit = videos.astype(np.float32) / 255
    model.fit(unit, batch_size=B, verbose=0)
    before = model.get_weights()
    for bad in (np.nan, 7.0, -0.5):
        unit[1, 2, 3, 4, 0] = bad
        with pytest.raises(tf.errors.InvalidArgumentError, match="expected floats in .0, 1."):
            model.fit(unit, batch_size=B, verbose=0)
    for mine, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_bad_latents_and_pairs_are_refused(videos):
    model = make()
    with pytest.raises(UserError, match=r"f: expected \[..., 7\]"):
        model.decode(np.zeros((B, F + 1), np.float32), np.zeros((B, T, Z), np.float32))
    with pytest.raises(UserError, match="same videos"):
        model.decode(np.zeros((B + 1, F), np.float32), np.zeros((B, T, Z), np.float32))
    with pytest.raises(UserError, match="as many videos"):
        model.swap(videos[:2], videos)
    with pytest.raises(UserError, match="num_samples"):
        model.elbo(videos, 0, 0)
    with pytest.raises(UserError, match="beta_f"):
        model.compile("adam", beta=-1.0)


def test_posterior_samples_follow_the_posterior(videos):
    model = make()
    q, latents = model.sample_posterior(videos, 2, 4000)
    for distribution, samples in zip(q, latents, strict=True):
        standard = (samples - distribution.mean()) / distribution.stddev()
        np.testing.assert_allclose(np.mean(standard, 0), 0 * standard[0], atol=0.1)
        np.testing.assert_allclose(np.std(standard, 0), 1 + 0 * standard[0], atol=0.1)
    assert isinstance(q.static, tfp.distributions.Distribution)
