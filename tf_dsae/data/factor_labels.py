"""Factors and their labels: names, classes, and labels that come as arrays."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError

MAX_CLASSES = 1000  # Of a factor.

# 60 characters at most: files are named after factors.
_NAME = re.compile("[A-Za-z](?:[A-Za-z0-9_ -]{0,58}[A-Za-z0-9_-])?")
_RESERVED = ("file", "video")


def check_factor_name(place: str, name: Any) -> None:
    """Raises UserError, which begins with the place, unless a factor may have that name."""
    is_name = isinstance(name, str) and _NAME.fullmatch(name)
    if not is_name or name.lower() in _RESERVED:
        raise UserError(
            f"{place}: expected factors named by a letter and up to 59 letters, digits, spaces, _ "
            f"or -, and neither file nor video, received {quote(name)}; rename it"
        )


def check_num_classes(place: str, factor: str, count: int) -> None:
    """Raises UserError, which begins with the place, where a factor has too many classes."""
    if count > MAX_CLASSES:
        raise UserError(
            f"{place}: expected at most {MAX_CLASSES} classes of {factor}, received {count}; leave "
            "it out or merge some"
        )


def read_label_pairs(
    labels: Mapping[str, tuple[Any, Any]], counts: Mapping[str, int]
) -> tuple[dict[str, tuple[str, ...]], dict[str, dict[str, np.ndarray]]]:
    """Reads factor -> (labels of train, labels of test), names or integers; UserError for others.

    `counts` are the numbers of sequences in both splits. Returns factor -> names of its classes,
    sorted over both splits; and split -> factor -> int64 [N].
    """
    if not isinstance(labels, Mapping):
        raise UserError(f"labels: expected factor -> (train, test), received {quote(labels)}")
    factors: dict[str, tuple[str, ...]] = {}
    numbers: dict[str, dict[str, np.ndarray]] = {split: {} for split in counts}
    for factor, pair in labels.items():
        check_factor_name("labels", factor)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise UserError(
                f"labels: expected a pair for {factor}, labels of train and labels of test, "
                f"received {quote(pair)}"
            )
        train, test = (
            _read_column(f"labels of {factor} in {split}", column, counts[split])
            for split, column in zip(counts, pair, strict=True)
        )
        if train.dtype.kind != test.dtype.kind:
            raise UserError(
                f"labels: expected names or integers in both splits of {factor}, received both; "
                "convert one of them"
            )
        classes, indices = np.unique(np.concatenate([train, test]), return_inverse=True)
        check_num_classes("labels", factor, len(classes))
        factors[factor] = tuple(map(str, classes))
        for split, part in zip(counts, np.split(indices, [len(train)]), strict=True):
            numbers[split][factor] = part.astype(np.int64)
    return factors, numbers


def _read_column(name: str, given: Any, count: int) -> np.ndarray:
    """Labels of one split, int64 or text [N]."""
    column = np.asarray(given)
    if column.dtype == object and all(isinstance(value, str) for value in column.flat):
        column = column.astype(str)
    if column.ndim != 1 or column.dtype.kind not in "iuU":
        raise UserError(
            f"{name}: expected names or integers [{count}], received {list(column.shape)} of "
            f"{column.dtype}"
        )
    if len(column) != count:
        raise UserError(f"{name}: expected one a sequence, {count}, received {len(column)}")
    return column if column.dtype.kind == "U" else column.astype(np.int64)
