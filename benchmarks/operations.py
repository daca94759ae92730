"""Counts the floating-point operations of a training step from the shapes of its layers."""

import math

from tf_dsae.model import DSAE


def forward_operations(model: DSAE) -> int:
    """Floating-point operations of one frame's matrix products and convolutions, forward."""
    config, total = model.config, 0
    shape = (None, *config.frame_shape)
    for convolution in model.frame_encoder.convolutions:
        shape = convolution.compute_output_shape(shape)
        total += 2 * math.prod(convolution.kernel.shape) * shape[1] * shape[2]
    geometry = config.decoder_geometry()
    shape = (None, *geometry.grid, config.decoder_channels[0])
    for convolution in model.decoder.convolutions:
        total += 2 * math.prod(convolution.kernel.shape) * shape[1] * shape[2]
        shape = convolution.compute_output_shape(shape)
    dense = [
        weight
        for layer in (model.static_encoder, model.dynamic_encoder, model.dynamic_prior)
        for weight in layer.weights
        if len(weight.shape) == 2 and "static_encoder/head" not in weight.path
    ]
    return total + sum(
        2 * math.prod(weight.shape) for weight in [*dense, model.decoder.dense.kernel]
    )


def step_operations(model: DSAE, videos: int, frames: int) -> int:
    """Of a training step: the backward pass costs twice the forward pass, but for the input."""
    first = model.frame_encoder.convolutions[0]
    shape = first.compute_output_shape((None, *model.config.frame_shape))
    input_gradient = 2 * math.prod(first.kernel.shape) * shape[1] * shape[2]
    head = 6 * math.prod(model.static_encoder.head.dense.kernel.shape) * videos
    return head + (3 * forward_operations(model) - input_gradient) * videos * frames
