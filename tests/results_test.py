"""README's results are those of the recorded files, and half precision is what is said of it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import tf_dsae
from tests.conftest import small_config
from tests.evaluation.report_test import example
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.run_config import WEIGHTS, RunConfig, write_config
from tf_dsae.runs.weights import save_weights

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def write_readme():
    path = ROOT / "results" / "write_readme.py"
    spec = importlib.util.spec_from_file_location("write_readme", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readmes_results_are_the_recorded_ones(write_readme):
    readme = (ROOT / "README.md").read_text()
    assert write_readme.written(readme, ROOT / "results") == readme


def evaluation(skin: float, elbo: float) -> Evaluation:
    """All other figures perfect."""
    values = example()
    perfect = {"disagreement": 0.0, "kl_recon": 0.0, "kl_random": 9.0}
    values["table"] = dict.fromkeys(values["table"], perfect)
    values["table"]["skin"] = {**perfect, "disagreement": skin}
    values["protocol"] |= {"entropy_y_given_x": 0.0, "entropy_y": float(np.log(9))}
    values["protocol"]["motion_kept"]["action"] = 1.0
    values["elbo"]["elbo"] = elbo
    values["latents"]["probe"]["static"]["action"] = skin * 10
    return Evaluation.from_dict(values)


def test_reaches_are_judged_by_the_mean_over_seeds(write_readme):
    rows = write_readme.reach_rows([evaluation(0.05, -90_400.0), evaluation(0.02, -90_408.0)])
    verdicts = {row[0]: row[-1] for row in rows}
    assert verdicts.pop("skin") == "met" and verdicts.pop("ELBO") == "met"
    assert set(verdicts.values()) == {"goal met"}
    skin = rows[0]
    assert skin[1:5] == ["3.50%", "2.00% to 5.00%", "< 4.00%", "< 0.50%"]
    rows = write_readme.reach_rows([evaluation(0.05, -90_420.0), evaluation(0.04, -90_430.0)])
    assert [row[0] for row in rows if row[-1] == "**not met**"] == ["skin", "ELBO"]
    assert rows[-1][1:4] == ["-90,425.0", "-90,430.0 to -90,420.0", "> -90,410.0"]


def test_drawn_sprites_are_told_where_they_are_recorded(write_readme):
    assert write_readme.drawn_lines([]) == []
    line, _ = write_readme.drawn_lines([evaluation(0.05, -90_400.0), evaluation(0.02, -90_408.0)])
    assert line.startswith("The same measures on the test videos of `sprites/drawn`, 2 seeds: ")
    assert "seeds: skin 3.50%, pants 0.00%" in line and "H(y) 2.1972; " in line
    assert line.endswith("from the mean of `q(f | x)` with 35.00%.")


def test_recorded_weights_are_the_models_in_half_precision(tmp_path):
    model = DSAE(small_config(), seed=1)
    model.compile("adam")
    model.optimizer.build(model.trainable_variables)
    run = RunConfig(model.config, TrainingConfig(), {})
    for place in ("run", "recorded"):
        (tmp_path / place).mkdir()
        write_config(tmp_path / place, run)
    save_weights(tmp_path / "run", model)
    weights = [tmp_path / place / WEIGHTS for place in ("run", "recorded")]
    # In a process of its own: the script's flags are also those of other programs.
    code = "import sys, pathlib, record; record.record_weights(*map(pathlib.Path, sys.argv[1:]))"
    subprocess.run(
        [sys.executable, "-c", code, *map(str, weights)], cwd=ROOT / "results", check=True
    )
    again = tf_dsae.load(tmp_path / "recorded")
    for mine, other in zip(again.get_weights(), model.get_weights(), strict=True):
        assert mine.dtype == np.float32
        np.testing.assert_array_equal(mine, other.astype(np.float16))
    assert weights[1].stat().st_size < weights[0].stat().st_size / 3


def test_the_recorded_model_loads_and_draws():
    model = tf_dsae.load(ROOT / "results" / "sprites_lpc")
    videos = model.generate(num_videos=2, num_frames=3, seed=0).numpy()
    assert videos.shape == (2, 3, 64, 64, 3)
    # A character on black: some of the picture, and not all of it.
    assert 0.02 < (videos > 0.2).mean() < 0.5


def test_recorded_folder_is_small():
    size = (ROOT / "results" / "sprites_lpc" / WEIGHTS).stat().st_size
    assert size <= 12 * 10**6
