"""Several evaluations side by side: measures down, runs across, the best of each marked."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from tf_dsae.core.errors import UserError
from tf_dsae.evaluation import tables
from tf_dsae.evaluation.results import LATENTS, Evaluation
from tf_dsae.reports.blocks import Cell, Table

# Conditions that must be equal for two figures to be comparable: key -> in words.
_CONDITIONS = {
    "dataset": "data set",
    "fingerprint": "fingerprint of the data",
    "num_videos": "videos",
    "reference": "reference",
    "motion_prior": "prior of z",
    "importance_samples": "importance samples",
    "judges_digest": "judges",
}
_HIGHER, _LOWER = max, min


class Measure(NamedTuple):
    """One figure of an evaluation; `better` is max, min, or None if neither is better."""

    text: str
    value: float | None
    better: Callable | None
    detail: str = ""


Measures = dict[str, Measure]


def names_of(paths: Sequence[str]) -> list[str]:
    """A name for each run: its folder, with as many parents as make it unique."""
    parts = []
    for path in map(Path, paths):
        absolute = path.expanduser().absolute()
        folders = absolute.parts if absolute.suffix != ".json" else absolute.parent.parts
        parts.append(folders[:-1] if folders[-1] == "evaluation" else folders)
    for depth in range(1, max(map(len, parts)) + 1):
        # Bytes in a folder's name that are no text become question marks.
        names = [os.fsencode("/".join(f[-depth:])).decode(errors="replace") for f in parts]
        if len(set(names)) == len(names):
            return names
    raise UserError(f"runs: expected different ones, received {', '.join(paths)}; name each once")


def differences(evaluations: Mapping[str, Evaluation]) -> list[str]:
    """The conditions, in words, that differ between the runs' evaluations."""
    return [
        title
        for key, title in _CONDITIONS.items()
        if len({getattr(evaluation, key) for evaluation in evaluations.values()}) > 1
    ]


def comparison_tables(evaluations: Mapping[str, Evaluation]) -> list[Table]:
    """Every measure of the runs, name -> evaluation, in tables with a column for each run."""
    mark = len(evaluations) > 1 and not differences(evaluations)
    made = [_conditions_table(evaluations)]
    for caption, measure, notes in (
        ("Disagreement", _disagreement, _DISAGREEMENT_NOTES),
        ("True labels", _accuracies, _ACCURACY_NOTES),
        ("Scores of the code", _scores, _SCORES_NOTES),
        ("Linear probes", _probes, _PROBE_NOTES),
        ("Bound and information", _nats, _NATS_NOTES),
    ):
        columns = [measure(evaluation) for evaluation in evaluations.values()]
        names = dict.fromkeys(name for column in columns for name in column)
        rows = [_row(name, [column.get(name) for column in columns], mark) for name in names]
        made.append(Table(["measure", *evaluations], rows, caption, notes))
    return made


def _conditions_table(evaluations: Mapping[str, Evaluation]) -> Table:
    def text(evaluation: Evaluation, key: str) -> str:
        value = getattr(evaluation, key)
        return "\N{EN DASH}" if value is None else str(value)

    keys = [key for key in _CONDITIONS if key not in ("fingerprint", "judges_digest")]
    rows = [
        [_CONDITIONS[key], *(text(evaluation, key) for evaluation in evaluations.values())]
        for key in keys
    ]
    for latent in LATENTS.values():
        betas = [str(one.beta.get(latent, "\N{EN DASH}")) for one in evaluations.values()]
        rows.append([f"beta of {latent}", *betas])
    fallen = [evaluation.collapsed_latents for evaluation in evaluations.values()]
    rows.append(["on its prior", *(" and ".join(names) or "none" for names in fallen)])
    notes = "What was measured, and which posterior fell on its prior, so that its latent is empty."
    return Table(["", *evaluations], rows, "The runs", notes)


def _row(name: str, measures: list[Measure | None], mark: bool) -> list[Cell | str]:
    values = [measure for measure in measures if measure and measure.value is not None]
    best = None
    if mark and values and values[0].better and len({measure.text for measure in values}) > 1:
        best = values[0].better(values, key=lambda measure: measure.value).text
    return [
        name,
        *(
            Cell(measure.text, measure.detail, measure.text == best) if measure else Cell("")
            for measure in measures
        ),
    ]


# --- The measures of one run.


def _fraction(value: float, better: Callable, ends: tuple[float, float] | None = None) -> Measure:
    return Measure(tables.percent(value), value, better, tables.interval(ends))


def _number(value: float | None, better: Callable | None) -> Measure:
    return Measure(tables.number(value), value, better)


def _disagreement(evaluation: Evaluation) -> Measures:
    measures = {
        f"{factor} changes": _fraction(row.disagreement, _LOWER, row.disagreement_ci)
        for factor, row in evaluation.table.items()
    }
    for factor, row in evaluation.table.items():
        detail = tables.interval(row.kl_recon_ci, tables.number)
        measure = _number(row.kl_recon, _LOWER)._replace(detail=detail)
        measures[f"KL-recon of {factor}, nats"] = measure
    return measures


def _accuracies(evaluation: Evaluation) -> Measures:
    measures = {
        f"{factor} kept": _fraction(value, _HIGHER)
        for factor, value in evaluation.protocol.accuracies.items()
    }
    for name, title in tables.INCEPTION.items():
        value = getattr(evaluation.protocol, name)
        if value is not None:
            better = _LOWER if name == "entropy_y_given_x" else _HIGHER
            measures[title] = _number(value, better)
    return measures


def _scores(evaluation: Evaluation) -> Measures:
    return {name: _number(value, _HIGHER) for name, value in tables.scores(evaluation).items()}


def _probes(evaluation: Evaluation) -> Measures:
    measures = {}
    for latent, symbol in LATENTS.items():
        for factor, value in evaluation.latents.probe[latent].items():
            better = _HIGHER if evaluation.kept_latent(factor) == symbol else _LOWER
            measures[f"{factor} from {symbol}"] = _fraction(value, better)
    return measures


def _nats(evaluation: Evaluation) -> Measures:
    bounds = (tables.BOUND["elbo"], tables.BOUND["importance_weighted"])
    measures = {
        title: _number(value, _HIGHER if title in bounds else None)
        for title, value in tables.bound_terms(evaluation).items()
    }
    for latent, parts in tables.information_of(evaluation).items():
        for name in ("mutual_information", "aggregate_gap"):
            title = f"{LATENTS[latent]}: {tables.INFORMATION[name]}"
            measures[title] = _number(getattr(parts, name), None)
    return measures


_DISAGREEMENT_NOTES = (
    "How often, and by how much, the judge sees another class once the other latent is drawn anew; "
    "lower is better. Small: 95% intervals over clusters, such as characters; runs whose intervals "
    "overlap may not differ."
)
_ACCURACY_NOTES = (
    "How often the judge names the true class though the other latent was drawn, and how sure it "
    "is of the motions (H(y | x), lower is better) and how many it sees (H(y), higher is better)."
)
_SCORES_NOTES = "Of f beside the mean of z over time, from 0 to 1; higher is better."
_PROBE_NOTES = (
    "Test accuracy of a linear classifier that sees one latent only. Best is the highest for the "
    "latent that should hold the factor, the lowest for the other."
)
_NATS_NOTES = (
    "Nats per video. A higher bound is better; of the KLs and the information no value is best by "
    "itself, but a latent near 0 is empty."
)
