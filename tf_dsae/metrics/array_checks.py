"""Checks of the arrays that the measures take."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_dsae.core.errors import UserError


def as_floats(name: str, values: Any, shape: tuple) -> np.ndarray:
    """Checks that `values` are finite and of `shape`; returns them in float64.

    Args:
      shape: a size for each axis, or a letter for any size of at least 1.

    Raises:
      UserError: another shape, an empty axis, not numbers, NaN or infinity.
    """
    array = np.asarray(values)
    text = f"[{', '.join(map(str, shape))}]"
    if array.dtype.kind not in "fiu":
        raise UserError(f"{name}: expected numbers {text}, received {array.dtype}; pass floats")
    fits = array.ndim == len(shape) and all(
        size == expected if isinstance(expected, int) else size > 0
        for size, expected in zip(array.shape, shape, strict=True)
    )
    if not fits:
        raise UserError(
            f"{name}: expected numbers of shape {text}, received {list(array.shape)}; "
            "pass one row a video, in the same order everywhere"
        )
    array = array.astype(np.float64, copy=False)
    if not np.isfinite(array).all():
        bad = array.size - np.count_nonzero(np.isfinite(array))
        raise UserError(
            f"{name}: expected finite numbers, received {bad} NaN or infinite; look for a model "
            "whose training diverged"
        )
    return array


def as_labels(name: str, values: Any, length: int | str = "N") -> np.ndarray:
    """Checks that `values` are whole numbers [length]; returns int64. "N" is any length above 0.

    Raises:
      UserError: another shape, no values, or not whole numbers.
    """
    array = np.asarray(values)
    if array.ndim != 1 or array.size == 0 or length not in ("N", array.size):
        raise UserError(
            f"{name}: expected whole numbers of shape [{length}], received {list(array.shape)}; "
            "pass one a video"
        )
    if array.dtype.kind not in "iu":
        raise UserError(f"{name}: expected whole numbers, received {array.dtype}; pass integers")
    return array.astype(np.int64, copy=False)


def as_factors(name: str, factors: Any, length: int) -> dict[str, np.ndarray]:
    """Checks that every factor has at least two classes; returns factor -> int64 [N].

    Raises:
      UserError: no factor, labels of another length, or a factor of one class.
    """
    if not isinstance(factors, Mapping) or not factors:
        raise UserError(
            f"{name}: expected labels by factor, received {type(factors).__name__} without any; "
            "pass {'skin': [N], ...}"
        )
    checked = {}
    for factor, values in factors.items():
        labels = as_labels(f"{name}[{factor!r}]", values, length)
        if labels.min() == labels.max():
            raise UserError(
                f"{name}[{factor!r}]: expected at least 2 classes, received only {labels[0]}; "
                "leave this factor out, or pass more videos"
            )
        checked[factor] = labels
    return checked
