"""The programs evaluate, compare and reproduce as their users run them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import assert_one_line, run
from tests.evaluation import conftest as evaluation
from tf_dsae.core.errors import UserError
from tf_dsae.evaluation.comparison import names_of
from tf_dsae.methods.presets import parse_betas

ROOT = Path(__file__).parents[2]

pixels, noise, finished = evaluation.pixels, evaluation.noise, evaluation.finished

# The program itself, on data in memory and with judges that need no training.
_PROGRAM = """
import sys
from tests.evaluation import conftest as evaluation
data = evaluation.noise.__wrapped__(evaluation.pixels.__wrapped__())
evaluation.evaluation_run.prepare = lambda *_, **__: data
evaluation.evaluation_run.obtain_judges = lambda *_, **__: evaluation.PixelJudges(data)
from tf_dsae.cli.evaluate import run
run()
"""


@pytest.fixture(scope="module")
def two(finished, tmp_path_factory):
    """Two evaluations, by the program: their folders, and what it printed last."""
    root = tmp_path_factory.mktemp("evaluations")
    paths = [root / "a", root / "b" / "evaluation"]
    for path, reference in zip(paths, ("data", "reconstruction"), strict=True):
        options = [f"--workdir={finished}", f"--output_dir={path}", f"--reference={reference}"]
        line = [sys.executable, "-c", _PROGRAM, *options, "--num_videos=20"]
        done = subprocess.run(
            [*line, "--importance_samples=0"], capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
    return paths, done.stdout


def test_evaluate_prints_the_table_and_says_where_the_page_is(two):
    paths, printed = two
    assert "colour" in printed and str(paths[1] / "report.html") in printed
    found = [json.loads((path / "evaluation.json").read_text()) for path in paths]
    assert [of["reference"] for of in found] == ["data", "reconstruction"]
    assert all(of["num_videos"] == 20 for of in found)
    assert "importance_weighted" not in found[0]["elbo"]


def test_compare_shows_runs_side_by_side(two, tmp_path):
    paths, _ = two
    done = run("compare", paths[0], paths[1].parent, f"--output_dir={tmp_path}/both")
    assert (done.returncode, done.stderr) == (0, "")
    assert "not measured alike (reference)" in done.stdout
    page = (tmp_path / "both" / "comparison.html").read_text()
    assert "<th" in page and "colour" in page
    assert "colour" in (tmp_path / "both" / "comparison.md").read_text()


def test_names_tell_runs_apart():
    assert names_of(["runs/a", "runs/b/evaluation"]) == ["a", "b"]
    assert names_of(["x/a/evaluation/evaluation.json", "y/a"]) == ["x/a", "y/a"]
    with pytest.raises(UserError, match="runs: expected different ones"):
        names_of(["runs/a", "runs/a/evaluation"])


@pytest.mark.parametrize(
    ("program", "arguments", "words"),
    [
        ("evaluate", [], ["workdir: expected one, received none"]),
        ("evaluate", ["--workdir=/nowhere"], ["/nowhere/config.json: expected a run's settings"]),
        ("evaluate", ["--workdir=x", "--num_videos=-1"], ["num_videos: expected at least 0"]),
        ("evaluate", ["--workdir=x", "--reference=y"], ["reference: expected one of data"]),
        ("compare", ["/nowhere"], ["runs: expected the folders of at least two"]),
        ("compare", ["/nowhere", "/elsewhere"], ["/nowhere: expected an evaluation.json"]),
        ("reproduce", ["--betas=1,1"], ["betas: expected different numbers"]),
        ("reproduce", ["--betas=-1"], ["betas: expected different numbers"]),
        ("reproduce", ["--preset=none"], ["preset"]),
        ("reproduce", ["--epochs=0"], ["epochs: expected"]),
    ],
)
def test_mistakes_are_answered_in_one_line(program, arguments, words):
    assert_one_line(run(program, *arguments), *words)


def test_betas():
    assert parse_betas("1,6,150") == (1.0, 6.0, 150.0)
