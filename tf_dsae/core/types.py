"""Named groups of values that travel between modules."""

from collections.abc import Sequence
from typing import Any, NamedTuple

# A tensor, or what tf.convert_to_tensor makes one of: an array, a list of numbers.
TensorLike = Any
# A whole number, or a pair of them as int32 [2].
Seed = Any
# Sizes of axes: whole numbers, None where one is not known before it comes.
Shape = Sequence[Any]
# What Keras tells a callback: the means of an epoch by name.
Logs = Any


class Posterior(NamedTuple):
    """q(f | x) and q(z_1:T | .): TFP distributions.

    static: event [F], batch [B]. dynamic: event [Z], batch [B, T], or [S, B, T] given S samples
    of f that it depends on.

    Example:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> posterior = model.encode(np.zeros([2, 3, 64, 64, 3], np.uint8))
      >>> posterior.static.event_shape, posterior.static.batch_shape
      (TensorShape([8]), TensorShape([2]))
      >>> posterior.dynamic.event_shape, posterior.dynamic.batch_shape
      (TensorShape([4]), TensorShape([2, 3]))
    """

    static: Any
    dynamic: Any


class Latents(NamedTuple):
    """static: f [..., B, F]. dynamic: z [..., B, T, Z]. Both float32.

    Example:
      >>> model = tf_dsae.DSAE(tf_dsae.preset("tiny").model, seed=0)
      >>> f, z = model.sample_prior(num_videos=2, num_frames=3, seed=0)
      >>> f.shape, z.shape
      (TensorShape([2, 8]), TensorShape([2, 3, 4]))
    """

    static: Any
    dynamic: Any
