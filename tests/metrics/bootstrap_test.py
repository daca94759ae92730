"""Intervals over clusters, against plain loops and simulated characters."""

import numpy as np
import pytest

from tf_dsae.core.errors import UserError
from tf_dsae.metrics import bootstrap
from tf_dsae.metrics.bootstrap import bootstrap_intervals, resample_means


def test_intervals_resample_whole_characters(monkeypatch):
    """Characters of unequal numbers of videos, drawn one by one as a person would."""
    rng = np.random.default_rng(2)
    characters = np.array([5, 5, 5, 5, 40, 40, -3, 17, 17, 17, 17, 17, 17])
    values = rng.normal(size=(13, 2))
    draws = np.random.default_rng(3).multinomial(4, [0.25] * 4, 30)
    means = []
    for draw in draws:
        chosen = [np.flatnonzero(characters == c) for c in np.repeat([-3, 5, 17, 40], draw)]
        means.append(values[np.concatenate(chosen)].mean(0))
    expected = np.percentile(means, [2.5, 97.5], axis=0).T
    found = bootstrap_intervals(values, characters, num_resamples=30, seed=3)
    np.testing.assert_allclose(found, expected)
    monkeypatch.setattr(bootstrap, "_DRAWS_AT_ONCE", 28)  # 7 resamples at once.
    np.testing.assert_allclose(bootstrap_intervals(values, characters, 30, 3), expected)
    assert not np.allclose(bootstrap_intervals(values, characters, 30, 4), expected)


def test_intervals_over_characters_cover_and_those_over_videos_do_not():
    """Videos of a character fail together: each has its own chance of disagreement."""
    rng = np.random.default_rng(4)
    characters, trials = np.repeat(np.arange(60), 9), 250
    truth = 0.3
    hits = {"characters": 0, "videos": 0}
    for trial in range(trials):
        chances = rng.beta(0.3, 0.7, 60)[characters]
        values = (rng.random(540) < chances).astype(float)[:, np.newaxis]
        for name, groups in (("characters", characters), ("videos", np.arange(540))):
            ((low, high),) = bootstrap_intervals(values, groups, 300, trial)
            hits[name] += low <= truth <= high
    assert 0.90 <= hits["characters"] / trials <= 0.985
    assert hits["videos"] / trials < 0.75


def test_settings_of_the_bootstrap_are_checked():
    with pytest.raises(UserError, match="num_resamples: expected a whole number of at least 1"):
        bootstrap_intervals(np.ones((3, 2)), np.arange(3), num_resamples=0)
    with pytest.raises(UserError, match="seed: expected"):
        bootstrap_intervals(np.ones((3, 2)), np.arange(3), seed=-1)


def test_one_cluster_is_always_drawn_whole():
    values = np.array([[1.0, 5.0], [3.0, 7.0]])
    np.testing.assert_array_equal(resample_means(values, [4, 4], 3), [[2.0, 6.0]] * 3)
