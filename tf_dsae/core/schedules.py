"""Numbers that change over training steps: piecewise linear schedules."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError

Points = tuple[tuple[float, float], ...]


def _parse_step(text: str, total_steps: int) -> float:
    if "/" in text:
        return min(_parse_step(part, total_steps) for part in text.split("/"))
    if text.endswith("%"):
        return float(text[:-1]) / 100 * total_steps
    return float(text)


def check_points(points: Sequence[Sequence[float]], name: str) -> Points:
    """Returns points as tuples of floats; raises UserError, with `name`, if they make no sense.

    Example:
      >>> check_points([[0, 1], [10, 2]], "beta")
      ((0.0, 1.0), (10.0, 2.0))
    """
    checked = tuple((float(step), float(value)) for step, value in points)
    steps = [step for step, _ in checked]
    if not all(math.isfinite(step) and step >= 0 for step in steps):
        raise UserError(f"{name}: expected finite steps of at least 0, received {steps}")
    if not checked or any(later <= earlier for earlier, later in itertools.pairwise(steps)):
        raise UserError(f"{name}: expected steps that rise, received {steps}; reorder the schedule")
    for _, value in checked:
        if not (math.isfinite(value) and value >= 0):
            raise UserError(f"{name}: expected finite values of at least 0, received {value:g}")
    return checked


def check_schedule(text: str, name: str, total_steps: int = 0) -> None:
    """Raises UserError if a schedule makes no sense; without the steps, if a pair of it makes none.

    Example:
      >>> check_schedule("0%:1,50%:6", "beta")
    """
    # Where the number of steps is not known, nor is the order of steps and percentages.
    for part in [text] if total_steps or "%" not in text else text.split(","):
        as_points(part, name, total_steps)


def as_points(value: Any, name: str, total_steps: int | None = None) -> Points:
    """A number or a schedule as ((step, value), ...), with steps rising.

    Args:
      value: a number; ((step, value), ...); or a text: a number, or pairs parted by commas, such as
        `0:0.1,300:1` or `0%:4,40%:4,70%:1`. A step may be a percentage of `total_steps`, or
        `500/20%`, the smaller of both: 500 steps, and less in a short run.
      name: what it is for, named in errors.
      total_steps: of the whole run; None: a text may not have percentages.

    Raises:
      UserError: it is none of these, steps do not rise, or a value is negative or not finite.

    Example:
      >>> as_points(6, "beta"), as_points("0:1,20:4", "beta")
      (((0.0, 6.0),), ((0.0, 1.0), (20.0, 4.0)))
    """
    if not isinstance(value, str):
        try:
            return check_points(((0.0, float(value)),) if np.ndim(value) == 0 else value, name)
        except UserError:
            raise
        except (TypeError, ValueError):
            raise UserError(
                f"{name}: expected a number or ((step, value), ...), received {quote(value)}"
            ) from None
    if total_steps is None and "%" in value:
        raise UserError(
            f"{name}: expected a number, or step:value pairs without percentages, as the number of "
            f"steps is not known here, received {value!r}"
        )
    pairs = [part.split(":") for part in value.split(",")]
    try:
        if pairs == [[value]]:
            points: Points = ((0.0, float(value)),)
        else:
            points = tuple((_parse_step(at, total_steps or 0), float(text)) for at, text in pairs)
    except ValueError:
        raise UserError(
            f"{name}: expected a number or step:value pairs such as 0:0.1,300:1 "
            f"(steps may be percentages), received {value!r}"
        ) from None
    return check_points(points, name)
