"""What an outsider adds without touching the package: trained, killed, evaluated, served."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

import tf_dsae
from tests import outsider

ROOT = Path(__file__).resolve().parents[1]
NAMES = ("elbo", "log_likelihood", "static_kl", "dynamic_kl", "sparse", "decorrelate")
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3"}


def python(script: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=os.environ | QUIET | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> tuple[Path, tf_dsae.DSAE]:
    """A run that nothing disturbed, and its model."""
    workdir = tmp_path_factory.mktemp("runs") / "whole"
    return workdir, outsider.train(workdir)


@pytest.fixture(scope="module")
def data():
    return tf_dsae.prepare("outsider_bars", count=10)


def test_parts_terms_and_schedules_are_in_the_run(run):
    workdir, model = run
    assert isinstance(model.static_encoder, outsider.Attention)
    assert isinstance(model.likelihood, outsider.Laplace)
    config = json.loads((workdir / "config.json").read_text())
    assert config["training"]["method"] == "outsider"
    assert config["modules"] == {
        "static_posterior outsider_attention": "tests.outsider",
        "likelihood outsider_laplace": "tests.outsider",
        "method outsider": "tests.outsider",
    }
    header = (workdir / "metrics.csv").read_text().splitlines()[0].split(",")
    assert set(header) >= {*NAMES, *(f"val_{name}" for name in NAMES)}
    assert (workdir / "figures" / "curves.png").exists()


def test_a_run_that_is_killed_goes_on_to_the_same_weights(run, tmp_path):
    script = f"from tests import outsider; outsider.train({str(tmp_path / 'run')!r})"
    killed = python(script, OUTSIDER_ENDS_AT="4")
    assert killed.returncode == -9, killed.stderr
    assert not (tmp_path / "run" / "model.weights.h5").exists()
    resumed = outsider.train(tmp_path / "run")
    for mine, other in zip(resumed.get_weights(), run[1].get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_run_is_evaluated_with_its_data_in_hand(run, data, tmp_path):
    evaluation = tf_dsae.evaluate(
        run[0], data=data, output_dir=tmp_path / "out", judge_dir=tmp_path, judge_accuracy=0.0
    )
    assert isinstance(evaluation, tf_dsae.Evaluation)
    assert set(evaluation.table) == {"width", "way"} and not evaluation.baselines
    stored = json.loads((tmp_path / "out" / "evaluation.json").read_text())
    assert stored == json.loads(evaluation.to_json())
    assert set(stored["elbo"]) >= set(NAMES)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "Leplae-Arthur" not in page and "sparse" in page


def test_a_run_is_exported_and_served(run, data, tmp_path):
    folder = tf_dsae.export_saved_model(run[0], tmp_path / "export")
    served = tf.saved_model.load(str(folder))
    videos = tf.constant(data.examples("test", range(3))["video"])
    model = tf_dsae.load(run[0])
    answer = served.signatures["reconstruct"](video=videos)["video"]
    np.testing.assert_allclose(answer, model.reconstruct(videos), atol=1e-5)
    scores = served.signatures["score"](video=videos, seed=tf.constant([1, 2]))
    assert set(scores) == set(NAMES)
    for name, value in model.score(videos, seed=(1, 2)).items():
        np.testing.assert_allclose(scores[name], value, rtol=1e-4, atol=1e-4)


def test_who_lacks_the_module_is_told_which_to_import(run):
    done = python(f"import tf_dsae; tf_dsae.load({str(run[0])!r})")
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("tf_dsae.UserError: ") and "import 'tests.outsider'" in last


PLUGIN = """
import tf_dsae
from tests.outsider import Bars

tf_dsae.register_method("from_plugin", parts={"static_size": 3}, schedule=2)
"""


def test_installed_plug_ins_are_found_by_their_names(tmp_path):
    """By the entry point that an installed package declares."""
    site, workdir = tmp_path / "site", tmp_path / "run"
    (site / "a_plugin-1.0.dist-info").mkdir(parents=True)
    (site / "a_plugin.py").write_text(PLUGIN)
    (site / "a_plugin-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: a-plugin\nVersion: 1.0\n"
    )
    (site / "a_plugin-1.0.dist-info" / "entry_points.txt").write_text(
        "[tf_dsae.plugins]\na_plugin = a_plugin\n"
    )
    command = [sys.executable, str(ROOT / "bin" / "train"), "--preset=tiny", f"--workdir={workdir}"]
    flags = ["--method=from_plugin", "--dataset=outsider_bars", "--data_setting=count=9"]
    done = subprocess.run(
        [*command, *flags, "--epochs=1", "--steps_per_epoch=1", "--notensorboard"],
        env=os.environ | QUIET | {"PYTHONPATH": f"{site}{os.pathsep}{ROOT}"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    config = json.loads((workdir / "config.json").read_text())
    assert config["model"]["static_size"] == 3 and config["training"]["beta_z"] == "2"
    assert config["data"]["source"] == {
        "kind": "outsider_bars",
        "module": "tests.outsider",
        "count": 9,
    }


def test_a_schedule_may_be_points():
    method = tf_dsae.register_method("points", schedule={"beta_z": ((0, 1), (10, 2.5))})
    assert (method.beta_f, method.beta_z) == ("1", "0:1,10:2.5")


def test_a_run_whose_terms_changed_is_another(data, tmp_path):
    def train(weight):
        tf_dsae.register_method("changing", terms=[outsider.Sparse(weight)])
        settings = {"epochs": 1, "steps_per_epoch": 1, "batch_size": 2, "tensorboard": False}
        tf_dsae.train(data, "tiny", tmp_path, method="changing", **settings)

    train(0.5)
    terms = json.loads((tmp_path / "config.json").read_text())["terms"]
    assert terms == {"sparse": {"class": "tests.outsider.Sparse", "weight": 0.5}}
    train(0.5)
    with pytest.raises(tf_dsae.UserError, match="^workdir: .* terms .*0.5.*now.*0.25"):
        train(0.25)


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda: tf_dsae.register("posterior", "x"), "kind: expected one of .*static_posterior"),
        (
            lambda: tf_dsae.register("likelihood", "unit_normal")(outsider.Laplace),
            "likelihood: expected a name that is not taken",
        ),
        (lambda: tf_dsae.register_method("default"), "method: expected a name that is not taken"),
        (
            lambda: tf_dsae.register_method("y", parts={"size": 3}),
            "parts: expected one of frame_shape, .*, received 'size'",
        ),
        (
            lambda: tf_dsae.register_method("y", schedule={"beta": 3}),
            "schedule: expected one of beta_f, beta_z, received 'beta'",
        ),
        (lambda: tf_dsae.register_method("y", schedule="x:y"), "beta_f: expected a number or step"),
        (lambda: tf_dsae.register_method("y", schedule="50%:1,x%:2"), "beta_f: expected a number"),
        (lambda: tf_dsae.register_method("y", schedule=((3, 1), (2, 1))), "beta_f: .* that rise"),
        (
            lambda: tf_dsae.register_method("y", views={"static_frame": 1}),
            "views: expected one of colour_mixing, .*, received 'static_frame'",
        ),
        (lambda: tf_dsae.register_method("y", terms=[3]), "terms: expected objects of tf_dsae"),
        (lambda: tf_dsae.register_method("y", terms=3), r"terms: expected \[tf_dsae.Term, ...\]"),
        (lambda: tf_dsae.preset(["tiny"]), "preset: expected one of"),
        (lambda: tf_dsae.prepare("no_such"), "data_source: expected one of"),
        (lambda: tf_dsae.ModelConfig(decoder="no_such"), "decoder: expected one of"),
    ],
)
def test_doors_that_do_not_fit(act, words):
    with pytest.raises(tf_dsae.UserError, match=f"^{words}"):
        act()
