"""Information in nats against closed forms and against scipy, video by video."""

import numpy as np
import pytest
import scipy.special
import scipy.stats

from tf_dsae.core.errors import UserError
from tf_dsae.metrics import information
from tf_dsae.metrics.information import measure_information


def posteriors(videos, size, seed=0, stddev=0.5):
    rng = np.random.default_rng(seed)
    mean = rng.normal(size=(videos, size))
    stddev = stddev * np.exp(0.4 * rng.normal(size=(videos, size)))
    return mean, stddev, mean + stddev * rng.normal(size=(videos, size))


def by_hand(mean, stddev, samples):
    """log q(f_n | x_n) and log q(f_n), [N] each, from scipy's normal density."""
    pairs = scipy.stats.norm.logpdf(samples[:, np.newaxis], mean, stddev).sum(-1)
    return np.diagonal(pairs), scipy.special.logsumexp(pairs, axis=1) - np.log(len(mean))


@pytest.mark.parametrize("at_once", [4_000_000, 23 * 5, 1])
def test_every_density_is_scipys(monkeypatch, at_once):
    monkeypatch.setattr(information, "_DENSITIES_AT_ONCE", at_once)
    mean, stddev, samples = posteriors(23, 7)
    own, aggregate = by_hand(mean, stddev, samples)
    prior = np.random.default_rng(1).normal(-9, 1, 23)
    found = measure_information(mean, stddev, samples, prior)
    expected = (own - aggregate).mean(), (aggregate - prior).mean(), (own - prior).mean()
    assert found == pytest.approx(expected)
    closed = 0.5 * (mean**2 + stddev**2 - 1) - np.log(stddev)
    found = measure_information(*(of.astype(np.float32) for of in (mean, stddev, samples)))
    assert found.mean_kl == pytest.approx(closed.sum(1).mean(), rel=1e-5)
    assert found.mutual_information == pytest.approx(expected[0], rel=1e-5)
    assert found.aggregate_gap == pytest.approx(found.mean_kl - found.mutual_information)


def test_sharp_posteriors_far_from_the_origin_keep_their_digits():
    mean, stddev, samples = posteriors(31, 4, stddev=1e-3)
    stddev[:15] = stddev[16:]  # Pairs with samples halfway between, so that I is not just log N.
    mean[:15] = mean[16:] + 2 * stddev[16:]
    samples[:15] = mean[:15] - stddev[:15]
    mean, samples = mean + 50, samples + 50
    own, aggregate = by_hand(mean, stddev, samples)
    found = measure_information(mean, stddev, samples)
    assert found.mutual_information == pytest.approx((own - aggregate).mean(), abs=1e-6)
    assert found.mutual_information < np.log(31) - 0.3


def test_a_perfect_code_holds_log_n_nats():
    mean, stddev, samples = posteriors(37, 6, stddev=1e-3)
    assert measure_information(mean, stddev, samples).mutual_information == pytest.approx(
        np.log(37), abs=1e-9
    )


def test_a_useless_code_holds_nothing():
    """q = p for every video."""
    mean, stddev = np.zeros((37, 6)), np.ones((37, 6))
    samples = np.random.default_rng(2).normal(size=(37, 6))
    assert measure_information(mean, stddev, samples) == pytest.approx((0, 0, 0), abs=1e-12)
    prior = scipy.stats.norm.logpdf(samples).sum(1)
    assert measure_information(mean, stddev, samples, prior) == pytest.approx((0, 0, 0), abs=1e-12)


def test_a_code_of_classes_holds_log_k_nats_however_often_it_says_so():
    """Five far classes of eight alike videos; doubling the dimensions adds nothing."""
    rng = np.random.default_rng(3)
    for copies in (1, 2):
        mean = np.tile(np.repeat(30 * rng.normal(size=(5, 3)), 8, axis=0), copies)
        stddev = np.full(mean.shape, 0.2)
        samples = mean + stddev * rng.normal(size=mean.shape)
        found = measure_information(mean, stddev, samples).mutual_information
        assert found == pytest.approx(np.log(5))


@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_a_gaussian_channel(shift):
    """mean ~ N(shift, r), q(f|x) = N(mean, 1 - r): q(f) = N(shift, 1), I = -log(1 - r) / 2."""
    rng = np.random.default_rng(4)
    ratio = np.array([0.7, 0.4])
    mean = shift + np.sqrt(ratio) * rng.normal(size=(3000, 2))
    stddev = np.tile(np.sqrt(1 - ratio), (3000, 1))
    samples = mean + stddev * rng.normal(size=(3000, 2))
    mutual_information = -0.5 * np.log(1 - ratio).sum()
    gap = 0.5 * 2 * shift**2
    found = measure_information(mean, stddev, samples)
    expected = mutual_information, gap, mutual_information + gap
    assert found == pytest.approx(expected, abs=0.07)
    prior = scipy.stats.norm.logpdf(samples).sum(1)
    assert measure_information(mean, stddev, samples, prior) == pytest.approx(expected, abs=0.07)


def test_information_of_few_videos_is_too_low_on_average():
    """The channel above, of one dimension, with 1.15 nats; log 5 = 1.61."""
    rng = np.random.default_rng(5)
    found = []
    for _ in range(300):
        mean = np.sqrt(0.9) * rng.normal(size=(5, 1))
        stddev = np.full((5, 1), np.sqrt(0.1))
        samples = mean + stddev * rng.normal(size=(5, 1))
        found.append(measure_information(mean, stddev, samples).mutual_information)
    assert 0.5 < np.mean(found) < -0.5 * np.log(0.1) - 0.05


def test_information_is_at_most_log_n():
    for videos in (3, 11, 101):
        mean, stddev, samples = posteriors(videos, 9, seed=videos, stddev=0.1)
        own, aggregate = by_hand(mean, stddev, samples)
        assert (own - aggregate).max() <= np.log(videos) + 1e-9
        found = measure_information(mean, stddev, samples).mutual_information
        assert found <= np.log(videos) + 1e-9


GOOD = posteriors(6, 3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({0: GOOD[0][:, :2]}, r"stddev: expected .*\[6, 2\], received \[6, 3\]"),
        ({1: -GOOD[1]}, "stddev: expected numbers above 0"),
        ({1: 0 * GOOD[1]}, "stddev: expected numbers above 0, received 0"),
        ({2: GOOD[2][:5]}, r"samples: expected .*\[6, 3\], received \[5, 3\]"),
        ({2: GOOD[2] * np.nan}, "samples: expected finite numbers, received 18"),
        ({0: np.zeros((0, 3))}, r"mean: expected .*\[N, F\]"),
        ({3: np.zeros(5)}, r"prior_log_density: expected .*\[6\], received \[5\]"),
        ({3: np.full(6, np.inf)}, "prior_log_density: expected finite"),
    ],
)
def test_mistakes_are_named(changes, message):
    arrays = [changes.get(index, array) for index, array in enumerate([*GOOD, np.zeros(6)])]
    with pytest.raises(UserError, match=message):
        measure_information(*arrays)
