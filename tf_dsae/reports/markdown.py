"""Reports in Markdown: the same blocks as a page, without its pictures and settings."""

import re
from collections.abc import Sequence

from tf_dsae.core.checks import printable
from tf_dsae.reports.blocks import (
    Block,
    Cell,
    Code,
    Listing,
    Notice,
    Report,
    Table,
    Text,
    as_cell,
    numeric_columns,
)


def render_markdown(report: Report) -> str:
    """The report as a Markdown file."""
    parts = [f"# {escape_markdown(report.title)}", *_blocks(report.summary)]
    for section in report.sections:
        if blocks := _blocks(section.blocks):
            parts += [f"## {escape_markdown(section.title)}", *blocks]
    return "\n\n".join(parts) + "\n"


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    return re.sub(r"([\\`*_\[\]<>|#&~$])", r"\\\1", " ".join(printable(text).split()))


def join_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool] = ()
) -> str:
    """A table of cells that are Markdown already; `right`: the columns aligned to the right."""
    marks = ["---:" if number else "---" for number in right or [False] * len(head)]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, marks, *rows))


def table_markdown(table: Table) -> str:
    """The table with its caption and notes."""
    rows = [[_cell(as_cell(cell)) for cell in row] for row in table.rows]
    body = join_table([*map(escape_markdown, table.head)], rows, numeric_columns(table))
    caption = table.caption and f"**{escape_markdown(table.caption)}**"
    return "\n\n".join(filter(None, [caption, body, escape_markdown(table.notes)]))


def _blocks(blocks: Sequence[Block]) -> list[str]:
    return [text for text in map(_block, blocks) if text]


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return escape_markdown(text)
        case Notice(text):
            return f"**{escape_markdown(text)}**"
        case Table():
            return table_markdown(block)
        case Listing(items):
            return "\n".join(f"- {escape_markdown(item)}" for item in items)
        case Code(text, language):
            return f"```{language}\n{text}\n```"
    return ""


def _cell(cell: Cell) -> str:
    text = escape_markdown(cell.text)
    text = f"**{text}**" if cell.best else text
    return f"{text} ({escape_markdown(cell.detail)})" if cell.detail else text
