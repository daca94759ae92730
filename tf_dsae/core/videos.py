"""Videos as a model's input: checks, and conversion to float32 in [0, 1]."""

import numpy as np
import tensorflow as tf

from tf_dsae.core.errors import UserError
from tf_dsae.core.types import TensorLike


def to_unit_range(
    video: TensorLike, frame_shape: tuple[int, int, int], name: str = "video"
) -> tf.Tensor:
    """Videos [B, T, H, W, C] as float32 in [0, 1], of uint8 in 0..255 or of floats in [0, 1].

    Raises:
      UserError: another shape or type, no video or frame, NaN or values out of range.
      tf.errors.InvalidArgumentError: NaN or values out of range, inside a tf.function; XLA leaves
        this check out.
    """
    video = tf.convert_to_tensor(video)
    shape, expected = video.shape, tf.TensorShape([None, None, *frame_shape])
    if shape.rank is not None and (shape.rank != 5 or not shape.is_compatible_with(expected)):
        raise UserError(
            f"{name}: expected videos of shape [B, T, {', '.join(map(str, frame_shape))}], "
            f"received {shape.as_list()}; resize the frames or build a model for their size"
        )
    if shape.rank is not None and 0 in (shape[0], shape[1]):
        raise UserError(
            f"{name}: expected at least one video of at least one frame, received {shape.as_list()}"
        )
    if video.dtype == tf.uint8:
        return tf.cast(video, tf.float32) / 255.0
    if not video.dtype.is_floating:
        raise UserError(
            f"{name}: expected uint8 in 0..255 or floats in [0, 1], received {video.dtype.name}"
        )
    # Comparisons with NaN are false.
    inside = tf.reduce_all(tf.logical_and(video >= 0, video <= 1))
    what = f"{name}: expected floats in [0, 1] without NaN"
    if not tf.executing_eagerly():
        with tf.control_dependencies([tf.debugging.Assert(inside, [what])]):
            video = tf.identity(video)  # A cast to the same type would be no operation to wait.
    elif not inside:
        raise UserError(
            f"{what}, received values from {np.min(video):g} to {np.max(video):g}; give uint8 "
            "videos, or divide by 255"
        )
    return tf.cast(video, tf.float32)
