"""The paper end to end, on noise: stages, their order, and what is done again."""

import dataclasses

import numpy as np
import pytest

from tests.conftest import small_config
from tests.evaluation.conftest import TRAINING
from tf_dsae.core.errors import UserError
from tf_dsae.linear_gaussian.study_settings import default_panels
from tf_dsae.methods.presets import PRESETS, Preset
from tf_dsae.reproduction import paper_runs as reproduce
from tf_dsae.runs.run_config import read_config
from tf_dsae.runs.weights import load, save_weights

BETAS = (1.0, 6.0, 150.0)


@pytest.fixture(scope="module")
def small_study():
    """A study of few values, done once."""
    panels = [
        panel.__class__(**{**vars(panel), "grid": (0.3, 0.9), "num_sequences": 3})
        for panel in default_panels(seed=2)
    ]
    return reproduce.study.run_study(panels, 2)


@pytest.fixture
def counted(prepared, small_study, monkeypatch):
    """Counts what is trained, evaluated and studied."""
    done = []

    def counting(name, module, attribute):
        function = getattr(module, attribute)

        def call(*arguments, **options):
            done.append(name)
            return function(*arguments, **options)

        monkeypatch.setattr(module, attribute, call)

    panels = [panel.settings for panel in small_study.panels]
    monkeypatch.setattr(reproduce, "default_panels", lambda seed: panels)
    monkeypatch.setattr(reproduce.study, "run_study", lambda panels: small_study)
    counting("train", reproduce, "run_training")
    counting("evaluate", reproduce, "evaluate")
    counting("study", reproduce.study, "run_study")
    return done


def again(places):
    return reproduce.reproduce(small_config(), TRAINING, places, BETAS)


def test_every_stage_is_done_once_and_told_in_order(counted, tmp_path):
    places = reproduce.Places(tmp_path / "out")
    evaluations = again(places)
    assert list(evaluations) == ["beta_1", "beta_6", "beta_150"]
    assert counted == ["train", "evaluate"] * 3 + ["study"]
    page = (tmp_path / "out" / "report.html").read_text()
    told = ["Figure 3.", "Figure 4.", "Figure 5.", "Figures 6 and 7.", "Figures 8 and 11."]
    told += ["Figure 9.", "Figure 10.", "Table 1 (", "Figure 13.", "Figure 14.", "Table 2 ("]
    told += ["Figure 12.", "All runs side by side", "What was run"]
    places_in_page = [page.rindex(words) for words in told]
    assert places_in_page == sorted(places_in_page)
    assert "beta 150: q(f | x) fell on its prior" in page
    assert "| colour |" in (tmp_path / "out" / "report.md").read_text()
    assert "beta 1 was trained with the preset none, not the paper&#x27;s" in page
    # Nothing again.
    assert again(places) == evaluations
    assert len(counted) == 7
    # What was lost is made again, and only that.
    (tmp_path / "out" / "beta_1" / "evaluation" / "figures" / "swap.gif").unlink()
    (tmp_path / "out" / "beta_150" / "evaluation" / "evaluation.json").write_text("{}")
    (tmp_path / "out" / "likelihood" / "figures" / "sigma_x.png").unlink()
    assert again(places) == evaluations
    assert counted[7:] == ["evaluate", "evaluate", "study"]
    del counted[7:]
    # Other weights are evaluated again, and only they.
    workdir = tmp_path / "out" / "beta_6"
    model = load(workdir)
    model.decoder.dense.bias.assign_add(np.ones(model.decoder.dense.bias.shape, np.float32))
    save_weights(workdir, model)
    assert again(places)["beta_6"] != evaluations["beta_6"]
    assert counted[7:] == ["evaluate"]


def test_a_folder_of_another_reproduction_is_refused(counted, tmp_path, finished):
    places = reproduce.Places(finished.parent)
    with pytest.raises(UserError, match="static_size"):
        reproduce.reproduce(small_config(static_size=5), TRAINING, places, (1.0,))
    assert counted == []


def test_what_would_stop_a_later_stage_stops_before_the_first(counted, tmp_path):
    with pytest.raises(UserError, match="expected at least as many test videos as motion"):
        reproduce.reproduce(
            small_config(), TRAINING, reproduce.Places(tmp_path / "out"), num_videos=3
        )
    assert counted == [] and not (tmp_path / "out").exists()


def test_other_betas_and_a_preset_beside_are_told_without_the_papers_words(
    counted, tmp_path, monkeypatch
):
    changes = {"beta_f": "3", "beta_z": "0:1,2:5", "dataset": "other", "seed": 1}
    own = dataclasses.replace(TRAINING, **changes)
    monkeypatch.setitem(PRESETS, "mine", Preset(small_config(static_size=5), own, ""))
    output = tmp_path / "out"
    evaluations = reproduce.reproduce(
        small_config(), TRAINING, reproduce.Places(output), betas=(2.0,), beside=("mine",)
    )
    assert list(evaluations) == ["beta_2", "mine"]
    settings = read_config(output / "mine" / "config.json")
    same = {"dataset": TRAINING.dataset, "seed": TRAINING.seed}
    assert settings.training == dataclasses.replace(settings.training, **same)
    assert (settings.training.beta_f, settings.training.beta_z) == ("3", "0:1,2:5")
    assert settings.model.static_size == 5
    page = (output / "report.html").read_text()
    for name in ("beta 2", "preset mine"):
        assert f"Pictures, {name}" in page and f"Tables, {name}" in page
    assert "Table 1" not in page and "preset mine was trained with" not in page
