"""Muon against NumPy, against Keras' Muon and Adam, and what it leaves to Adam."""

import dataclasses
import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import small_config
from tf_dsae.layers.recurrent import LSTM
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.training.building import build_model, make_optimizer
from tf_dsae.training.optimizers import Muon

MOMENTUM, RATE = 0.95, 0.01
SCALES = (1.0, 0.5)  # Of the gradients of two steps.


def built(layer, *shape):
    layer.build((None, *shape))
    return layer


def random_gradients(variables):
    rng = np.random.default_rng(1)
    return [rng.normal(size=v.shape).astype(np.float32) for v in variables]


def changes_of(optimizer, variables, gradients):
    """What an optimiser adds to each variable in each of two steps."""
    optimizer.build(variables)
    changes = []
    for scale in SCALES:
        before = [variable.numpy() for variable in variables]
        scaled = [tf.constant(scale * gradient) for gradient in gradients]
        optimizer.apply_gradients(zip(scaled, variables, strict=True))
        changes.append([v.numpy() - b for v, b in zip(variables, before, strict=True)])
    return changes


def take_step(optimizer, variables, scale):
    gradients = [scale * tf.sin(5 * v.value) + 0.1 for v in variables]
    optimizer.apply_gradients(zip(gradients, variables, strict=True))


def nesterov(gradient, step):
    """Momentum and gradient of a step, the second gradient half of the first."""
    momentum = [gradient, (MOMENTUM + 0.5) * gradient][step]
    return SCALES[step] * gradient + MOMENTUM * momentum


def expected_change(gradient, step):
    """Of a matrix, by its singular values."""
    left, values, right = np.linalg.svd(nesterov(gradient, step), full_matrices=False)
    values /= np.linalg.norm(values)
    for _ in range(5):
        values = 3.4445 * values - 4.7750 * values**3 + 2.0315 * values**5
    return -RATE * 0.2 * max(gradient.shape) ** 0.5 * (left * values) @ right


def iterate(matrix):
    """Newton and Schulz' iterations as version 0.1 ordered them, in NumPy's float32."""
    wide = matrix.T if matrix.shape[0] > matrix.shape[1] else matrix
    wide = wide / (np.linalg.norm(wide) + 1e-7)
    for _ in range(5):
        square = wide @ wide.T
        wide = 3.4445 * wide + (-4.7750 * square + 2.0315 * square @ square) @ wide
    return wide.T if matrix.shape[0] > matrix.shape[1] else wide


def assert_near(actual, expected):
    """To bfloat16's precision, whose errors grow over the iterations."""
    assert np.linalg.norm(actual - expected) < 0.1 * np.linalg.norm(expected)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_dense_kernel_moves_as_by_keras(compiled):
    layer, twin = built(keras.layers.Dense(5), 11), built(keras.layers.Dense(5), 11)
    twin.set_weights(layer.get_weights())
    rate = keras.optimizers.schedules.CosineDecay(0.1, 30)
    for optimizer, each in (
        (Muon(rate, product_dtype="float32"), layer),
        (keras.optimizers.Muon(rate, weight_decay=None, adam_weight_decay=None), twin),
    ):
        optimizer.build(each.trainable_variables)
        take = functools.partial(take_step, optimizer, each.trainable_variables)
        take = tf.function(take) if compiled else take
        for count in range(6):
            take(tf.constant(1.0 + count))
    for ours, theirs in zip(layer.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)


def test_the_update_is_that_of_version_0_1():
    layers = [
        built(keras.layers.Dense(5), 11),
        built(keras.layers.Conv2D(7, (2, 3)), 8, 8, 4),
        built(LSTM(6), 3, 5),
    ]
    for layer in layers:
        variables = layer.trainable_variables
        gradients = random_gradients(variables)
        optimizer = Muon(RATE, product_dtype="float32")
        for step, changes in enumerate(changes_of(optimizer, variables, gradients)):
            for variable, gradient, change in zip(variables, gradients, changes, strict=True):
                if variable.name == "bias":
                    continue
                parts = 4 if isinstance(layer, LSTM) else 1
                matrix = gradient.reshape(-1, gradient.shape[-1])
                for column, mine in zip(
                    np.split(matrix, parts, 1),
                    np.split(change.reshape(matrix.shape), parts, 1),
                    strict=True,
                ):
                    size = RATE * 0.2 * max(column.shape) ** 0.5
                    expected = -size * iterate(nesterov(column, step))
                    np.testing.assert_allclose(mine, expected, atol=1e-5 * size + 1e-7)


def test_the_state_is_that_of_version_0_1():
    """Checkpoints hold `optimizer.variables` in their order."""
    layer = built(keras.Sequential([keras.layers.Dense(5, name="first")]), 11)
    layer.add(keras.layers.Dense(3, name="head"))
    optimizer = Muon(RATE, exclude_layers=["(^|/)head/"])
    optimizer.build(layer.trainable_variables)
    assert [tuple(v.shape) for v in optimizer.variables] == [
        *[(), ()],  # Steps and the learning rate.
        *[(11, 5), (5,), (5, 3), (3,)],  # A momentum for each.
        *[(5,), (5, 3), (3,)],  # Second moments of what Adam takes.
    ]
    assert [v.path.rpartition("_")[2] for v in optimizer.variables[2:]] == (
        ["momentum"] * 4 + ["velocity"] * 3
    )


def test_runs_have_the_state_of_version_0_1():
    for name, per_variable in (("adam", 2), ("muon", 1)):
        training = dataclasses.replace(TrainingConfig(), optimizer=name)
        model = build_model(small_config(), training, total_steps=10)
        variables = model.trainable_variables
        if name == "muon":
            left = [v for v in variables if v.path.endswith("bias") or "/head/" in v.path]
            shapes = [v.shape for v in (*variables, *left)]
        else:
            shapes = [v.shape for v in variables for _ in range(per_variable)]
        assert [v.shape for v in model.optimizer.variables] == [(), *shapes]


def test_survives_serialisation():
    optimizer = Muon(
        0.3, exclude_layers=["out"], product_dtype="float32", ns_steps=4, weight_decay=0.1
    )
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(optimizer))
    assert type(again) is Muon and float(again.learning_rate) == np.float32(0.3)
    assert again.get_config() == optimizer.get_config()
    assert (again.exclude_layers, again.product_dtype) == (["out"], "float32")
    assert (again.ns_steps, again.weight_decay, again.adam_weight_decay) == (4, 0.1, None)


def test_nothing_is_ignored():
    with pytest.raises(ValueError, match="amsgrad"):
        Muon(amsgrad=True)


def orthogonalise(matrices, product_dtype="bfloat16"):
    optimizer = Muon(product_dtype=product_dtype)
    return optimizer.zeropower_via_newtonschulz5(tf.constant(matrices), optimizer.ns_steps).numpy()


@pytest.mark.parametrize("shape", [(2, 5, 9), (3, 9, 5), (1, 6, 6), (2, 1, 7)])
def test_iterations_are_near_the_orthogonal_factor(shape):
    matrices = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    left, _, right = np.linalg.svd(matrices, full_matrices=False)
    within = np.swapaxes(left, 1, 2) @ orthogonalise(matrices) @ np.swapaxes(right, 1, 2)
    diagonal = np.diagonal(within, axis1=1, axis2=2)
    assert diagonal.min() > 0.6 and diagonal.max() < 1.3
    rest = within - diagonal[..., None] * np.eye(diagonal.shape[1])
    assert np.abs(rest).max() < 0.05  # The vectors stay, to bfloat16's precision.


def test_small_singular_values_are_raised_too():
    values = np.geomspace(1.0, 6e-3, 12).astype(np.float32)
    after = np.linalg.svd(orthogonalise(np.diag(values)[None], "float32")[0], compute_uv=False)
    assert after.min() > 0.67 and after.max() < 1.21
    tiny = orthogonalise(np.diag(np.float32([1, 1, 1e-4]))[None], "float32")[0]
    assert 0.02 < np.linalg.svd(tiny, compute_uv=False).min() < 0.1


@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_kernels_of_other_precisions(dtype):
    layer = built(keras.layers.Dense(5, dtype=dtype), 11)
    before = np.array(layer.kernel, np.float32)
    optimizer = Muon(0.1)
    optimizer.build(layer.trainable_variables)
    gradient = tf.cast(tf.random.stateless_normal([11, 5], (1, 2)), dtype)
    optimizer.apply_gradients([(gradient, layer.kernel), (tf.ones_like(layer.bias), layer.bias)])
    change = np.array(layer.kernel, np.float32) - before
    expected = -0.1 * 0.2 * 11**0.5 * orthogonalise(np.array(gradient, np.float32)[None])[0]
    np.testing.assert_allclose(change, expected, atol=6e-3 if dtype == "bfloat16" else 1e-6)


def test_dense_and_convolution_kernels_are_matrices():
    for layer in (
        built(keras.layers.Dense(5), 11),
        built(keras.layers.Conv2D(7, (2, 3)), 8, 8, 4),
    ):
        gradients = random_gradients(layer.trainable_variables)
        changes = changes_of(Muon(RATE), layer.trainable_variables, gradients)
        for step, (kernel, _) in enumerate(changes):
            matrix = gradients[0].reshape(-1, gradients[0].shape[-1])
            assert_near(kernel.reshape(matrix.shape), expected_change(matrix, step))


@pytest.mark.parametrize(
    ("layer", "gates"),
    [(LSTM(6), 4), (keras.layers.GRU(8), 3), (keras.layers.SimpleRNN(6), 1)],
)
def test_recurrent_kernels_are_a_matrix_for_each_gate(layer, gates):
    gradients = random_gradients(built(layer, 3, 5).trainable_variables)
    changes = changes_of(Muon(RATE), layer.trainable_variables, gradients)
    for step, change in enumerate(changes):
        for place in (0, 1):
            for mine, gradient in zip(
                np.split(change[place], gates, axis=1),
                np.split(gradients[place], gates, axis=1),
                strict=True,
            ):
                assert_near(mine, expected_change(gradient, step))


@pytest.mark.parametrize(
    ("layer", "shape", "options"),
    [
        (keras.layers.Dense(4, name="output_dense"), (3,), {"exclude_layers": ["output_dense"]}),
        (keras.layers.Conv1D(4, 2, name="out"), (5, 3), {"exclude_layers": ["(^|/)out/"]}),
        (keras.layers.Embedding(6, 3), (), {}),
        (keras.layers.LayerNormalization(), (3,), {}),
    ],
)
def test_what_is_named_embeddings_and_vectors_are_adams(layer, shape, options):
    variables = built(layer, *shape).trainable_variables
    gradients = random_gradients(variables)
    start = [variable.numpy() for variable in variables]
    ours = changes_of(Muon(RATE, **options), variables, gradients)
    for variable, value in zip(variables, start, strict=True):
        variable.assign(value)
    theirs = changes_of(keras.optimizers.Adam(RATE), variables, gradients)
    for mine, reference in zip(ours, theirs, strict=True):
        for change, expected in zip(mine, reference, strict=True):
            np.testing.assert_allclose(change, expected, rtol=1e-3, atol=1e-6)


def test_no_name_of_a_layer_is_special():
    """An output layer that nobody excludes is a matrix as any other, as Keras documents."""
    head = built(keras.layers.Dense(5, name="head"), 11)
    gradients = random_gradients(head.trainable_variables)
    changes = changes_of(Muon(RATE), head.trainable_variables, gradients)
    assert_near(changes[0][0], expected_change(gradients[0], 0))


def test_a_run_leaves_all_heads_to_adam_and_nothing_else():
    training = dataclasses.replace(TrainingConfig(), optimizer="muon")
    model = build_model(small_config(), training, total_steps=10)
    for variable, velocity in zip(
        model.trainable_variables, model.optimizer.adam_velocities, strict=True
    ):
        is_adams = variable.path.endswith(("bias", "raw_scale")) or "/head/" in variable.path
        assert (velocity is not None) == is_adams, variable.path
    assert type(make_optimizer(TrainingConfig(), 10)) is keras.optimizers.Adam


def test_keras_has_what_muon_overrides():
    """Keras 3.15.1 asks the private `_should_use_adamw`; a version without it needs another way."""
    asked = []

    class Asks(keras.optimizers.Muon):
        def _should_use_adamw(self, variable):
            asked.append(variable.path)
            return super()._should_use_adamw(variable)

    layer = built(keras.layers.Dense(5, name="layer"), 11)
    optimizer = Asks(0.1)
    optimizer.build(layer.trainable_variables)
    assert asked == ["layer/kernel", "layer/bias"], keras.__version__
    assert [optimizer._get_variable_index(v) for v in layer.trainable_variables] == [0, 1]
    assert hasattr(Muon, "zeropower_via_newtonschulz5"), keras.__version__
