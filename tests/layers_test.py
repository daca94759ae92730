"""One contract for every layer, and what each of them promises beside it."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import B, C, F, H, T, W, Z
from tf_dsae.layers.decoders import Decoder
from tf_dsae.layers.dynamic_priors import DynamicPrior
from tf_dsae.layers.encoders import (
    FactorisedDynamicEncoder,
    FrameEncoder,
    FullDynamicEncoder,
    MeanStaticEncoder,
    StaticEncoder,
)

D, S = 9, 2  # Features of a frame; samples of the posterior.
FEATURES, STATIC, DYNAMIC = (B, T, D), (B, F), (B, T, Z)

# name -> (layer, shapes of its inputs, batch shape, event shape)
LAYERS = {
    "frame_encoder": (
        FrameEncoder((6, 8), (4, 3), (2, 2), "valid", "elu"),
        [(B, T, H, W, C)],
        (B, T),
        (4 * 5 * 8,),
    ),
    "static_lstm": (StaticEncoder(F, "lstm", 11), [FEATURES], (B,), (F,)),
    "static_gru": (StaticEncoder(F, "gru", 11), [FEATURES], (B,), (F,)),
    "static_bidirectional": (StaticEncoder(F, "bidirectional_lstm", 11), [FEATURES], (B,), (F,)),
    "static_mean": (MeanStaticEncoder(F, 11, "elu"), [FEATURES], (B,), (F,)),
    "factorised": (FactorisedDynamicEncoder(Z, 13, "elu"), [FEATURES], (B, T), (Z,)),
    "full": (FullDynamicEncoder(Z, 13), [FEATURES, (S, B, F)], (S, B, T), (Z,)),
    "prior_learned": (DynamicPrior(Z, 10, "learned"), [(S, *DYNAMIC)], (S, B, T), (Z,)),
    "prior_standard": (DynamicPrior(Z, 10, "standard_normal"), [DYNAMIC], (B, T), (Z,)),
    "decoder": (
        Decoder((9, 6), C, (4, 5), ((4, 4), (4, 8)), (2, 2), "valid", "elu"),
        [(S, B, F), (S, *DYNAMIC)],
        (S, B, T),
        (22, 30, C),
    ),
}


def clone(layer, dtype=None):
    config = layer.get_config()
    if dtype:
        config["dtype"] = dtype
    return type(layer).from_config(config)


def parameters(output):
    if isinstance(output, tf.Tensor):
        return [output]
    return [output.mean(), output.stddev()]


def inputs_of(shapes):
    return [tf.random.stateless_uniform(shape, (7, k)) for k, shape in enumerate(shapes)]


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_contract(name, dtype):
    template, shapes, batch, event = LAYERS[name]
    layer, inputs = clone(template, dtype), inputs_of(shapes)
    layer.build(*shapes)
    weights = len(layer.weights)
    output = layer(*inputs)
    assert len(layer.weights) == weights, "build makes every weight"
    if name == "frame_encoder":
        assert output.shape == (*batch, *event)
    else:
        assert tuple(output.batch_shape) == batch and tuple(output.event_shape) == event
        assert all(p.dtype == tf.float32 for p in parameters(output))
    assert all(np.isfinite(p).all() for p in parameters(output))

    again = clone(layer)
    assert again.get_config() == layer.get_config()
    again.build(*shapes)
    again.set_weights(layer.get_weights())
    for mine, other in zip(parameters(output), parameters(again(*inputs)), strict=True):
        np.testing.assert_array_equal(mine, other)

    signature = [tf.TensorSpec([None] * (len(s) - 1) + [s[-1]]) for s in shapes]
    if name == "frame_encoder":
        signature = [tf.TensorSpec([None, None, H, W, C])]
    graph = tf.function(lambda *x: parameters(layer(*x)), input_signature=signature)
    atol = 1e-5 if dtype == "float32" else 0.03
    for mine, other in zip(parameters(output), graph(*inputs), strict=True):
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
    layer, (frames,) = clone(LAYERS["frame_encoder"][0]), inputs_of([(B, T, H, W, C)])
    np.testing.assert_allclose(layer(frames)[:, 2:3], layer(frames[:, 2:3]), atol=1e-5)


@pytest.mark.parametrize("name", ["static_lstm", "static_gru", "static_bidirectional"])
def test_static_encoder_reads_the_whole_clip(name):
    layer, (features,) = clone(LAYERS[name][0]), inputs_of([FEATURES])
    for frame in range(T):
        changed = tf.tensor_scatter_nd_add(features, [[0, frame, 0]], [1.0])
        moved = np.abs(layer(changed).mean() - layer(features).mean()).max(-1)
        assert moved[0] > 1e-6 and np.all(moved[1:] < 1e-6)


def test_bidirectional_ends_are_those_of_keras():
    layer, (features,) = clone(LAYERS["static_bidirectional"][0]), inputs_of([FEATURES])
    layer(features)
    last = keras.layers.Bidirectional(keras.layers.LSTM(11))
    last.build(features.shape)
    last.set_weights(layer.recurrent.get_weights())
    np.testing.assert_allclose(layer(features).mean(), layer.head(last(features)).mean(), atol=1e-6)


def test_factorised_posterior_sees_its_frame_only_and_the_full_one_all():
    features, static = inputs_of([FEATURES, (B, F)])
    changed = tf.tensor_scatter_nd_add(features, [[0, 1, 0]], [1.0])
    factorised, full = clone(LAYERS["factorised"][0]), clone(LAYERS["full"][0])
    moved = np.abs(factorised(changed).mean() - factorised(features).mean()).max(-1) > 1e-6
    assert moved[0].tolist() == [False, True, False, False, False] and not moved[1:].any()
    moved = np.abs(full(changed, static).mean() - full(features, static).mean()).max(-1) > 1e-8
    assert moved[0].all() and not moved[1:].any()
    moved = np.abs(full(features, static + 1).mean() - full(features, static).mean()).max(-1)
    assert np.all(moved > 1e-6)


@pytest.mark.parametrize("initial", ["learned", "standard_normal"])
def test_prior_conditioning_is_a_hand_rolled_loop_of_its_step(initial):
    prior, (z,) = DynamicPrior(Z, 10, initial), inputs_of([DYNAMIC])
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
    prior, (z,) = DynamicPrior(Z, 10, "learned"), inputs_of([DYNAMIC])
    changed = tf.tensor_scatter_nd_add(z, [[0, 2, 0]], [1.0])
    moved = np.abs(prior(changed).mean() - prior(z).mean()).max(-1)[0] > 1e-7
    assert moved.tolist() == [False, False, False, True, True]


def test_rolling_out_samples_what_conditioning_scores():
    """Samples must follow the very distributions that `call` gives when conditioned on them."""
    prior = DynamicPrior(Z, 10, "learned")
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


def test_decoder_is_a_unit_variance_gaussian_in_the_unit_range():
    template, shapes, *_ = LAYERS["decoder"]
    layer, inputs = clone(template), inputs_of(shapes)
    likelihood = layer(*inputs)
    mean = likelihood.mean().numpy()
    assert 0 < mean.min() and mean.max() < 1
    np.testing.assert_array_equal(likelihood.stddev(), np.ones(mean.shape))
    video = np.random.default_rng(0).uniform(size=mean.shape).astype(np.float32)
    expected = -0.5 * ((video - mean) ** 2 + np.log(2 * np.pi)).sum((-1, -2, -3))
    np.testing.assert_allclose(likelihood.log_prob(video), expected, rtol=1e-5)


def test_mean_static_encoder_is_two_dense_layers_around_a_mean():
    layer, features = clone(LAYERS["static_mean"][0]), tf.random.stateless_normal(FEATURES, (3, 1))
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
