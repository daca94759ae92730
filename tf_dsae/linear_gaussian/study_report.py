"""The study's report in tables and words."""

from collections.abc import Sequence

import numpy as np

from tf_dsae.linear_gaussian.study_results import Joint, Lengths, PanelResult, Sigmas, Study
from tf_dsae.linear_gaussian.study_settings import FAMILIES, TOLERANCE, Parameters
from tf_dsae.reports.blocks import Block, Listing, Report, Section, Table, Text

_TITLES = {name: name.replace("_", " ") for name in FAMILIES}
_AT_MOST, _AT_LEAST = "\N{LESS-THAN OR EQUAL TO}", "\N{GREATER-THAN OR EQUAL TO}"
_PROCESS = (
    "The process: f ~ N(0, sigma_f^2), z_t ~ N(z_(t-1), sigma_z^2) with z_0 = 0, "
    "x_t ~ N(f + z_t, sigma_x^2). "
)
_FAMILIES = (
    "amortised: q(f | x_1..x_T) and q(z_t | x_t) by one linear encoder for all t",
    "mean field: f and every z_t independent, each mean and variance free for every sequence",
    "structured: f independent of z_1..z_T, which are jointly Gaussian",
    "full: z_1..z_T independent of each other given f",
    "exact: the posterior itself, whose bound is the log-likelihood",
)
_UNITS = (
    'Likelihoods and bounds are in nats per sequence. "Limit" is that of infinite data, its peaks '
    "sought off the grid; a peak at zero is 0."
)
_JOINT = (
    "The parameters wait for q during the first quarter. The exact family has no gap: what it "
    "fits, the data say by themselves. A latent is pruned when its share of the variance of x has "
    "fallen below a tenth of that at the truth. A pruned z of independent z_t still costs D/2 log "
    "2 for each step, which is what independence pays against a random walk. These are ends of "
    "ascent from the truth: bounds can have higher peaks elsewhere, and other lengths prune others."
)


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.3g}" if abs(value) < 0.1 else f"{value:.2f}"


def _format_signed(value: float) -> str:
    return "0" if abs(value) < 5e-5 else f"{value:+.2f}"


def edge(value: float, grid: Sequence[float]) -> str:
    """The sign of a peak on an end of its grid, which may lie beyond it; "" inside."""
    if value == grid[0]:
        return "" if len(grid) == 1 else f"{_AT_MOST} "
    return f"{_AT_LEAST} " if value == grid[-1] else ""


def convergence(panel: PanelResult) -> str:
    """ "yes", or at how many grid values training ended too far below the best bound."""
    short = np.array(panel.optimal_elbo) - np.array(panel.elbo)
    failed = int(np.sum(~np.array(panel.converged)))
    if not failed:
        return "yes"
    return f"NO: {failed} of {len(short)} values, by up to {short.max():.2g} nats; raise --steps"


def bias_table(panels: Sequence[PanelResult]) -> Table:
    """Where curves peak, panel by panel."""
    head = ["parameter", "truth", "log p(x) peaks at", "trained ELBO at", "bias", "95% interval"]
    head += ["limit: log p(x) at", "limit: best bound at", "limit: bias", "converged"]
    rows = []
    for panel in panels:
        data, limit = panel.argmax, panel.expected.argmax
        low, high = panel.bias_ci
        peaks = (data.log_likelihood, data.elbo)
        rows.append(
            [
                panel.parameter,
                _number(panel.truth),
                *(edge(peak, panel.grid) + _number(peak) for peak in peaks),
                _format_signed(data.elbo - data.log_likelihood),
                f"{_format_signed(low)} to {_format_signed(high)}",
                _number(limit.log_likelihood),
                _number(limit.optimal_elbo),
                _format_signed(limit.optimal_elbo - limit.log_likelihood),
                convergence(panel),
            ]
        )
    return Table(head, rows)


def families_table(panels: Sequence[PanelResult]) -> Table:
    """Where the best bound of every family peaks with infinite data."""
    rows = []
    for panel in panels:
        peaks = [panel.optimal[name].expected.argmax for name in FAMILIES]
        rows.append([panel.parameter, _number(panel.truth), *map(_number, peaks)])
    return Table(["parameter", "truth", *(_TITLES[name] for name in FAMILIES)], rows)


def joint_table(joint: Joint) -> Table:
    """Where all three parameters drift together, family by family."""
    names = Parameters._fields
    head = ["family", *names, "pruned", "log p(x)", "ELBO", "KL of f", "KL of z", "converged"]
    truth = [*map(_number, joint.truth)]
    rows = [["truth", *truth, *[""] * 6, *truth]]
    for family, end in joint.families.items():
        terms = (end.log_likelihood, end.elbo, end.static_kl, end.dynamic_kl)
        short = end.optimal_elbo - end.elbo
        rows.append(
            [
                _TITLES[family],
                *map(_number, end.fitted),
                ", ".join(end.pruned) or "none",
                *(f"{term:.2f}" for term in terms),
                "yes" if end.converged else f"NO, by {short:.2g} nats",
                *map(_number, end.limit),
            ]
        )
    return Table([*head, *(f"limit: {name}" for name in names)], rows)


def lengths_table(lengths: Lengths) -> Table:
    """Where the best bounds peak as sequences grow longer, with infinite data."""
    rows = [
        [parameter, str(length), *(_number(peaks[name][index]) for name in FAMILIES)]
        for parameter, peaks in lengths.peaks.items()
        for index, length in enumerate(lengths.num_frames)
    ]
    return Table(["parameter", "T", *(_TITLES[name] for name in FAMILIES)], rows)


def _sizes(settings: PanelResult | Joint) -> str:
    counted = (
        (settings.num_sequences, "sequence"),
        (settings.num_frames, "frame"),
        (settings.dimensions, "dimension"),
    )
    words = [f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted]
    return f"{words[0]} of {words[1]} in {words[2]}"


def _words(sigmas: Sigmas) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in sigmas._asdict().items())


def study_report(study: Study) -> Report:
    """The whole study's tables with explanations."""
    first, summary = study.panels[0], _PROCESS
    panels = (
        f"{_sizes(first)}, q: {_TITLES[first.posterior]}, {first.steps} steps, seed {first.seed}. "
        "Bias: the ELBO's peak less the likelihood's, both on the grid, with a 95% interval by "
        f"resampling sequences; {_AT_MOST} and {_AT_LEAST} mark a peak at an end of the grid, "
        f"which may lie beyond it. Converged: every bound is within {TOLERANCE} nats of its "
        "family's best."
    )
    sections = [
        Section("One parameter at a time", [Text(panels), bias_table(study.panels)]),
        Section(
            "Where the best bound of every family peaks, infinite data",
            [families_table(study.panels)],
        ),
    ]
    if study.joint:
        summary += f"Parameters that do not vary are {_words(study.joint.truth)}. "
        words = f"{_sizes(study.joint)}, {study.joint.steps} steps. {_JOINT}"
        title = "All three parameters and q, by gradient ascent from the truth"
        sections.append(Section(title, [Text(words), joint_table(study.joint)]))
    if study.lengths:
        blocks: list[Block] = [
            Text(f"Truth: {_words(study.lengths.truth)}, independent of the panels above."),
            lengths_table(study.lengths),
        ]
        title = "Where the best bounds peak by length T, one parameter at a time, infinite data"
        sections.append(Section(title, blocks))
    above: list[Block] = [
        Text(f"{summary}Families of q, from the narrowest:"),
        Listing(_FAMILIES),
        Text(_UNITS),
    ]
    return Report("Where log p(x) peaks, and where the bound does", above, sections)
