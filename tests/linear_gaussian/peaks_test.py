"""Peaks against places that are known."""

import numpy as np
import pytest

from tests.linear_gaussian.conftest import PARAMETERS
from tf_dsae.linear_gaussian import families
from tf_dsae.linear_gaussian.joint import peaks_by_length
from tf_dsae.linear_gaussian.peaks import peak
from tf_dsae.linear_gaussian.study_settings import FAMILIES, Parameters


def find(curve, truth=1.0):
    return peak(lambda p: curve(p.sigma_z), Parameters(2.0, truth, 0.5), "sigma_z", 3)


@pytest.mark.parametrize("place", [0.003, 0.5, 1.7321, 30.0])
def test_a_peak_is_found_to_more_than_1e_4(place):
    assert find(lambda v: -(np.log(v / place) ** 2)) == pytest.approx(place, rel=2e-5)


def test_the_higher_of_two_peaks_is_found():
    def curve(values):
        logs = np.log(values)
        return np.exp(-((logs - 1) ** 2) / 0.02) + 1.1 * np.exp(-((logs + 2) ** 2) / 0.02)

    assert find(curve) == pytest.approx(np.exp(-2), rel=1e-4)


def test_a_falling_curve_peaks_at_zero():
    assert find(lambda v: -(v**2)) == 0.0


@pytest.mark.parametrize("family", ["mean_field", "amortised", "structured"])
def test_flat_curves_of_tiny_truths_peak_at_zero(family):
    """Where neighbours differ by rounding alone, that must not choose a place."""
    truth = Parameters(2.0, 0.001, 0.5)
    limit = families.expected_moments(truth, 3, 2)

    def curve(parameters):
        return families.optimal_elbo(family, parameters, limit).numpy()

    assert peak(curve, truth, "sigma_z", 3) == 0.0


@pytest.mark.parametrize("name", Parameters._fields)
def test_the_expected_likelihood_peaks_at_the_truth(name):
    limit = families.expected_moments(PARAMETERS, 4, 2)

    def curve(parameters):
        return families.mean_log_likelihood(parameters, limit).numpy()

    found = peak(curve, PARAMETERS, name, 4)
    assert found == pytest.approx(getattr(PARAMETERS, name), abs=1e-4)


def test_lengths_hold_the_peak_of_every_family():
    found = peaks_by_length((2, 5), PARAMETERS, dimensions=1)
    assert found.num_frames == (2, 5) and found.truth == PARAMETERS
    for name, truth in PARAMETERS._asdict().items():
        peaks = found.peaks[name]
        assert tuple(peaks) == FAMILIES
        assert peaks["exact"] == pytest.approx([truth, truth], abs=1e-4)
        assert all(len(values) == 2 for values in peaks.values())
    # The full family's f is the posterior's own.
    assert found.peaks["sigma_f"]["full"] == pytest.approx([1.3, 1.3], abs=1e-4)
    limit = families.expected_moments(PARAMETERS, 5, 1)
    at = found.peaks["sigma_x"]["structured"][1]
    around = PARAMETERS._replace(sigma_x=at * np.array([0.99, 1.0, 1.01]))
    values = families.optimal_elbo("structured", around, limit).numpy()
    assert np.argmax(values) == 1
