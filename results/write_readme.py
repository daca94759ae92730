"""Writes README's results from the recorded files, between the two markers.

python results/write_readme.py
"""

import functools
import json
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tf_dsae.data.data_source import find_baselines  # noqa: E402
from tf_dsae.evaluation.results import Evaluation  # noqa: E402
from tf_dsae.reports.markdown import join_table  # noqa: E402

BEGIN = "<!-- Written by results/write_readme.py. -->"
END = "<!-- To here. -->"
FACTORS = ("skin", "pants", "top", "hair", "action")

# What the default preset is held to: name -> (how to read it, sign, what is required, the goal).
# A sign of -1: smaller is better. Disagreement as fractions, nats per video.
_Measure = tuple[Callable[[Evaluation], float], int, float, float]


def _disagreement(factor: str) -> Callable[[Evaluation], float]:
    return lambda evaluation: evaluation.table[factor].disagreement


MEASURES: dict[str, _Measure] = {
    "skin": (_disagreement("skin"), -1, 0.04, 0.005),
    "pants": (_disagreement("pants"), -1, 0.02, 0.005),
    "top": (_disagreement("top"), -1, 0.005, 0.001),
    "hair": (_disagreement("hair"), -1, 0.002, 0.001),
    "action": (_disagreement("action"), -1, 0.01, 0.001),
    "motion accuracy": (lambda e: e.protocol.motion_kept["action"], 1, 0.999, 0.999),
    "H(y given x)": (lambda e: e.protocol.entropy_y_given_x, -1, 0.01, 0.01),
    "H(y)": (lambda e: e.protocol.entropy_y, 1, 2.19, 2.19),
    "ELBO": (lambda e: e.elbo["elbo"], 1, -90_410.0, -90_395.0),
}


def read(folder: Path) -> tuple[Evaluation, dict[str, Any]]:
    """A recorded training's evaluation and run.json."""
    return Evaluation.read(folder), json.loads((folder / "run.json").read_text())


def seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def percent(fraction: float) -> str:
    return f"{100 * fraction:.2f}%"


def format_measure(name: str, value: float) -> str:
    """A measure's value with its unit."""
    if name in FACTORS or name == "motion accuracy":
        return percent(value)
    return f"{value:,.1f}" if name == "ELBO" else f"{value:.4f}"


def format_mean(name: str, evaluations: Sequence[Evaluation]) -> str:
    """The mean of a measure over seeds, with its unit."""
    return format_measure(name, statistics.fmean(MEASURES[name][0](one) for one in evaluations))


def reach_rows(evaluations: Sequence[Evaluation]) -> list[list[str]]:
    """Measure, mean and range over seeds, what is required, the goal, and which of them is met."""
    rows = []
    for name, (of, sign, required, goal) in MEASURES.items():
        values = [of(evaluation) for evaluation in evaluations]
        mean = statistics.fmean(values)
        met = "goal met" if sign * mean > sign * goal else "met"
        if sign * mean <= sign * required:
            met = "**not met**"
        span = f"{format_measure(name, min(values))} to {format_measure(name, max(values))}"
        bound = [f"{'<>'[sign > 0]} {format_measure(name, limit)}" for limit in (required, goal)]
        rows.append([name, format_measure(name, mean), span, *bound, met])
    return rows


def disagreement_rows(
    ours: Sequence[Evaluation], others: Mapping[str, Evaluation]
) -> list[list[str]]:
    """The paper's table: ours over seeds, its betas by our hand, and the published."""
    rows = []
    means = [statistics.fmean(MEASURES[factor][0](one) for one in ours) for factor in FACTORS]
    rows.append([f"**default preset, {seeds(len(ours))}**", *map(percent, means)])
    for name, evaluation in others.items():
        rows.append([name, *(percent(MEASURES[factor][0](evaluation)) for factor in FACTORS)])
    for name, published in find_baselines("sprites/lpc").items():
        rows.append([name, *(percent(published[factor]["disagreement"]) for factor in FACTORS)])
    return rows


def probed(evaluations: Sequence[Evaluation], of: str, factors: Sequence[str]) -> str:
    """What a linear classifier reads, on average over seeds and factors."""
    probes = [evaluation.latents.probe[of] for evaluation in evaluations]
    return percent(statistics.fmean(probe[name] for probe in probes for name in factors))


def probe_sentence(evaluations: Sequence[Evaluation]) -> str:
    """What linear classifiers read from f and from z."""
    mean = functools.partial(probed, evaluations)
    attributes, motion = FACTORS[:-1], FACTORS[-1:]
    return (
        f"A linear classifier reads the attributes from `f` with {mean('static', attributes)} "
        f"and from `z` with {mean('dynamic', attributes)} (chance: {mean('chance', attributes)}); "
        f"the motion from `z` with {mean('dynamic', motion)} and, though pictures do not follow "
        f"it, from the mean of `q(f | x)` with {mean('static', motion)} "
        f"(chance: {mean('chance', motion)})."
    )


def measures_told(evaluations: Sequence[Evaluation], names: Iterable[str]) -> str:
    """Measures in a sentence, on average over seeds."""
    return ", ".join(f"{name} {format_mean(name, evaluations)}" for name in names)


def again_lines(folder: Path) -> list[str]:
    """A training once more, on cores with little else to do; no lines where it is not recorded."""
    if not folder.exists():
        return []
    evaluation, run = read(folder)
    return [
        f"`{run['command']}` [once more](results/{folder.name}), on {run['machine']} with little "
        f"else to do: {run['wall_seconds'] / 60:.1f} min for the whole command, data and figures "
        f"included; {measures_told([evaluation], MEASURES)}.",
        "",
    ]


def drawn_lines(evaluations: Sequence[Evaluation]) -> list[str]:
    """The same measures on the sprites that the package draws; no lines where none is recorded."""
    if not evaluations:
        return []
    names = [name for name in MEASURES if name != "ELBO"]  # It is of other videos.
    figures = measures_told(evaluations, names)
    motion = probed(evaluations, "static", FACTORS[-1:])
    return [
        f"The same measures on the test videos of `sprites/drawn`, {seeds(len(evaluations))}: "
        f"{figures}; a linear classifier reads the motion from the mean of `q(f | x)` with "
        f"{motion}.",
        "",
    ]


def bound_rows(folders: Sequence[Path]) -> list[list[str]]:
    """Command, wall time and the bound's terms of each recorded training."""
    rows = []
    for folder in folders:
        evaluation, run = read(folder)
        terms = evaluation.elbo
        names = ("elbo", "importance_weighted", "log_likelihood", "static_kl", "dynamic_kl")
        wall = f"{run['wall_seconds'] / 60:.1f} min"
        name = f"[`{run['command']}`](results/{folder.name})"
        rows.append([name, wall, *(f"{terms[term]:,.1f}" for term in names)])
    return rows


def beta_of(path: Path) -> float:
    """The beta that names the folder of a file."""
    return float(path.parent.name.removeprefix("beta_"))


def paper_run(folder: Path) -> str:
    """What a run of `bin/reproduce` is called in a table."""
    training = json.loads((folder / "config.json").read_text())["training"]
    beta = folder.name.replace("_", " ")
    return f"preset {training['preset']}, {beta}, {training['epochs']} epochs"


def section(results: Path) -> str:
    """README's results, from the folders that are there."""
    lpc = sorted(results.glob("sprites_lpc*"))
    drawn = sorted(results.glob("sprites_drawn*"))
    ours = [read(folder)[0] for folder in lpc]
    betas = {
        paper_run(path.parent): Evaluation.read(path)
        for path in sorted(results.glob("reproduce_lpc/beta_*/evaluation.json"), key=beta_of)
    }
    lines = [
        "![Characters of the left column with the motions of the top row]"
        "(results/sprites_lpc/swap.gif)",
        "",
        '*`tf_dsae.load("results/sprites_lpc")`: top row motions, left column characters, both as '
        "the model reconstructs them; every other clip is made from the `f` of its row and the `z` "
        "of its column.*",
        "",
        "Share of the 2664 test videos of `sprites/lpc` in which a judge sees another class when "
        "its latent is kept and the other drawn anew (published figures by their own judges):",
        "",
        join_table(["", *FACTORS[:-1], "action (9)"], disagreement_rows(ours, betas)),
        "",
        f"What the default preset is held to, mean of {seeds(len(ours))}:",
        "",
        join_table(["", "mean", "range", "required", "goal", ""], reach_rows(ours)),
        "",
        probe_sentence(ours),
        "",
        *again_lines(results / "two_cores_lpc"),
        *drawn_lines([read(folder)[0] for folder in drawn]),
        "Test videos of the data set that a run learned from (`bin/train` alone: `sprites/drawn`), "
        "nats per video (the Gaussian's constant alone is -90,335):",
        "",
        join_table(
            ["command", "wall time", "ELBO", "weighted", "log-likelihood", "KL of f", "KL of z"],
            bound_rows([*lpc, *drawn]),
        ),
    ]
    return "\n".join(lines)


def written(readme: str, results: Path) -> str:
    """README with its results written anew."""
    before, rest = readme.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{section(results)}\n\n{END}{after}"


if __name__ == "__main__":
    path = ROOT / "README.md"
    path.write_text(written(path.read_text(), ROOT / "results"))
