"""The blocks of a report in any format: texts, tables, pictures, settings."""

import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

_NUMBER = re.compile(
    r"(?:[\N{LESS-THAN OR EQUAL TO}\N{GREATER-THAN OR EQUAL TO}] )?[+\-\N{MINUS SIGN}]?\d"
    r"|[-\N{EN DASH}]$|$"
)


class Cell(NamedTuple):
    """A cell of a table.

    detail: shown small below, such as an interval. best: whether it is the best of its kind.
    shade: in [0, 1], how strongly the cell is coloured; None for not at all.
    """

    text: str
    detail: str = ""
    best: bool = False
    shade: float | None = None


class Text(NamedTuple):
    """A paragraph."""

    text: str


class Notice(NamedTuple):
    """A paragraph that must not be missed."""

    text: str


class Facts(NamedTuple):
    """A few figures at a glance: (name, value) pairs."""

    pairs: Sequence[tuple[str, str]]


class Table(NamedTuple):
    """A table; the first cell of a row names it, columns of numbers are aligned to the right.

    notes: how to read it, below it.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    caption: str = ""
    notes: str = ""


class Figure(NamedTuple):
    """A PNG or GIF, embedded; `moving` is a GIF of the same, the other is then shown on request."""

    path: str | os.PathLike
    alt: str
    caption: str = ""
    moving: str | os.PathLike | None = None


class Settings(NamedTuple):
    """Settings by name, nested or not, folded away."""

    values: Mapping[str, Any]
    title: str = "Settings"


class Listing(NamedTuple):
    """A list of short texts."""

    items: Sequence[str]


class Code(NamedTuple):
    """Lines of a program."""

    text: str
    language: str = "python"


Block = Text | Notice | Facts | Table | Figure | Settings | Listing | Code


class Section(NamedTuple):
    """A part of the page, under a title that the table of contents lists."""

    title: str
    blocks: Sequence[Block]


class Report(NamedTuple):
    """A report in any format; `summary` stands above the first section."""

    title: str
    summary: Sequence[Block]
    sections: Sequence[Section]


def as_cell(cell: Cell | str) -> Cell:
    """A cell with a plain text; a cell stays as it is."""
    return cell if isinstance(cell, Cell) else Cell(cell)


def numeric_columns(table: Table) -> list[bool]:
    """Which columns hold only numbers or nothing; the first column, of names, never counts."""
    others = range(1, len(table.head))
    texts = [[as_cell(row[column]).text for row in table.rows] for column in others]
    return [False, *(all(map(_NUMBER.match, column)) for column in texts)]
