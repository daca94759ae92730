"""Adam in one operation a variable."""

import keras
import tensorflow as tf

from tf_dsae.types import TensorLike


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
            var=_handle(variable),
            m=_handle(self._momentums[place]),
            v=_handle(self._velocities[place]),
            beta1_power=tf.pow(beta_1, steps),
            beta2_power=tf.pow(beta_2, steps),
            lr=tf.cast(learning_rate, dtype),
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.cast(self.epsilon, dtype),
            grad=tf.cast(gradient, dtype),
        )


def _handle(variable: keras.Variable | tf.Variable) -> tf.Tensor:
    """Of a Keras variable, or of the TensorFlow variable that Keras hands an optimiser."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
