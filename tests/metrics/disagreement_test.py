"""The paper's table against oracles, scipy, plain loops and simulated characters."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tf_dsae.core.errors import UserError
from tf_dsae.metrics.disagreement import (
    disagreement_per_video,
    measure_disagreement,
)


def logits(videos, classes, seed=0, scale=2.0):
    return np.random.default_rng(seed).normal(0, scale, (videos, classes)).astype(np.float32)


def test_an_oracle_that_returns_the_real_video_never_disagrees():
    real = logits(63, 5)
    row = measure_disagreement(real, real.copy(), np.repeat(np.arange(7), 9))
    assert row[:2] == (0.0, 0.0)
    assert row.disagreement_ci == (0.0, 0.0) and row.kl_recon_ci == (0.0, 0.0)
    assert row.kl_random > 0
    assert list(row._asdict()) == [
        "disagreement",
        "kl_recon",
        "kl_random",
        "disagreement_ci",
        "kl_recon_ci",
    ]


@pytest.mark.parametrize("classes", [6, 9])
def test_a_random_other_video_disagrees_as_often_as_chance(classes):
    rng = np.random.default_rng(1)
    real = 30.0 * np.eye(classes)[rng.integers(0, classes, 20_000)]
    row = measure_disagreement(real, rng.permutation(real), np.arange(20_000) // 9, 50)
    assert row.disagreement == pytest.approx(1 - 1 / classes, abs=0.012)
    # A confident judge is wrong by 30 nats where it differs, and random by 30 (K - 1) / K - log K.
    assert row.kl_recon == pytest.approx(30 * row.disagreement, rel=1e-6)
    assert row.kl_random == pytest.approx(30 * (1 - 1 / classes) - np.log(classes), rel=1e-6)


def test_kls_are_scipys():
    reference, generated = logits(41, 6), logits(41, 6, seed=1)
    p_reference = scipy.special.softmax(reference.astype(float), axis=1)
    p_generated = scipy.special.softmax(generated.astype(float), axis=1)
    videos = disagreement_per_video(reference, generated)
    expected = scipy.stats.entropy(p_generated, p_reference, axis=1)
    np.testing.assert_allclose(videos.kl_recon, expected, rtol=1e-10)
    expected = scipy.stats.entropy(np.full((41, 6), 1 / 6), p_reference, axis=1)
    np.testing.assert_allclose(videos.kl_random, expected, rtol=1e-10)
    pairs = zip(generated, reference, strict=True)
    differs = [float(np.argmax(p) != np.argmax(q)) for p, q in pairs]
    assert videos.disagreement.tolist() == differs and 0 < sum(differs) < 41


def test_a_judge_sure_beyond_floats_gives_finite_figures():
    reference = np.array([[1000.0, -1000.0, -1000.0], [-1000.0, 1000.0, -1000.0]])
    videos = disagreement_per_video(reference, reference[::-1])
    np.testing.assert_allclose(videos.kl_recon, [2000.0, 2000.0])
    np.testing.assert_allclose(videos.kl_random, 4000 / 3 - np.log(3))
    assert videos.disagreement.tolist() == [1.0, 1.0]
    np.testing.assert_array_equal(disagreement_per_video(reference, reference).kl_recon, 0.0)


def test_a_constant_added_to_logits_changes_nothing():
    reference, generated = logits(13, 4), logits(13, 4, seed=1)
    videos = disagreement_per_video(reference, generated)
    moved = disagreement_per_video(reference + 17, generated - 300)
    for before, after in zip(videos, moved, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-4)
    same = disagreement_per_video(reference, reference + 17)
    assert same.disagreement.max() == 0 and (same.kl_recon >= 0).all()
    np.testing.assert_allclose(same.kl_recon, 0, atol=1e-9)


@pytest.mark.parametrize(
    ("reference", "generated", "characters", "message"),
    [
        (logits(5, 3), logits(4, 3), np.arange(5), r"generated_logits: expected .*\[5, 3\], rec"),
        (logits(5, 3), logits(5, 2), np.arange(5), "generated_logits: expected"),
        (logits(5, 3)[0], logits(5, 3), np.arange(5), r"reference_logits: expected .*\[N, K\]"),
        (logits(0, 3), logits(0, 3), np.arange(0), "reference_logits: expected"),
        (logits(5, 1), logits(5, 1), np.arange(5), "expected at least 2 classes"),
        (np.full((5, 3), np.nan), logits(5, 3), np.arange(5), "received 15 NaN or infinite"),
        (logits(5, 3), logits(5, 3) * np.inf, np.arange(5), "generated_logits: expected finite"),
        (np.full((5, 3), "a"), logits(5, 3), np.arange(5), "expected numbers"),
        (logits(5, 3), logits(5, 3), np.arange(4), r"clusters: expected .* \[5\], received"),
        (logits(5, 3), logits(5, 3), np.arange(5.0), "clusters: expected whole numbers"),
        (logits(5, 3), logits(5, 3), np.zeros(5, int), "clusters: expected at least 2"),
    ],
)
def test_mistakes_are_named(reference, generated, characters, message):
    with pytest.raises(UserError, match=message) as error:
        measure_disagreement(reference, generated, characters)
    assert "\n" not in str(error.value) and ";" in str(error.value)
