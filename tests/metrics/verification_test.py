"""Equal error rates of scores and codes whose errors are known."""

import numpy as np
import pytest
import scipy.stats

from tf_dsae.core.errors import UserError
from tf_dsae.metrics import equal_error_rate, verification_error


def test_perfect_scores_make_no_error_and_reversed_ones_all():
    same = np.arange(70) % 5 == 0
    scores = np.random.default_rng(0).random(70)
    assert equal_error_rate(scores + 2.0 * same, same) == 0
    assert equal_error_rate(scores - 2.0 * same, same) == 1


def test_useless_scores_are_half_wrong():
    same = np.random.default_rng(1).random(20_000) < 0.1
    assert equal_error_rate(np.ones(20_000), same) == pytest.approx(0.5)
    noise = np.random.default_rng(2).normal(size=20_000)
    assert equal_error_rate(noise, same) == pytest.approx(0.5, abs=0.02)


def test_two_normals_cross_where_their_tails_do():
    """Scores N(d, 1) and N(0, 1): both rates are Phi(-d / 2)."""
    rng = np.random.default_rng(3)
    same = np.repeat([1, 0], [30_000, 50_000])
    scores = rng.normal(size=80_000) + 1.7 * same
    expected = scipy.stats.norm.cdf(-1.7 / 2)
    assert equal_error_rate(scores, same) == pytest.approx(expected, abs=0.005)


def test_between_thresholds_the_rates_are_on_a_line():
    """Rates (false accepted, true refused): (0, 1/3), (1, 1/3); and (0, 1/2), (1/2, 0)."""
    assert equal_error_rate([4.0, 3.0, 2.0, 1.0], [1, 1, 0, 1]) == pytest.approx(1 / 3)
    assert equal_error_rate([4.0, 3.0, 3.0, 1.0], [1, 1, 0, 0]) == pytest.approx(1 / 4)


def test_codes_of_directions_verify_and_those_of_lengths_do_not():
    rng = np.random.default_rng(4)
    people = np.repeat(np.arange(6), 7)
    directions = np.eye(6)[people] + 0.05 * rng.normal(size=(42, 6))
    scaled = directions * rng.uniform(0.1, 9, (42, 1))
    assert verification_error(directions, people) == verification_error(scaled, people) == 0
    redundant = np.hstack([scaled, scaled])
    assert verification_error(redundant, people) == 0
    assert verification_error(rng.normal(size=(42, 6)), people) == pytest.approx(0.5, abs=0.1)


def test_a_plain_loop_over_pairs_agrees():
    codes = np.random.default_rng(5).normal(size=(13, 4))
    people = np.arange(13) % 3
    pairs = [(a, b) for a in range(13) for b in range(a)]
    scores = [
        codes[a] @ codes[b] / np.sqrt((codes[a] ** 2).sum() * (codes[b] ** 2).sum())
        for a, b in pairs
    ]
    same = [people[a] == people[b] for a, b in pairs]
    expected = equal_error_rate(scores, same)
    assert verification_error(codes, people) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("scores", "same", "words"),
    [
        ([1.0, 2.0], [1, 1], "pairs that are the same and pairs that are not"),
        ([1.0, 2.0], [0, 2], "pairs that are the same"),
        ([1.0, np.nan], [0, 1], "scores: expected finite numbers"),
        ([1.0, 2.0], [0, 1, 1], r"same: expected whole numbers of shape \[2\]"),
    ],
)
def test_pairs_that_cannot_be_scored(scores, same, words):
    with pytest.raises(UserError, match=words):
        equal_error_rate(scores, same)


def test_codes_that_cannot_be_scored(monkeypatch):
    with pytest.raises(UserError, match="1 of them all zero"):
        verification_error([[0.0, 0.0], [1.0, 0.0]], [0, 1])
    with pytest.raises(UserError, match="at most 5000 codes"):
        verification_error(np.ones((5001, 1)), np.arange(5001))
