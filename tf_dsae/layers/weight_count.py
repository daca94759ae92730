"""How many weights a model would have, told before any is made."""

from collections.abc import Callable

import keras

from tf_dsae.core.errors import UserError

MAX_WEIGHTS = 10**9  # 4 GB in float32.


def count_weights(make_model: Callable[[], keras.Model], name: str = "model settings") -> int:
    """Counts the weights of a model without making them.

    Args:
      make_model: makes the model, built.
      name: what asks for it, for errors.

    Raises:
      UserError: more than MAX_WEIGHTS, so that a small file cannot ask for a whole machine.

    Example:
      >>> small = tf_dsae.preset("tiny").model
      >>> count_weights(lambda: tf_dsae.DSAE(small)) == tf_dsae.DSAE(small).count_params()
      True
    """
    with keras.StatelessScope(initialize_variables=False):
        count = make_model().count_params()
    if count > MAX_WEIGHTS:
        raise UserError(
            f"{name}: expected at most {MAX_WEIGHTS:,} weights, received {count:,}; choose smaller "
            "sizes"
        )
    return count
