"""One report of a whole reproduction, in the order of the 2019 paper's figures and tables."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tf_dsae.core.files import written_whole
from tf_dsae.evaluation import tables
from tf_dsae.evaluation.comparison import comparison_tables
from tf_dsae.evaluation.evaluation_report import notices
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.linear_gaussian.study_report import bias_table
from tf_dsae.linear_gaussian.study_results import Study
from tf_dsae.reports import scenes
from tf_dsae.reports.blocks import Block, Figure, Notice, Report, Section, Settings, Text
from tf_dsae.reports.html import write_page
from tf_dsae.reports.markdown import render_markdown
from tf_dsae.runs.run_config import CONFIG, FIGURES, read_settings

_TITLE = "Modeling sequential data with VAEs: the paper's figures and tables, made again"
# Figure, picture, what the paper finds in it.
Shown = tuple[tuple[str, str, str], ...]
_ANY: Shown = (("", "reconstruction", ""), ("", "swap", ""), ("", "prior_f", ""))
# Beta -> title, what to show.
_PAPER: dict[float, tuple[str, Shown]] = {
    1.0: (
        "Qualitative performance, beta 1 (Section 5.3)",
        (
            ("Figure 5", "data_sample", "The paper shows a character walking left."),
            (
                "Figures 6 and 7",
                "swap",
                "The paper sees the attributes follow f, the action z, and the direction f.",
            ),
            (
                "Figures 8 and 11",
                "prior_f",
                "The paper sees new attributes with the action largely kept, and at times a "
                "deformed character, the more so the larger f is.",
            ),
            ("Figure 9", "sample", "The paper sees lower quality, attributes the same throughout."),
            (
                "Figure 10",
                "prior_z",
                "The paper sees that one poor z_t can take the rest of the clip off its rails.",
            ),
        ),
    ),
    6.0: (
        "The beta-VAE's pictures, beta 6 (Section 6.2)",
        (
            ("Figure 13", "swap", "The paper sees lower quality and no better split."),
            ("Figure 14", "prior_f", "The paper sees noticeably worse pictures."),
        ),
    ),
    150.0: (
        "A beta that is too large, beta 150 (Section 6.2)",
        (
            (
                "Figure 12",
                "reconstruction",
                "The paper's posteriors fell on their priors: all reconstructions look alike.",
            ),
        ),
    ),
}
STUDY_PICTURES = ("sigma_x.png", "sigma_z.png")


def needed_pictures() -> set[str]:
    """The files of an evaluation's figures that the story shows."""
    names = {name for _, shown in _PAPER.values() for _, name, _ in shown}
    return {f"{name}.{kind}" for name in names for kind in ("png", "gif")}


class ReportedRun(NamedTuple):
    """A run of the report.

    folder: its name below the report's; beta: of both KLs, None for the preset's own weights.
    """

    folder: str
    beta: float | None
    evaluation: Evaluation

    @property
    def name(self) -> str:
        """The name in the report."""
        return f"preset {self.folder}" if self.beta is None else f"beta {self.beta:g}"


def write_story(output_dir: Path, runs: Sequence[ReportedRun], study: Study) -> None:
    """Writes report.html and report.md.

    Args:
      output_dir: holds likelihood/figures and, for each run, its folder with evaluation/figures.
      runs: in order; those at the paper's betas stand beside its findings.
      study: of the bound.
    """
    named = {run.name: run.evaluation for run in runs}
    summary: list[Block] = [
        notice for name, one in named.items() for notice in notices(f"{name}: ", one)
    ]
    words = Text(
        "Each part shows what the paper shows, made by this package, with the paper's own finding "
        "in words or its figures beside ours. What was run stands at the end."
    )
    sections = _bias(output_dir, study)
    for run in runs:
        sections += _run(output_dir / run.folder, run)
    sections.append(Section("All runs side by side", comparison_tables(named)))
    settings: list[Block] = []
    for run in runs:
        workdir = output_dir / run.folder
        values = read_settings(workdir / CONFIG)
        preset, epochs = (values["training"][name] for name in ("preset", "epochs"))
        words_of_run = f"{run.name}: preset {preset}, {epochs} epochs"
        alt = f"Curves of the bound and its terms over epochs, {run.name}."
        settings.append(Figure(workdir / FIGURES / "curves.png", alt, words_of_run))
        settings.append(Settings(values, words_of_run))
        if preset != "paper" and run.beta is not None:
            summary.append(
                Notice(f"{run.name} was trained with the preset {preset}, not the paper's.")
            )
    sections.append(Section("What was run", settings))
    report = Report(_TITLE, [*summary, words], sections)
    write_page(output_dir / "report.html", report)
    with written_whole(output_dir / "report.md") as beside:
        beside.write_text(render_markdown(report), encoding="utf-8")


def _bias(output_dir: Path, study: Study) -> list[Section]:
    """Section 3 of the paper: Figures 3 and 4."""
    peaks = bias_table(study.panels)._replace(caption="Peaks of log-likelihood and bound")
    blocks: list[Block] = [peaks]
    said = {
        "sigma_x": ("Figure 3", "The paper finds sigma_x overestimated in all three panels."),
        "sigma_z": ("Figure 4", "The paper finds sigma_z underestimated at truth 0.5."),
    }
    for parameter, (number, finding) in said.items():
        path = output_dir / "likelihood" / "figures" / f"{parameter}.png"
        alt = f"Log-likelihood and ELBO over {parameter}, with dashed lines at peaks and truth."
        blocks.append(Figure(path, alt, f"{number}. {finding}"))
    return [Section("Are sequential autoencoders biased? (Section 3)", blocks)]


def _run(workdir: Path, run: ReportedRun) -> list[Section]:
    """The paper's pictures at a beta (Sections 5 and 6) with its table; else our own pictures."""
    evaluation = run.evaluation
    title, shown, number = f"Pictures, {run.name}", _ANY, "Tables"
    if run.beta is not None:
        title, shown = _PAPER.get(run.beta, (title, shown))
        number = {1.0: "Table 1 (Section 5.4)", 6.0: "Table 2 (Section 6.3)"}.get(run.beta, number)
    pictures: list[Block] = []
    for place, name, finding in shown:
        title_of, caption, alt = scenes.words(name, evaluation.show_source)
        path = workdir / "evaluation" / "figures" / name
        text = ". ".join(filter(None, [place, title_of, caption])) + f" {finding}"
        pictures.append(Figure(path.with_suffix(".png"), alt, text, path.with_suffix(".gif")))
    kls = evaluation.elbo
    kept = Text(
        f"Here f keeps {tables.number(kls['static_kl'])} and z "
        f"{tables.number(kls['dynamic_kl'])} nats per video; a posterior that has fallen on its "
        "prior keeps nothing."
    )
    made = [tables.disagreement_table(evaluation), tables.kl_table(evaluation)]
    return [
        Section(title, [kept, *pictures]),
        Section(
            f"{number}, {run.name}",
            [table._replace(caption=f"{table.caption}, {run.name}") for table in made],
        ),
    ]
