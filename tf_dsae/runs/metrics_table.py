"""The table of a run, metrics.csv: a row for each epoch.

Its columns follow the terms of the objective. Tables with other columns, of other terms or
versions, can be read.
"""

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import read_bytes, write_atomically

_POSITION = ("epoch", "step")


def metrics_columns(terms: Sequence[str]) -> tuple[str, ...]:
    """The columns of a run whose objective has these terms."""
    held_out = (f"val_{name}" for name in terms)
    return (*_POSITION, *terms, *held_out, "sequences_per_second", "seconds")


def read_metrics(path: Path) -> list[dict[str, str]]:
    """The rows of a metrics.csv, column -> cell; [] if there is no such file.

    Every row has a whole `epoch` and `step`; any other cell is a number or empty, else UserError.
    """
    try:
        text = read_bytes(path).decode(errors="replace")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), restval=""))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(
            f"{path}: expected a run's table, received: {reason(error)}; restore the table, or "
            "name another --workdir"
        ) from None
    for row in rows:
        if not set(_POSITION) <= set(row) or not all(map(_is_cell, row.items())):
            raise UserError(
                f"{path}: expected rows with the columns epoch and step, and numbers in all "
                f"columns, received {quote(row)}; restore the table, or name another --workdir"
            )
    return rows


def _is_cell(item: tuple[str | None, str | list[str]]) -> bool:
    """Whether a cell suits its column: a count, or a number within single precision."""
    name, text = item
    if not isinstance(text, str) or len(text) > 40:  # A list: what has no column.
        return False
    if name in _POSITION:
        return text.isdecimal() and int(text) < 2**63
    try:
        return not text or not 3.5e38 < abs(float(text)) < math.inf
    except ValueError:
        return False


def write_metrics(path: Path, rows: Sequence[Mapping[str, str]], terms: Sequence[str]) -> None:
    """Writes a metrics.csv, with the columns of the terms and then others that the rows have."""
    names = dict.fromkeys([*metrics_columns(terms), *(name for row in rows for name in row)])
    with write_atomically(path) as beside, open(beside, "w", newline="") as table:
        writer = csv.DictWriter(table, list(names), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
