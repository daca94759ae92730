"""One report in Markdown and on a terminal: the same words, none of which is taken as a command."""

import re

import pytest

from tf_dsae.core.checks import printable
from tf_dsae.reports.blocks import (
    Cell,
    Code,
    Facts,
    Listing,
    Notice,
    Report,
    Section,
    Settings,
    Table,
    Text,
)
from tf_dsae.reports.markdown import escape_markdown, join_table, render_markdown, table_markdown
from tf_dsae.reports.terminal import render_text, table_text

TABLE = Table(
    ["name", "first run", "text"],
    [["a", Cell("1.5", "1\N{EN DASH}2", best=True), "x"], ["long|er", "12.25", Cell("", "y")]],
    "A caption",
    "Notes on *it*.",
)


def test_a_table_in_markdown():
    assert table_markdown(TABLE).splitlines() == [
        "**A caption**",
        "",
        "| name | first run | text |",
        "| --- | ---: | --- |",
        "| a | **1.5** (1\N{EN DASH}2) | x |",
        r"| long\|er | 12.25 |  (y) |",
        "",
        r"Notes on \*it\*.",
    ]


def test_a_table_on_a_terminal():
    assert table_text(TABLE).splitlines() == [
        "A caption",
        "name       first run  text",
        "-------  -----------  ----",
        "a        * 1.5 (1\N{EN DASH}2)  x",
        "long|er        12.25   (y)",
    ]


def test_a_peak_at_the_end_of_a_grid_is_a_number():
    table = Table(["a", "b"], [["x", "\N{LESS-THAN OR EQUAL TO} 0.10"], ["y", "+3"]])
    assert "---: |" in table_markdown(table)


def test_a_report_in_markdown_has_all_but_pictures_and_settings():
    blocks = [
        *(Text("some words"), Notice("look!"), Facts([("fact", "1")]), Settings({"set": 2})),
        *(Listing(["one", "two_"]), Code("print('*')"), TABLE),
    ]
    report = Report(
        "A # title", blocks, [Section("Empty", [Settings({})]), Section("Full", blocks)]
    )
    text = render_markdown(report)
    assert text.startswith(
        "# A \\# title\n\nsome words\n\n**look!**\n\n- one\n- two\\_\n\n```python\n"
    )
    assert text.endswith("Notes on \\*it\\*.\n") and text.count("\n## Full\n") == 1
    assert "Empty" not in text and "fact" not in text and "set" not in text
    assert not re.search("\n{3,}", text)


def test_a_terminal_has_notices_and_tables():
    text = render_text([Text("words"), Notice("look\x1b[31m!"), TABLE, Code("x")])
    assert text == f"look [31m!\n\n{table_text(TABLE)}"


def test_finished_cells_are_joined_as_they_are():
    assert join_table(["", "**b**"], [["[a](b)", "1"]]) == (
        "|  | **b** |\n| --- | --- |\n| [a](b) | 1 |"
    )


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a\nb\r\n c", "a b c"), ("<b>|", r"\<b\>\|"), ("\x1b\u202e#", r"\#"), ("\\", "\\\\")],
)
def test_text_is_shown_as_it_is_in_one_line(text, escaped):
    assert escape_markdown(text) == escaped


def test_printable_text_is_cut_where_it_is_long():
    assert printable("a\x00\x1b\nb") == "a   b"
    assert printable("x" * 9, 4) == "xxxx ..." and printable("xxxx", 4) == "xxxx"
