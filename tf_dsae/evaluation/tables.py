"""The tables of an evaluation, as blocks of a page, in Markdown and as text for a terminal.

An evaluation is what evaluation.json holds: fractions in [0, 1], KLs and bounds in nats per video.
"""

import itertools
import math
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

from tf_dsae.data.data_source import find_baselines
from tf_dsae.reports.blocks import Cell, Table, as_cell, numeric_columns

Evaluation = Mapping[str, Any]
_NONE = "\N{EN DASH}"
BOUND = {
    "elbo": "ELBO",
    "log_likelihood": "log-likelihood",
    "static_kl": "KL of f",
    "dynamic_kl": "KL of z",
    "importance_weighted": "importance-weighted bound",
}
INCEPTION = {
    "inception_score": "inception score",
    "entropy_y_given_x": "H(y | x), nats",
    "entropy_y": "H(y), nats",
}
INFORMATION = {
    "mutual_information": "mutual information with x",
    "aggregate_gap": "aggregate posterior to prior",
    "mean_kl": "mean KL",
}
LATENTS = {"static": "f", "dynamic": "z"}


def percent(fraction: float | None) -> str:
    """A fraction in [0, 1] as a percentage of three digits."""
    if fraction is None or not math.isfinite(fraction):
        return _NONE
    value = 100 * fraction
    return f"{value:.2f}%" if value < 9.995 else f"{value:.1f}%"


def number(value: float | None) -> str:
    """A number of any size, such as nats, with three places, or one where it is large."""
    if value is None or not math.isfinite(value):
        return _NONE
    return f"{value:.3f}" if abs(value) < 100 else f"{value:.1f}"


def interval(ends: Any, show: Callable[[float], str] = percent) -> str:
    """An interval [lo, hi] in few characters; "" for none."""
    if not ends:
        return ""
    low, high = map(show, ends)
    return f"{low.removesuffix('%')}\N{EN DASH}{high}"


def kept_latent(evaluation: Evaluation, factor: str) -> str:
    """ "z" of a factor that says what moves, "f" of one that says what stays."""
    return "z" if factor in evaluation["protocol"].get("motion_kept", {}) else "f"


def published_for(evaluation: Evaluation) -> Mapping[str, Mapping[str, Any]]:
    """The published tables of the very data set that was evaluated."""
    tables = find_baselines(evaluation["dataset"])
    return {name: rows for name, rows in tables.items() if set(rows) & set(evaluation["table"])}


# --- The paper's table.


def disagreement_table(evaluation: Evaluation) -> Table:
    """How often a factor changes though the latent is kept that should hold it."""
    published = published_for(evaluation)
    rows = []
    for factor, row in evaluation["table"].items():
        ours = Cell(percent(row["disagreement"]), interval(row.get("disagreement_ci")))
        theirs = [
            percent(table.get(factor, {}).get("disagreement")) for table in published.values()
        ]
        rows.append([factor, kept_latent(evaluation, factor), ours, *theirs])
    notes = (
        "Share of the videos for which the judge names another class once the other latent is "
        "drawn anew; lower is better, 0 means that the kept latent holds the factor. Small: 95% "
        "intervals over characters, without width where none of those seen differs."
    )
    if published and evaluation["dataset"] != "sprites/lpc":
        notes += " Published figures are of the LPC sprites, by other judges."
    return Table(["factor", "kept", "this run", *published], rows, "Disagreement", notes)


def kl_table(evaluation: Evaluation) -> Table:
    """How far the judge's probabilities move, beside what they would at random."""
    published = {
        name: rows
        for name, rows in published_for(evaluation).items()
        if any("kl_recon" in row for row in rows.values())
    }
    rows = []
    for factor, row in evaluation["table"].items():
        cells = [
            Cell(number(row["kl_recon"]), interval(row.get("kl_recon_ci"), number)),
            number(row["kl_random"]),
        ]
        for table in published.values():
            row = table.get(factor, {})
            cells += [number(row.get("kl_recon")), number(row.get("kl_random"))]
        rows.append([factor, *cells])
    head = ["factor"]
    for name in ("this run", *published):
        head += [f"{name}: KL-recon", f"{name}: KL-random"]
    notes = (
        "KL of the judge's class probabilities from those of the reference, nats: KL-recon of the "
        "generated video, KL-random of a uniform guess. Both grow with the sureness of a judge, so "
        "that only their ratio can be compared with other judges' figures: KL-recon should be far "
        "below KL-random."
    )
    return Table(head, rows, "KL divergence of the judge's probabilities", notes)


# --- True labels.


def accuracy_table(evaluation: Evaluation) -> Table:
    """How often the true class is seen though the other latent is drawn anew."""
    protocol, judges = evaluation["protocol"], evaluation["judges"]
    accuracies = {**protocol.get("content_kept", {}), **protocol.get("motion_kept", {})}
    rows = [
        [
            factor,
            kept_latent(evaluation, factor),
            percent(accuracy),
            percent(judges.get(factor, {}).get("accuracy")),
        ]
        for factor, accuracy in accuracies.items()
    ]
    notes = (
        "Share of the videos whose true class the judge names, the kept latent at its posterior "
        "mean and the other drawn from its prior; higher is better, and the judge on real videos "
        "is the ceiling."
    )
    head = ["factor", "kept", "accuracy", "judge on real videos"]
    return Table(head, rows, "Accuracy against true labels", notes)


def inception_table(evaluation: Evaluation) -> Table:
    """How sure the motion judge is of generated videos, and how many motions it sees."""
    better = {"entropy_y_given_x": "lower"}
    rows = [
        [title, number(evaluation["protocol"][name]), better.get(name, "higher")]
        for name, title in INCEPTION.items()
        if name in evaluation["protocol"]
    ]
    notes = (
        "Of the motion judge, z kept and f drawn, as many videos of each motion: H(y | x) is small "
        "where it is sure of each video, H(y) is large where it sees all motions, and the "
        "inception score joins both."
    )
    return Table(["measure", "value", "better"], rows, "Certainty and diversity", notes)


# --- The latents.


def probe_table(evaluation: Evaluation) -> Table:
    """What can be read from f alone and from z alone."""
    probe = evaluation["latents"]["probe"]
    chance = probe.get("chance", {})
    rows = []
    for factor in probe["static"]:
        least = chance.get(factor, 0.0)
        cells = [
            Cell(percent(value), shade=max(value - least, 0) / max(1 - least, 1e-9))
            for value in (probe[latent][factor] for latent in LATENTS)
        ]
        rows.append([factor, *cells, percent(chance.get(factor))])
    notes = (
        "Test accuracy of a linear classifier that sees f only, or the mean of z over time; the "
        "stronger the colour, the further above chance. Well split, f tells what stays and z what "
        "moves, and all else is at chance."
    )
    return Table(["factor", "from f", "from z", "chance"], rows, "Where each factor went", notes)


def scores(evaluation: Evaluation) -> dict[str, float]:
    """MIG, SAP and the three of DCI, by name."""
    latents = evaluation["latents"]
    dci = {f"DCI {name}": value for name, value in latents["dci"].items()}
    return {"MIG": latents["mig"], "SAP": latents["sap"], **dci}


def scores_table(evaluation: Evaluation) -> Table:
    """The field's scores of a code."""
    rows = [[name, number(value)] for name, value in scores(evaluation).items()]
    notes = (
        "Of f beside the mean of z over time, from 0 to 1, higher is better: whether single "
        "numbers of the code stand for single factors (Chen et al. 2018; Kumar et al. 2018; "
        "Eastwood and Williams 2018)."
    )
    return Table(["score", "value"], rows, "Scores of the code", notes)


def bound_table(evaluation: Evaluation) -> Table:
    """The bound and its terms."""
    terms = evaluation["elbo"]
    rows = [[title, number(terms[name])] for name, title in BOUND.items() if name in terms]
    notes = (
        "Means over the held-out videos: ELBO = log-likelihood less both KLs, a lower bound on "
        "log p(x); the importance-weighted bound is a tighter one."
    )
    return Table(["term", "nats per video"], rows, "The bound", notes)


def information_table(evaluation: Evaluation) -> Table:
    """The mean KLs, split."""
    rows = [
        [title, *(number(evaluation["information"][latent][name]) for name in INFORMATION)]
        for latent, title in LATENTS.items()
    ]
    most = number(math.log(evaluation["num_videos"]))
    notes = (
        "Nats per video; mean KL = mutual information + the KL from the aggregate posterior to the "
        "prior, both from the mixture of all videos' posteriors and one sample of each. The first "
        "says how much the latent tells of a video, and cannot be seen to be more than the "
        f"logarithm of the number of videos, {most}; near it the second, how far draws from the "
        "prior are from what the decoder knows, is an upper bound."
    )
    return Table(["latent", *INFORMATION.values()], rows, "Information in the latents", notes)


# --- Other forms than a page.


def as_markdown(table: Table) -> str:
    """The table in Markdown, with its caption and notes."""
    rows = [[_markdown_cell(as_cell(cell)) for cell in row] for row in table.rows]
    marks = ["---:" if right else "---" for right in numeric_columns(table)]
    lines = [list(map(escape_markdown, table.head)), marks, *rows]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    caption, notes = escape_markdown(table.caption), escape_markdown(table.notes)
    return "\n\n".join(filter(None, [caption and f"**{caption}**", body, notes])) + "\n"


def escape_markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    return re.sub(r"([\\`*_\[\]<>|#&~$])", r"\\\1", " ".join(text.split()))


def _markdown_cell(cell: Cell) -> str:
    text = escape_markdown(cell.text)
    text = f"**{text}**" if cell.best else text
    return f"{text} ({escape_markdown(cell.detail)})" if cell.detail else text


def as_text(table: Table) -> str:
    """The table for a terminal, with its caption; the best of a row has a star."""
    rows = [[_text_cell(as_cell(cell)) for cell in row] for row in table.rows]
    heads = [textwrap.wrap(printable(name), 16, break_on_hyphens=False) for name in table.head]
    depth = max(map(len, heads))
    heads = [[""] * (depth - len(lines)) + lines for lines in heads]
    lines = [*map(list, zip(*heads, strict=True)), *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    lines.insert(depth, ["-" * width for width in widths])
    right = numeric_columns(table)
    shown = [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    ]
    return "\n".join(itertools.chain([table.caption] if table.caption else [], shown)) + "\n"


def _text_cell(cell: Cell) -> str:
    detail = f" ({cell.detail})" if cell.detail else ""
    return printable(("* " if cell.best else "") + cell.text + detail)


def printable(text: str) -> str:
    """The text without control characters, which a terminal would obey."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
