"""Frames to features."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import fold_leading, unfold_leading
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.parts import FrameEncoder


class _Convolutions:
    """Convolutions of every frame alone, [..., H, W, C] to features [..., D]; part of a layer."""

    dtype_policy: Any

    def _make_convolutions(
        self,
        channels: Sequence[int],
        kernel_sizes: Sequence[int],
        strides: Sequence[int],
        padding: str,
        activation: str,
    ) -> None:
        levels = zip(channels, kernel_sizes, strides, strict=True)
        self.convolutions = [
            keras.layers.Conv2D(
                filters,
                kernel,
                stride,
                padding=padding,
                activation=activation,
                dtype=self.dtype_policy,
                name=f"convolution_{level}",
            )
            for level, (filters, kernel, stride) in enumerate(levels)
        ]

    def build(self, frames_shape: Shape) -> None:
        shape = (None, *frames_shape[-3:])
        for convolution in self.convolutions:
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)
        self.feature_size = shape[1] * shape[2] * shape[3]

    def call(self, frames: tf.Tensor) -> tf.Tensor:
        features = fold_leading(frames, 3)
        for convolution in self.convolutions:
            features = convolution(features)
        features = tf.reshape(features, [-1, self.feature_size])
        return unfold_leading(features, frames, 3)


class FrameConvolutions(_Convolutions, keras.layers.Layer):
    """Convolutions of every frame alone, outside of a ModelConfig.

    Args:
      channels, kernel_sizes, strides: of each convolution.
      padding: "valid" or "same".
      activation: a Keras activation's name.

    Example, two convolutions from 8 x 8 pixels to 2 x 2, of 6 channels:
      >>> encoder = FrameConvolutions((4, 6), (4, 3), (2, 2), "same", "elu")
      >>> encoder(tf.zeros([2, 3, 8, 8, 1])).shape
      TensorShape([2, 3, 24])
    """

    def __init__(
        self,
        channels: Sequence[int],
        kernel_sizes: Sequence[int],
        strides: Sequence[int],
        padding: str,
        activation: str,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self._make_convolutions(channels, kernel_sizes, strides, padding, activation)


@keras.saving.register_keras_serializable("tf_dsae")
class ConvolutionalFrameEncoder(_Convolutions, FrameEncoder):
    """Convolutions that both posteriors share: [..., H, W, C] in [0, 1] to features [..., D].

    `encoder_channels`, `encoder_kernel_sizes`, `encoder_strides` and `encoder_padding` of the
    config describe them (Leplae-Arthur and Nichani 2019, Section 5.2).

    Example, the paper's four convolutions end at 2 x 2 pixels of 256 channels:
      >>> encoder = ConvolutionalFrameEncoder(tf_dsae.ModelConfig())
      >>> encoder(tf.zeros([2, 3, 64, 64, 3])).shape
      TensorShape([2, 3, 1024])
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **kwargs)
        self._make_convolutions(
            config.encoder_channels,
            config.encoder_kernel_sizes,
            config.encoder_strides,
            config.encoder_padding,
            config.activation,
        )
