"""The table of a run, metrics.csv: a row an epoch."""

import csv
import io
import math
from pathlib import Path

from tf_dsae.core.checks import shown
from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import read_bytes
from tf_dsae.models.objective import ElboTerms

COLUMNS = (
    "epoch",
    "step",
    *ElboTerms._fields,
    *(f"val_{name}" for name in ElboTerms._fields),
    "videos_per_second",
    "seconds",
)


def read_metrics(path: Path) -> list[dict[str, str]]:
    """The rows of a metrics.csv, [] where there is none; UserError where it is damaged."""
    try:
        text = read_bytes(path).decode(errors="replace")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error) as error:
        raise UserError(
            f"{path}: expected a run's table, received: {reason(error)}; restore the table, or "
            "name another --workdir"
        ) from None
    for row in rows:
        if set(row) != set(COLUMNS) or not all(map(_is_number, row.items())):
            raise UserError(
                f"{path}: expected the columns {', '.join(COLUMNS)}, received {shown(row)}; "
                "restore the table, or name another --workdir"
            )
    return rows


def _is_number(item: tuple[str, str | None]) -> bool:
    """Whether a cell holds what its column does: a count, or a number that single precision has."""
    name, text = item
    if text is None or len(text) > 40:
        return False
    if name in ("epoch", "step"):
        return text.isdecimal() and int(text) < 2**63
    try:
        return not 3.5e38 < abs(float(text)) < math.inf
    except ValueError:
        return False
