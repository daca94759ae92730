"""Reports hold the numbers they are given, say how to read them, and say what went wrong."""

import copy
import json
import math
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.reports.html_test import HOSTILE, Page
from tf_dsae.core.errors import UserError
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation import tables
from tf_dsae.evaluation.evaluation_pictures import Picture
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.reports.html import write_page
from tf_dsae.reports.markdown import render_markdown

FACTORS = ("skin", "pants", "top", "hair", "action")
CONTENT = FACTORS[:4]


def example(seed: int = 0) -> dict:
    """What evaluation.json holds, of made-up numbers that are all different."""
    rng = np.random.default_rng(seed)

    def fractions(names=FACTORS) -> dict[str, float]:
        return {name: float(rng.uniform(0.1, 0.9)) for name in names}

    def nats(*names) -> dict[str, float]:
        return {name: float(rng.uniform(1, 90)) for name in names}

    table = {
        name: {
            **nats("kl_recon", "kl_random"),
            "disagreement": float(rng.uniform(0.1, 0.9)),
            "disagreement_ci": sorted(rng.uniform(0.1, 0.9, 2).tolist()),
            "kl_recon_ci": sorted(rng.uniform(1, 90, 2).tolist()),
        }
        for name in FACTORS
    }
    dci = fractions(("disentanglement", "completeness", "informativeness"))
    probe = {name: fractions() for name in ("static", "dynamic", "chance")}
    return {
        "dataset": "sprites/drawn",
        "num_videos": 2664,
        "seed": 7,
        "reference": "data",
        "motion_prior": "learned",
        "elbo": nats("elbo", "log_likelihood", "static_kl", "dynamic_kl", "importance_weighted"),
        "judges": {name: {"accuracy": value} for name, value in fractions().items()},
        "table": table,
        "protocol": {
            "content_kept": fractions(CONTENT),
            "motion_kept": fractions(("action",)),
            **nats("inception_score", "entropy_y_given_x", "entropy_y"),
        },
        "latents": {**fractions(("mig", "sap")), "dci": dci, "probe": probe},
        "information": {
            name: nats("mutual_information", "aggregate_gap", "mean_kl")
            for name in ("static", "dynamic")
        },
        "collapsed": {"static": False, "dynamic": False},
    }


def typed(values: dict) -> Evaluation:
    return Evaluation.from_dict(values)


def numbers(value) -> list[str]:
    """Every measured number of an evaluation, as reports write it."""
    shown = []

    def walk(name, inner, fraction):
        fraction = fraction or name in ("judges", "content_kept", "motion_kept", "probe")
        fraction = fraction or name in ("disagreement", "disagreement_ci")
        if isinstance(inner, dict):
            for key, below in inner.items():
                walk(key, below, fraction)
        elif isinstance(inner, list):
            shown.append(tables.interval(inner, tables.percent if fraction else tables.number))
        elif isinstance(inner, float):
            shown.append((tables.percent if fraction else tables.number)(inner))

    walk("", value, False)
    return shown


def collapsed(seed: int = 0) -> dict:
    found = example(seed)
    found["collapsed"] = {"static": True, "dynamic": False}
    found["elbo"]["static_kl"] = 0.0312
    return found


@pytest.fixture
def picture(tmp_path) -> Picture:
    frames = [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "swap.png")
    frames[0].save(tmp_path / "swap.gif", save_all=True, append_images=frames[1:])
    files = tmp_path / "swap.png", tmp_path / "swap.gif"
    return Picture("swap", "A title", "How to read it.", "What is seen.", *files)


def test_numbers_are_written_with_three_digits():
    assert [tables.percent(x) for x in (0, 0.0006, 0.0999, 0.09996, 0.248, 1)] == [
        *("0.00%", "0.06%", "9.99%", "10.0%", "24.8%", "100.0%"),
    ]
    assert [tables.percent(x) for x in (None, math.nan)] == ["\N{EN DASH}"] * 2
    assert [tables.number(x) for x in (0.0126, -90684.71, math.inf)] == [
        *("0.013", "-90684.7", "\N{EN DASH}"),
    ]
    assert tables.interval([0.231, 0.265]) == "23.1\N{EN DASH}26.5%" and tables.interval(None) == ""


def test_page_and_markdown_hold_every_number(tmp_path, picture):
    values = example()
    evaluation = typed(values)
    path = tmp_path / "report.html"
    settings = {"training": {"beta_f": "0%:30,4.6%:1"}}
    report.write_report(path, evaluation, [picture], picture.png, settings)
    page = Page(path.read_text())
    markdown = render_markdown(report.evaluation_report(evaluation))
    written = numbers(values)
    assert len(written) > 60
    for shown in written:
        assert shown in page.text and shown in markdown, shown
    for words in ("0%:30,4.6%:1", "How to read it.", "24.8%", "73.6%", "8.11%", "2664"):
        assert words in page.text
    assert "How to read it." not in markdown and "24.8%" in markdown
    alts = [image["alt"] for image in page.all("img")]
    assert alts[:2] == ["What is seen. Animated.", "What is seen."] and len(alts) == 3
    assert "fell on its prior" not in page.text
    assert len(page.all("table")) == 8


def test_every_table_says_how_to_read_it():
    evaluation = typed(example())
    blocks = [block for section in report._sections(evaluation) for block in section.blocks]
    blocks += report.comparison_tables({"a": evaluation})
    assert len(blocks) == 14
    for table in blocks:
        assert table.notes.endswith(".") and table.caption
        assert {len(row) for row in table.rows} == {len(table.head)}


def test_what_is_not_there_is_left_out(tmp_path):
    """Data whose factors nobody published, measured without information and importance weights."""
    evaluation = example()
    for name in ("information", "collapsed"):
        del evaluation[name]
    del evaluation["elbo"]["importance_weighted"]
    del evaluation["protocol"]["inception_score"]
    evaluation["table"] = {"colour": evaluation["table"]["skin"]}
    del evaluation["table"]["colour"]["disagreement_ci"]
    evaluation = typed(evaluation)
    report.write_report(tmp_path / "a.html", evaluation)
    text = Page((tmp_path / "a.html").read_text()).text
    for words in ("Mandt", "Nichani", "importance-weighted bound\n", "Certainty", "Information in"):
        assert words not in text
    assert "colour" in report.comparison_text({"a": evaluation, "b": typed(example())})


def test_collapse_is_said_first(tmp_path):
    said = "q(f | x) fell on its prior: its KL is 0.031 nats per video"
    report.write_report(tmp_path / "a.html", typed(collapsed()))
    text = Page((tmp_path / "a.html").read_text()).text
    assert text.index(said) < text.index("How well a model splits")
    assert "q(z | x) fell" not in text
    assert report.table_text(typed(collapsed())).startswith(said)
    both = {"good": typed(example()), "bad": typed(collapsed())}
    write_page(tmp_path / "b.html", report.comparison_report(both))
    assert f"bad: {said}" in Page((tmp_path / "b.html").read_text()).text
    assert f"bad: {said}" in report.comparison_text(both)
    assert r"**bad: q(f \| x) fell" in render_markdown(report.comparison_report(both))


def test_names_are_shown_as_they_are(tmp_path):
    evaluation = example()
    evaluation["dataset"] = HOSTILE
    for part in (evaluation["table"], evaluation["protocol"]["content_kept"]):
        part[HOSTILE] = part.pop("skin")
    evaluation = typed(evaluation)
    report.write_report(tmp_path / "a.html", evaluation)
    write_page(tmp_path / "b.html", report.comparison_report({HOSTILE: evaluation}))
    for name in ("a.html", "b.html"):
        page = Page((tmp_path / name).read_text())
        assert HOSTILE in page.text and not page.all("script") and not page.all("img")
    for text in (
        render_markdown(report.evaluation_report(evaluation)),
        render_markdown(report.comparison_report({HOSTILE + "\n|": evaluation})),
    ):
        assert not re.search(r"(?<!\\)<", text)
        widths = [re.findall(r"(?<!\\)\|", line) for line in text.splitlines() if line[:1] == "|"]
        assert len(widths) > 20 and min(map(len, widths)) > 2
    assert "\x1b" not in report.comparison_text({"\x1b[31mred": typed(collapsed())})


def test_terminal_table_stands_beside_the_published_ones():
    evaluation = typed(example())
    lines = report.table_text(evaluation).splitlines()
    start = lines.index("Disagreement")
    head, rows = lines[start + 1 : start + 5], lines[start + 5 : start + 10]
    assert "Li and Mandt" in "".join(head) and "beta 6" in "".join(head)
    ours = evaluation.table["skin"]
    assert rows[0].split() == [
        "skin",
        "f",
        tables.percent(ours.disagreement),
        f"({tables.interval(ours.disagreement_ci)})",
        *("24.8%", "41.4%", "3.98%"),
    ]
    assert rows[4].split()[:2] == ["action", "z"]
    assert len({len(row) for row in rows}) == 1  # Numbers end below each other.


@pytest.mark.parametrize("dataset", ["folder/monday", "arrays", "nobody/knows"])
def test_published_figures_stand_beside_their_own_data_alone(dataset, tmp_path):
    """A column of one's own may be called `action`, as the published factor is."""
    evaluation = typed(example() | {"dataset": dataset})
    report.write_report(tmp_path / "report.html", evaluation)
    texts = [
        report.table_text(evaluation),
        render_markdown(report.evaluation_report(evaluation)),
        Page((tmp_path / "report.html").read_text()).text,
    ]
    for text in texts:
        assert "action" in text
        assert not re.search("Leplae-Arthur and Nichani 2019, beta|Li and Mandt 2018|43.0%", text)


def best(evaluations) -> dict[str, list[bool]]:
    """Measure -> which runs are marked."""
    return {
        row[0]: [cell.best for cell in row[1:]]
        for table in report.comparison_tables(
            {name: typed(values) for name, values in evaluations.items()}
        )[1:]
        for row in table.rows
    }


def test_the_best_of_each_row_is_marked():
    good, bad, same = example(), example(), example()
    for row in bad["table"].values():
        row["disagreement"] += 0.05
    bad["protocol"]["entropy_y_given_x"] += 1
    bad["protocol"]["content_kept"]["skin"] -= 0.05
    bad["latents"]["mig"] += 0.1
    bad["latents"]["probe"]["static"]["action"] += 0.05  # Leaks.
    bad["latents"]["probe"]["dynamic"]["action"] += 0.05
    bad["elbo"]["elbo"] -= 1
    bad["elbo"]["static_kl"] += 1
    marked = best({"good": good, "bad": bad, "same": same})
    for name in ("skin changes", "action changes", "H(y | x), nats", "skin kept", "ELBO"):
        assert marked[name] == [True, False, True]
    assert marked["action from f"] == [True, False, True]
    for name in ("MIG", "action from z"):
        assert marked[name] == [False, True, False]
    for name in ("KL of f", "log-likelihood", "SAP"):  # No better, or all alike.
        assert marked[name] == [False] * 3
    assert not any(map(any, best({"alone": good}).values()))


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [("reference", "reconstruction", "reference"), ("num_videos", 10, "videos")],
)
def test_runs_measured_otherwise_are_not_ranked(key, value, words, tmp_path):
    runs = {"a": example(0), "b": {**example(1), key: value}}
    assert not any(map(any, best(runs).values()))
    runs = {name: typed(values) for name, values in runs.items()}
    assert f"not measured alike ({words})" in report.comparison_text(runs)
    write_page(tmp_path / "a.html", report.comparison_report(runs))
    assert "best value of a row is marked" not in (tmp_path / "a.html").read_text()
    alike = {"a": example(0), "b": example(1)}
    assert any(map(any, best(alike).values()))
    alike = {name: typed(values) for name, values in alike.items()}
    assert "not measured alike" not in report.comparison_text(alike)
    write_page(tmp_path / "b.html", report.comparison_report(alike))
    assert "best value of a row is marked" in (tmp_path / "b.html").read_text()


def test_published_figures_are_those_of_the_data_set_only():
    """Factors of the same names on somebody's own videos have no published figures beside them."""
    own = typed({**example(), "dataset": "folder/monday"})
    for text in (render_markdown(report.evaluation_report(own)), report.table_text(own)):
        assert not re.search("Mandt|Nichani|Published|73.6%", text)
    rows = {"action": {"disagreement": 0.777}}
    own = typed({**example(), "dataset": "folder/monday", "baselines": {"Doe 2020": rows}})
    text = report.table_text(own)
    assert "Doe 2020" in text and "77.7%" in text and "Mandt" not in text
    # What a file says holds, for the sprites too.
    assert "Mandt" not in report.table_text(typed({**example(), "baselines": {}}))


def test_terms_that_were_added_are_in_the_tables():
    values = example()
    values["elbo"]["contrastive"] = 12.345
    text = render_markdown(report.evaluation_report(typed(values)))
    assert "| contrastive | 12.345 |" in text
    assert "contrastive" in report.comparison_text({"a": typed(values), "b": typed(example())})


def test_showing_prints_the_papers_table_or_displays_all(monkeypatch, capsys):
    evaluation = typed(example())
    evaluation.show()
    assert capsys.readouterr().out == report.table_text(evaluation) + "\n"
    displayed = []
    kernel = types.SimpleNamespace(kernel=None)
    display = types.ModuleType("IPython.display")
    display.HTML, display.display = str, displayed.append
    python = types.ModuleType("IPython")
    python.get_ipython = lambda: kernel
    monkeypatch.setitem(sys.modules, "IPython", python)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    evaluation.show()
    assert capsys.readouterr().out == "" and len(Page(displayed[0]).all("table")) == 8


@pytest.mark.parametrize("path", [("dataset",), ("latents", "probe", "static"), ("elbo", "elbo")])
def test_what_is_no_evaluation_is_refused(path):
    values = copy.deepcopy(example())
    inner = values
    for key in path[:-1]:
        inner = inner[key]
    del inner[path[-1]]
    message = f"beta 6: {'.'.join(path)}: expected a value, found none; evaluate again"
    with pytest.raises(UserError, match=f"^{message}$"):
        Evaluation.from_dict(values, "beta 6")
    with pytest.raises(UserError, match="at least one run"):
        report.comparison_text({})


@pytest.mark.parametrize("folder", ["sprites_lpc", "sprites_drawn", "reproduce_lpc/beta_150"])
def test_evaluations_of_the_first_version_are_read_whole(folder):
    path = Path(__file__).parents[2] / "results" / folder / "evaluation.json"
    evaluation, recorded = Evaluation.read(path), json.loads(path.read_text())
    values = evaluation.to_dict()
    assert list(values.pop("baselines")) == [
        "Leplae-Arthur and Nichani 2019, beta 1",
        "Leplae-Arthur and Nichani 2019, beta 6",
        "Li and Mandt 2018",
    ]
    assert evaluation.asked_videos is None and recorded.pop("asked_videos") is None
    assert values == recorded
    assert Evaluation.from_json(evaluation.to_json()) == evaluation


def test_published_tables():
    beta_1, beta_6, original = typed(example()).baselines.values()
    assert all(set(rows) == set(FACTORS) for rows in (beta_1, beta_6, original))
    assert beta_1["action"] == (0.430, 7.769, 18.612)
    assert beta_6["hair"] == (0.022, 0.325, 17.367)
    assert [row.kl_random for row in beta_1.values()] == [row.kl_random for row in beta_6.values()]
    assert original["hair"] == (0.0006, None, None)
