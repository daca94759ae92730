"""Numbers that change over training steps: piecewise linear schedules."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_dsae.core.checks import shown
from tf_dsae.core.errors import UserError

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

    Returns ((step, value), ...) with steps rising; UserError for anything else.
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


def as_points(value: Any, name: str, total_steps: int | None = None) -> Points:
    """A number, ((step, value), ...) or a text as `parse_schedule` reads it, as points.

    A text may have percentages only where `total_steps` of the run are known.

    Example:
      >>> as_points(6, "beta"), as_points("0:1,20:4", "beta")
      (((0.0, 6.0),), ((0.0, 1.0), (20.0, 4.0)))
    """
    if isinstance(value, str):
        if total_steps is None and "%" in value:
            raise UserError(
                f"{name}: expected a number, or step:value pairs without percentages, as the "
                f"number of steps is not known here, received {value!r}"
            )
        return parse_schedule(value, total_steps or 0, name)
    try:
        return check_points(((0.0, float(value)),) if np.ndim(value) == 0 else value, name)
    except (TypeError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(
            f"{name}: expected a number or ((step, value), ...), received {shown(value)}"
        ) from None
