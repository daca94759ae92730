"""Our Adam against Keras', and Muon against singular value decompositions."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_dsae.layers.recurrent import LSTM
from tf_dsae.training.optimizers import Adam, Muon, orthogonalised


def step(optimizer, variables, scale):
    gradients = [scale * tf.sin(5 * v.value) + 0.1 for v in variables]
    optimizer.apply_gradients(zip(gradients, variables, strict=True))


@pytest.mark.parametrize("compiled", [False, True])
def test_steps_are_those_of_keras(compiled):
    rate = keras.optimizers.schedules.CosineDecay(0.1, 30)
    paths = []
    for optimizer in (Adam(rate, beta_2=0.99), keras.optimizers.Adam(rate, beta_2=0.99)):
        variables = [keras.Variable(np.ones((3, 4), np.float32)), keras.Variable([2.0, -1.0])]
        optimizer.build(variables)
        take = functools.partial(step, optimizer, variables)
        take = tf.function(take) if compiled else take
        for count in range(25):
            take(tf.constant(1.0 + count))
        paths.append([np.array(v) for v in (*variables, *optimizer.variables)])
    for ours, theirs in zip(*paths, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("kind", [Adam, Muon])
def test_survives_serialisation(kind):
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(kind(0.3)))
    assert type(again) is kind and float(again.learning_rate) == np.float32(0.3)


@pytest.mark.parametrize("shape", [(2, 5, 9), (3, 9, 5), (1, 6, 6), (2, 1, 7)])
def test_orthogonalised_is_near_the_orthogonal_factor(shape):
    matrices = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    found = orthogonalised(tf.constant(matrices)).numpy()
    left, _, right = np.linalg.svd(matrices, full_matrices=False)
    within = np.swapaxes(left, 1, 2) @ found @ np.swapaxes(right, 1, 2)
    diagonal = np.diagonal(within, axis1=1, axis2=2)
    assert diagonal.min() > 0.6 and diagonal.max() < 1.3
    rest = within - diagonal[..., None] * np.eye(diagonal.shape[1])
    assert np.abs(rest).max() < 0.05  # The vectors are kept, to bfloat16's precision.


def test_small_singular_values_are_raised_too():
    values = np.geomspace(1.0, 6e-3, 12).astype(np.float32)
    found = orthogonalised(tf.constant(np.diag(values)[None]), "float32")[0]
    after = np.linalg.svd(found, compute_uv=False)
    assert after.min() > 0.67 and after.max() < 1.21
    tiny = orthogonalised(tf.constant(np.diag(np.float32([1, 1, 1e-4]))[None]), "float32")[0]
    assert 0.02 < np.linalg.svd(tiny, compute_uv=False).min() < 0.1


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_kernels_of_other_precisions(dtype):
    layer = keras.layers.Dense(5, dtype=dtype)
    layer.build((None, 11))
    before = np.array(layer.kernel, np.float32)
    optimizer = Muon(0.1)
    optimizer.build(layer.trainable_variables)
    gradient = tf.cast(tf.random.stateless_normal([11, 5], (1, 2)), dtype)
    optimizer.apply_gradients([(gradient, layer.kernel), (tf.ones_like(layer.bias), layer.bias)])
    change = np.array(layer.kernel, np.float32) - before
    expected = -0.1 * 0.2 * 11**0.5 * np.array(orthogonalised(gradient[None])[0])
    np.testing.assert_allclose(change, expected, atol=6e-3 if dtype == "bfloat16" else 1e-6)


def test_only_what_adam_takes_has_a_second_moment():
    layer = keras.layers.Dense(5)
    layer.build((None, 11))
    optimizer = Muon(0.01)
    optimizer.build(layer.trainable_variables)
    shapes = sorted(tuple(variable.shape) for variable in optimizer.variables)
    assert shapes == [(), (), (5,), (5,), (11, 5)]  # Steps, rate; two of the bias; the momentum.


def steps_of_muon(layer, gradients, rate):
    """What one optimiser adds to each variable of a layer in each of two steps."""
    optimizer = Muon(rate)
    optimizer.build(layer.trainable_variables)
    changes = []
    for scale in (1.0, 0.5):
        before = [variable.numpy() for variable in layer.trainable_variables]
        pairs = [
            (tf.constant(scale * g), v)
            for g, v in zip(gradients, layer.trainable_variables, strict=True)
        ]
        optimizer.apply_gradients(pairs)
        changes.append(
            [v.numpy() - b for v, b in zip(layer.trainable_variables, before, strict=True)]
        )
    return changes


def random_gradients(layer):
    rng = np.random.default_rng(1)
    return [rng.normal(size=v.shape).astype(np.float32) for v in layer.trainable_variables]


def expected_change(gradient, step, rate):
    """Of a matrix, by its singular values; momentum 0.95, Nesterov's, halved second gradient."""
    momentum = [gradient, (0.95 + 0.5) * gradient][step]
    ahead = [1.0, 0.5][step] * gradient + 0.95 * momentum
    left, values, right = np.linalg.svd(ahead, full_matrices=False)
    values /= np.linalg.norm(values)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return -rate * 0.2 * max(gradient.shape) ** 0.5 * (left * values) @ right


def assert_close(found, expected):
    """To bfloat16's precision, whose errors grow over the iterations."""
    assert np.linalg.norm(found - expected) < 0.1 * np.linalg.norm(expected)


def test_dense_and_convolution_kernels_are_matrices():
    dense = keras.layers.Dense(5)
    dense.build((None, 11))
    convolution = keras.layers.Conv2D(7, (2, 3))
    convolution.build((None, 8, 8, 4))
    for layer in (dense, convolution):
        gradients = random_gradients(layer)
        for step, (kernel, _) in enumerate(steps_of_muon(layer, gradients, 0.01)):
            matrix = gradients[0].reshape(-1, gradients[0].shape[-1])
            expected = expected_change(matrix, step, 0.01)
            assert_close(kernel.reshape(matrix.shape), expected)


@pytest.mark.parametrize(
    ("layer", "gates"),
    [(LSTM(6), 4), (keras.layers.GRU(8), 3), (keras.layers.SimpleRNN(6), 1)],
)
def test_recurrent_kernels_are_a_matrix_for_each_gate(layer, gates):
    layer.build((None, 3, 5))
    gradients = random_gradients(layer)
    changes = steps_of_muon(layer, gradients, 0.01)
    for step, change in enumerate(changes):
        for place in (0, 1):
            found = np.split(change[place], gates, axis=1)
            parts = np.split(gradients[place], gates, axis=1)
            for mine, gradient in zip(found, parts, strict=True):
                assert_close(mine, expected_change(gradient, step, 0.01))


def test_heads_and_biases_are_left_to_adam():
    head = keras.Sequential([keras.layers.Dense(4, name="inner")], name="head")
    head.build((None, 3))
    gradients = random_gradients(head)
    twin = keras.Sequential([keras.layers.Dense(4)])
    twin.build((None, 3))
    twin.set_weights(head.get_weights())
    changes = steps_of_muon(head, gradients, 0.01)
    adam = keras.optimizers.Adam(0.01)
    adam.build(twin.trainable_variables)
    for scale, change in zip((1.0, 0.5), changes, strict=True):
        before = twin.get_weights()
        adam.apply_gradients(
            [
                (tf.constant(scale * g), v)
                for g, v in zip(gradients, twin.trainable_variables, strict=True)
            ]
        )
        for found, after, start in zip(change, twin.get_weights(), before, strict=True):
            np.testing.assert_allclose(found, after - start, rtol=1e-3, atol=1e-6)
