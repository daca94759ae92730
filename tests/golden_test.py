"""The recorded model still gives what version 0.1 recorded for it, on the published sheets."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

import tf_dsae
from tf_dsae.data.sprites.characters import CHOICES, VideoComposer
from tf_dsae.data.sprites.characters import split_characters as split
from tf_dsae.data.sprites.sheets import read_sheets

RUN = Path(__file__).resolve().parents[1] / "results" / "sprites_lpc"
SHEETS = os.environ.get("TF_DSAE_SHEETS_DIR")
LAYERS, BATCH, SHIFT = 4, 20, 37

pytestmark = pytest.mark.skipif(not SHEETS, reason="needs TF_DSAE_SHEETS_DIR")


@pytest.fixture(scope="module")
def golden() -> dict:
    return json.loads((RUN / "golden.json").read_text())


@pytest.fixture(scope="module")
def composer() -> VideoComposer:
    return VideoComposer(read_sheets(SHEETS))


@pytest.fixture(scope="module")
def pairs() -> list[tuple[int, int]]:
    """(character, motion) of 100 test clips."""
    return [(int(split()["test"][n]), n % 9) for n in range(100)]


@pytest.fixture(scope="module")
def videos(composer, pairs) -> np.ndarray:
    return np.stack([composer.compose(character)[motion] for character, motion in pairs])


@pytest.fixture(scope="module")
def model() -> tf_dsae.DSAE:
    return tf_dsae.load(RUN)


def test_posterior_means(golden, model, videos):
    q = model.encode(videos)
    np.testing.assert_allclose(q.static.mean()[:, ::4], golden["f_mean"], atol=2e-3)
    z = q.dynamic.mean().numpy().mean(1)
    np.testing.assert_allclose(z[:, ::4], golden["z_mean"], atol=2e-3)


def test_terms_of_the_bound(golden, model, videos):
    """Of the same samples of q: the noise is that of version 0.1, too."""
    parts = [
        model.elbo(videos[start : start + BATCH], seed=(7, start))._asdict()
        for start in range(0, len(videos), BATCH)
    ]
    for name, expected in golden["terms"].items():
        values = np.concatenate([part[name] for part in parts])
        np.testing.assert_allclose(values, expected, atol=0.1, err_msg=name)


def nearest(composer: VideoComposer, clip, character: int, motion: int) -> list[int]:
    """Which skin, pants, top, hair and motion a clip shows: those of the nearest true video."""
    sizes = (CHOICES,) * LAYERS
    own, found = np.array(np.unravel_index(character, sizes)), []
    for layer in range(LAYERS):
        others = np.repeat(own[:, np.newaxis], CHOICES, 1)
        others[layer] = np.arange(CHOICES)
        true = [composer.compose(int(c))[motion] for c in np.ravel_multi_index(others, sizes)]
        found.append(int(((np.stack(true) / 255.0 - clip) ** 2).sum((1, 2, 3, 4)).argmin()))
    distances = ((composer.compose(character) / 255.0 - clip) ** 2).sum((1, 2, 3, 4))
    return [*found, int(distances.argmin())]


def test_judged_classes_of_swaps(golden, composer, model, videos, pairs):
    """Every fifth clip with the motion of another, judged by the nearest composed video."""
    for n in range(0, len(videos), 5):
        other = (n + SHIFT) % len(videos)
        clip = model.swap(videos[n : n + 1], videos[other : other + 1])[0].numpy()
        judged = nearest(composer, clip, pairs[n][0], pairs[other][1])
        assert judged == golden["judged_swaps"][n]
