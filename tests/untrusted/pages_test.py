"""Pages, tables and folders made from strangers' files: shown as text, and kept in their place."""

import dataclasses
import os
import re
import stat

import numpy as np
import pytest
from PIL import Image

from tests.evaluation.report_test import example, typed
from tests.reports.html_test import Page
from tests.untrusted.workdir_test import one_line
from tf_dsae.data.sprites import sheets
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation import judges
from tf_dsae.evaluation.comparison import names_of
from tf_dsae.evaluation.judge import JudgeSettings
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.reports.blocks import Figure, Report, Table
from tf_dsae.reports.html import render_page, write_page
from tf_dsae.reports.markdown import escape_markdown, render_markdown, table_markdown

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "a | b\n\n# c\n| d",
    "`x` [y](javascript:alert(1)) ![z](http://a/b) <b> &lt;i&gt; ~~s~~ $x$ **b** _i_",
    "</table></style><style>*{display:none}",
    "\x1b[31m\r\x00\u202e",
]


def spoiled(text: str) -> Evaluation:
    """An evaluation with a text in every place that takes one."""
    evaluation = example()
    evaluation |= dict.fromkeys(
        ("dataset", "reference", "motion_prior", "fingerprint", "judges_digest", "weights"), text
    )
    evaluation |= {"beta": {"f": text, "z": text}, "versions": {text: text}}
    evaluation["baselines"] = {text: {text: {"disagreement": 0.5}}}
    evaluation["information"][text] = text
    for part in (evaluation["table"], evaluation["protocol"]["content_kept"], evaluation["judges"]):
        part[text] = part.pop("skin")
    probe = evaluation["latents"]["probe"]
    for part in probe.values():
        part[text] = part.pop(next(iter(part)))
    evaluation["elbo"][text] = 1.0
    return typed(evaluation)


@pytest.mark.parametrize("text", HOSTILE)
def test_pages_and_tables_show_texts_as_texts(tmp_path, text):
    evaluation = spoiled(text)
    settings = {text: text, "group": {text: [text, {text: text}]}}
    report.write_report(tmp_path / "a.html", evaluation, settings=settings)
    write_page(
        tmp_path / "b.html", report.comparison_report({text: evaluation, "b": typed(example())})
    )
    for name in ("a.html", "b.html"):
        page = Page((tmp_path / name).read_text())
        assert not page.all("script") and not page.all("img") and len(page.all("style")) == 1
        assert all(link["href"].startswith("#part-") for link in page.all("a"))
        allowed = {"class", "id", "scope", "style", "role", "tabindex", "href", "open"}
        for _, attributes in page.elements:
            assert not [key for key in attributes if key.startswith("on")]
            assert set(attributes) <= allowed | {
                *("lang", "charset", "name", "content", "http-equiv"),
                *("aria-label", "aria-labelledby"),
            }
    for said in (
        render_markdown(report.evaluation_report(evaluation)),
        render_markdown(report.comparison_report({text: evaluation, "b": typed(example())})),
    ):
        assert not re.search(r"(?<!\\)[<>`~$&]", said.replace("\\\\", ""))
        assert not re.search(r"(?<!\\)[\[\]]", said)
        assert said.count("\n# ") == 0 and "\x1b" not in report.table_text(evaluation)
    assert "\x1b" not in report.comparison_text({text: evaluation, "b": typed(example())})


@pytest.mark.parametrize("value", ["1", "<b>", None, True, float("nan"), 10**400, [1], {}])
def test_numbers_that_are_none_are_named(value):
    for place in (("elbo", "elbo"), ("table", "skin", "kl_recon"), ("latents", "mig")):
        evaluation = example()
        inner = evaluation
        for key in place[:-1]:
            inner = inner[key]
        inner[place[-1]] = value
        message = one_line(typed, evaluation)
        assert "expected a finite number, received" in message and place[-1] in message


def test_names_are_no_longer_than_tables_can_bear():
    evaluation = example()
    evaluation["table"]["x" * 10**6] = evaluation["table"]["skin"]
    assert "names of at most 200 characters" in one_line(typed, evaluation)
    evaluation["table"] = {str(k): evaluation["table"]["skin"] for k in range(65)}
    assert "at most 64 names" in one_line(typed, evaluation)


@pytest.mark.parametrize("text", HOSTILE)
def test_tables_keep_their_columns(text):
    lines = table_markdown(Table(["a", "b"], [[text, "truth"]])).splitlines()
    assert len(lines) == 3
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)
    assert "truth" in lines[2] and not re.search(r"(?<!\\)[<>]", lines[2])


def test_folders_whose_names_are_no_text():
    name = os.fsdecode(b"run\xff")
    names = names_of([f"/a/{name}", "/a/other"])
    assert names[1] == "other"
    "".join(names).encode()
    escape_markdown(names[0])


@pytest.mark.parametrize(
    "factor", ["../x", "a/b", "a\\b", "..", ".", "", "a\0b", "a\nb", "x" * 300]
)
def test_factors_name_no_file_outside_the_folder(tmp_path, factor):
    assert "factor: expected a name" in one_line(judges._weights_path, tmp_path, factor)
    assert judges._weights_path(tmp_path, "action").parent == tmp_path


@pytest.mark.parametrize(
    "changes",
    [
        {"rnn_size": 10**12},
        {"rnn_size": "many"},
        {"channels": (1,) * 1000},
        {"channels": [1]},
        {"strides": (2, 2)},
        {"kernel_sizes": (4, 3, 0)},
        {"learning_rate": "fast"},
    ],
)
def test_settings_of_judges(changes):
    assert "expected" in one_line(lambda: JudgeSettings(**changes))


def test_settings_of_judges_that_ask_for_much():
    from tf_dsae.evaluation.judge import Judge, judge_weights

    large = dataclasses.replace(JudgeSettings(), rnn_size=10**6)
    assert "at most 1,000,000,000 weights" in one_line(judge_weights, 9, (64, 64, 3), large)
    of = JudgeSettings(channels=(5, 6), kernel_sizes=(3, 4), strides=(2, 3), rnn_size=7)
    shape = (20, 27, 3)
    judge = Judge(9, shape, of.channels, of.kernel_sizes, of.strides, of.rnn_size, name="judge")
    assert judge.count_params() == judge_weights(9, shape, of)


# --- Pictures.


def test_pictures_of_a_run_that_are_none(tmp_path):
    path = tmp_path / "curves.png"

    def fails():
        message = one_line(render_page, Report("", [Figure(path, "alt")], []))
        assert "curves.png: expected a PNG or GIF" in message

    os.mkfifo(path)
    fails()
    path.unlink()
    for content in (b"", b"%!PS-Adobe-3.0 EPSF-3.0\n", b"\x89PNG\r\n\x1a\n" + bytes(50)):
        path.write_bytes(content)
        fails()
    with open(path, "wb") as file:
        file.truncate(10**9)
    fails()


EPS = b"""%!PS-Adobe-3.0 EPSF-3.0
%%BoundingBox: 0 0 832 1344
%%EndComments
showpage
"""


def test_sheets_are_png_and_start_no_program(tmp_path, monkeypatch):
    """Pillow hands PostScript to Ghostscript, which is a program."""
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    (tmp_path / "gs").chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    path = tmp_path / "0.png"
    path.write_bytes(EPS)
    assert "cannot be read" in one_line(sheets._read, path)
    assert not (tmp_path / "ran").exists()
    Image.fromarray(np.zeros((1344, 832, 4), np.uint8)).save(path)
    assert sheets._read(path).shape == (1344, 832, 4)
    path.unlink()
    os.mkfifo(path)
    assert "cannot be read" in one_line(sheets._read, path)
