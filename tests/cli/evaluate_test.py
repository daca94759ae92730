"""The programs evaluate, compare and reproduce as their users run them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
from tf_dsae.core.registry import register
from tf_dsae.data.data_source import DataSource
register("data_source", "pixels")(type("Pixels", (DataSource,), {"kind": "pixels"}))
run()
"""


@pytest.fixture(scope="module")
def evaluated(finished, tmp_path_factory):
    """An evaluation by the program: its folder, and what was printed."""
    path = tmp_path_factory.mktemp("evaluations") / "b" / "evaluation"
    options = [f"--workdir={finished}", f"--output_dir={path}", "--reference=reconstruction"]
    options += ["--num_videos=20", "--importance_samples=0"]
    line = [sys.executable, "-c", _PROGRAM, *options]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return path, done.stdout


def test_evaluate_prints_the_table_and_says_where_the_page_is(evaluated):
    path, printed = evaluated
    assert "colour" in printed and str(path / "report.html") in printed
    evaluation = json.loads((path / "evaluation.json").read_text())
    assert (evaluation["reference"], evaluation["num_videos"]) == ("reconstruction", 20)
    assert "importance_weighted" not in evaluation["elbo"]


def test_compare_shows_runs_side_by_side(evaluated, tmp_path, quick_run):
    evaluation = json.loads((evaluated[0] / "evaluation.json").read_text())
    (tmp_path / "a.json").write_text(json.dumps(evaluation | {"reference": "data"}))
    runs = tmp_path / "a.json", evaluated[0].parent
    done = quick_run("compare", *runs, f"--output_dir={tmp_path}/both")
    assert (done.returncode, done.stderr, done.tensorflow) == (0, "", False)
    assert "not measured alike (reference)" in done.stdout
    page = (tmp_path / "both" / "comparison.html").read_text()
    assert "<th" in page and "colour" in page
    assert "colour" in (tmp_path / "both" / "comparison.md").read_text()


def test_names_tell_runs_apart():
    assert names_of(["runs/a", "runs/b/evaluation"]) == ["a", "b"]
    assert names_of(["x/a/evaluation/evaluation.json", "y/a"]) == ["x/a", "y/a"]
    with pytest.raises(UserError, match="runs: expected different ones"):
        names_of(["runs/a", "runs/a/evaluation"])


def test_betas():
    assert parse_betas("1,6,150") == (1.0, 6.0, 150.0)
