"""Counts the floating-point operations of a training step from the shapes of its layers."""

import math
from typing import NamedTuple

import keras

from tf_dsae.models.dsae import DSAE
from tf_dsae.training.optimizers import Muon


class Forward(NamedTuple):
    """Operations of matrix products and convolutions, forward.

    Of a frame in the convolutions of the encoders, in what q(f | x) makes of it, in q(z_t | .) and
    p(z_t | .), and in the decoder; of a whole clip in what q(f | x) makes of all frames.
    """

    frame_encoder: int
    static_encoder: int
    dynamics: int
    decoder: int
    clip: int


def _products(layer: keras.layers.Layer) -> dict[str, int]:
    return {w.path: 2 * math.prod(w.shape) for w in layer.weights if len(w.shape) == 2}


def forward_operations(model: DSAE) -> Forward:
    """Of one frame and one clip."""
    config = model.config
    encoder, decoder = 0, 2 * math.prod(model.decoder.dense.kernel.shape)
    shape = (None, *config.frame_shape)
    for convolution in model.frame_encoder.convolutions:
        shape = convolution.compute_output_shape(shape)
        encoder += 2 * math.prod(convolution.kernel.shape) * shape[1] * shape[2]
    shape = (None, *config.decoder_geometry().grid, config.decoder_channels[0])
    for convolution in model.decoder.convolutions:
        decoder += 2 * math.prod(convolution.kernel.shape) * shape[1] * shape[2]
        shape = convolution.compute_output_shape(shape)
    static = _products(model.static_encoder)
    of_clip = {path for path in static if "/head/" in path or "/of_clip/" in path}
    dynamics = [_products(layer) for layer in (model.dynamic_encoder, model.dynamic_prior)]
    return Forward(
        encoder,
        sum(count for path, count in static.items() if path not in of_clip),
        sum(sum(counts.values()) for counts in dynamics),
        decoder,
        sum(static[path] for path in of_clip),
    )


def step_operations(model: DSAE, videos: int, frames: int) -> int:
    """Of a training step, through the model's views, its optimiser's products included.

    The backward pass costs twice the forward pass, but for the gradient of the picture.
    """
    views, of = model.views, forward_operations(model)
    static_frames = min(views.static_frames or frames, frames)
    decoded = min(views.likelihood_frames or frames, frames)
    encoded = frames + static_frames if views.colour_mixing or views.random_erasing else frames
    first = model.frame_encoder.convolutions[0]
    shape = first.compute_output_shape((None, *model.config.frame_shape))
    input_gradient = 2 * math.prod(first.kernel.shape) * shape[1] * shape[2]
    per_video = (3 * of.frame_encoder - input_gradient) * encoded + 3 * (
        of.static_encoder * static_frames + of.dynamics * frames + of.decoder * decoded + of.clip
    )
    optimizer = model.optimizer if model.compiled else None
    return per_video * videos + (muon_operations(optimizer) if isinstance(optimizer, Muon) else 0)


def muon_operations(optimizer: Muon) -> int:
    """Of the five iterations, each X X', its square, and their product with X."""
    total = 0
    for momentum, gates in zip(optimizer._momentums, optimizer._gates, strict=True):
        if gates:
            sides = math.prod(momentum.shape[:-1]), momentum.shape[-1] // gates
            small, large = sorted(sides)
            total += 5 * gates * (4 * small**2 * large + 2 * small**3)
    return total
