"""What the evaluation of a run leaves, and what it refuses."""

import dataclasses
import json
import shutil

import pytest

import tf_dsae
from tests.evaluation.conftest import PixelJudges
from tf_dsae.core.errors import UserError
from tf_dsae.evaluation import evaluation_run as run
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.evaluation.results import EVALUATION, Evaluation
from tf_dsae.runs.run_config import WEIGHTS, versions


@pytest.fixture
def evaluated(finished, prepared, tmp_path):
    output = tmp_path / "evaluation"
    protocol = Protocol(seed=2, importance_samples=0)
    return output, run.evaluate(finished, output_dir=output, protocol=protocol)


def test_a_folder_holds_numbers_tables_pictures_and_a_page(evaluated, finished):
    output, evaluation = evaluated
    assert json.loads((output / EVALUATION).read_text()) == evaluation.to_dict()
    assert Evaluation.read(output) == Evaluation.read(output / EVALUATION) == evaluation
    assert evaluation.weights == run.weights_digest(finished)
    assert evaluation.versions == versions()
    assert evaluation.beta == {"f": "1", "z": "1"}
    page = (output / run.REPORT).read_text()
    assert "pixels" in page and "static_size" in page and page.count("<img") >= 10
    assert "colour" in (output / run.TABLES).read_text()
    names = {path.name for path in (output / "figures").iterdir()}
    assert {"swap.png", "swap.gif", "prior_f.gif", "latent_map_f.png"} <= names
    assert not [path for path in output.rglob(".*")]


def test_the_folder_of_a_run_finds_its_evaluation(evaluated, tmp_path):
    assert Evaluation.read(tmp_path) == evaluated[1]


def test_runs_that_cannot_be_evaluated(finished, prepared, tmp_path, monkeypatch):
    def fails(workdir, words):
        with pytest.raises(UserError, match=words):
            run.evaluate(workdir, output_dir=tmp_path / "out")
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
        run.evaluate(finished, output_dir=tmp_path / "file" / "out")


def test_judges_that_are_not_sure_stop_it(finished, prepared, tmp_path, monkeypatch):
    class Poor(PixelJudges):
        def require(self, min_accuracy):
            raise UserError(f"judges of pixels: expected {min_accuracy:.1%}, received 50%")

    monkeypatch.setattr(run, "obtain_judges", lambda *_, **__: Poor(prepared))
    for options, expected in (({}, "99.5%"), ({"judge_accuracy": 0.7}, "70.0%")):
        with pytest.raises(UserError, match=f"judges of pixels: expected {expected}"):
            run.evaluate(finished, output_dir=tmp_path / "out", **options)
    assert not (tmp_path / "out" / EVALUATION).exists()


@pytest.mark.parametrize("text", [None, "{", "[]", '{"dataset": "pixels"}'])
def test_files_that_are_no_evaluation(tmp_path, text):
    path = tmp_path / EVALUATION
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match="expected an evaluation.json"):
        Evaluation.read(path)


def test_data_in_hand_are_evaluated_without_opening_any(finished, prepared, monkeypatch, capfd):
    monkeypatch.setattr(run, "prepare", lambda *_, **__: pytest.fail("opened"))
    evaluation = tf_dsae.evaluate(finished, prepared, num_videos=20, judge_accuracy=0.9)
    assert isinstance(evaluation, tf_dsae.Evaluation) and evaluation.num_videos == 20
    assert evaluation.baselines == {}
    assert Evaluation.read(finished) == evaluation
    assert capfd.readouterr().out == ""
    shutil.rmtree(finished / "evaluation")
    other = dataclasses.replace(prepared, fingerprint="other")
    with pytest.raises(UserError, match="trained on other data .*; pass the data"):
        tf_dsae.evaluate(finished, other)


def test_baselines_are_those_that_the_data_bring(finished, prepared):
    """Data of any source may say what was published on them."""

    class Sourced(type(prepared)):
        baselines = {"Doe 2020": {"motion": {"disagreement": 0.125}}}

    data = Sourced(**vars(prepared))
    evaluation = tf_dsae.evaluate(finished, data, num_videos=20)
    assert evaluation.baselines == {"Doe 2020": {"motion": (0.125, None, None)}}
    assert "12.5%" in (finished / "evaluation" / "evaluation.md").read_text()
    shutil.rmtree(finished / "evaluation")


def test_no_bar_is_seen_in_logs(finished, prepared, tmp_path, capfd):
    run.evaluate(finished, output_dir=tmp_path, num_videos=20, show_progress=True)
    assert "evaluating" not in capfd.readouterr().err
