"""What the evaluation of a run leaves, and what it refuses."""

import dataclasses
import json
import shutil

import pytest

from tests.evaluation.conftest import PixelJudges
from tf_dsae.core.errors import UserError
from tf_dsae.evaluation import evaluation_run as run
from tf_dsae.evaluation.evaluation_files import EVALUATION, read_evaluation
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.runs.run_config import WEIGHTS, versions

OPTIONS = {"show_progress": False}


@pytest.fixture
def evaluated(finished, prepared, tmp_path):
    output = tmp_path / "evaluation"
    protocol = Protocol(seed=2, importance_samples=0)
    return output, run.evaluate_run(finished, output, protocol, **OPTIONS)


def test_a_folder_holds_numbers_tables_pictures_and_a_page(evaluated, finished):
    output, evaluation = evaluated
    assert json.loads((output / EVALUATION).read_text()) == evaluation
    assert read_evaluation(output) == read_evaluation(output / EVALUATION)
    assert evaluation["weights"] == run.weights_digest(finished)
    assert evaluation["versions"] == versions()
    assert evaluation["beta"] == {"f": "1", "z": "1"}
    page = (output / run.REPORT).read_text()
    assert "pixels" in page and "static_size" in page and page.count("<img") >= 10
    assert "colour" in (output / run.TABLES).read_text()
    names = {path.name for path in (output / "figures").iterdir()}
    assert {"swap.png", "swap.gif", "prior_f.gif", "latent_map_f.png"} <= names
    assert not [path for path in output.rglob(".*")]


def test_the_folder_of_a_run_finds_its_evaluation(evaluated, tmp_path):
    assert read_evaluation(tmp_path) == evaluated[1]


def test_runs_that_cannot_be_evaluated(finished, prepared, tmp_path, monkeypatch):
    def fails(workdir, words):
        with pytest.raises(UserError, match=words):
            run.evaluate_run(workdir, tmp_path / "out", Protocol(), **OPTIONS)
        assert not (tmp_path / "out" / EVALUATION).exists()

    fails(tmp_path / "none", "expected a run's settings, found no such file")
    copy = tmp_path / "copy"
    shutil.copytree(finished, copy)
    (copy / WEIGHTS).write_bytes(b"\x89HDF")
    fails(copy, "received others or a damaged file")
    (copy / WEIGHTS).unlink()
    fails(copy, "expected the weights of a finished run")
    other = dataclasses.replace(prepared, fingerprint="other")
    monkeypatch.setattr(run, "prepare", lambda *_, **__: other)
    fails(finished, "expected a run trained on the pixels that is prepared")
    monkeypatch.setattr(run, "prepare", lambda *_, **__: prepared)
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="output_dir: expected a folder, received"):
        run.evaluate_run(finished, tmp_path / "file" / "out", Protocol(), **OPTIONS)


def test_judges_that_are_not_sure_stop_it(finished, prepared, tmp_path, monkeypatch):
    class Poor(PixelJudges):
        def require(self, min_accuracy):
            raise UserError(f"judges of pixels: expected {min_accuracy:.1%}, received 50%")

    monkeypatch.setattr(run, "obtain_judges", lambda *_, **__: Poor(prepared))
    for given, expected in (({}, "99.5%"), ({"judge_accuracy": 0.7}, "70.0%")):
        with pytest.raises(UserError, match=f"judges of pixels: expected {expected}"):
            run.evaluate_run(finished, tmp_path / "out", Protocol(), **OPTIONS, **given)
    assert not (tmp_path / "out" / EVALUATION).exists()


@pytest.mark.parametrize("text", [None, "{", "[]", '{"dataset": "pixels"}'])
def test_files_that_are_no_evaluation(tmp_path, text):
    path = tmp_path / EVALUATION
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match="expected an evaluation.json"):
        read_evaluation(path)
