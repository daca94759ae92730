"""The likelihood p(x_t | z_t, f)."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import fold_leading, unfold_leading
from tf_dsae.layers.geometry import Size, UpsamplingGeometry


@keras.saving.register_keras_serializable("tf_dsae")
class Decoder(keras.layers.Layer):
    """f [..., F] and z [..., T, Z] to N(mean, 1) over frames: event [H, W, C], batch [..., T].

    A dense layer makes a small feature map of (z_t, f), transposed convolutions enlarge it, and a
    sigmoid keeps the mean in [0, 1] (Leplae-Arthur and Nichani 2019, Sections 2 and 5.2). The same
    network for every t.

    Args:
      channels: of the feature maps, from the smallest up.
      image_channels: C.
      grid: (height, width) of the smallest feature map.
      kernel_sizes: (height, width) of each kernel; one more picture-sized layer than maps.
      strides: of each transposed convolution.
      padding: "valid" or "same".
      activation: a Keras activation's name.

    Example, from a 2 x 2 map to 8 x 8 pixels:
      >>> decoder = Decoder((6, 4), 1, (2, 2), ((4, 4), (4, 4)), (2, 2), "same", "elu")
      >>> likelihood = decoder(tf.zeros([2, 7]), tf.zeros([2, 3, 4]))
      >>> likelihood.event_shape, likelihood.batch_shape
      (TensorShape([8, 8, 1]), TensorShape([2, 3]))
    """

    def __init__(
        self,
        channels: Sequence[int],
        image_channels: int,
        grid: Size,
        kernel_sizes: Sequence[Size],
        strides: Sequence[int],
        padding: str,
        activation: str,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        # A configuration that was through JSON gives lists.
        kernels = tuple((height, width) for height, width in kernel_sizes)
        geometry = UpsamplingGeometry((grid[0], grid[1]), kernels)
        self.settings: dict[str, Any] = {
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

    def build(self, static_shape: Shape, dynamic_shape: Shape) -> None:
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

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.settings
