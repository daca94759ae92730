"""Sizes of feature maps: which frames a stack of strided convolutions can take and give back.

And of layers: how many weights they have, told before any memory is taken.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from tf_dsae.core.errors import UserError

Size = tuple[int, int]


class UpsamplingGeometry(NamedTuple):
    """Where a decoder starts (height, width) and each transposed convolution's kernel sizes."""

    grid: Size
    kernel_sizes: tuple[Size, ...]


def _level_size(size: int, kernel: int, stride: int, padding: str) -> int:
    if padding == "same":
        return size // stride if size % stride == 0 else 0
    return (size - kernel) // stride + 1 if size >= kernel else 0


def encoder_sizes(
    frame: Size, kernel_sizes: tuple[int, ...], strides: tuple[int, ...], padding: str
) -> tuple[Size, ...]:
    """(height, width) of the frame and of every feature map after it.

    Raises:
      UserError: where a side is too short, or with padding "same" no multiple of the stride.
    """
    height, width = frame
    sizes = [(height, width)]
    for kernel, stride in zip(kernel_sizes, strides, strict=True):
        height, width = (_level_size(side, kernel, stride, padding) for side in sizes[-1])
        if min(height, width) < 1:
            raise UserError(_size_message(frame, kernel_sizes, strides, padding))
        sizes.append((height, width))
    return tuple(sizes)


def _size_message(
    frame: Size, kernel_sizes: tuple[int, ...], strides: tuple[int, ...], padding: str
) -> str:
    total = 1
    for stride in strides:
        total *= stride
    if padding == "same":
        need = f"sides that are multiples of {total}"
    else:
        smallest = 1
        for kernel, stride in zip(reversed(kernel_sizes), reversed(strides), strict=True):
            smallest = (smallest - 1) * stride + kernel
        need = f"sides of at least {smallest} pixels"
    return (
        f"frame size: expected {need} for convolutions with strides {tuple(strides)}, "
        f"received {frame[0]} x {frame[1]}; resize or pad the videos, or choose another preset"
    )


def mirrored_geometry(sizes: tuple[Size, ...], strides: tuple[int, ...]) -> UpsamplingGeometry:
    """Transposed convolutions without padding that walk `sizes` back to the frame, exactly.

    A transposed convolution of stride s turns m pixels into (m - 1) s + kernel; the kernel that
    gives the n pixels of the level above is n - (m - 1) s. For 64 pixels, four convolutions of
    kernel 4 and stride 2, these are the kernels 4, 4, 5, 4 of the 2019 paper.
    """
    kernels = []
    for level in range(len(strides), 0, -1):
        stride = strides[level - 1]
        below, above = sizes[level], sizes[level - 1]
        height, width = (n - (m - 1) * stride for n, m in zip(above, below, strict=True))
        kernels.append((height, width))
    return UpsamplingGeometry(sizes[-1], tuple(kernels))


def padded_geometry(
    frame: Size, kernel_sizes: tuple[int, ...], strides: tuple[int, ...]
) -> UpsamplingGeometry:
    """Transposed convolutions with padding "same" that end at the frame.

    Raises:
      UserError: where a side is no multiple of the product of the strides.
    """
    sizes = encoder_sizes(frame, kernel_sizes[::-1], strides[::-1], "same")
    return UpsamplingGeometry(sizes[-1], tuple((kernel, kernel) for kernel in kernel_sizes))


def upsampled_sizes(
    geometry: UpsamplingGeometry, strides: tuple[int, ...], padding: str
) -> tuple[Size, ...]:
    """(height, width) of where a decoder starts and after each of its transposed convolutions."""
    sizes = [geometry.grid]
    for (tall, wide), stride in zip(geometry.kernel_sizes, strides, strict=True):
        height, width = sizes[-1]
        if padding == "same":
            sizes.append((height * stride, width * stride))
        else:
            sizes.append(((height - 1) * stride + tall, (width - 1) * stride + wide))
    return tuple(sizes)


# --- Weights of layers, biases included.


def dense_weights(inputs: int, units: int) -> int:
    """Of a dense layer."""
    return (inputs + 1) * units


def convolution_weights(channels: Sequence[int], kernel_sizes: Sequence[Size]) -> int:
    """Of a stack of convolutions; `channels` begin with those of its input."""
    levels = zip(channels, channels[1:], kernel_sizes, strict=False)
    return sum(height * width * before * after + after for before, after, (height, width) in levels)


def recurrent_weights(kind: str, inputs: int, units: int) -> int:
    """Of an "lstm", a "gru" or a "simple" recurrent network, in one direction."""
    # Keras' GRU has a second bias, of what it remembers.
    gates, biases = {"lstm": (4, 1), "gru": (3, 2), "simple": (1, 1)}[kind]
    return gates * units * (inputs + units + biases)


# --- What a whole model of a `ModelConfig` needs.


def model_weights(config: Any, decoder: UpsamplingGeometry) -> int:
    """How many weights a model of these settings has."""
    height, width = config.encoder_sizes()[-1]
    features = height * width * config.encoder_channels[-1]
    f, z, hidden = config.static_size, config.dynamic_size, config.dynamic_hidden_size
    units = config.static_rnn_size
    directions = 2 if config.static_rnn == "bidirectional_lstm" else 1
    if config.static_rnn == "mean":
        static = dense_weights(features, units) + dense_weights(units, units)
    else:
        kind = "gru" if config.static_rnn == "gru" else "lstm"
        static = directions * recurrent_weights(kind, features, units)
    if config.posterior == "full":
        dynamic = 2 * recurrent_weights("lstm", features + f, hidden)
        dynamic += recurrent_weights("simple", 2 * hidden, hidden)
    else:
        dynamic = dense_weights(features, hidden)
    image = config.frame_shape[2]
    kernel_sizes = [(size, size) for size in config.encoder_kernel_sizes]
    grid = decoder.grid[0] * decoder.grid[1] * config.decoder_channels[0]
    return sum(
        (
            convolution_weights((image, *config.encoder_channels), kernel_sizes),
            static,
            dense_weights(directions * units, 2 * f),
            dynamic,
            dense_weights(hidden, 2 * z),
            recurrent_weights("lstm", z, config.prior_size),
            dense_weights(config.prior_size, 2 * z),
            dense_weights(f + z, grid),
            convolution_weights((*config.decoder_channels, image), decoder.kernel_sizes),
        )
    )


def largest_map(config: Any, decoder: UpsamplingGeometry) -> int:
    """Values of the largest feature map that a model of these settings makes of one frame."""
    padding = "same" if config.decoder_strides else "valid"
    strides = config.decoder_strides or config.encoder_strides[::-1]
    upward = upsampled_sizes(decoder, strides, padding)
    maps = (
        *zip(config.encoder_sizes()[1:], config.encoder_channels, strict=True),
        *zip(upward, (*config.decoder_channels, config.frame_shape[2]), strict=True),
    )
    return max(height * width * channels for (height, width), channels in maps)
