"""Reports of evaluations: of one run, and of several side by side; as a page, Markdown and text.

An evaluation is what evaluation.json holds: fractions in [0, 1], KLs and bounds in nats per video.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tf_dsae.core.errors import UserError
from tf_dsae.evaluation import tables
from tf_dsae.evaluation.comparison import collapsed_latents, comparison_tables, differences
from tf_dsae.evaluation.evaluation_checks import check_evaluation
from tf_dsae.evaluation.tables import Evaluation
from tf_dsae.reports.blocks import (
    Block,
    Facts,
    Figure,
    Notice,
    Section,
    Settings,
    Table,
    Text,
)
from tf_dsae.reports.html import write_page

if TYPE_CHECKING:
    from tf_dsae.evaluation.evaluation_pictures import Picture

_MEASURED_BY = (
    *("dataset", "fingerprint", "num_videos", "seed", "reference", "motion_prior"),
    *("importance_samples", "batch_size", "judges_digest", "weights", "versions"),
)
_CURVES_ALT = (
    "Curves over epochs, training and held out: ELBO, log-likelihood, KL of f and KL of z."
)


class Report(NamedTuple):
    """What a report says, whatever its form."""

    title: str
    summary: list[Block]
    sections: list[Section]


def write_report(
    path: str | os.PathLike,
    evaluation: Evaluation,
    pictures: Sequence["Picture"] = (),
    curves_png: str | os.PathLike | None = None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Writes the page of one run: one HTML file that holds everything it shows.

    Args:
      path: of the page.
      evaluation: of the run.
      pictures: of the run, as `write_pictures` returns them.
      curves_png: the run's training curves.
      settings: the run's settings by name, one level of groups at most is set apart.

    Raises:
      UserError: the evaluation lacks something, a picture cannot be read, or the page written.
    """
    title, summary, sections = _report("evaluation", evaluation)
    sections = [*sections]
    if pictures:
        figures = [Figure(shown.png, shown.alt, shown.caption, shown.gif) for shown in pictures]
        sections.append(Section("Pictures", figures))
    if curves_png is not None:
        curves = Figure(Path(curves_png), _CURVES_ALT, "The bound and its terms while it trained.")
        sections.append(Section("Training", [curves]))
    sections.append(Section("Settings", _settings(evaluation, settings)))
    write_page(path, title, summary, sections)


def report_markdown(evaluation: Evaluation) -> str:
    """The tables of one run in Markdown."""
    return as_markdown(_report("evaluation", evaluation))


def table_text(evaluation: Evaluation) -> str:
    """The paper's table beside the published ones, for a terminal."""
    report = _report("evaluation", evaluation)
    return _text(report, [block for block in report.sections[0].blocks if isinstance(block, Table)])


def write_comparison(path: str | os.PathLike, evaluations: Mapping[str, Evaluation]) -> None:
    """Writes the page of several runs side by side, name -> evaluation.

    Raises:
      UserError: there are none, one lacks something, or the page cannot be written.
    """
    write_page(path, *_comparison(evaluations))


def comparison_markdown(evaluations: Mapping[str, Evaluation]) -> str:
    """The tables of several runs in Markdown."""
    return as_markdown(_comparison(evaluations))


def comparison_text(evaluations: Mapping[str, Evaluation]) -> str:
    """The tables of several runs for a terminal."""
    report = _comparison(evaluations)
    return _text(report, comparison_tables(evaluations))


# --- What they say.


def _report(name: str, evaluation: Evaluation) -> Report:
    """Summary and tables of one run; raises UserError where the evaluation lacks something."""
    check_evaluation(name, evaluation)
    return Report(
        f"Evaluation on {evaluation['dataset']}", _summary(evaluation), _sections(evaluation)
    )


def _summary(evaluation: Evaluation) -> list[Block]:
    against = {"data": "the real videos", "reconstruction": "the reconstructions"}
    priors = {"learned": "the learned prior", "standard_normal": "N(0, I)"}
    reference = evaluation.get("reference", "data")
    prior = evaluation.get("motion_prior", "learned")
    text = (
        "How well a model splits videos into f, what stays, and z, what moves: "
        f"{evaluation['num_videos']} held-out videos of {evaluation['dataset']}, generated videos "
        f"compared with {against.get(reference, reference)}, z drawn from "
        f"{priors.get(prior, prior)}."
    )
    return [*notices("", evaluation), Text(text), _facts(evaluation)]


def notices(run: str, evaluation: Evaluation) -> list[Notice]:
    """One for each posterior that fell on its prior."""
    kls = {"f": ("q(f | x)", "static_kl"), "z": ("q(z | x)", "dynamic_kl")}
    found = []
    for latent in collapsed_latents(evaluation):
        posterior, term = kls[latent]
        found.append(
            Notice(
                f"{run}{posterior} fell on its prior: its KL is "
                f"{tables.number(evaluation['elbo'][term])} nats per video, so that {latent} says "
                "next to nothing of a video."
            )
        )
    return found


def _facts(evaluation: Evaluation) -> Facts:
    """The few figures that say most."""
    pairs = []
    for latent, title in (("f", "attributes that change, f kept"), ("z", "motion changes, z kept")):
        rows = [
            row["disagreement"]
            for factor, row in evaluation["table"].items()
            if tables.kept_latent(evaluation, factor) == latent
        ]
        if rows:
            pairs.append((title, tables.percent(sum(rows) / len(rows))))
    pairs.append(("MIG", tables.number(evaluation["latents"]["mig"])))
    pairs.append(("ELBO, nats per video", tables.number(evaluation["elbo"]["elbo"])))
    return Facts(pairs)


def _sections(evaluation: Evaluation) -> list[Section]:
    truth = [tables.accuracy_table(evaluation)]
    if "inception_score" in evaluation["protocol"]:
        truth.append(tables.inception_table(evaluation))
    nats = [tables.bound_table(evaluation)]
    if "information" in evaluation:
        nats.append(tables.information_table(evaluation))
    paper = [tables.disagreement_table(evaluation), tables.kl_table(evaluation)]
    latents = [tables.probe_table(evaluation), tables.scores_table(evaluation)]
    return [
        Section("Does a latent keep what it should?", paper),
        Section("Against true labels", truth),
        Section("Inside the latents", latents),
        Section("Bound and information", nats),
    ]


def _settings(evaluation: Evaluation, settings: Mapping[str, Any] | None) -> list[Block]:
    measured = {name: evaluation[name] for name in _MEASURED_BY if name in evaluation}
    blocks: list[Block] = [Settings(measured, "How it was measured")]
    if settings:
        blocks.append(Settings(settings, "How it was trained"))
    return blocks


def _comparison(evaluations: Mapping[str, Evaluation]) -> Report:
    if not evaluations:
        raise UserError("evaluations: expected at least one run to compare, received none")
    for name, evaluation in evaluations.items():
        _report(name, evaluation)  # Raises where it lacks something.
    warned = []
    if changed := differences(evaluations):
        warned.append(
            Notice(
                f"These runs were not measured alike ({', '.join(changed)}), so that no value is "
                "marked as the best."
            )
        )
    for name, evaluation in evaluations.items():
        warned += notices(f"{name}: ", evaluation)
    text = Text(f"{len(evaluations)} runs side by side; the best value of a row is marked.")
    sections = [
        Section(table.caption, [table._replace(caption="")])
        for table in comparison_tables(evaluations)
    ]
    return Report("Runs side by side", [*warned, text], sections)


def _text(report: Report, shown: Sequence[Table]) -> str:
    """Notices and tables for a terminal."""
    warned = [block.text for block in report.summary if isinstance(block, Notice)]
    lines = [f"{tables.printable(text)}\n" for text in warned]
    return "\n".join([*lines, *map(tables.as_text, shown)])


def as_markdown(report: Report) -> str:
    """The words and tables of a report, without its pictures."""
    parts = [f"# {tables.escape_markdown(report.title)}\n"]
    for block in report.summary:
        if isinstance(block, Notice):
            parts.append(f"**{tables.escape_markdown(block.text)}**\n")
        elif isinstance(block, Text):
            parts.append(f"{tables.escape_markdown(block.text)}\n")
    for section in report.sections:
        shown = [tables.as_markdown(block) for block in section.blocks if isinstance(block, Table)]
        if shown:
            parts += [f"## {tables.escape_markdown(section.title)}\n", *shown]
    return "\n".join(parts)
