"""Initial weights from a seed."""

import keras
import numpy as np

from tf_dsae.layers.sublayers import flatten_layers


def seed_initializers(model: keras.Model, seed: int) -> None:
    """Makes every random initial weight of a model not yet built a function of (seed, place)."""
    place = 0
    for layer in flatten_layers(model):
        for name in ("kernel_initializer", "recurrent_initializer"):
            initializer = getattr(layer, name, None)
            if initializer is not None:
                state = np.random.SeedSequence([seed, place]).generate_state(1)
                initializer.seed = int(state[0]) >> 1
                place += 1
