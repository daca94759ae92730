"""The study's pictures show the numbers that they are given."""

import dataclasses

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from tf_dsae.core.typed_json import read_typed
from tf_dsae.linear_gaussian import study_figures as figures
from tf_dsae.linear_gaussian.study_results import Joint, Lengths, PanelResult

FAMILIES = ("mean_field", "amortised", "structured", "full", "exact")
GRID = [0.1, 0.2, 0.4, 0.7, 1.1, 1.6, 2.2]
SIGMAS = ("sigma_f", "sigma_z", "sigma_x")
TRUTH = {"sigma_f": 2.0, "sigma_z": 0.5, "sigma_x": 0.3}


def make_panel(parameter="sigma_x", grid=GRID, **changes):
    """A panel as `run_panels` gives it: curves plunge at 0, the ELBO peaks later."""
    places = np.array(grid)
    likelihood = -8.0 - 2 * np.log(places / 0.4) ** 2
    gap = 1.5 + 1.0 / places
    best = likelihood - gap
    elbo = best - 1e-4 * np.arange(1, len(grid) + 1)
    optimal = {
        family: {
            "elbo": (likelihood - 0.2 * order).tolist(),
            "argmax": 0.4,
            "expected": {"elbo": (likelihood - 0.3 * order).tolist(), "argmax": 0.3 * order},
        }
        for order, family in enumerate(FAMILIES)
    }
    values = {
        "parameter": parameter,
        "num_sequences": 5,
        "fixed": {s: TRUTH[s] for s in SIGMAS if s != parameter},
        "steps": 9,
        "gap_standard_error": [0.3] * len(grid),
        "bias_ci": [0.1, 0.4],
        "expected": {
            "log_likelihood": likelihood.tolist(),
            "optimal_elbo": best.tolist(),
            "argmax": {"log_likelihood": 0.3, "optimal_elbo": 0.45},
        },
        "truth": 0.3,
        "posterior": "amortised",
        "grid": list(grid),
        "log_likelihood": likelihood.tolist(),
        "log_likelihood_standard_error": [0.2] * len(grid),
        "elbo": elbo.tolist(),
        "elbo_standard_error": [0.1] * len(grid),
        "optimal_elbo": best.tolist(),
        "argmax": {
            "log_likelihood": grid[int(np.argmax(likelihood))],
            "elbo": grid[int(np.argmax(elbo))],
            "optimal_elbo": grid[int(np.argmax(best))],
        },
        "converged": [True] * len(grid),
        "optimal": optimal,
        **changes,
    }
    return read_typed(PanelResult, values, "panel")


def make_joint():
    steps = list(range(1, 41, 3))
    values = {
        "truth": TRUTH,
        "steps": 40,
        **{"num_sequences": 5, "num_frames": 4, "dimensions": 2, "seed": 6},
        "families": {
            family: {
                "path": {
                    "step": steps,
                    **{s: [TRUTH[s] + 0.01 * order * step for step in steps] for s in SIGMAS},
                },
                "limit": {s: TRUTH[s] + 0.1 * order for s in SIGMAS},
                "pruned": ["z"] if family in ("structured", "mean_field") else [],
                "fitted": TRUTH,
                "share": {"f": 0.5, "z": 0.3, "noise": 0.2},
                "converged": True,
                **dict.fromkeys(("log_likelihood", "elbo", "optimal_elbo"), -3.0),
                **dict.fromkeys(("static_kl", "dynamic_kl"), 1.0),
            }
            for order, family in enumerate(FAMILIES)
        },
    }
    return read_typed(Joint, values, "joint")


def make_lengths():
    peaks = {
        s: {f: [TRUTH[s] + 0.1 * o, TRUTH[s] - 0.1 * o] for o, f in enumerate(FAMILIES)}
        for s in SIGMAS
    }
    peaks["sigma_z"]["structured"][0] = 0.0
    values = {"truth": TRUTH, "dimensions": 2, "num_frames": [3, 7], "peaks": peaks}
    return read_typed(Lengths, values, "lengths")


def new_axes():
    return Figure().subplots()


def lines(axes, label):
    return [line for line in axes.lines if line.get_label() == label]


def points(line):
    return np.stack(line.get_data(), -1)


def draw_curves(**changes):
    axes, panel = new_axes(), make_panel(**changes)
    figures._draw_curves(axes, panel)
    return axes, panel


def test_curves_go_through_the_panels_values():
    axes, panel = draw_curves()
    shown = {"log-likelihood": "log_likelihood", "ELBO": "elbo"}
    shown["best ELBO, amortised family"] = "optimal_elbo"
    for label, key in shown.items():
        (line,) = lines(axes, label)
        np.testing.assert_allclose(points(line), np.stack([GRID, getattr(panel, key)], -1))
    assert axes.get_title() == r"$\sigma_x$, truth 0.3"


@pytest.mark.parametrize("draw", [figures._draw_curves, figures._draw_gap])
def test_lines_stand_at_the_peaks_and_at_the_truth(draw):
    axes = new_axes()
    draw(axes, make_panel())
    places = {"peak of the log-likelihood": 0.4, "peak of the ELBO": 0.7, "truth": 0.3}
    styles = set()
    for label, place in places.items():
        (line,) = lines(axes, label)
        assert line.get_xdata() == [place, place]
        styles.add((line.get_color(), line.get_linestyle()))
    assert len(styles) == 3
    words = {text.get_text() for text in axes.texts}
    assert words == {"log-likelihood peaks at 0.4", "ELBO peaks at 0.7"}


def test_peaks_can_be_read_though_the_curves_plunge():
    axes, panel = draw_curves()
    low, high = axes.get_ylim()
    assert min(panel.elbo) < low < max(panel.elbo) - 2
    assert max(panel.log_likelihood) < high < max(panel.log_likelihood) + 1


def test_bands_are_one_standard_error_where_it_is_known():
    axes, panel = draw_curves()
    bands = axes.collections[:2]
    for band, curve, error in zip(bands, ("log_likelihood", "elbo"), (0.2, 0.1), strict=True):
        inside = band.get_paths()[0].vertices
        at_peak = inside[np.isclose(inside[:, 0], 0.7), 1]
        assert at_peak.max() - at_peak.min() == pytest.approx(2 * error)
        assert at_peak.mean() == pytest.approx(getattr(panel, curve)[3])
    unknown = [None] * len(GRID)
    axes, _ = draw_curves(log_likelihood_standard_error=unknown, elbo_standard_error=unknown)
    labels = axes.get_legend_handles_labels()[1]
    assert not any("standard error" in label for label in labels)


def test_what_has_not_converged_is_marked():
    converged = [False, True, True, False, True, True, True]
    axes, panel = draw_curves(converged=converged)
    (seen,) = lines(axes, "not converged")
    np.testing.assert_allclose(points(seen), [[0.7, panel.elbo[3]]])
    assert seen.get_markerfacecolor() == "white"
    # Its ELBO is below what the picture shows.
    (below,) = lines(axes, "not converged, further down")
    np.testing.assert_allclose(points(below), [[0.1, axes.get_ylim()[0]]])
    short = new_axes()
    figures._draw_shortfall(short, panel)
    (marked,) = lines(short, "not converged")
    np.testing.assert_allclose(points(marked), [[0.1, 1e-4], [0.7, 4e-4]])
    axes, _ = draw_curves()
    assert not lines(axes, "not converged") + lines(axes, "not converged, further down")


def test_the_gaps_parts_sum_to_it():
    axes, panel = new_axes(), make_panel()
    figures._draw_gap(axes, panel)
    gap = np.array(panel.log_likelihood) - panel.elbo
    of_family, of_training = (area.get_paths()[0].vertices for area in axes.collections)
    for place, whole, best in zip(GRID, gap, panel.optimal_elbo, strict=True):
        lower = of_family[np.isclose(of_family[:, 0], place), 1]
        upper = of_training[np.isclose(of_training[:, 0], place), 1]
        assert np.ptp(lower) + np.ptp(upper) == pytest.approx(whole)
        assert (lower.min(), upper.max()) == pytest.approx((0, whole))
        likelihood = panel.log_likelihood[GRID.index(place)]
        assert lower.max() == pytest.approx(likelihood - best)
    (line,) = lines(axes, "gap: log p(x) less ELBO")
    np.testing.assert_allclose(line.get_ydata(), gap)


def test_what_training_leaves_has_a_scale_of_its_own():
    axes = new_axes()
    figures._draw_shortfall(axes, make_panel())
    assert axes.get_yscale() == "log"
    np.testing.assert_allclose(axes.lines[0].get_ydata(), 1e-4 * np.arange(1, 8))
    assert axes.get_title("right") == "training: up to 0.0007 nats"


def test_families_are_marked_on_their_curves_where_they_peak():
    axes, panel = new_axes(), make_panel()
    figures._draw_families(axes, panel)
    for order, family in enumerate(FAMILIES):
        name, colour, _ = figures._FAMILIES[family]
        (peak,) = lines(axes, name)
        (curve,) = [
            line for line in axes.lines if line.get_color() == colour and line.get_marker() == "."
        ]
        values = panel.optimal[family].expected.elbo
        np.testing.assert_allclose(curve.get_ydata(), values)
        # A peak at 0 is off the grid: no place on the curve.
        place = 0.3 * order
        expected = [[place, np.interp(place, GRID, values)]] if order else np.zeros((0, 2))
        np.testing.assert_allclose(points(peak), expected)


def test_a_row_for_each_family_leads_from_the_truth_to_its_peak():
    axes = new_axes()
    figures._draw_peaks(axes, make_panel())
    for order, line in enumerate(axes.lines[1:]):
        np.testing.assert_allclose(points(line), [[0.3, order], [0.3 * order, order]])


def test_every_family_has_one_colour_and_marker_and_no_other_family_has():
    looks = [figures._family(family) for family in FAMILIES]
    assert len({look["color"] for look in looks}) == len(FAMILIES)
    assert len({(look["marker"], look["markersize"]) for look in looks}) == len(FAMILIES)


@pytest.mark.parametrize("parameter", SIGMAS)
def test_joint_learning_shows_paths_ends_and_what_is_pruned(parameter):
    axes, joint = new_axes(), make_joint()
    figures._draw_joint(axes, joint, parameter)
    for order, family in enumerate(FAMILIES):
        name, colour, _ = figures._FAMILIES[family]
        (line,) = lines(axes, name)
        np.testing.assert_allclose(
            line.get_ydata(), getattr(joint.families[family].path, parameter)
        )
        (end,) = [
            line
            for line in axes.lines
            if line.get_color() == colour and line.get_markerfacecolor() == "none"
        ]
        assert end.get_ydata()[0] == pytest.approx(TRUTH[parameter] + 0.1 * order)
        assert end.get_xdata()[0] > 40
    crosses = [points(line).tolist() for line in axes.lines if line.get_marker() == "x"]
    ends = [[40, pytest.approx(0.5 + 0.4 * order)] for order in (0, 2)]
    assert [c[0] for c in crosses if c] == (ends if parameter == "sigma_z" else [])
    assert axes.get_ylim()[0] == 0
    assert max(axes.get_xticks()) <= 40


@pytest.mark.parametrize("parameter", SIGMAS)
def test_lengths_show_peak_less_truth(parameter):
    axes, lengths = new_axes(), make_lengths()
    figures._draw_lengths(axes, lengths, parameter)
    for order, family in enumerate(FAMILIES):
        (line,) = lines(axes, figures._FAMILIES[family][0])
        bias = [0.1 * order, -0.1 * order]
        if (parameter, family) == ("sigma_z", "structured"):
            bias[0] = -0.5
        np.testing.assert_allclose(points(line), np.stack([[3, 7], bias], -1), atol=1e-12)
    (zero,) = lines(axes, "no bias")
    assert zero.get_ydata() == [0, 0]
    floor = [line.get_ydata() for line in lines(axes, "peak at 0")]
    assert floor == ([[-0.5, -0.5]] if parameter == "sigma_z" else [])


def test_files_are_whole_pictures(tmp_path):
    panels = [make_panel(parameter) for parameter in SIGMAS] + [make_panel("sigma_z")]
    one = make_panel(
        grid=[0.4],
        elbo_standard_error=[None],
        log_likelihood_standard_error=[None],
        converged=[False],
    )
    figures.save_curves(tmp_path / "curves.png", panels[2:3] * 2)
    figures.save_gap(tmp_path / "gap.png", panels)
    figures.save_families(tmp_path / "families.png", panels)
    figures.save_joint(tmp_path / "joint.png", make_joint())
    figures.save_lengths(tmp_path / "lengths.png", make_lengths())
    for save in (figures.save_curves, figures.save_gap, figures.save_families):
        save(tmp_path / f"one_{save.__name__}.png", [one])
    # No legend is cut off: paper is white where a picture ends.
    found = sorted(tmp_path.iterdir())
    assert len(found) == 8
    for path in found:
        picture = np.asarray(Image.open(path).convert("L"))
        assert picture.shape[1] >= 640 and picture.std() > 5
        assert (picture[:, [0, -1]] == 255).all() and (picture[[0, -1]] == 255).all(), path.name


def test_a_q_that_leaves_nothing_is_drawn(tmp_path):
    panel = make_panel()
    curve = panel.log_likelihood
    panel = dataclasses.replace(panel, elbo=curve, optimal_elbo=curve, posterior="exact")
    figures.save_gap(tmp_path / "gap.png", [panel])
    assert np.asarray(Image.open(tmp_path / "gap.png")).std() > 5
