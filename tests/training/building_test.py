"""The compiled step: by XLA where asked, without what XLA cannot run."""

import dataclasses

import numpy as np
import pytest

from tests.conftest import small_config
from tests.training.conftest import SETTINGS, moving_squares
from tf_dsae.layers.recurrent import cudnn_layers
from tf_dsae.models.views import Views
from tf_dsae.training.building import build_model


def test_a_model_sees_what_the_settings_say():
    shown = {
        "colour_mixing": 0.25,
        "static_frames": 2,
        "likelihood_frames": 3,
        "random_erasing": 0.5,
    }
    settings = dataclasses.replace(SETTINGS, **shown)
    assert build_model(small_config(), settings, total_steps=4).views == Views(**shown)


@pytest.mark.parametrize("xla", ["on", "off"])
def test_recurrence_is_cudnns_only_without_xla(xla):
    """XLA has no kernel for it; and a step of Keras' bidirectional LSTM is compiled and learns."""
    settings = dataclasses.replace(SETTINGS, xla=xla, warmup_steps=0)
    model = build_model(
        small_config(static_posterior="bidirectional_lstm"), settings, total_steps=4
    )
    assert {layer.use_cudnn for layer in cudnn_layers(model)} == {False if xla == "on" else "auto"}
    assert model.jit_compile == (xla == "on")
    videos = moving_squares(3, seed=0)
    elbos = [model.train_on_batch(videos, return_dict=True)["elbo"] for _ in range(4)]
    assert np.isfinite(elbos).all() and elbos[-1] > elbos[0]
