"""One contract for every layer, and what each of them promises beside it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import B, C, F, H, T, W, Z, small_config
from tf_dsae.core.noise import Noise
from tf_dsae.layers.distributions import conditional, sample
from tf_dsae.layers.dynamic_priors import LSTMDynamicPrior
from tf_dsae.layers.likelihoods import UnitNormalLikelihood
from tf_dsae.layers.registries import PARTS

D, S = 9, 2  # Features of a frame; samples of the posterior.
FEATURES, STATIC, DYNAMIC = (B, T, D), (B, F), (B, T, Z)
# kind -> shapes of its inputs, batch shape, event shape; None: no distribution.
CONTRACTS = {
    "frame_encoder": ([(B, T, H, W, C)], (B, T), None),
    "static_posterior": ([FEATURES], (B,), (F,)),
    "dynamic_posterior": ([FEATURES, (S, B, F)], (B, T), (Z,)),
    "dynamic_prior": ([(S, *DYNAMIC)], (S, B, T), (Z,)),
    "decoder": ([(S, B, F), (S, *DYNAMIC)], (S, B, T), None),
    "likelihood": ([(S, B, T, H, W, C)], (S, B, T), (H, W, C)),
}
# Every part of every registry.
NAMES = [(kind, name) for kind, registry in PARTS.items() for name in registry.names()]


def make(kind: str, name: str, dtype=None, **settings):
    config = small_config(**{kind: name}, **settings)
    return PARTS[kind][name](config, dtype=dtype, name=kind)


def clone(layer):
    return type(layer).from_config(layer.get_config())


def parameters(output):
    if isinstance(output, tf.Tensor):
        return [output]
    return [output.mean(), output.stddev()]


def inputs_of(shapes):
    return [tf.random.stateless_uniform(shape, (7, k)) for k, shape in enumerate(shapes)]


@pytest.mark.parametrize(("kind", "name"), NAMES)
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_contract(kind, name, dtype):
    shapes, batch, event = CONTRACTS[kind]
    layer, inputs = make(kind, name, dtype), inputs_of(shapes)
    layer.build(*shapes)
    weights = len(layer.weights)
    output = layer(*inputs)
    assert len(layer.weights) == weights, "build makes every weight"
    if kind == "dynamic_posterior":
        if layer.depends_on_static:
            batch = (S, *batch)
        z = sample(output, (), Noise.of(3), batch_axis=-3)
        assert z.shape == (*batch, Z) and z.dtype == tf.float32
        assert np.isfinite(conditional(output, z).log_prob(z)).all()
        output = output if hasattr(output, "batch_shape") else conditional(output, z)
    if event is None:
        assert output.shape[: len(batch)] == batch
    else:
        assert tuple(output.batch_shape) == batch and tuple(output.event_shape) == event
        assert all(p.dtype == tf.float32 for p in parameters(output))
    assert all(np.isfinite(p).all() for p in parameters(output))

    again = clone(layer)
    assert again.get_config() == layer.get_config()
    again.build(*shapes)
    again.set_weights(layer.get_weights())
    for mine, other in zip(parameters(layer(*inputs)), parameters(again(*inputs)), strict=True):
        np.testing.assert_array_equal(mine, other)

    signature = [tf.TensorSpec([None] * (len(s) - 1) + [s[-1]]) for s in shapes]
    if kind in ("frame_encoder", "likelihood"):
        signature = [tf.TensorSpec([None] * (len(s) - 3) + [*s[-3:]]) for s in shapes]
    graph = tf.function(lambda *x: parameters(layer(*x)), input_signature=signature)
    atol = 1e-5 if dtype == "float32" else 0.03
    for mine, other in zip(parameters(layer(*inputs)), graph(*inputs), strict=True):
        np.testing.assert_allclose(mine, other, atol=atol)

    with tf.GradientTape() as tape:
        total = tf.add_n([tf.reduce_sum(p) for p in map(tf.square, parameters(layer(*inputs)))])
    for variable, gradient in zip(
        layer.trainable_variables,
        tape.gradient(total, layer.trainable_variables),
        strict=True,
    ):
        assert gradient is not None, variable.path
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    assert type(restored) is type(layer)


def test_frames_are_encoded_alone():
    layer, (frames,) = make("frame_encoder", "convolutional"), inputs_of([(B, T, H, W, C)])
    np.testing.assert_allclose(layer(frames)[:, 2:3], layer(frames[:, 2:3]), atol=1e-5)


@pytest.mark.parametrize("name", ["lstm", "gru", "bidirectional_lstm"])
def test_static_encoder_reads_the_whole_clip(name):
    layer, (features,) = make("static_posterior", name), inputs_of([FEATURES])
    for frame in range(T):
        changed = tf.tensor_scatter_nd_add(features, [[0, frame, 0]], [1.0])
        moved = np.abs(layer(changed).mean() - layer(features).mean()).max(-1)
        assert moved[0] > 1e-6 and np.all(moved[1:] < 1e-6)


def test_bidirectional_ends_are_those_of_keras():
    layer, (features,) = make("static_posterior", "bidirectional_lstm"), inputs_of([FEATURES])
    layer(features)
    last = keras.layers.Bidirectional(keras.layers.LSTM(11))
    last.build(features.shape)
    last.set_weights(layer.recurrent.get_weights())
    np.testing.assert_allclose(layer(features).mean(), layer.head(last(features)).mean(), atol=1e-6)


def test_factorised_posterior_sees_its_frame_only_and_the_full_one_all():
    features, static = inputs_of([FEATURES, (B, F)])
    changed = tf.tensor_scatter_nd_add(features, [[0, 1, 0]], [1.0])
    factorised, full = (make("dynamic_posterior", name) for name in ("factorised", "full"))
    moved = np.abs(factorised(changed).mean() - factorised(features).mean()).max(-1) > 1e-6
    assert moved[0].tolist() == [False, True, False, False, False] and not moved[1:].any()
    moved = np.abs(full(changed, static).mean() - full(features, static).mean()).max(-1) > 1e-8
    assert moved[0].all() and not moved[1:].any()
    moved = np.abs(full(features, static + 1).mean() - full(features, static).mean()).max(-1)
    assert np.all(moved > 1e-6)


@pytest.mark.parametrize("initial", ["learned", "standard_normal"])
def test_prior_conditioning_is_a_hand_rolled_loop_of_its_step(initial):
    prior, (z,) = make("dynamic_prior", "lstm", initial_prior=initial), inputs_of([DYNAMIC])
    conditioned = prior(z)
    previous, state = prior.initial_state(B)
    np.testing.assert_array_equal(previous, np.zeros((B, Z)))
    for frame in range(T):
        step, state = prior.step(tf.constant(frame), previous, state)
        np.testing.assert_allclose(step.mean(), conditioned.mean()[:, frame], atol=1e-6)
        np.testing.assert_allclose(step.stddev(), conditioned.stddev()[:, frame], atol=1e-6)
        previous = z[:, frame]
    if initial == "standard_normal":
        np.testing.assert_array_equal(conditioned.mean()[:, 0], np.zeros((B, Z)))
        np.testing.assert_array_equal(conditioned.stddev()[:, 0], np.ones((B, Z)))


def test_prior_is_conditioned_on_the_past_only():
    prior, (z,) = LSTMDynamicPrior(small_config()), inputs_of([DYNAMIC])
    changed = tf.tensor_scatter_nd_add(z, [[0, 2, 0]], [1.0])
    moved = np.abs(prior(changed).mean() - prior(z).mean()).max(-1)[0] > 1e-7
    assert moved.tolist() == [False, False, False, True, True]


def test_rolling_out_samples_what_conditioning_scores():
    """Samples must follow the very distributions that `call` gives when conditioned on them."""
    prior = LSTMDynamicPrior(small_config())
    prior.build((None, None, Z))
    prior.set_weights([3 * w for w in prior.get_weights()])
    z = prior.roll_out(20_000, T, tf.constant([3, 5]))
    assert z.shape == [20_000, T, Z]
    scores = prior(z)
    standard = (z - scores.mean()) / scores.stddev()
    np.testing.assert_allclose(np.mean(standard, 0), np.zeros((T, Z)), atol=0.04)
    np.testing.assert_allclose(np.std(standard, 0), np.ones((T, Z)), atol=0.04)
    np.testing.assert_array_equal(z[:5], prior.roll_out(20_000, T, tf.constant([3, 5]))[:5])
    assert np.any(z[:5] != prior.roll_out(20_000, T, tf.constant([3, 6]))[:5])


def test_unit_normal_likelihood_is_in_the_unit_range():
    shapes, *_ = CONTRACTS["likelihood"]
    likelihood = UnitNormalLikelihood(small_config())(*inputs_of(shapes))
    mean = likelihood.mean().numpy()
    assert 0 < mean.min() and mean.max() < 1
    np.testing.assert_array_equal(likelihood.stddev(), np.ones(mean.shape))
    video = np.random.default_rng(0).uniform(size=mean.shape).astype(np.float32)
    expected = -0.5 * ((video - mean) ** 2 + np.log(2 * np.pi)).sum((-1, -2, -3))
    np.testing.assert_allclose(likelihood.log_prob(video), expected, rtol=1e-5)


def test_mean_static_encoder_is_two_dense_layers_around_a_mean():
    layer, features = make("static_posterior", "mean"), tf.random.stateless_normal(FEATURES, (3, 1))
    layer.build(FEATURES)

    def dense(kernel, bias, x):
        x = x @ np.array(kernel) + np.array(bias)
        return np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)

    hidden = dense(*layer.of_frame.weights, features.numpy()).mean(1)
    expected = layer.head(tf.constant(dense(*layer.of_clip.weights, hidden), tf.float32))
    for found, value in zip(parameters(layer(features)), parameters(expected), strict=True):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)
    for found, value in zip(
        parameters(layer(features[:, ::-1])), parameters(expected), strict=True
    ):
        np.testing.assert_allclose(found, value, rtol=1e-5, atol=1e-6)


def test_normal_likelihood_learns_one_scale_a_channel():
    outputs = inputs_of([(B, T, H, W, C)])[0]
    layer = make("likelihood", "normal")
    layer.build(outputs.shape)
    layer.raw_scale.assign([-1.0, 0.5, 2.0])
    likelihood = layer(outputs)
    scale = 1e-3 + np.log1p(np.exp(np.array([-1.0, 0.5, 2.0]) + np.log(np.e - 1)))
    mean = 1 / (1 + np.exp(-outputs.numpy()))
    x = np.random.default_rng(0).uniform(size=mean.shape)
    expected = -0.5 * ((x - mean) / scale) ** 2 - np.log(scale * np.sqrt(2 * np.pi))
    np.testing.assert_allclose(likelihood.log_prob(x), expected.sum((-1, -2, -3)), rtol=1e-4)


def test_autoregressive_posterior_depends_on_its_past_only():
    layer, (features, f, z) = (
        make("dynamic_posterior", "autoregressive"),
        inputs_of([FEATURES, STATIC, DYNAMIC]),
    )
    layer.build(FEATURES, STATIC)
    q = layer(features, f)
    changed = tf.tensor_scatter_nd_add(z, [[0, 2, 0]], [1.0])
    moved = np.abs(q.conditional(changed).mean() - q.conditional(z).mean()).max(-1)[0] > 1e-7
    assert moved.tolist() == [False, False, False, True, True]


def test_autoregressive_samples_follow_their_conditionals():
    """Standardised by the conditionals along themselves, samples are standard normal."""
    layer = make("dynamic_posterior", "autoregressive")
    features, f = inputs_of([FEATURES, STATIC])
    layer.build(FEATURES, STATIC)
    layer.set_weights([2 * weight for weight in layer.get_weights()])
    q = layer(features, f)
    z = sample(q, (8000,), Noise.of(1), batch_axis=-3)
    assert z.shape == (8000, B, T, Z)
    conditionals = conditional(q, z)
    standard = ((z - conditionals.mean()) / conditionals.stddev()).numpy()
    np.testing.assert_allclose(standard.mean(0), np.zeros((B, T, Z)), atol=0.06)
    np.testing.assert_allclose(standard.std(0), np.ones((B, T, Z)), atol=0.06)
    # A z_t tells of the next one: they depend on each other.
    whole = z.numpy() - z.numpy().mean(0)
    assert np.abs(np.mean(whole[..., :-1, :] * whole[..., 1:, :], 0)).max() > 0.02
    np.testing.assert_allclose(q.conditional(q.mean()).mean(), q.mean(), atol=1e-5)


def test_a_part_of_a_batch_has_the_autoregressive_noise_of_the_whole():
    layer = make("dynamic_posterior", "autoregressive")
    features, f = inputs_of([FEATURES, STATIC])
    layer.build(FEATURES, STATIC)
    whole = sample(layer(features, f), (4,), Noise.of(1), batch_axis=-3)
    noise = Noise.of(1)._replace(start=1, total=B)
    part = sample(layer(features[1:], f[1:]), (4,), noise, batch_axis=-3)
    np.testing.assert_allclose(part, whole[:, 1:], atol=1e-6)
