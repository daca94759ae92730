"""Our Adam against Keras'."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_dsae.optimizer import Adam


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


def test_survives_serialisation():
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(Adam(0.3)))
    assert isinstance(again, Adam) and float(again.learning_rate) == np.float32(0.3)
