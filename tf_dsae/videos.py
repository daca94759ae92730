"""What a model takes as videos: checks, and conversion to float32 in [0, 1]."""

import numpy as np
import tensorflow as tf

from tf_dsae.errors import UserError


def _shape_text(shape) -> str:
    return "[" + ", ".join("?" if size is None else str(size) for size in shape) + "]"


def _check_shape(shape: tf.TensorShape, frame_shape: tuple[int, int, int], name: str) -> None:
    expected = tf.TensorShape([None, None, *frame_shape])
    if shape.rank is not None and (shape.rank != 5 or not shape.is_compatible_with(expected)):
        raise UserError(
            f"{name}: expected videos of shape [B, T, {', '.join(map(str, frame_shape))}], "
            f"received {_shape_text(shape)}; resize the frames or build a model for their size"
        )
    if shape.rank is not None and 0 in (shape[0], shape[1]):
        raise UserError(
            f"{name}: expected at least one video of at least one frame, "
            f"received {_shape_text(shape)}"
        )


def to_unit_range(video, frame_shape: tuple[int, int, int], name: str = "video") -> tf.Tensor:
    """Videos as float32 in [0, 1].

    Args:
      video: [B, T, H, W, C], uint8 in 0..255 or floating point in [0, 1].
      frame_shape: (H, W, C) that is expected.
      name: of the argument, for errors.

    Raises:
      UserError: another shape or type, no video or frame; eagerly also NaN and values out of range
        (inside a tf.function, values are the caller's care).
    """
    video = tf.convert_to_tensor(video)
    _check_shape(video.shape, frame_shape, name)
    if video.dtype == tf.uint8:
        return tf.cast(video, tf.float32) / 255.0
    if not video.dtype.is_floating:
        raise UserError(
            f"{name}: expected uint8 in 0..255 or floats in [0, 1], received {video.dtype.name}"
        )
    if tf.executing_eagerly():
        low, high = np.min(video), np.max(video)
        if not (low >= 0 and high <= 1):
            raise UserError(
                f"{name}: expected floats in [0, 1] without NaN, received values from {low:g} to "
                f"{high:g}; give uint8 videos, or divide by 255"
            )
    return tf.cast(video, tf.float32)
