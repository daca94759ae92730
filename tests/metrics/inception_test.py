"""The field's protocol on judges whose scores are known, and against the formulas in NumPy."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tf_dsae.core.errors import UserError
from tf_dsae.metrics.inception import accuracy, balance_classes, measure_inception


def test_a_perfect_generator_scores_as_many_as_there_are_classes():
    labels = np.tile(np.arange(9), 4)
    logits = 1000.0 * np.eye(9)[labels]
    assert accuracy(logits, labels) == 1.0
    score, entropy_y_given_x, entropy_y = measure_inception(logits)
    assert score == pytest.approx(9.0)
    assert entropy_y_given_x == 0.0
    assert entropy_y == pytest.approx(np.log(9))


def test_a_useless_generator_scores_one():
    labels = np.tile(np.arange(5), 7)
    unsure = measure_inception(np.zeros((35, 5)))
    assert unsure == pytest.approx((1.0, np.log(5), np.log(5)))
    assert accuracy(np.zeros((35, 5)), labels) == pytest.approx(1 / 5)


def test_a_redundant_generator_that_always_shows_one_motion_scores_one():
    always = measure_inception(np.tile([500.0, -500.0, -500.0, -500.0], (11, 1)))
    assert always == (1.0, 0.0, 0.0)
    assert str(always.entropy_y) == "0.0"


def test_scores_are_those_of_the_formulas():
    logits = np.random.default_rng(0).normal(0, 2, (57, 6)).astype(np.float32)
    p = scipy.special.softmax(logits.astype(float), axis=1)
    marginal = sum(p) / 57
    divergences = [scipy.stats.entropy(row, marginal) for row in p]
    found = measure_inception(logits)
    assert found.inception_score == pytest.approx(np.exp(np.mean(divergences)), rel=1e-9)
    entropies = [scipy.stats.entropy(row) for row in p]
    assert found.entropy_y_given_x == pytest.approx(np.mean(entropies), rel=1e-9)
    assert found.entropy_y == pytest.approx(scipy.stats.entropy(marginal), rel=1e-9)
    assert np.log(found.inception_score) == pytest.approx(found.entropy_y - found.entropy_y_given_x)
    labels = np.random.default_rng(1).integers(0, 6, 57)
    right = sum(int(np.argmax(row) == label) for row, label in zip(p, labels, strict=True))
    assert accuracy(logits, labels) == right / 57


def test_balanced_subset():
    rng = np.random.default_rng(2)
    labels = rng.permutation(np.repeat([0, 1, 3, 8], [31, 7, 19, 12]))
    chosen = balance_classes(labels, seed=5)
    np.testing.assert_array_equal(np.bincount(labels[chosen]), [7, 7, 0, 7, 0, 0, 0, 0, 7])
    assert (np.diff(chosen) > 0).all()  # Ascending, none twice.
    np.testing.assert_array_equal(balance_classes(labels, seed=5), chosen)
    assert not np.array_equal(balance_classes(labels, seed=6), chosen)
    picked = np.unique(np.concatenate([balance_classes(labels, seed) for seed in range(200)]))
    np.testing.assert_array_equal(picked, np.arange(69))  # Every video has its chance.


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy(np.zeros((4, 3)), np.zeros(5, int)), r"labels: expected .*\[4\]"),
        (lambda: accuracy(np.zeros((4, 3)), np.full(4, 3)), "labels: expected classes 0..2"),
        (lambda: accuracy(np.zeros((4, 3)), np.full(4, -1)), "labels: expected classes 0..2"),
        (lambda: accuracy(np.zeros((4, 3)), np.zeros(4)), "labels: expected whole numbers"),
        (lambda: accuracy(np.full((4, 3), np.nan), np.zeros(4, int)), "12 NaN"),
        (lambda: measure_inception(np.zeros((0, 3))), "logits: expected"),
        (lambda: measure_inception(np.zeros(3)), r"logits: expected .*\[N, K\], received \[3\]"),
        (lambda: balance_classes(np.zeros(0, int)), r"labels: expected .*received \[0\]"),
        (lambda: balance_classes(np.zeros(3, int), seed=-1), "seed: expected"),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(UserError, match=message):
        call()
