"""Numbers that change over training steps: piecewise linear schedules, as text and as tensors."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from tf_dsae.core.errors import UserError

if TYPE_CHECKING:
    import tensorflow as tf

Points = tuple[tuple[float, float], ...]


def _parse_step(text: str, total_steps: int) -> float:
    if "/" in text:
        return min(_parse_step(part, total_steps) for part in text.split("/"))
    if text.endswith("%"):
        return float(text[:-1]) / 100 * total_steps
    return float(text)


def parse_schedule(text: str, total_steps: int, name: str) -> Points:
    """Reads `1.5`, or `step:value` pairs such as `0:0.1,300:1` or `0%:4,40%:4,70%:1`.

    Args:
      text: a number, or pairs parted by commas; a step may be a percentage of `total_steps`, or
        `500/20%`, the smaller of both: 500 steps, and less in a short run.
      total_steps: optimiser steps of the whole run.
      name: what the schedule is for, named in errors.

    Returns:
      ((step, value), ...) with steps rising.

    Raises:
      UserError: where the text is neither, steps do not rise, or a value is negative or not finite.
    """
    pairs = [part.split(":") for part in str(text).split(",")]
    try:
        if len(pairs) == 1 and len(pairs[0]) == 1:
            points: Points = ((0.0, float(pairs[0][0])),)
        else:
            points = tuple((_parse_step(step, total_steps), float(value)) for step, value in pairs)
    except ValueError:
        raise UserError(
            f"{name}: expected a number or step:value pairs such as 0:0.1,300:1 "
            f"(steps may be percentages), received {text!r}"
        ) from None
    return check_points(points, name)


def check_points(points: Sequence[Sequence[float]], name: str) -> Points:
    """Returns the schedule as tuples of floats, or raises UserError where it makes no sense."""
    checked = tuple((float(step), float(value)) for step, value in points)
    steps = [step for step, _ in checked]
    if not all(math.isfinite(step) and step >= 0 for step in steps):
        raise UserError(f"{name}: expected finite steps of at least 0, received {steps}")
    if not checked or any(
        later <= earlier for earlier, later in zip(steps, steps[1:], strict=False)
    ):
        raise UserError(f"{name}: expected steps that rise, received {steps}; reorder the schedule")
    for _, value in checked:
        if not (math.isfinite(value) and value >= 0):
            raise UserError(f"{name}: expected finite values of at least 0, received {value:g}")
    return checked


def piecewise_linear(points: Points, step: "tf.Tensor") -> "tf.Tensor":
    """The schedule's value at `step`, float32 []; constant before the first and after the last."""
    import tensorflow as tf  # Here, so that a schedule is checked before it loads.

    step = tf.cast(step, tf.float32)
    steps, values = np.asarray(points, np.float32).T
    value = tf.constant(values[0])
    for left, right, low, high in zip(steps, steps[1:], values, values[1:], strict=False):
        fraction = tf.clip_by_value((step - left) / (right - left), 0.0, 1.0)
        value += (high - low) * fraction
    return value
