"""Reports of one evaluation and of several side by side."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_dsae.core.errors import UserError
from tf_dsae.evaluation import tables
from tf_dsae.evaluation.comparison import comparison_tables, differences
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.reports import terminal
from tf_dsae.reports.blocks import (
    Block,
    Facts,
    Figure,
    Notice,
    Report,
    Section,
    Settings,
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
      settings: the run's settings by name, in groups of at most one level.

    Raises:
      UserError: a picture cannot be read, or the page not written.
    """
    report = evaluation_report(evaluation)
    sections = [*report.sections]
    if pictures:
        figures = [Figure(one.png, one.alt, one.caption, one.gif) for one in pictures]
        sections.append(Section("Pictures", figures))
    if curves_png is not None:
        curves = Figure(Path(curves_png), _CURVES_ALT, "The bound and its terms while it trained.")
        sections.append(Section("Training", [curves]))
    sections.append(Section("Settings", _settings(evaluation, settings)))
    write_page(path, report._replace(sections=sections))


def table_text(evaluation: Evaluation) -> str:
    """The paper's table beside the published ones, for a terminal."""
    return terminal.render_text(_first_look(evaluation))


def show(evaluation: Evaluation) -> None:
    """Displays all tables in a notebook, prints the paper's elsewhere."""
    report = evaluation_report(evaluation)
    blocks = [block for section in report.sections for block in section.blocks]
    whole = [*report.summary, *blocks]
    terminal.show(whole if terminal.in_notebook() else _first_look(evaluation))


def comparison_text(evaluations: Mapping[str, Evaluation]) -> str:
    """The tables of several runs for a terminal."""
    summary = comparison_report(evaluations).summary
    return terminal.render_text([*summary, *comparison_tables(evaluations)])


# --- What they say.


def evaluation_report(evaluation: Evaluation) -> Report:
    """Summary and tables of one run."""
    return Report(
        f"Evaluation on {evaluation.dataset}", _summary(evaluation), _sections(evaluation)
    )


def _first_look(evaluation: Evaluation) -> list[Block]:
    tables_of_paper = [tables.disagreement_table(evaluation), tables.kl_table(evaluation)]
    return [*notices("", evaluation), *tables_of_paper]


def _summary(evaluation: Evaluation) -> list[Block]:
    against = {"data": "the real videos", "reconstruction": "the reconstructions"}
    priors = {"learned": "the learned prior", "standard_normal": "N(0, I)"}
    reference, prior = evaluation.reference, evaluation.motion_prior
    text = (
        "How well a model splits videos into f, what stays, and z, what moves: "
        f"{evaluation.num_videos} held-out videos of {evaluation.dataset}, generated videos "
        f"compared with {against.get(reference, reference)}, z drawn from "
        f"{priors.get(prior, prior)}."
    )
    return [*notices("", evaluation), Text(text), _facts(evaluation)]


def notices(run: str, evaluation: Evaluation) -> list[Notice]:
    """A notice for each collapsed posterior."""
    kls = {"f": ("q(f | x)", "static_kl"), "z": ("q(z | x)", "dynamic_kl")}
    made = []
    for latent in evaluation.collapsed_latents:
        posterior, term = kls[latent]
        made.append(
            Notice(
                f"{run}{posterior} fell on its prior: its KL is "
                f"{tables.number(evaluation.elbo[term])} nats per video, so that {latent} holds "
                "almost no information about a video."
            )
        )
    return made


def _facts(evaluation: Evaluation) -> Facts:
    """The most important figures."""
    pairs = []
    for latent, title in (("f", "attributes that change, f kept"), ("z", "motion changes, z kept")):
        rows = [
            row.disagreement
            for factor, row in evaluation.table.items()
            if evaluation.kept_latent(factor) == latent
        ]
        if rows:
            pairs.append((title, tables.percent(sum(rows) / len(rows))))
    pairs.append(("MIG", tables.number(evaluation.latents.mig)))
    pairs.append(("ELBO, nats per video", tables.number(evaluation.elbo["elbo"])))
    return Facts(pairs)


def _sections(evaluation: Evaluation) -> list[Section]:
    truth = [tables.accuracy_table(evaluation)]
    if evaluation.protocol.inception_score is not None:
        truth.append(tables.inception_table(evaluation))
    nats = [tables.bound_table(evaluation)]
    if evaluation.information is not None:
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
    values = {name: getattr(evaluation, name) for name in _MEASURED_BY}
    measured = {name: value for name, value in values.items() if value is not None}
    blocks: list[Block] = [Settings(measured, "How it was measured")]
    if settings:
        blocks.append(Settings(settings, "How it was trained"))
    return blocks


def comparison_report(evaluations: Mapping[str, Evaluation]) -> Report:
    """Several runs side by side; raises UserError where there is none."""
    if not evaluations:
        raise UserError("evaluations: expected at least one run to compare, received none")
    summary: list[Block] = []
    words = f"{len(evaluations)} runs side by side; the best value of a row is marked."
    if changed := differences(evaluations):
        words = f"{len(evaluations)} runs side by side."
        summary.append(
            Notice(
                f"These runs were not measured alike ({', '.join(changed)}), so that no value is "
                "marked as the best."
            )
        )
    for name, evaluation in evaluations.items():
        summary += notices(f"{name}: ", evaluation)
    sections = [
        Section(table.caption, [table._replace(caption="")])
        for table in comparison_tables(evaluations)
    ]
    return Report("Runs side by side", [*summary, Text(words)], sections)
