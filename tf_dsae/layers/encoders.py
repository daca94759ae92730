"""Inference networks: frames to features, features to q(f | x) and q(z | .)."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from tensorflow_probability import distributions as tfd

from tf_dsae.core.types import Shape
from tf_dsae.layers.distributions import GaussianHead, fold_leading, unfold_leading
from tf_dsae.layers.recurrent import LSTM


@keras.saving.register_keras_serializable("tf_dsae")
class FrameEncoder(keras.layers.Layer):
    """Convolutions that both encoders share: [..., H, W, C] in [0, 1] to features [..., D].

    Every frame alone, so that a frame's encoding does not depend on its place in the clip.

    Args:
      channels, kernel_sizes, strides: of each convolution.
      padding: "valid" or "same".
      activation: a Keras activation's name.

    Example, two convolutions from 8 x 8 pixels to 2 x 2, of 6 channels:
      >>> encoder = FrameEncoder((4, 6), (4, 3), (2, 2), "same", "elu")
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
        self.settings = {
            "channels": tuple(channels),
            "kernel_sizes": tuple(kernel_sizes),
            "strides": tuple(strides),
            "padding": padding,
            "activation": activation,
        }
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
            for level, (filters, kernel, stride) in enumerate(
                zip(channels, kernel_sizes, strides, strict=True)
            )
        ]

    def build(self, input_shape: Shape) -> None:
        shape = (None, *input_shape[-3:])
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

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.settings


def _make_recurrent(kind: str, units: int, dtype: Any) -> keras.layers.Layer:
    if kind == "lstm":
        return LSTM(units, dtype=dtype, name="recurrent")
    if kind == "gru":
        return keras.layers.GRU(units, return_sequences=True, dtype=dtype, name="recurrent")
    return keras.layers.Bidirectional(
        keras.layers.LSTM(units, return_sequences=True, dtype=dtype), dtype=dtype, name="recurrent"
    )


@keras.saving.register_keras_serializable("tf_dsae")
class StaticEncoder(keras.layers.Layer):
    """q(f | x_1:T): features [B, T, D] to a diagonal Gaussian, event [F], batch [B].

    A recurrent network reads the frames' features; its last output, of either direction, gives
    the distribution (Leplae-Arthur and Nichani 2019, Section 2).

    Args:
      size: F.
      rnn: "lstm", "bidirectional_lstm" or "gru".
      rnn_size: its units, in each direction.

    Example:
      >>> q = StaticEncoder(size=7, rnn="lstm", rnn_size=5)(tf.zeros([2, 3, 6]))
      >>> q.event_shape, q.batch_shape
      (TensorShape([7]), TensorShape([2]))
    """

    def __init__(self, size: int, rnn: str, rnn_size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.settings: dict[str, Any] = {"size": size, "rnn": rnn, "rnn_size": rnn_size}
        self.recurrent = _make_recurrent(rnn, rnn_size, self.dtype_policy)
        self.head = GaussianHead(size, dtype=self.dtype_policy, name="head")

    def build(self, input_shape: Shape) -> None:
        self.recurrent.build(input_shape)
        directions = 2 if self.settings["rnn"] == "bidirectional_lstm" else 1
        self.head.build((None, directions * self.settings["rnn_size"]))

    def call(self, features: tf.Tensor) -> tfd.Distribution:
        hidden = self.recurrent(features)
        if self.settings["rnn"] != "bidirectional_lstm":
            return self.head(hidden[:, -1])
        forward, backward = tf.split(hidden, 2, axis=-1)
        return self.head(tf.concat([forward[:, -1], backward[:, 0]], -1))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.settings


@keras.saving.register_keras_serializable("tf_dsae")
class MeanStaticEncoder(keras.layers.Layer):
    """q(f | x_1:T): features [B, T, D] to a diagonal Gaussian, event [F], batch [B].

    A dense layer reads each frame's features, another the mean of its outputs over the frames, in
    whatever order they came and however many they are.

    Args:
      size: F.
      hidden_size: units of either layer.
      activation: a Keras activation's name.

    Example:
      >>> q = MeanStaticEncoder(size=7, hidden_size=5, activation="elu")(tf.zeros([2, 3, 6]))
      >>> q.event_shape, q.batch_shape
      (TensorShape([7]), TensorShape([2]))
    """

    def __init__(self, size: int, hidden_size: int, activation: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.settings = {"size": size, "hidden_size": hidden_size, "activation": activation}
        self.of_frame, self.of_clip = (
            keras.layers.Dense(
                hidden_size, activation=activation, dtype=self.dtype_policy, name=name
            )
            for name in ("of_frame", "of_clip")
        )
        self.head = GaussianHead(size, dtype=self.dtype_policy, name="head")

    def build(self, input_shape: Shape) -> None:
        hidden = (None, self.of_frame.units)
        self.of_frame.build(input_shape)
        self.of_clip.build(hidden)
        self.head.build(hidden)

    def call(self, features: tf.Tensor) -> tfd.Distribution:
        return self.head(self.of_clip(tf.reduce_mean(self.of_frame(features), 1)))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.settings


@keras.saving.register_keras_serializable("tf_dsae")
class FactorisedDynamicEncoder(keras.layers.Layer):
    """prod_t q(z_t | x_t): features [B, T, D] to a diagonal Gaussian, event [Z], batch [B, T].

    One network with one hidden layer for every t (Leplae-Arthur and Nichani 2019, Sections 2 and
    5.2). It ignores f, so that both posteriors are called alike.

    Args:
      size: Z.
      hidden_size: units of the hidden layer.
      activation: a Keras activation's name.

    Example:
      >>> q = FactorisedDynamicEncoder(4, 5, "elu")(tf.zeros([2, 3, 6]))
      >>> q.event_shape, q.batch_shape
      (TensorShape([4]), TensorShape([2, 3]))
    """

    depends_on_static = False

    def __init__(self, size: int, hidden_size: int, activation: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.settings = {"size": size, "hidden_size": hidden_size, "activation": activation}
        self.hidden = keras.layers.Dense(
            hidden_size, activation=activation, dtype=self.dtype_policy, name="hidden"
        )
        self.head = GaussianHead(size, dtype=self.dtype_policy, name="head")

    def build(self, features_shape: Shape, static_shape: Shape | None = None) -> None:
        self.hidden.build(features_shape)
        self.head.build((*features_shape[:-1], self.hidden.units))

    def call(self, features: tf.Tensor, static: tf.Tensor | None = None) -> tfd.Distribution:
        return self.head(self.hidden(features))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.settings


@keras.saving.register_keras_serializable("tf_dsae")
class FullDynamicEncoder(keras.layers.Layer):
    """prod_t q(z_t | f, x_1:T): a Gaussian of event [Z], batch [..., B, T], one for each f.

    A bidirectional LSTM reads the features [B, T, D] with f [..., B, F] beside each, a recurrent
    network reads its outputs, and each of its outputs gives one z_t (Li and Mandt 2018, "full q").

    Args:
      size: Z.
      hidden_size: units of either recurrent network.

    Example, given ten samples of f:
      >>> q = FullDynamicEncoder(4, 5)(tf.zeros([2, 3, 6]), tf.zeros([10, 2, 7]))
      >>> q.event_shape, q.batch_shape
      (TensorShape([4]), TensorShape([10, 2, 3]))
    """

    depends_on_static = True

    def __init__(self, size: int, hidden_size: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.settings = {"size": size, "hidden_size": hidden_size}
        dtype = self.dtype_policy
        self.smoother = keras.layers.Bidirectional(
            keras.layers.LSTM(hidden_size, return_sequences=True, dtype=dtype),
            dtype=dtype,
            name="smoother",
        )
        self.recurrent = keras.layers.SimpleRNN(
            hidden_size, return_sequences=True, dtype=dtype, name="recurrent"
        )
        self.head = GaussianHead(size, dtype=dtype, name="head")

    def build(self, features_shape: Shape, static_shape: Shape) -> None:
        batch, frames, size = features_shape
        self.smoother.build((batch, frames, size + static_shape[-1]))
        self.recurrent.build((batch, frames, 2 * self.settings["hidden_size"]))
        self.head.build((batch, frames, self.settings["hidden_size"]))

    def call(self, features: tf.Tensor, static: tf.Tensor) -> tfd.Distribution:
        leading = tf.shape(static)[:-1]
        num_frames = tf.shape(features)[1]
        features = tf.broadcast_to(features, tf.concat([leading, tf.shape(features)[1:]], 0))
        static = tf.repeat(static[..., tf.newaxis, :], num_frames, axis=-2)
        inputs = tf.concat([features, static], -1)
        hidden = self.recurrent(self.smoother(fold_leading(inputs, 2)))
        return self.head(unfold_leading(hidden, inputs, 2))

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | self.settings
