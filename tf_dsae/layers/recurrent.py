"""An LSTM whose training costs what its matrix products cost, on a CPU above all."""

from typing import Any

import keras
import tensorflow as tf

from tf_dsae.core.types import Shape, TensorLike
from tf_dsae.layers.sublayers import flatten_layers


def _advance(
    projected: tf.Tensor, hidden: tf.Tensor, cell: tf.Tensor, recurrent_kernel: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tuple[tf.Tensor, ...]]:
    """One step: (hidden, cell, what the backward pass needs), each [N, units]."""
    gates = projected + tf.matmul(hidden, recurrent_kernel)
    i, f, g, o = tf.split(gates, 4, axis=-1)
    i, f, g, o = tf.sigmoid(i), tf.sigmoid(f), tf.tanh(g), tf.sigmoid(o)
    cell = f * cell + i * g
    squashed = tf.tanh(cell)
    return o * squashed, cell, (i, f, g, o, squashed)


@tf.custom_gradient
def lstm_sequence(projected: tf.Tensor, recurrent_kernel: tf.Tensor) -> tf.Tensor:
    """Runs an LSTM from a state of zeros.

    Its gradient by `recurrent_kernel` is one matrix product over all steps; differentiating a loop
    takes one, and a sum of whole kernels, for each step, which on a CPU costs more than the rest.

    Args:
      projected: [T, N, 4 units], the inputs' and the bias' part of the gates, in Keras' order.
      recurrent_kernel: [units, 4 units].

    Returns:
      The hidden states [T, N, units].
    """
    zeros = tf.zeros_like(projected[0, :, : recurrent_kernel.shape[0]])

    def forward(carry: tuple[tf.Tensor, ...], step: tf.Tensor) -> tuple[Any, ...]:
        return _advance(step, carry[0], carry[1], recurrent_kernel)

    hidden, cell, activations = tf.scan(forward, projected, (zeros, zeros, (zeros,) * 5))

    def before(states: tf.Tensor) -> tf.Tensor:
        return tf.concat([zeros[tf.newaxis], states[:-1]], 0)

    def gradient(hidden_gradient: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        transposed = tf.transpose(recurrent_kernel)

        def backward(
            carry: tuple[tf.Tensor, tf.Tensor], step: tuple[Any, ...]
        ) -> tuple[tf.Tensor, tf.Tensor]:
            by_gates, by_cell = carry
            by_hidden, before_cell, (i, f, g, o, squashed) = step
            by_hidden += tf.matmul(by_gates, transposed)
            by_cell += by_hidden * o * (1 - squashed * squashed)
            by_gates = tf.concat(
                [
                    by_cell * g * i * (1 - i),
                    by_cell * before_cell * f * (1 - f),
                    by_cell * i * (1 - g * g),
                    by_hidden * squashed * o * (1 - o),
                ],
                -1,
            )
            return by_gates, by_cell * f

        start = (tf.zeros_like(projected[0]), zeros)
        steps = (hidden_gradient, before(cell), activations)
        by_gates, _ = tf.scan(backward, steps, start, reverse=True)
        rows = [tf.reshape(x, [-1, x.shape[-1]]) for x in (before(hidden), by_gates)]
        return by_gates, tf.matmul(rows[0], rows[1], transpose_a=True)

    return hidden, gradient


@keras.saving.register_keras_serializable("tf_dsae")
class LSTM(keras.layers.Layer):
    """Long short-term memory: [B, T, D] to its hidden states [B, T, units], from zeros.

    The same function of the same weights as keras.layers.LSTM(units, return_sequences=True), for
    steps over all inputs at once (`call`) or one by one (`step`). It is here because a training
    step of preset `paper` takes a tenth less time with it (results/benchmarks.md).

    Args:
      units: size of the hidden state.
    """

    def __init__(self, units: int, **kwargs: Any):
        super().__init__(**kwargs)
        self.units = units
        self.kernel_initializer = keras.initializers.GlorotUniform()
        self.recurrent_initializer = keras.initializers.Orthogonal()

    def build(self, input_shape: Shape) -> None:
        gates = 4 * self.units
        self.kernel = self.add_weight(
            name="kernel", shape=(input_shape[-1], gates), initializer=self.kernel_initializer
        )
        self.recurrent_kernel = self.add_weight(
            name="recurrent_kernel",
            shape=(self.units, gates),
            initializer=self.recurrent_initializer,
        )
        # A forget gate that starts open lets gradients through.
        self.bias = self.add_weight(
            name="bias",
            shape=(gates,),
            initializer=lambda shape, dtype=None: tf.repeat(
                tf.constant([0, 1, 0, 0], dtype), self.units
            ),
        )

    def _cast(self, x: TensorLike) -> tf.Tensor:
        return tf.cast(x, self.compute_dtype)

    def _project(self, inputs: tf.Tensor) -> tf.Tensor:
        return tf.matmul(self._cast(inputs), self._cast(self.kernel)) + self._cast(self.bias)

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        batch, frames = tf.unstack(tf.shape(inputs)[:2])
        rows = tf.reshape(tf.transpose(inputs, [1, 0, 2]), [-1, inputs.shape[-1]])
        projected = tf.reshape(self._project(rows), [frames, batch, 4 * self.units])
        hidden = lstm_sequence(projected, self._cast(self.recurrent_kernel))
        return tf.transpose(hidden, [1, 0, 2])

    def initial_state(self, num_sequences: int | tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """(hidden, cell) of zeros, each [num_sequences, units]."""
        zeros = tf.zeros([num_sequences, self.units], self.compute_dtype)
        return zeros, zeros

    def step(
        self, inputs: tf.Tensor, state: tuple[tf.Tensor, tf.Tensor]
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """The (hidden, cell) after one more input [N, D]."""
        hidden, cell, _ = _advance(self._project(inputs), *state, self._cast(self.recurrent_kernel))
        return hidden, cell

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"units": self.units}


def cudnn_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """Keras' own recurrent layers in a model, whose `use_cudnn` may have a GPU run cuDNN's."""
    return [layer for layer in flatten_layers(model) if hasattr(layer, "use_cudnn")]
