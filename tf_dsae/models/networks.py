"""The layers of a model from its configuration, and their initial weights from a seed."""

from typing import Any

import keras
import numpy as np

from tf_dsae.layers.decoders import Decoder
from tf_dsae.layers.dynamic_priors import DynamicPrior
from tf_dsae.layers.encoders import (
    FactorisedDynamicEncoder,
    FrameEncoder,
    FullDynamicEncoder,
    MeanStaticEncoder,
    StaticEncoder,
)
from tf_dsae.models.config import ModelConfig


def frame_encoder(config: ModelConfig, dtype: Any) -> FrameEncoder:
    """The convolutions that both encoders share."""
    return FrameEncoder(
        config.encoder_channels,
        config.encoder_kernel_sizes,
        config.encoder_strides,
        config.encoder_padding,
        config.activation,
        dtype=dtype,
        name="frame_encoder",
    )


def static_encoder(config: ModelConfig, dtype: Any) -> StaticEncoder | MeanStaticEncoder:
    """q(f | x)."""
    size, rnn, rnn_size = config.static_size, config.static_rnn, config.static_rnn_size
    name = "static_encoder"
    if rnn == "mean":
        return MeanStaticEncoder(size, rnn_size, config.activation, dtype=dtype, name=name)
    return StaticEncoder(size, rnn, rnn_size, dtype=dtype, name=name)


def dynamic_encoder(
    config: ModelConfig, dtype: Any
) -> FactorisedDynamicEncoder | FullDynamicEncoder:
    """q(z | .), the factorised or the full posterior."""
    size, hidden, name = config.dynamic_size, config.dynamic_hidden_size, "dynamic_encoder"
    if config.posterior == "full":
        return FullDynamicEncoder(size, hidden, dtype=dtype, name=name)
    return FactorisedDynamicEncoder(size, hidden, config.activation, dtype=dtype, name=name)


def dynamic_prior(config: ModelConfig, dtype: Any) -> DynamicPrior:
    """p(z)."""
    size, units, initial = config.dynamic_size, config.prior_size, config.initial_prior
    return DynamicPrior(size, units, initial, dtype=dtype, name="dynamic_prior")


def decoder(config: ModelConfig, dtype: Any) -> Decoder:
    """p(x_t | z_t, f)."""
    geometry = config.decoder_geometry()
    return Decoder(
        config.decoder_channels,
        config.frame_shape[2],
        geometry.grid,
        geometry.kernel_sizes,
        config.decoder_strides or config.encoder_strides[::-1],
        "same" if config.decoder_strides else "valid",
        config.activation,
        dtype=dtype,
        name="decoder",
    )


def seed_initializers(model: keras.Model, seed: int) -> None:
    """Makes every random initial weight of a model not yet built a function of (seed, place)."""
    place = 0
    for layer in model._flatten_layers():
        for name in ("kernel_initializer", "recurrent_initializer"):
            initializer = getattr(layer, name, None)
            if initializer is not None:
                state = np.random.SeedSequence([seed, place]).generate_state(1)
                initializer.seed = int(state[0]) >> 1
                place += 1
