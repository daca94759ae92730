"""One report of a whole reproduction, in the order of the 2019 paper's figures and tables."""

from collections.abc import Sequence
from pathlib import Path

from tf_dsae.core.files import write_atomically
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
from tf_dsae.reproduction.planned_runs import PlannedRun
from tf_dsae.runs.run_config import CONFIG, FIGURES, read_settings

_TITLE = "Modeling sequential data with VAEs: the paper's figures and tables, made again"
# Beta -> what the paper shows there, and the number of its table.
_CHAPTERS = {
    1.0: ("Qualitative performance, beta 1 (Section 5.3)", "Table 1 (Section 5.4)"),
    6.0: ("The beta-VAE's pictures, beta 6 (Section 6.2)", "Table 2 (Section 6.3)"),
    150.0: ("A beta that is too large, beta 150 (Section 6.2)", "Tables"),
}
# Beta, figure, our picture of the same, what the paper sees there.
_FIGURES = (
    (1.0, "Figure 5", "data_sample", "shows a character walking left."),
    (
        1.0,
        "Figures 6 and 7",
        "swap",
        "sees the attributes follow f, the action z, and the direction f.",
    ),
    (
        *(1.0, "Figures 8 and 11", "prior_f"),
        "sees new attributes with the action largely kept, and at times a deformed character, the "
        "more so the larger f is.",
    ),
    (1.0, "Figure 9", "sample", "sees lower quality, attributes the same throughout."),
    (
        *(1.0, "Figure 10", "prior_z"),
        "sees that one poor z_t can take the rest of the clip off its rails.",
    ),
    (6.0, "Figure 13", "swap", "sees lower quality and no better split."),
    (6.0, "Figure 14", "prior_f", "sees noticeably worse pictures."),
    (
        *(150.0, "Figure 12", "reconstruction"),
        "sees posteriors on their priors: all reconstructions look alike.",
    ),
)
# What is shown of other runs.
_OTHERS = ("reconstruction", "swap", "prior_f")
STUDY_PICTURES = ("sigma_x.png", "sigma_z.png")


def needed_pictures() -> set[str]:
    """The files of an evaluation's figures that the story shows."""
    return {f"{name}.{kind}" for _, _, name, _ in _FIGURES for kind in ("png", "gif")}


def write_story(
    output_dir: Path, runs: Sequence[PlannedRun], evaluations: Sequence[Evaluation], study: Study
) -> None:
    """Writes report.html and report.md to the runs' folder, the paper's findings beside ours."""
    named = {run.name: one for run, one in zip(runs, evaluations, strict=True)}
    summary: list[Block] = [
        notice for name, one in named.items() for notice in notices(f"{name}: ", one)
    ]
    words = Text(
        "Each part shows what the paper shows, made by this package, with the paper's own finding "
        "in words or its figures beside ours. What was run stands at the end."
    )
    sections = _bias(output_dir, study)
    for run in runs:
        sections += _run(output_dir / run.folder, run, named[run.name])
    sections.append(Section("All runs side by side", comparison_tables(named)))
    settings: list[Block] = []
    for run in runs:
        workdir, preset = output_dir / run.folder, run.training.preset
        words_of_run = f"{run.name}: preset {preset}, {run.training.epochs} epochs"
        alt = f"Curves of the bound and its terms over epochs, {run.name}."
        settings.append(Figure(workdir / FIGURES / "curves.png", alt, words_of_run))
        settings.append(Settings(read_settings(workdir / CONFIG), words_of_run))
        if preset != "paper" and run.beta is not None:
            summary.append(
                Notice(f"{run.name} was trained with the preset {preset}, not the paper's.")
            )
    sections.append(Section("What was run", settings))
    report = Report(_TITLE, [*summary, words], sections)
    write_page(output_dir / "report.html", report)
    with write_atomically(output_dir / "report.md") as beside:
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


def _run(workdir: Path, run: PlannedRun, evaluation: Evaluation) -> list[Section]:
    """What the paper shows at a beta (Sections 5 and 6), and its table; else our own pictures."""
    title, number = f"Pictures, {run.name}", "Tables"
    shown = [("", name, "") for name in _OTHERS]
    if run.beta in _CHAPTERS:
        title, number = _CHAPTERS[run.beta]
        shown = [
            (f"{figure}. ", name, f" The paper {finding}")
            for beta, figure, name, finding in _FIGURES
            if beta == run.beta
        ]
    pictures: list[Block] = []
    for figure, name, finding in shown:
        title_of, caption, alt = scenes.words(name, evaluation.show_source)
        path = workdir / "evaluation" / "figures" / name
        text = f"{figure}{title_of}. {caption}{finding}"
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
