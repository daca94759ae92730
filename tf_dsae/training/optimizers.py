"""Muon for convolutions, recurrent networks and bfloat16 as well."""

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import keras
import tensorflow as tf

from tf_dsae.core.types import TensorLike


@keras.saving.register_keras_serializable("tf_dsae")
class Muon(keras.optimizers.Muon):
    """keras.optimizers.Muon that takes convolutions too, and recurrent kernels gate by gate.

    All directions of a matrix learn at one speed, where Adam follows the few that dominate the
    gradient: so faint regions of a picture are learned beside bold ones (Jordan et al. 2024;
    scaled as in Liu et al. 2025, arXiv 2502.16982, so that Adam's learning rates suit it).

    A variable of two axes is a matrix. So is the kernel of a convolution, with its last axis for
    columns; an LSTM's or a GRU's kernels are one matrix for each gate. Everything else is Adam's:
    biases, embeddings, and the layers that `exclude_layers` names. Nothing else is left out: name
    your output layers there, as keras.optimizers.Muon advises.

    Args:
      learning_rate: a number or a Keras schedule, as Adam's.
      exclude_layers: regular expressions; a variable whose path has a match is Adam's, such as
        "output_dense", or "(^|/)head/" for all within layers of that name.
      product_dtype: of the matrix products, "bfloat16", or "float32" where that is faster.
      weight_decay, adam_weight_decay: of matrices, and of Adam's variables; None, unlike Keras.
      **kwargs: what keras.optimizers.Muon takes.

    Example:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> model.compile(Muon(1e-3, exclude_layers=["(^|/)head/"]))
      >>> history = model.fit(np.zeros([2, 3, 64, 64, 3], np.uint8), verbose=0)
    """

    def __init__(
        self,
        learning_rate: Any = 1e-3,
        exclude_layers: Sequence[str] = (),
        product_dtype: str = "bfloat16",
        weight_decay: float | None = None,
        adam_weight_decay: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate,
            exclude_layers=list(exclude_layers),
            weight_decay=weight_decay,
            adam_weight_decay=adam_weight_decay,
            **kwargs,
        )
        self.product_dtype = product_dtype

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"product_dtype": self.product_dtype}

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the state: a momentum for each variable, then Adam's second moments."""
        if self.built:
            return
        keras.optimizers.Optimizer.build(self, variables)
        self.momentums = self.add_optimizer_variables(variables, "momentum")
        self.adam_velocities = [
            self.add_variable_from_reference(variable, name="velocity")
            if self._should_use_adamw(variable)
            else None
            for variable in variables
        ]
        # A recurrent kernel is [units, gates * units], and the kernel beside it has those gates.
        gates = {
            variable.path.rpartition("/")[0]: variable.shape[1] // variable.shape[0]
            for variable in variables
            if variable.path.endswith("recurrent_kernel")
        }
        self._gates = [gates.get(variable.path.rpartition("/")[0], 1) for variable in variables]

    def _should_use_adamw(self, variable: keras.Variable) -> bool:
        """Keras' decision, with a convolution's kernel as a variable of two axes."""
        shape = variable.shape
        if len(shape) > 2 and variable.path.endswith("kernel"):
            shape = shape[-2:]
        return super()._should_use_adamw(SimpleNamespace(shape=shape, path=variable.path))

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: TensorLike
    ) -> None:
        place = self._get_variable_index(variable)
        if self.adam_velocities[place] is not None:
            super().update_step(gradient, variable, learning_rate)
            return
        momentum, gates = self.momentums[place], self._gates[place]
        gradient = tf.cast(gradient, momentum.dtype)
        self.assign(momentum, self.momentum * momentum + gradient)
        ahead = gradient + self.momentum * momentum if self.nesterov else momentum.value
        matrices = tf.reshape(ahead, [-1, gates, ahead.shape[-1] // gates])
        matrices = tf.transpose(matrices, [1, 0, 2])
        update = self.zeropower_via_newtonschulz5(matrices, self.ns_steps)
        size = 1.0 if self.rms_rate is None else self.rms_rate * max(matrices.shape[1:]) ** 0.5
        update = tf.transpose(update, [1, 0, 2]) * (size * tf.cast(learning_rate, tf.float32))
        self.assign_sub(variable, tf.reshape(update, ahead.shape))

    def zeropower_via_newtonschulz5(self, x: tf.Tensor, steps: int) -> tf.Tensor:
        """Matrices [N, R, C] with their singular values brought near 1; float32.

        U S V' becomes about U V'. Keras' polynomial with products in product_dtype, which is exact
        enough for a direction; the norm before them stays float32.

        Example, of singular values 2 and 1:
          >>> matrices = tf.constant([[[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]])
          >>> near_one = Muon().zeropower_via_newtonschulz5(matrices, steps=5)
          >>> print(np.linalg.svd(near_one[0], compute_uv=False).round(1))
          [1.1 0.7]
        """
        is_tall = x.shape[1] > x.shape[2]
        wide = tf.cast(tf.linalg.matrix_transpose(x) if is_tall else x, tf.float32)
        norm = tf.norm(wide, axis=(-2, -1), keepdims=True) + 1e-7
        wide = tf.cast(wide / norm, self.product_dtype)
        for _ in range(steps):
            square = tf.matmul(wide, wide, transpose_b=True)
            higher = self.muon_b * square + self.muon_c * tf.matmul(square, square)
            wide = self.muon_a * wide + tf.matmul(higher, wide)
        wide = tf.cast(wide, tf.float32)
        return tf.linalg.matrix_transpose(wide) if is_tall else wide
