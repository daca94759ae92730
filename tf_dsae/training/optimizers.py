"""Optimisers: Adam in one operation a variable, and Muon."""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from tf_dsae.core.types import TensorLike


@keras.saving.register_keras_serializable("tf_dsae")
class Adam(keras.optimizers.Adam):
    """keras.optimizers.Adam with TensorFlow's fused update in place of a dozen operations.

    The same arithmetic; on a CPU it takes a third of the time. For dense
    gradients, without amsgrad.
    """

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: TensorLike
    ) -> None:
        place = self._get_variable_index(variable)
        dtype = tf.as_dtype(variable.dtype)
        steps = tf.cast(self.iterations + 1, dtype)
        beta_1, beta_2 = (tf.cast(beta, dtype) for beta in (self.beta_1, self.beta_2))
        tf.raw_ops.ResourceApplyAdam(
            var=_held(variable).handle,
            m=_held(self._momentums[place]).handle,
            v=_held(self._velocities[place]).handle,
            beta1_power=tf.pow(beta_1, steps),
            beta2_power=tf.pow(beta_2, steps),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )


def _held(variable: keras.Variable | tf.Variable) -> tf.Variable:
    """The TensorFlow variable of a Keras variable; Keras hands an optimiser either."""
    return variable.value if isinstance(variable, keras.Variable) else variable


# Jordan et al. (2024): the odd polynomial that brings singular values near 1, how often, and the
# momentum.
_LINEAR, _CUBIC, _QUINTIC = 3.4445, -4.7750, 2.0315
_ITERATIONS = 5
_MOMENTUM = 0.95
# Root mean square of an update, as large as Adam's (Liu et al. 2025, equation 4).
_UPDATE_SIZE = 0.2


def orthogonalised(matrices: tf.Tensor, product_dtype: str = "bfloat16") -> tf.Tensor:
    """Matrices [N, R, C] with their singular values brought near 1; float32.

    U S V' becomes about U V', by five Newton-Schulz iterations (Jordan et al. 2024, "Muon: an
    optimizer for hidden layers in neural networks"): singular values of at least 3/1000 of the
    matrix' norm come to lie between 0.68 and 1.2, smaller ones below.

    Args:
      matrices: float [N, R, C].
      product_dtype: of the products; "bfloat16" is exact enough for a direction.

    Example, of singular values 2 and 1:
      >>> found = orthogonalised(tf.constant([[[0.0, 2.0, 0.0], [1.0, 0.0, 0.0]]]))
      >>> np.linalg.svd(found[0], compute_uv=False).round(1).tolist()
      [1.1, 0.7]
    """
    is_tall = matrices.shape[1] > matrices.shape[2]
    wide = tf.linalg.matrix_transpose(matrices) if is_tall else matrices
    wide = tf.cast(wide, tf.float32)
    wide = tf.cast(wide / (tf.norm(wide, axis=(-2, -1), keepdims=True) + 1e-7), product_dtype)
    for _ in range(_ITERATIONS):
        square = tf.matmul(wide, wide, transpose_b=True)
        higher = _CUBIC * square + _QUINTIC * tf.matmul(square, square)
        wide = _LINEAR * wide + tf.matmul(higher, wide)
    wide = tf.cast(wide, tf.float32)
    return tf.linalg.matrix_transpose(wide) if is_tall else wide


@keras.saving.register_keras_serializable("tf_dsae")
class Muon(Adam):
    """Momentum whose updates are orthogonal matrices, for kernels; Adam for everything else.

    All directions of a matrix learn at one speed, where Adam follows the few that dominate the
    gradient: so faint regions of a picture are learned beside bold ones (Jordan et al. 2024;
    scaled as in Liu et al. 2025, arXiv 2502.16982, so that Adam's learning rates suit it).

    A convolution's kernel is taken as a matrix with its last axis for columns, and an LSTM's or a
    GRU's as one for each gate; keras.optimizers.Muon leaves the former to Adam and takes the latter
    whole. Kernels inside layers named "head", whose outputs are means and scales, stay Adam's.

    Args:
      learning_rate: a number or a Keras schedule, as Adam's.
      product_dtype: of the matrix products, "bfloat16", or "float32" where that is faster.
      **kwargs: what keras.optimizers.Adam takes.

    Example:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> model.compile(Muon(1e-3))
      >>> history = model.fit(np.zeros([2, 3, 64, 64, 3], np.uint8), verbose=0)
    """

    def __init__(
        self, learning_rate: Any = 1e-3, product_dtype: str = "bfloat16", **kwargs: Any
    ) -> None:
        super().__init__(learning_rate, **kwargs)
        self.product_dtype = product_dtype

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"product_dtype": self.product_dtype}

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Makes the state, and finds the kernels and their gates by their names."""
        if self.built:
            return
        paths = [variable.path for variable in variables]
        # A recurrent kernel is [units, gates * units], and the kernel beside it has those gates.
        gates = {
            path.rpartition("/")[0]: variable.shape[1] // variable.shape[0]
            for path, variable in zip(paths, variables, strict=True)
            if path.endswith("recurrent_kernel")
        }
        self._gates = [
            gates.get(path.rpartition("/")[0], 1) if _is_hidden_kernel(path) else 0
            for path in paths
        ]
        keras.optimizers.Optimizer.build(self, variables)
        self._momentums = self.add_optimizer_variables(variables, "momentum")
        self._velocities = [
            None if gates else self.add_variable_from_reference(variable, name="velocity")
            for variable, gates in zip(variables, self._gates, strict=True)
        ]

    def update_step(
        self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: TensorLike
    ) -> None:
        place = self._get_variable_index(variable)
        gates = self._gates[place]
        if not gates:
            super().update_step(gradient, variable, learning_rate)
            return
        momentum = _held(self._momentums[place])
        gradient = tf.cast(gradient, momentum.dtype)
        momentum.assign(_MOMENTUM * momentum + gradient)
        ahead = gradient + _MOMENTUM * momentum  # Nesterov's.
        matrices = tf.reshape(ahead, [-1, gates, ahead.shape[-1] // gates])
        matrices = tf.transpose(matrices, [1, 0, 2])
        size = _UPDATE_SIZE * max(matrices.shape[1:]) ** 0.5
        update = tf.transpose(orthogonalised(matrices, self.product_dtype), [1, 0, 2])
        update *= size * tf.cast(learning_rate, tf.float32)
        _held(variable).assign_sub(tf.cast(tf.reshape(update, ahead.shape), variable.dtype))


def _is_hidden_kernel(path: str) -> bool:
    """Whether a variable of this path is a kernel outside of a layer named "head"."""
    *layers, name = path.split("/")
    return name.endswith("kernel") and "head" not in layers
