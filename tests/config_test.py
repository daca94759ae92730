"""Configurations: what they refuse, the sizes they allow, and their trip through JSON."""

import dataclasses
import json
from pathlib import Path

import pytest

from tests.conftest import small_config
from tf_dsae.core.errors import UserError
from tf_dsae.layers.geometry import encoder_sizes
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.methods.presets import PRESETS, parse_presets, preset
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.models.views import VIEWS
from tf_dsae.runs.run_config import read_config


def test_paper_preset_is_the_papers():
    model = preset("paper").model
    assert encoder_sizes((64, 64), model.encoder_kernel_sizes, model.encoder_strides, "valid") == (
        (64, 64),
        (31, 31),
        (14, 14),
        (6, 6),
        (2, 2),
    )
    geometry = model.decoder_geometry()
    assert geometry.grid == (2, 2)
    assert geometry.kernel_sizes == ((4, 4), (4, 4), (5, 5), (4, 4))


@pytest.mark.parametrize("name", PRESETS)
def test_presets_survive_json(name):
    found = preset(name)
    assert found.training.preset == name
    for config in (found.model, found.training):
        settings = json.loads(json.dumps(dataclasses.asdict(config)))
        assert type(config).from_dict(settings) == config


@pytest.mark.parametrize("name", ["sprites_drawn", "sprites_lpc"])
def test_the_default_presets_are_what_was_recorded(name):
    place = Path(__file__).parents[1] / "results" / name / "config.json"
    recorded = read_config(place).training
    resolved = {name: getattr(recorded, name) for name in ("mixed_precision", "xla", "preset")}
    assert recorded.preset == "sprites"  # As version 0.1 called both.
    assert dataclasses.replace(preset(name).training, **resolved) == recorded
    assert read_config(place).model == preset(name).model


@pytest.mark.parametrize(("preset_of_then", "method"), [("sprites", "default"), ("paper", "dsvae")])
def test_settings_of_0_1_have_a_method(preset_of_then, method):
    settings = dataclasses.asdict(TrainingConfig(preset=preset_of_then))
    del settings["method"]
    assert TrainingConfig.from_dict(settings).method == method


def test_unknown_preset_lists_the_known():
    with pytest.raises(UserError, match="expected one of sprites_drawn, sprites_lpc, paper"):
        preset("papr")


def test_lists_of_presets():
    assert parse_presets("none") == parse_presets("") == ()
    assert parse_presets("paper, tiny") == ("paper", "tiny")
    for wrong in ("tiny,tiny", "none,tiny", "papr"):
        with pytest.raises(UserError, match="^presets?: expected .* received"):
            parse_presets(wrong)


@pytest.mark.parametrize(
    "changes",
    [
        {"static_size": 0},
        {"dynamic_size": -1},
        {"dynamic_size": 2.5},
        {"dynamic_posterior": "mean_field"},
        {"static_posterior": "transformer"},
        {"likelihood": "cauchy"},
        {"dynamic_prior": 3},
        {"static_size": 2**17},
        {"frame_shape": (20, 26, 2)},
        {"frame_shape": (20, 26)},
        {"frame_shape": (5, 26, 3)},
        {"encoder_padding": "same"},
        {"decoder_strides": (4, 2), "decoder_kernel_sizes": (4, 4)},
        {"encoder_strides": (2,)},
        {"encoder_channels": (6, 0)},
        {"prior_size": True},
        {"encoder_channels": 3},
        {"encoder_strides": None},
        {"decoder_strides": None},
        {"activation": "nonsense"},
        {"activation": 3},
        {"static_posterior": ["lstm"]},
    ],
)
def test_model_settings_out_of_range(changes):
    with pytest.raises(UserError, match="expected .*received"):
        small_config(**changes)


@pytest.mark.parametrize("name", ["sprites_drawn", "paper", "li_mandt"])
def test_upsampling_blocks_overlap(name):
    """A kernel no larger than its stride would leave a pixel to one cell of the map below."""
    model = preset(name).model
    strides = model.decoder_strides or model.encoder_strides[::-1]
    for kernel, stride in zip(model.decoder_geometry().kernel_sizes, strides, strict=True):
        assert min(kernel) > stride


def test_frame_that_the_strides_cannot_take_says_what_they_can():
    with pytest.raises(UserError, match="sides of at least 46 pixels .* received 45 x 64"):
        ModelConfig(frame_shape=(45, 64, 3))
    with pytest.raises(UserError, match="multiples of 16 .* received 64 x 72"):
        ModelConfig(
            frame_shape=(64, 72, 3),
            encoder_padding="same",
            decoder_strides=(2, 2, 2, 2),
            decoder_kernel_sizes=(4, 4, 4, 4),
        )


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"learning_rate": 0.0},
        {"learning_rate": float("nan")},
        {"seed": -1},
        {"seed": 2**31},
        {"xla": "maybe"},
        {"mixed_precision": 1},
        {"num_samples": 0},
        {"steps_per_epoch": -1},
        {"learning_rate": 10**400},
        {"dataset": {}},
        {"preset": 3},
        {"beta_z": 1.0},
        {"optimizer": "sgd"},
        {"method": "magic"},
        {"method": None},
        {"colour_mixing": 1.5},
        {"colour_mixing": True},
        {"colour_mixing": float("nan")},
        {"static_frames": -1},
        {"likelihood_frames": 2.0},
        {"random_erasing": -0.5},
    ],
)
def test_training_settings_out_of_range(changes):
    name = next(iter(changes))
    with pytest.raises(UserError, match=f"^{name}: expected .*received|^seed: expected at most"):
        TrainingConfig(**changes)


def test_files_from_before_a_setting_are_read():
    later = {"optimizer", "method", *VIEWS}
    settings = dataclasses.asdict(TrainingConfig(beta_f="3"))
    older = {name: value for name, value in settings.items() if name not in later}
    assert TrainingConfig.from_dict(older) == TrainingConfig(beta_f="3")
    recorded = sorted((Path(__file__).parent.parent / "results").glob("*/config.json"))
    assert recorded and all(read_config(path).training for path in recorded)


@pytest.mark.parametrize("settings", [None, [], {"epochs": 3}, {"nonsense": 1}])
def test_settings_edited_into_nonsense(settings):
    with pytest.raises(UserError):
        TrainingConfig.from_dict(settings)
