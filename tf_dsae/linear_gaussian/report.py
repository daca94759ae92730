"""The study in Markdown tables, and as the JSON that others read."""

import json
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tf_dsae.errors import UserError, reason
from tf_dsae.files import written_whole
from tf_dsae.linear_gaussian.settings import FAMILIES, Parameters
from tf_dsae.linear_gaussian.sweep import TOLERANCE

Table = list[list[str]]
_TITLES = {name: name.replace("_", " ") for name in FAMILIES}


def write_study(path: str | os.PathLike, study: dict[str, Any]) -> None:
    """Writes likelihood.json, whole or not at all; nats per sequence."""
    text = json.dumps(study, indent=1, allow_nan=False) + "\n"
    with written_whole(path) as beside:
        beside.write_text(text)


def read_study(path: str | os.PathLike) -> dict[str, Any]:
    """Reads likelihood.json; raises UserError where there is none or it is another file."""
    try:
        with open(path) as file:
            study = json.load(file)
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: expected the likelihood.json of a study, received: {reason(error)}"
        ) from error
    if not isinstance(study, dict) or not isinstance(study.get("panels"), list):
        raise UserError(f"{path}: expected the likelihood.json of a study, found no panels in it")
    return study


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.3g}" if abs(value) < 0.1 else f"{value:.2f}"


def _signed(value: float) -> str:
    return "0" if abs(value) < 5e-5 else f"{value:+.2f}"


def convergence(panel: dict[str, Any]) -> str:
    """ "yes", or at how many grid values training ended too far below the best bound."""
    short = np.array(panel["optimal_elbo"]) - np.array(panel["elbo"])
    failed = int(np.sum(~np.array(panel["converged"])))
    if not failed:
        return "yes"
    return f"NO: {failed} of {len(short)} values, by up to {short.max():.2g} nats"


def bias_table(panels: Sequence[dict[str, Any]]) -> Table:
    """Where curves peak, panel by panel; the first row is the head."""
    head = ["parameter", "truth", "log p(x) peaks at", "trained ELBO at", "bias"]
    head += ["limit: log p(x) at", "best bound at", "bias", "converged"]
    rows = [head]
    for panel in panels:
        seen, limit = panel["argmax"], panel["expected"]["argmax"]
        rows.append(
            [
                panel["parameter"],
                _number(panel["truth"]),
                _number(seen["log_likelihood"]),
                _number(seen["elbo"]),
                _signed(seen["elbo"] - seen["log_likelihood"]),
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
    head = ["family", *Parameters._fields, "pruned", "log p(x)", "ELBO", "KL of f", "KL of z"]
    rows = [[*head, "limit: " + ", ".join(Parameters._fields)]]
    rows.append(["*truth*", *(_number(joint["truth"][name]) for name in Parameters._fields)])
    rows[-1] += [""] * (len(rows[0]) - len(rows[-1]))
    for name, end in joint["families"].items():
        terms = ("log_likelihood", "elbo", "static_kl", "dynamic_kl")
        rows.append(
            [
                _TITLES[name],
                *(_number(end["fitted"][sigma]) for sigma in Parameters._fields),
                ", ".join(end["pruned"]) or "none",
                *(f"{end[term]:.2f}" for term in terms),
                ", ".join(_number(end["limit"][sigma]) for sigma in Parameters._fields),
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
    lines = [f"| {' | '.join(row)} |" for row in table]
    return "\n".join([lines[0], "|---" * len(table[0]) + "|", *lines[1:]]) + "\n"


def as_text(table: Table) -> str:
    """A table for a terminal."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in table
    )


def study_markdown(study: dict[str, Any]) -> str:
    """The whole study's tables with the words they need."""
    panels, joint, lengths = study["panels"], study["joint"], study["lengths"]
    first = panels[0]
    return f"""# Where log p(x) peaks, and where the bound does

{first["num_sequences"]} sequences of {first["num_frames"]} frames in {first["dimensions"]} \
dimensions, q: {_TITLES[first["posterior"]]}, {first["steps"]} steps, seed {first["seed"]}. All \
in the data's units and in nats per sequence. "Limit" is that of infinite data, peaks refined off \
the grid; a peak at zero is 0. A training has converged when its bound lies within {TOLERANCE} \
nats of its family's best.

## One parameter at a time

{as_markdown(bias_table(panels))}
## The best bound of every family, infinite data

{as_markdown(families_table(panels))}
## All three parameters and q, by gradient ascent from the truth

{joint["num_sequences"]} sequences of {joint["num_frames"]} frames. The exact family has no gap: \
what it fits, the data say by themselves. A latent is pruned when next to nothing of the \
variance of x is left to it.

{as_markdown(joint_table(joint))}
## One parameter at a time, by the length of the sequences, infinite data

{as_markdown(lengths_table(lengths))}"""
