"""Our walk through layers against Keras' private one."""

import keras
import pytest

from tests.conftest import small_config
from tf_dsae.layers.sublayers import flatten_layers
from tf_dsae.models.dsae import DSAE


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"static_posterior": "mean"},
        {"static_posterior": "gru"},
        {"static_posterior": "bidirectional_lstm"},
        {"dynamic_posterior": "full"},
    ],
)
def test_the_order_is_that_of_keras_3_15_1(changes):
    """`seed_initializers` numbers initial weights in this order, so that a seed gives the same."""
    model = DSAE(small_config(**changes), seed=0)
    assert list(flatten_layers(model)) == model._flatten_layers(), keras.__version__


def test_layers_in_containers_and_twice():
    class Holder(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.first = keras.layers.Dense(3)
            self._parts = {"a": [keras.layers.Dense(4)], "b": (self.first,)}

    holder = Holder()
    layers = list(flatten_layers(keras.Sequential([holder, keras.layers.Dense(5)])))
    assert [layer.units for layer in layers if isinstance(layer, keras.layers.Dense)] == [4, 3, 5]
