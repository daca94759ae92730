"""Every layer inside a layer, by what Keras makes public."""

from collections import deque
from collections.abc import Iterator
from typing import Any

import keras


def flatten_layers(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """A layer and all layers inside it, each once: those in its attributes, lists and dictionaries.

    The order is that of Keras' own walk, on which initial weights depend: depth first, children of
    the outermost as they were set, further down the last one first.

    Example:
      >>> [layer.name for layer in flatten_layers(keras.layers.LSTM(4, name="memory"))]
      ['memory', 'lstm_cell']
    """
    seen, queue = {id(layer)}, deque(_layers_in(list(vars(layer).values())))
    yield layer
    while queue:
        child = queue.popleft()
        if id(child) not in seen:
            seen.add(id(child))
            yield child
            queue.extendleft(dict.fromkeys(_layers_in(list(vars(child).values()))))


def _layers_in(value: Any) -> Iterator[keras.layers.Layer]:
    """The layers among nested lists and dictionaries, in order."""
    if isinstance(value, keras.layers.Layer):
        yield value
    elif isinstance(value, (list, tuple, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _layers_in(item)
