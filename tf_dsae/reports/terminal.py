"""Tables as text for a terminal, and their display in a notebook."""

import sys
import textwrap
from collections.abc import Sequence

from tf_dsae.core.checks import printable
from tf_dsae.reports.blocks import Block, Cell, Notice, Table, as_cell, numeric_columns


def render_text(blocks: Sequence[Block]) -> str:
    """Notices and tables, one below the other; other blocks are left out."""
    parts = [
        f"{printable(block.text)}\n" if isinstance(block, Notice) else table_text(block)
        for block in blocks
        if isinstance(block, Notice | Table)
    ]
    return "\n".join(parts)


def table_text(table: Table) -> str:
    """The table with its caption; the best of a row has a star."""
    rows = [[_cell(as_cell(cell)) for cell in row] for row in table.rows]
    heads = [textwrap.wrap(printable(name), 16, break_on_hyphens=False) for name in table.head]
    depth = max(map(len, heads))
    heads = [[""] * (depth - len(lines)) + lines for lines in heads]
    lines = [*map(list, zip(*heads, strict=True)), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(depth, ["-" * width for width in widths])
    right = numeric_columns(table)
    text = [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join([*([printable(table.caption)] if table.caption else []), *text]) + "\n"


def _cell(cell: Cell) -> str:
    detail = f" ({cell.detail})" if cell.detail else ""
    return printable(("* " if cell.best else "") + cell.text + detail)


def show(blocks: Sequence[Block]) -> None:
    """Displays blocks in a notebook; prints notices and tables elsewhere."""
    if in_notebook():
        from IPython.display import HTML, display

        from tf_dsae.reports.html import render_blocks

        display(HTML(render_blocks(blocks)))
    else:
        print(render_text(blocks))


def in_notebook() -> bool:
    """Whether a notebook's kernel runs this process."""
    python = sys.modules.get("IPython")
    return python is not None and hasattr(python.get_ipython(), "kernel")
