"""Reports as HTML pages: one self-contained file of text, tables and pictures.

All text is escaped, pictures are embedded, and the page loads nothing from outside.
"""

import base64
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from PIL import Image

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import read_bytes, write_atomically
from tf_dsae.reports.blocks import (
    Block,
    Cell,
    Code,
    Facts,
    Figure,
    Listing,
    Notice,
    Report,
    Settings,
    Table,
    Text,
    as_cell,
    numeric_columns,
)

_MAX_PICTURE = 64 * 2**20  # Bytes; a page holds its pictures.
_STYLE = Path(__file__).with_name("page.css").read_text(encoding="utf-8")


def write_page(path: str | os.PathLike, report: Report) -> None:
    """Writes a report as a page, whole or not at all; UserError for what is no picture."""
    page = render_page(report)
    with write_atomically(path) as beside:
        beside.write_text(page, encoding="utf-8")


def render_page(report: Report) -> str:
    """The page that `write_page` writes."""
    links, bodies = [], []
    for number, section in enumerate(report.sections, 1):
        name = escape(section.title)
        links.append(f'<li><a href="#part-{number}">{name}</a></li>')
        inside = render_blocks(section.blocks)
        bodies.append(
            f'<section id="part-{number}" aria-labelledby="title-{number}">\n'
            f'<h2 id="title-{number}">{name}</h2>\n{inside}\n</section>'
        )
    contents = f'<nav aria-label="Contents"><ol>{"".join(links)}</ol></nav>' if links else ""
    title, above, below = escape(report.title), render_blocks(report.summary), "\n".join(bodies)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<div class="page">
{contents}
<main>
<header>
<h1>{title}</h1>
{above}
</header>
{below}
</main>
</div>
</body>
</html>
"""


# --- Blocks.


def render_blocks(blocks: Sequence[Block]) -> str:
    """The blocks as elements of a page."""
    return "\n".join(map(_block, blocks))


def _block(block: Block) -> str:
    match block:
        case Text(text):
            return f"<p>{escape(text)}</p>"
        case Notice(text):
            return f'<p class="notice" role="note">{escape(text)}</p>'
        case Facts(pairs):
            return f'<dl class="facts">{_pairs(pairs)}</dl>'
        case Listing(items):
            return f"<ul>{''.join(f'<li>{escape(item)}</li>' for item in items)}</ul>"
        case Code(text):
            return f"<pre><code>{escape(text)}</code></pre>"
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)
        case Settings():
            return _settings(block)


def _pairs(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join(
        f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in pairs
    )


def _table(table: Table) -> str:
    classes = [' class="number"' if right else "" for right in numeric_columns(table)]
    head = "".join(
        f'<th scope="col"{css}>{escape(name)}</th>'
        for name, css in zip(table.head, classes, strict=True)
    )
    body = ""
    for first, *cells in ([as_cell(cell) for cell in row] for row in table.rows):
        shown = [_cell(cell, css) for cell, css in zip(cells, classes[1:], strict=True)]
        body += f'<tr><th scope="row">{_inside(first)}</th>{"".join(shown)}</tr>\n'
    label = escape(table.caption or "Table")
    caption = f"<figcaption>{escape(table.caption)}</figcaption>" if table.caption else ""
    notes = f'<p class="notes">{escape(table.notes)}</p>' if table.notes else ""
    return (
        f'<figure class="table">{caption}\n'
        f'<div class="scroll" role="region" aria-label="{label}" tabindex="0">\n'
        f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"
        f"</div>{notes}</figure>"
    )


def _cell(cell: Cell, css: str) -> str:
    shade = "" if cell.shade is None else f' style="--shade:{min(max(cell.shade, 0), 1):.3f}"'
    return f"<td{css}{shade}>{_inside(cell)}</td>"


def _inside(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.best:
        text = f'<strong class="best">{text}</strong>'
    return text + (f"<small>{escape(cell.detail)}</small>" if cell.detail else "")


def _figure(figure: Figure) -> str:
    caption = f"<figcaption>{escape(figure.caption)}</figcaption>" if figure.caption else ""
    still = f'<div class="plate">{_image(figure.path, figure.alt)}</div>'
    if figure.moving is None:
        return f'<figure class="picture">{still}{caption}</figure>'
    moving = _image(figure.moving, f"{figure.alt} Animated.")
    frames = f"<details><summary>Frame by frame</summary>{still}</details>"
    return (
        f'<figure class="picture"><div class="plate moving">{moving}</div>{caption}{frames}'
        "</figure>"
    )


def _image(path: str | os.PathLike, alt: str) -> str:
    """An <img> that holds the file."""
    if not alt.strip():
        raise UserError(
            f"{path}: expected a text that describes the picture, received none; give one"
        )
    try:
        file_content = read_bytes(path, _MAX_PICTURE)
        with Image.open(io.BytesIO(file_content), formats=("PNG", "GIF")) as picture:
            kind, (width, height) = (picture.format or "").lower(), picture.size
    # pillow raises SyntaxError for broken chunks and ValueError for texts that expand.
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UserError(f"{path}: expected a PNG or GIF, received: {reason(error)}") from error
    content = base64.b64encode(file_content).decode("ascii")
    return (
        f'<img width="{width}" height="{height}" alt="{escape(alt)}" '
        f'src="data:image/{kind};base64,{content}">'
    )


def _settings(block: Settings) -> str:
    single = {name: value for name, value in block.values.items() if not isinstance(value, Mapping)}
    groups = {"": single, **{k: group for k, group in block.values.items() if k not in single}}
    parts = []
    for title, group in groups.items():
        heading = f"<h3>{escape(str(title))}</h3>" if title else ""
        pairs = _pairs((str(name), _words(value)) for name, value in group.items())
        parts.append(f'<div class="group">{heading}<dl>{pairs}</dl></div>' if pairs else "")
    return (
        f'<details class="settings"><summary>{escape(block.title)}</summary>'
        f"{''.join(parts)}</details>"
    )


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {_words(inner)}" for key, inner in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_words, value))
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)
