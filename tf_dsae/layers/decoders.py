"""f and z to what the likelihood of a frame is made of."""

from typing import Any

import keras
import tensorflow as tf

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import fold_leading, unfold_leading
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.parts import Decoder
from tf_dsae.layers.registries import PARTS


@keras.saving.register_keras_serializable("tf_dsae")
class ConvolutionalDecoder(Decoder):
    """f [..., F] and z [..., T, Z] to [..., T, H, W, C * n], n numbers for a channel of a pixel.

    A dense layer makes a small feature map of (z_t, f), and transposed convolutions enlarge it
    (Leplae-Arthur and Nichani 2019, Sections 2 and 5.2). The same network serves every t. The
    config's `decoder_channels`, `decoder_kernel_sizes` and `decoder_strides` describe it; without
    kernels and strides it mirrors the sizes of the encoder.

    Example:
      >>> decoder = ConvolutionalDecoder(tf_dsae.ModelConfig(frame_shape=(64, 96, 1)))
      >>> decoder(tf.zeros([2, 32]), tf.zeros([2, 3, 32])).shape
      TensorShape([2, 3, 64, 96, 1])
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(config, **kwargs)
        geometry, channels = config.decoder_geometry(), config.decoder_channels
        self.grid = (*geometry.grid, channels[0])
        self.dense = keras.layers.Dense(
            channels[0] * geometry.grid[0] * geometry.grid[1],
            activation=config.activation,
            dtype=self.dtype_policy,
            name="dense",
        )
        numbers = PARTS["likelihood"][config.likelihood].parameters_per_entry
        outputs = [*channels[1:], config.frame_shape[-1] * numbers]
        strides = config.decoder_strides or config.encoder_strides[::-1]
        self.convolutions = [
            keras.layers.Conv2DTranspose(
                filters,
                kernel,
                stride,
                padding="same" if config.decoder_strides else "valid",
                activation=config.activation if level + 1 < len(outputs) else None,
                dtype=self.dtype_policy,
                name=f"convolution_{level}",
            )
            for level, (filters, kernel, stride) in enumerate(
                zip(outputs, geometry.kernel_sizes, strides, strict=True)
            )
        ]

    def build(self, static_shape: Shape, dynamic_shape: Shape) -> None:
        self.dense.build((None, static_shape[-1] + dynamic_shape[-1]))
        shape = (None, *self.grid)
        for convolution in self.convolutions:
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)

    def call(self, static: tf.Tensor, dynamic: tf.Tensor) -> tf.Tensor:
        static = tf.repeat(static[..., tf.newaxis, :], tf.shape(dynamic)[-2], axis=-2)
        latents = tf.concat([static, dynamic], -1)
        outputs = tf.reshape(self.dense(fold_leading(latents, 1)), [-1, *self.grid])
        for convolution in self.convolutions:
            outputs = convolution(outputs)
        return unfold_leading(outputs, latents, 1)
