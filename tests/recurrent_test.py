"""Our LSTM against Keras' and against automatic differentiation."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_dsae.layers.recurrent import LSTM

B, T, D, U = 3, 5, 4, 7


def gradients(layer, inputs, weights):
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        total = tf.reduce_sum(layer(inputs) * weights)
    return tape.gradient(total, [inputs, *layer.trainable_variables])


@pytest.mark.parametrize("compiled", [False, True])
def test_values_and_gradients_are_those_of_keras(compiled):
    inputs = tf.random.stateless_normal([B, T, D], (0, 1))
    weights = tf.random.stateless_normal([B, T, U], (0, 2))
    ours, theirs = LSTM(U), keras.layers.LSTM(U, return_sequences=True)
    ours.build(inputs.shape)
    theirs.build(inputs.shape)
    theirs.set_weights([w + 0.1 for w in ours.get_weights()])
    ours.set_weights(theirs.get_weights())
    np.testing.assert_allclose(ours(inputs), theirs(inputs), atol=1e-6)
    take = tf.function(gradients) if compiled else gradients
    for mine, reference in zip(
        take(ours, inputs, weights), gradients(theirs, inputs, weights), strict=True
    ):
        np.testing.assert_allclose(mine, reference, atol=1e-5)


@pytest.mark.parametrize("frames", [1, T])
def test_mixed_precision_is_near_float32(frames):
    inputs = tf.random.stateless_normal([B, frames, D], (0, 1))
    weights = tf.random.stateless_normal([B, frames, U], (0, 2))
    exact, mixed = LSTM(U), LSTM(U, dtype="mixed_bfloat16")
    exact.build(inputs.shape)
    mixed.build(inputs.shape)
    mixed.set_weights(exact.get_weights())
    assert mixed(inputs).dtype == tf.bfloat16
    ours = gradients(mixed, inputs, tf.cast(weights, tf.bfloat16))
    for mine, reference in zip(ours, gradients(exact, inputs, weights), strict=True):
        assert mine.dtype == tf.float32
        np.testing.assert_allclose(mine, reference, atol=0.05 * np.abs(reference).max() + 1e-6)


def test_steps_one_by_one_are_the_sequence():
    inputs = tf.random.stateless_normal([B, T, D], (3, 1))
    layer = LSTM(U)
    whole, state = layer(inputs), layer.initial_state(B)
    for frame in range(T):
        state = layer.step(inputs[:, frame], state)
        np.testing.assert_allclose(state[0], whole[:, frame], atol=1e-6)


def test_a_frame_does_not_see_later_frames():
    layer = LSTM(U)
    inputs = tf.random.stateless_normal([B, T, D], (4, 1))
    np.testing.assert_allclose(layer(inputs)[:, :2], layer(inputs[:, :2]), atol=1e-6)
