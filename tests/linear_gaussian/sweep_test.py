"""The published panels: curves, peaks and the direction of every bias."""

import json
from pathlib import Path

import numpy as np
import pytest

from tf_dsae.core.errors import UserError
from tf_dsae.core.typed_json import to_plain
from tf_dsae.linear_gaussian import families
from tf_dsae.linear_gaussian import study_report as report
from tf_dsae.linear_gaussian.exact import log_likelihood
from tf_dsae.linear_gaussian.study_results import PanelResult, Study
from tf_dsae.linear_gaussian.study_settings import (
    DEFAULT_GRID,
    DEFAULT_PANELS,
    FAMILIES,
    Panel,
    default_panels,
)
from tf_dsae.linear_gaussian.sweep import (
    TOLERANCE,
    bias_interval,
    run_panels,
    sample_data,
)


@pytest.fixture(scope="module")
def panels() -> list[PanelResult]:
    """The default study, as it ships."""
    return run_panels(default_panels())


def chosen(panels, parameter, truth) -> PanelResult:
    [panel] = [p for p in panels if (p.parameter, p.truth) == (parameter, truth)]
    return panel


def test_the_default_panels_are_the_published_ones(panels):
    assert [(p.parameter, p.truth) for p in panels] == list(DEFAULT_PANELS)
    for panel in panels:
        assert panel.grid == DEFAULT_GRID == pytest.approx(np.arange(1, 21) / 10)
        sizes = [
            getattr(panel, name) for name in ("num_sequences", "num_frames", "dimensions", "seed")
        ]
        assert (panel.posterior, *sizes) == ("amortised", 50, 3, 2, 0)
        assert set(panel.fixed) == {"sigma_f", "sigma_z", "sigma_x"} - {panel.parameter}


def test_every_training_ends_within_the_tolerance_of_the_best_bound(panels):
    for panel in panels:
        short = np.array(panel.optimal_elbo) - panel.elbo
        assert np.all(short > 0) and np.all(short < TOLERANCE) and all(panel.converged)


@pytest.mark.parametrize("truth", [0.3, 0.5, 1.0])
def test_the_bound_overestimates_the_noise_of_observation(panels, truth):
    panel = chosen(panels, "sigma_x", truth)
    assert panel.argmax.elbo > panel.argmax.log_likelihood
    assert panel.expected.argmax.optimal_elbo > truth
    # The gap is widest where the noise is small.
    gap = np.array(panel.log_likelihood) - panel.elbo
    assert np.all(gap > 0) and np.argmax(gap) == 0


def test_the_bound_underestimates_the_noise_of_dynamics(panels):
    panel = chosen(panels, "sigma_z", 0.5)
    assert panel.argmax.elbo < panel.argmax.log_likelihood
    assert panel.expected.argmax.optimal_elbo == 0
    # Why: the smaller the steps of z, the tighter the bound.
    for truth in (0.5, 1.0):
        panel = chosen(panels, "sigma_z", truth)
        gap = np.array(panel.log_likelihood) - panel.elbo
        assert np.argmin(gap) == 0
    assert np.ptp(panel.elbo) < 0.5 * np.ptp(panel.log_likelihood)
    # Here alone the bias is upward, and small.
    assert 1.0 < panel.expected.argmax.optimal_elbo < 1.1


def test_the_bound_underestimates_the_spread_of_f(panels):
    panel = chosen(panels, "sigma_f", 2.0)
    assert panel.argmax.elbo < panel.argmax.log_likelihood
    assert panel.expected.argmax.optimal_elbo < 2.0


def test_likelihoods_are_exact_and_near_their_limit(panels):
    for settings, panel in zip(default_panels(), panels, strict=True):
        x = sample_data(settings)
        at = settings.at(0.7)
        exact = float(np.mean(log_likelihood(at, x)))
        assert panel.log_likelihood[6] == pytest.approx(exact, abs=1e-9)
        limit = np.array(panel.expected.log_likelihood)
        error = np.abs(np.array(panel.log_likelihood) - limit)
        assert np.all(error < 4 * np.array(panel.log_likelihood_standard_error))
        assert panel.expected.argmax.log_likelihood == pytest.approx(settings.truth, abs=1e-4)


def test_peaks_are_the_curves_own(panels):
    for panel in panels:
        for name in ("log_likelihood", "elbo", "optimal_elbo"):
            assert getattr(panel.argmax, name) == panel.grid[int(np.argmax(getattr(panel, name)))]
        assert tuple(panel.optimal) == FAMILIES
        assert panel.optimal["amortised"].elbo == panel.optimal_elbo
        assert panel.optimal["exact"].elbo == pytest.approx(panel.log_likelihood)
        limit = panel.expected
        assert panel.optimal["amortised"].expected.elbo == limit.optimal_elbo


def test_biases_have_intervals_that_hold_them(panels):
    for panel in panels:
        low, high = panel.bias_ci
        bias = panel.argmax.elbo - panel.argmax.log_likelihood
        assert low <= bias + 1e-9 and bias - 1e-9 <= high
    # All resamples of the first panel say that sigma_x is overestimated.
    assert panels[0].bias_ci[0] > 0


def test_intervals_of_a_bias_that_all_sequences_share():
    curve = -((np.arange(1.0, 6)[:, np.newaxis] - 2) ** 2) * np.ones((5, 7))
    shifted = -((np.arange(1.0, 6)[:, np.newaxis] - 4) ** 2) * np.ones((5, 7))
    assert bias_interval(curve, shifted, [1, 2, 3, 4, 5], seed=0) == (2.0, 2.0)


def test_extremes_stay_numbers(tmp_path):
    """The ends of what a panel may ask for: finite, written, and said not to have converged."""
    panels = run_panels([Panel("sigma_x", 0.5, grid=(1e-4, 1e4), num_sequences=3)], steps=5)
    assert np.all(np.isfinite(panels[0].elbo)) and not any(panels[0].converged)
    Study(tuple(panels)).write(tmp_path / "likelihood.json")
    assert panels[0].optimal["exact"].expected.argmax == pytest.approx(0.5, abs=1e-4)


def test_json_gives_back_what_was_written(panels, tmp_path):
    path = tmp_path / "likelihood.json"
    study = Study(tuple(panels), versions={"tf_dsae": "0"})
    study.write(path)
    assert Study.read(path) == study
    assert list(json.loads(path.read_text())) == ["panels", "versions"]
    table = [*report.bias_table(panels).rows]
    assert table[0][:5] == ["sigma_x", "0.30", "0.30", "0.60", "+0.30"] and table[0][-1] == "yes"
    # The lowest value of the grid: the peak may lie below it.
    assert table[3][3] == "\N{LESS-THAN OR EQUAL TO} 0.10"


def test_a_training_that_stopped_early_says_so():
    panels = run_panels([Panel("sigma_x", 0.5, grid=(0.1, 1.9), num_sequences=3)], steps=3)
    assert panels[0].converged == (False, False)
    [row] = report.bias_table(panels).rows
    assert row[-1].startswith("NO: 2 of 2 values, by up to ")


def test_one_sequence_has_no_standard_error():
    panel = Panel("sigma_z", 0.5, (0.5,), num_sequences=1, num_frames=2, dimensions=3)
    [found] = run_panels([panel], steps=2)
    x = sample_data(panel)
    best = families.optimal_elbo("amortised", panel.at(0.5), families.sample_moments(x))
    assert found.optimal_elbo == (pytest.approx(float(best), abs=1e-9),)
    assert found.elbo_standard_error == (None,)
    report.bias_table([found])


def test_a_panels_data_are_its_own():
    """The same alone and beside others; other panels and seeds have others."""
    one, other = Panel("sigma_x", 0.5), Panel("sigma_z", 0.5)
    assert np.array_equal(sample_data(one), sample_data(Panel("sigma_x", 0.5, grid=(1.0,))))
    assert not np.any(sample_data(one) == sample_data(other))
    assert not np.any(sample_data(one) == sample_data(Panel("sigma_x", 0.5, seed=1)))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"parameter": "sigma_y"}, "parameter: expected one of sigma_f, sigma_z, sigma_x"),
        ({"truth": 0.0}, "truth: expected a finite number above 0"),
        ({"truth": float("nan")}, "truth: expected"),
        ({"grid": ()}, "grid: expected at least one value, received none"),
        ({"grid": (0.5, 0.2)}, "grid: expected rising values"),
        ({"grid": (0.0, 0.2)}, "grid: expected a finite number above 0"),
        ({"grid": (0.1, float("inf"))}, "grid: expected a finite number above 0"),
        ({"num_frames": 0}, "num_frames: expected a whole number of at least 1"),
        ({"num_sequences": 0}, "num_sequences: expected"),
        ({"dimensions": 0}, "dimensions: expected"),
        ({"posterior": "loose"}, "posterior: expected one of mean_field"),
        ({"seed": -1}, "seed: expected"),
        ({"seed": 2**31}, "seed: expected at most"),
    ],
)
def test_settings_that_are_none(settings, words):
    with pytest.raises(UserError, match=words):
        Panel(**{"parameter": "sigma_x", "truth": 0.5, **settings})


def test_panels_that_cannot_train_together():
    with pytest.raises(UserError, match="panels: expected at least one, all of one posterior"):
        run_panels([Panel("sigma_x", 0.5), Panel("sigma_x", 0.5, num_frames=4)])
    with pytest.raises(UserError, match="panels: expected at least one"):
        run_panels([])


@pytest.mark.parametrize("text", [None, "{", "[]", '{"panels": 3}'])
def test_files_that_hold_no_study(tmp_path, text):
    path = tmp_path / "likelihood.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(UserError, match="expected the likelihood.json of a study"):
        Study.read(path)


def test_the_recorded_study_is_read_whole():
    path = Path(__file__).parents[2] / "results" / "likelihood" / "likelihood.json"
    study = Study.read(path)
    assert to_plain(study) == json.loads(path.read_text())
    assert [(panel.parameter, panel.truth) for panel in study.panels] == list(DEFAULT_PANELS)
    assert [panel.settings for panel in study.panels] == default_panels()
