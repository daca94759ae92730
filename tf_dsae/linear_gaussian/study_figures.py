"""The exact-likelihood study in pictures: nats per sequence, sigmas in units of x."""

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from tf_dsae.linear_gaussian.study_report import edge
from tf_dsae.linear_gaussian.study_results import Joint, Lengths, PanelResult
from tf_dsae.reports.figures import COLOURS, FAINT, INK, save_figure, tidy_axes

_PALE, _WARM, _BLUE, _LIGHT_BLUE = "#d9d9d9", COLOURS[3], COLOURS[0], "#9CCBEB"
_SYMBOLS = {"sigma_f": r"$\sigma_f$", "sigma_z": r"$\sigma_z$", "sigma_x": r"$\sigma_x$"}
_TRUTH = {"color": _PALE, "linewidth": 5, "zorder": 0}
# Name, colour (after Okabe and Ito) and marker of a family. Markers get smaller in this order, so
# that coinciding families are all visible.
_FAMILIES = {
    "mean_field": ("mean field", COLOURS[1], "o"),
    "amortised": ("amortised", COLOURS[0], "s"),
    "structured": ("structured", COLOURS[2], "^"),
    "full": ("full", COLOURS[5], "D"),
    "exact": ("exact", COLOURS[3], "o"),
}
# Dashes that take turns where both peaks stand at one place.
_CURVES = {
    "log_likelihood": ("log-likelihood", _WARM, (0, (4, 4))),
    "elbo": ("ELBO", _BLUE, (4, (4, 4))),
}


def save_curves(path: str | os.PathLike, panels: Sequence[PanelResult]) -> None:
    """Writes a PNG of log-likelihood and ELBO over one parameter, the panels side by side."""
    figure = _figure(len(panels), 4.9)
    for axes, panel in zip(figure.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        _draw_curves(axes, panel)
    figure.axes[0].set_ylabel("nats per sequence")
    _finish(path, figure)


def save_gap(path: str | os.PathLike, panels: Sequence[PanelResult]) -> None:
    """Writes a PNG of log p(x) - ELBO, split into the family's part and the training's."""
    figure, pairs = _pairs(panels, (3, 1), ("nats per sequence", "nats"))
    for (above, below), panel in zip(pairs, panels, strict=True):
        _draw_gap(above, panel)
        below.sharey(pairs[0][1])
        _draw_shortfall(below, panel)
    low, high = np.log10(below.get_ylim())
    below.set_ylim(10 ** np.floor(low), 10 ** np.ceil(high))
    _finish(path, figure)


def save_families(path: str | os.PathLike, panels: Sequence[PanelResult]) -> None:
    """Writes a PNG of every family's best bound, with infinite data, and of where it peaks."""
    figure, pairs = _pairs(panels, (1, 3), ("peaks", "nats per sequence, infinite data"))
    for (above, below), panel in zip(pairs, panels, strict=True):
        _draw_peaks(above, panel)
        _draw_families(below, panel)
    _finish(path, figure)


def save_joint(path: str | os.PathLike, joint: Joint) -> None:
    """Writes a PNG of the three parameters over the steps that learn them with q."""
    _save_three(path, joint, _draw_joint, "standard deviation, units of x")


def save_lengths(path: str | os.PathLike, lengths: Lengths) -> None:
    """Writes a PNG of each family's bias over the length of the sequences."""
    _save_three(path, lengths, _draw_lengths, "peak less truth, infinite data, units of x")


# --- One axes each.


def _draw_curves(axes: Axes, panel: PanelResult) -> None:
    grid = np.array(panel.grid)
    for curve, (name, colour, _) in _CURVES.items():
        values = np.array(getattr(panel, curve))
        axes.plot(grid, values, ".-", color=colour, linewidth=1.2, label=name, zorder=3)
        # One sequence has no standard error, None.
        error = np.array(getattr(panel, f"{curve}_standard_error"), float)
        band = (values - error, values + error)
        axes.fill_between(grid, *band, color=colour, alpha=0.12, linewidth=0)
    best = f"best ELBO, {_FAMILIES[panel.posterior][0]} family"
    axes.plot(grid, panel.optimal_elbo, color=_LIGHT_BLUE, linewidth=4, label=best, zorder=2)
    low = _view(axes, [panel.log_likelihood, panel.elbo])
    _mark_unconverged(axes, panel, low)
    _draw_peak_lines(axes, panel)
    if None not in panel.elbo_standard_error:
        label = "\N{PLUS-MINUS SIGN} one standard error"
        axes.fill_between([], [], color=FAINT, alpha=0.25, linewidth=0, label=label)
    axes.set_xlabel(_SYMBOLS[panel.parameter])


def _mark_unconverged(axes: Axes, panel: PanelResult, low: float) -> None:
    """Hollow markers on the ELBO, or on the lower edge if it lies below the view."""
    off = ~np.array(panel.converged)
    grid, elbo = np.array(panel.grid)[off], np.array(panel.elbo)[off]
    seen = elbo >= low
    hollow = {"color": _BLUE, "markerfacecolor": "white", "linestyle": "", "zorder": 4}
    if seen.any():
        axes.plot(grid[seen], elbo[seen], "o", **hollow, label="not converged")
    if not seen.all():
        edge, label = np.full(np.sum(~seen), low), "not converged, further down"
        axes.plot(grid[~seen], edge, "v", **hollow, clip_on=False, label=label)


def _draw_peak_lines(axes: Axes, panel: PanelResult) -> None:
    """Lines at the truth and both peaks, which a second line of the title names."""
    axes.axvline(panel.truth, **_TRUTH, label="truth")
    for curve, (name, colour, dashes) in _CURVES.items():
        place = getattr(panel.argmax, curve)
        style = {"color": colour, "linestyle": dashes, "linewidth": 1.4, "zorder": 1}
        axes.axvline(place, **style, label=f"peak of the {name}")
        x, side = (0, "left") if curve == "log_likelihood" else (1, "right")
        words = {"color": colour, "fontsize": 9, "ha": side, "transform": axes.transAxes}
        axes.text(x, 1.03, f"{name} peaks at {edge(place, panel.grid)}{place:g}", **words)
    _title(axes, panel.parameter, panel.truth, pad=22)
    _scale_grid(axes, panel.grid)


def _scale_grid(axes: Axes, grid: Sequence[float]) -> None:
    """A linear axis from 0, or a logarithmic one for values of different magnitudes."""
    if grid[-1] > 30 * grid[0]:
        axes.set_xscale("log")
    else:
        axes.set_xlim(left=0)


def _view(axes: Axes, curves: Sequence[Sequence[float]]) -> float:
    """Limits the view to the peaks and a readable range below them; returns the lower limit."""
    peaks = [np.max(curve) for curve in curves]
    depth = max(3.5, 1.5 * (max(peaks) - min(peaks)))
    low = max(min(peaks) - depth, np.min(curves))
    margin = 0.05 * max(max(peaks) - low, 1.0)
    axes.set_ylim(low - margin, max(peaks) + margin)
    return low - margin


def _draw_gap(axes: Axes, panel: PanelResult) -> None:
    grid, best = panel.grid, np.array(panel.optimal_elbo)
    parts = (panel.log_likelihood - best, best - panel.elbo)
    family = f"{_FAMILIES[panel.posterior][0]} family: log p(x) less its best ELBO"
    labels = (family, "training: best ELBO less trained")
    axes.stackplot(grid, *parts, labels=labels, colors=(_LIGHT_BLUE, INK), zorder=0)
    whole = parts[0] + parts[1]
    axes.plot(grid, whole, ".-", color=INK, linewidth=1, label="gap: log p(x) less ELBO")
    _draw_peak_lines(axes, panel)
    # The gap soars where a standard deviation nears 0; what matters is its slope at the peaks.
    at_peak = whole[grid.index(panel.argmax.log_likelihood)]
    # The view spans at least a twentieth of a nat.
    axes.set_ylim(0, max(min(1.05 * whole.max(), 4 * at_peak), 0.05))


def _draw_shortfall(axes: Axes, panel: PanelResult) -> None:
    """The training's part of the gap again, on a logarithmic scale of its own."""
    grid, on = np.array(panel.grid), np.array(panel.converged)
    short = np.array(panel.optimal_elbo) - panel.elbo
    seen = np.where(short > 0, short, np.nan)
    axes.plot(grid, seen, color=INK, linewidth=1)
    axes.plot(grid[on], seen[on], ".", color=INK)
    if not on.all():
        label = "not converged"
        axes.plot(grid[~on], seen[~on], "o", color=INK, markerfacecolor="white", label=label)
    axes.set(yscale="log", xlabel=_SYMBOLS[panel.parameter])
    axes.yaxis.set_major_locator(LogLocator(numticks=5))
    axes.minorticks_off()
    axes.set_title(f"training: up to {short.max():.2g} nats", fontsize=9, loc="right")


def _draw_families(axes: Axes, panel: PanelResult) -> None:
    grid, curves = panel.grid, []
    axes.axvline(panel.truth, **_TRUTH, label="truth")
    for family, optimal in panel.optimal.items():
        values, peak = optimal.expected.elbo, optimal.expected.argmax
        style = _family(family)
        axes.plot(grid, values, ".-", color=style["color"], markersize=3, linewidth=1.4)
        on_grid = grid[0] - 1e-3 < peak < grid[-1] + 1e-3
        marked = [[peak], [np.interp(peak, grid, values)]] if on_grid else [[], []]
        axes.plot(*marked, **style, clip_on=not on_grid, zorder=4)
        curves.append(values)
    _view(axes, curves)
    _scale_grid(axes, panel.grid)
    axes.set_xlabel(_SYMBOLS[panel.parameter])


def _draw_peaks(axes: Axes, panel: PanelResult) -> None:
    """A row for each family: from the truth to its peak."""
    axes.axvline(panel.truth, **_TRUTH)
    for row, (family, optimal) in enumerate(panel.optimal.items()):
        places = [panel.truth, optimal.expected.argmax]
        style = {**_family(family), "label": None}
        axes.plot(places, [row, row], **style, markevery=[1], clip_on=False, zorder=3)
    axes.set_yticks([])
    axes.set_ylim(len(panel.optimal) - 0.4, -0.6)
    _title(axes, panel.parameter, panel.truth)


def _draw_joint(axes: Axes, joint: Joint, parameter: str) -> None:
    last = joint.steps
    axes.axhline(getattr(joint.truth, parameter), **_TRUTH, label="truth")
    axes.axvspan(1.03 * last, 1.25 * last, color=_PALE, alpha=0.35, linewidth=0, zorder=0)
    cross = {"color": INK, "marker": "x", "markersize": 8, "linestyle": "", "zorder": 5}
    for order, (family, result) in enumerate(joint.families.items()):
        style, steps = _family(family), result.path.step
        values = getattr(result.path, parameter)
        every = max(len(steps) // 6, 1)
        axes.plot(steps, values, **style, markevery=(order * every // len(_FAMILIES), every))
        if parameter.removeprefix("sigma_") in result.pruned:
            axes.plot(steps[-1:], values[-1:], **cross)
        hollow = {**style, "markerfacecolor": "none", "label": None, "clip_on": False}
        axes.plot([(1.06 + 0.04 * order) * last], [getattr(result.limit, parameter)], **hollow)
    axes.plot([], [], **cross, label="pruned")
    hollow = {"color": INK, "markerfacecolor": "none", "linestyle": ""}
    axes.plot([], [], "o", **hollow, label="end with infinite data")
    axes.set(xlim=(-0.03 * last, 1.25 * last), xlabel="step")
    axes.set_ylim(bottom=0)
    axes.set_xticks([tick for tick in axes.get_xticks() if 0 <= tick <= last])
    _title(axes, parameter, getattr(joint.truth, parameter))


def _draw_lengths(axes: Axes, lengths: Lengths, parameter: str) -> None:
    truth, peaks = getattr(lengths.truth, parameter), lengths.peaks[parameter]
    axes.axhline(0, **_TRUTH, label="no bias")
    for family, places in peaks.items():
        axes.plot(lengths.num_frames, np.array(places) - truth, **_family(family))
    if any(0 in places for places in peaks.values()):
        axes.axhline(-truth, color=FAINT, linestyle=":", zorder=0, label="peak at 0")
    axes.set_xticks(lengths.num_frames)
    axes.set_xlabel("frames T")
    _title(axes, parameter, truth)


# --- What all share.


def _family(family: str) -> dict[str, Any]:
    """How a family's line looks."""
    name, colour, marker = _FAMILIES[family]
    order = list(_FAMILIES).index(family)
    sizes = {"markersize": 8.5 - order, "linewidth": 2.4 - 0.3 * order}
    return {"label": name, "color": colour, "marker": marker, **sizes}


def _title(axes: Axes, parameter: str, truth: float, **style: Any) -> None:
    axes.set_title(f"{_SYMBOLS[parameter]}, truth {truth:g}", color=INK, **style)


def _figure(columns: int, height: float) -> Figure:
    return Figure(figsize=(max(4.2 * columns, 6.4), height), dpi=100, layout="constrained")


def _pairs(panels: Sequence, heights: tuple, ylabels: tuple) -> tuple[Figure, list]:
    """A figure with two axes of one x for each panel, one above the other, three in a row."""
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    figure, pairs = _figure(columns, 4.5 * rows + 0.5), []
    grid = figure.add_gridspec(2 * rows, columns, height_ratios=heights * rows)
    for index in range(len(panels)):
        row, column = divmod(index, columns)
        above = figure.add_subplot(grid[2 * row, column])
        pairs.append((above, figure.add_subplot(grid[2 * row + 1, column], sharex=above)))
        above.tick_params(labelbottom=False)
        if column == 0:
            for axes, ylabel in zip(pairs[-1], ylabels, strict=True):
                axes.set_ylabel(ylabel)
    return figure, pairs


def _save_three(
    path: str | os.PathLike, part: Joint | Lengths, draw: Callable, ylabel: str
) -> None:
    figure = _figure(3, 4.6)
    for axes, parameter in zip(figure.subplots(1, 3), _SYMBOLS, strict=True):
        draw(axes, part, parameter)
    figure.axes[0].set_ylabel(ylabel)
    _finish(path, figure)


def _finish(path: str | os.PathLike, figure: Figure) -> None:
    """Dresses the axes, explains every label once below them, and writes."""
    handles: dict[str, Any] = {}
    for axes in figure.axes:
        tidy_axes(axes)
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            handles.setdefault(label, handle)
    # As many columns as fit, in as few rows as possible.
    rows = -(-len(handles) // int(figure.get_figwidth() / 2.6))
    columns = -(-len(handles) // rows)
    where = {"loc": "outside lower center", "ncols": columns, "frameon": False}
    figure.legend(handles.values(), handles.keys(), **where)
    figure.align_ylabels()
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    save_figure(path, figure)
