"""The study in Markdown tables, and as the JSON that others read."""

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import read_json
from tf_dsae.linear_gaussian.study_settings import FAMILIES, Parameters
from tf_dsae.linear_gaussian.sweep import TOLERANCE

Table = list[list[str]]
_MAX_BYTES = 32 * 2**20  # Six panels of 10,000 values have 24 million.
_TITLES = {name: name.replace("_", " ") for name in FAMILIES}
_AT_MOST, _AT_LEAST = "\N{LESS-THAN OR EQUAL TO}", "\N{GREATER-THAN OR EQUAL TO}"


def read_study(path: str | os.PathLike) -> dict[str, Any]:
    """Reads likelihood.json; raises UserError where there is none or it is another file."""
    study = read_json(path, "the likelihood.json of a study", max_bytes=_MAX_BYTES)
    if not isinstance(study, dict) or not isinstance(study.get("panels"), list):
        raise UserError(f"{path}: expected the likelihood.json of a study, found no panels in it")
    for number, panel in enumerate(study["panels"]):
        try:
            _check_panel(panel)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise UserError(
                f"{path}: panel {number}: expected that of a study, received another "
                f"({reason(error)}); run likelihood again"
            ) from None
    return study


def _check_panel(panel: dict[str, Any]) -> None:
    """Raises what a panel without the values that tables show makes Python raise."""
    if panel["parameter"] not in Parameters._fields:
        raise ValueError("no such parameter")
    lists = [panel["grid"], panel["elbo"], panel["optimal_elbo"], panel["bias_ci"]]
    peaks = [panel["argmax"]["log_likelihood"], panel["argmax"]["elbo"], panel["truth"]]
    limits = [panel["expected"]["argmax"][name] for name in ("log_likelihood", "optimal_elbo")]
    peaks += [*limits, *(panel["optimal"][name]["expected"]["argmax"] for name in FAMILIES)]
    if not all(isinstance(values, list) and values for values in (*lists, panel["converged"])):
        raise ValueError("no lists of values")
    values = [value for values in (*lists, peaks) for value in values]
    if not all(type(value) in (int, float) and abs(value) < 1e150 for value in values):
        raise ValueError("no number")
    lengths = {len(of) for of in (*lists[:3], panel["converged"])}
    if len(lengths) > 1 or len(panel["bias_ci"]) != 2 or not set(panel["converged"]) <= {0, 1}:
        raise ValueError("lists of other lengths or kinds")


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.3g}" if abs(value) < 0.1 else f"{value:.2f}"


def _signed(value: float) -> str:
    return "0" if abs(value) < 5e-5 else f"{value:+.2f}"


def edge(value: float, grid: Sequence[float]) -> str:
    """The sign of a peak on an end of its grid, which may lie beyond it; "" inside."""
    if value == grid[0]:
        return "" if len(grid) == 1 else f"{_AT_MOST} "
    return f"{_AT_LEAST} " if value == grid[-1] else ""


def convergence(panel: dict[str, Any]) -> str:
    """ "yes", or at how many grid values training ended too far below the best bound."""
    short = np.array(panel["optimal_elbo"]) - np.array(panel["elbo"])
    failed = int(np.sum(~np.array(panel["converged"])))
    if not failed:
        return "yes"
    return f"NO: {failed} of {len(short)} values, by up to {short.max():.2g} nats; raise --steps"


def bias_table(panels: Sequence[dict[str, Any]]) -> Table:
    """Where curves peak, panel by panel; the first row is the head."""
    head = ["parameter", "truth", "log p(x) peaks at", "trained ELBO at", "bias", "95% interval"]
    head += ["limit: log p(x) at", "limit: best bound at", "limit: bias", "converged"]
    rows = [head]
    for panel in panels:
        seen, limit = panel["argmax"], panel["expected"]["argmax"]
        low, high = panel["bias_ci"]
        peaks = (seen["log_likelihood"], seen["elbo"])
        rows.append(
            [
                panel["parameter"],
                _number(panel["truth"]),
                *(edge(peak, panel["grid"]) + _number(peak) for peak in peaks),
                _signed(seen["elbo"] - seen["log_likelihood"]),
                f"{_signed(low)} to {_signed(high)}",
                _number(limit["log_likelihood"]),
                _number(limit["optimal_elbo"]),
                _signed(limit["optimal_elbo"] - limit["log_likelihood"]),
                convergence(panel),
            ]
        )
    return rows


def families_table(panels: Sequence[dict[str, Any]]) -> Table:
    """Where the best bound of every family peaks with infinite data."""
    rows = [["parameter", "truth", *(_TITLES[name] for name in FAMILIES)]]
    for panel in panels:
        peaks = [panel["optimal"][name]["expected"]["argmax"] for name in FAMILIES]
        rows.append([panel["parameter"], _number(panel["truth"]), *map(_number, peaks)])
    return rows


def joint_table(joint: dict[str, Any]) -> Table:
    """Where all three parameters drift together, family by family."""
    names = Parameters._fields
    head = ["family", *names, "pruned", "log p(x)", "ELBO", "KL of f", "KL of z", "converged"]
    rows = [[*head, *(f"limit: {name}" for name in names)]]
    truth = [_number(joint["truth"][name]) for name in names]
    rows.append(["*truth*", *truth, *[""] * 6, *truth])
    for family, end in joint["families"].items():
        terms = ("log_likelihood", "elbo", "static_kl", "dynamic_kl")
        short = end["optimal_elbo"] - end["elbo"]
        rows.append(
            [
                _TITLES[family],
                *(_number(end["fitted"][name]) for name in names),
                ", ".join(end["pruned"]) or "none",
                *(f"{end[term]:.2f}" for term in terms),
                "yes" if end["converged"] else f"NO, by {short:.2g} nats",
                *(_number(end["limit"][name]) for name in names),
            ]
        )
    return rows


def lengths_table(lengths: dict[str, Any]) -> Table:
    """Where the best bounds peak as sequences grow longer, with infinite data."""
    rows = [["parameter", "T", *(_TITLES[name] for name in FAMILIES)]]
    for parameter, peaks in lengths["peaks"].items():
        for index, length in enumerate(lengths["num_frames"]):
            values = [_number(peaks[name][index]) for name in FAMILIES]
            rows.append([parameter, str(length), *values])
    return rows


def as_markdown(table: Table) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(map(_escaped, row))} |" for row in table]
    return "\n".join([lines[0], "|---" * len(table[0]) + "|", *lines[1:]]) + "\n"


def _escaped(text: str) -> str:
    """A cell in one line and one column; the stars of our own emphasis stay."""
    return re.sub(r"([\\`|<>\[\]&])", r"\\\1", " ".join(text.split()))


def as_text(table: Table) -> str:
    """A table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def _sizes(settings: dict[str, Any]) -> str:
    counted = (("num_sequences", "sequence"), ("num_frames", "frame"), ("dimensions", "dimension"))
    words = [f"{settings[key]} {word}{'' if settings[key] == 1 else 's'}" for key, word in counted]
    return f"{words[0]} of {words[1]} in {words[2]}"


def study_markdown(study: dict[str, Any]) -> str:
    """The whole study's tables with the words they need."""
    panels, joint, lengths = study["panels"], study["joint"], study["lengths"]
    first = panels[0]
    unvaried = ", ".join(f"{name} {value:g}" for name, value in joint["truth"].items())
    return f"""# Where log p(x) peaks, and where the bound does

The process: f ~ N(0, sigma_f^2), z_t ~ N(z_(t-1), sigma_z^2) with z_0 = 0, x_t ~ N(f + z_t, \
sigma_x^2). Parameters that do not vary are {unvaried}. Families of q, from the narrowest:

- amortised: q(f | x_1..x_T) and q(z_t | x_t) by one linear encoder for all t
- mean field: f and every z_t independent, each mean and variance free for every sequence
- structured: f independent of z_1..z_T, which are jointly Gaussian
- full: z_1..z_T independent of each other given f
- exact: the posterior itself, whose bound is the log-likelihood

Likelihoods and bounds are in nats per sequence. "Limit" is that of infinite data, its peaks \
sought off the grid; a peak at zero is 0.

## One parameter at a time

{_sizes(first)}, q: {_TITLES[first["posterior"]]}, {first["steps"]} steps, seed {first["seed"]}. \
Bias: the ELBO's peak less the likelihood's, both on the grid, with a 95% interval by resampling \
sequences; {_AT_MOST} and {_AT_LEAST} mark a peak at an end of the grid, which may lie beyond it. \
Converged: every bound is within {TOLERANCE} nats of its family's best.

{as_markdown(bias_table(panels))}
## Where the best bound of every family peaks, infinite data

{as_markdown(families_table(panels))}
## All three parameters and q, by gradient ascent from the truth

{_sizes(joint)}, {joint["steps"]} steps; the parameters wait for q during the first quarter. The \
exact family has no gap: what it fits, the data say by themselves. A latent is pruned when its \
share of the variance of x has fallen below a tenth of that at the truth. A pruned z of \
independent z_t still costs D/2 log 2 for each step, which is what independence pays against a \
random walk. These are ends of ascent from the truth: bounds can have higher peaks elsewhere, and \
other lengths prune others.

{as_markdown(joint_table(joint))}
## Where the best bounds peak by length T, one parameter at a time, infinite data

Truth: {unvaried}, whatever the panels above vary.

{as_markdown(lengths_table(lengths))}"""
