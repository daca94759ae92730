"""The likelihood p(x_t | z_t, f)."""

import keras
import tensorflow as tf
import tensorflow_probability as tfp

from tf_dsae.distributions import fold_leading, unfold_leading
from tf_dsae.geometry import UpsamplingGeometry

tfd = tfp.distributions


@keras.saving.register_keras_serializable("tf_dsae")
class Decoder(keras.layers.Layer):
    """f [..., F] and z [..., T, Z] to N(mean, 1) over frames: event [H, W, C], batch [..., T].

    A dense layer makes a small feature map of (z_t, f), transposed convolutions enlarge it, and a
    sigmoid keeps the mean in [0, 1] (2019 paper, Section 5.2). The same network for every t.

    Args:
      channels: of the feature maps, from the smallest up.
      image_channels: C.
      grid: (height, width) of the smallest feature map.
      kernel_sizes: (height, width) of each kernel; one more picture-sized layer than maps.
      strides: of each transposed convolution.
      padding: "valid" or "same".
      activation: a Keras activation's name.
    """

    def __init__(
        self, channels, image_channels, grid, kernel_sizes, strides, padding, activation, **kwargs
    ):
        super().__init__(**kwargs)
        geometry = UpsamplingGeometry(tuple(grid), tuple(tuple(size) for size in kernel_sizes))
        self.settings = {
            "channels": tuple(channels),
            "image_channels": image_channels,
            "grid": geometry.grid,
            "kernel_sizes": geometry.kernel_sizes,
            "strides": tuple(strides),
            "padding": padding,
            "activation": activation,
        }
        self.dense = keras.layers.Dense(
            channels[0] * grid[0] * grid[1],
            activation=activation,
            dtype=self.dtype_policy,
            name="dense",
        )
        outputs = [*channels[1:], image_channels]
        self.convolutions = [
            keras.layers.Conv2DTranspose(
                filters,
                kernel,
                stride,
                padding=padding,
                activation=activation if level + 1 < len(outputs) else None,
                dtype=self.dtype_policy,
                name=f"convolution_{level}",
            )
            for level, (filters, kernel, stride) in enumerate(
                zip(outputs, geometry.kernel_sizes, strides, strict=True)
            )
        ]

    def build(self, static_shape, dynamic_shape):
        self.dense.build((None, static_shape[-1] + dynamic_shape[-1]))
        shape = (None, *self.settings["grid"], self.settings["channels"][0])
        for convolution in self.convolutions:
            convolution.build(shape)
            shape = convolution.compute_output_shape(shape)

    def call(self, static: tf.Tensor, dynamic: tf.Tensor) -> tfd.Distribution:
        static = tf.repeat(static[..., tf.newaxis, :], tf.shape(dynamic)[-2], axis=-2)
        latents = tf.concat([static, dynamic], -1)
        grid = (*self.settings["grid"], self.settings["channels"][0])
        pixels = tf.reshape(self.dense(fold_leading(latents, 1)), [-1, *grid])
        for convolution in self.convolutions:
            pixels = convolution(pixels)
        mean = unfold_leading(tf.nn.sigmoid(tf.cast(pixels, tf.float32)), latents, 1)
        return tfd.Independent(tfd.Normal(mean, 1.0), reinterpreted_batch_ndims=3)

    def get_config(self):
        return super().get_config() | self.settings
