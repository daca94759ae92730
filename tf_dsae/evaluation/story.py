"""One report of a whole reproduction, in the order of the 2019 paper's figures and tables."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_dsae.evaluation import report, tables
from tf_dsae.evaluation.blocks import Block, Figure, Section, Table, Text
from tf_dsae.evaluation.comparison import comparison_tables
from tf_dsae.evaluation.html import write_page
from tf_dsae.evaluation.tables import Evaluation
from tf_dsae.files import written_whole
from tf_dsae.linear_gaussian.report import bias_table
from tf_dsae.training import scenes

_TITLE = "Modeling sequential data with VAEs: the paper's figures and tables, made again"
# Of the paper's Figures 6 to 14: number, picture, what the paper shows there.
_FIRST = (
    ("Figure 5", "data_sample", "The paper shows a character walking left."),
    (
        "Figures 6 and 7",
        "swap",
        "The paper sees the attributes follow f, the action z, and the direction f (its Figure 7).",
    ),
    (
        "Figures 8 and 11",
        "prior_f",
        "The paper sees new attributes with the action largely kept, and at times a deformed "
        "character, the more so the larger f is.",
    ),
    ("Figure 9", "sample", "The paper sees lower quality, attributes kept from frame to frame."),
    (
        "Figure 10",
        "prior_z",
        "The paper sees that one poor z_t can take the rest of the clip off its rails.",
    ),
)
_COLLAPSED = (
    (
        "Figure 12",
        "reconstruction",
        "At beta 150 the paper's posteriors fell on their priors: all reconstructions look alike.",
    ),
)
_WEIGHTED = (
    ("Figure 13", "swap", "At beta 6 the paper sees lower quality and no better split."),
    ("Figure 14", "prior_f", "At beta 6 the paper sees noticeably worse pictures."),
)


def write_story(
    output_dir: Path, evaluations: Mapping[str, Evaluation], study: Mapping[str, Any]
) -> None:
    """Writes report.html and report.md.

    Args:
      output_dir: holds likelihood/figures and, for each run, evaluation/figures.
      evaluations: run name -> evaluation, beta 1, then 6, then 150 where they are the paper's.
      study: what likelihood.json holds.
    """
    notices = [
        notice
        for name, found in evaluations.items()
        for notice in report.notices(f"{name.replace('_', ' ')}: ", found)
    ]
    words = Text(
        "Each part shows what the paper shows, made by this package, with the paper's own finding "
        "in words or its figures beside ours."
    )
    sections = [*_bias(output_dir, study), *_runs(output_dir, evaluations)]
    sections.append(Section("All runs side by side", comparison_tables(evaluations)))
    write_page(output_dir / "report.html", _TITLE, [*notices, words], sections)
    made = report.Report(_TITLE, [*notices, words], sections)
    with written_whole(output_dir / "report.md") as beside:
        beside.write_text(report.as_markdown(made))


def _bias(output_dir: Path, study: Mapping[str, Any]) -> list[Section]:
    """Section 3 of the paper: Figures 3 and 4."""
    head, *rows = bias_table(study["panels"])
    blocks: list[Block] = [Table(head, rows, "Peaks of log-likelihood and bound")]
    said = {
        "sigma_x": ("Figure 3", "The paper finds sigma_x overestimated in all three panels."),
        "sigma_z": ("Figure 4", "The paper finds sigma_z underestimated at truth 0.5."),
    }
    for parameter, (number, finding) in said.items():
        path = output_dir / "likelihood" / "figures" / f"{parameter}.png"
        alt = f"Log-likelihood and ELBO over {parameter}, with dashed lines at peaks and truth."
        blocks.append(Figure(path, alt, f"{number}. {finding}"))
    return [Section("Are sequential autoencoders biased? (Section 3)", blocks)]


def _pictures(output_dir: Path, run: str, shown) -> list[Block]:
    found: list[Block] = []
    for number, name, finding in shown:
        path = output_dir / run / "evaluation" / "figures" / name
        title, caption, alt = scenes.WORDS[name]
        words = f"{number}, {run.replace('_', ' ')}. {title}. {caption} {finding}"
        found.append(Figure(path.with_suffix(".png"), alt, words, path.with_suffix(".gif")))
    return found


def _runs(output_dir: Path, evaluations: Mapping[str, Evaluation]) -> list[Section]:
    """Sections 5 and 6 of the paper: Figures 5 to 14, Tables 1 and 2."""
    names = list(evaluations)
    first = evaluations[names[0]]
    sections = [
        Section("Qualitative performance (Section 5.3)", _pictures(output_dir, names[0], _FIRST)),
        Section("Table 1 (Section 5.4)", _paper_tables(names[0], first)),
    ]
    if len(names) > 2:
        sections.append(
            Section(
                "A beta that is too large (Section 6.2)",
                _pictures(output_dir, names[2], _COLLAPSED),
            )
        )
    if len(names) > 1:
        pictures = _pictures(output_dir, names[1], _WEIGHTED)
        sections.append(Section("The beta-VAE's pictures (Section 6.2)", pictures))
        second = _paper_tables(names[1], evaluations[names[1]])
        sections.append(Section("Table 2 (Section 6.3)", second))
    return sections


def _paper_tables(run: str, evaluation: Evaluation) -> list[Block]:
    made = [tables.disagreement_table(evaluation), tables.kl_table(evaluation)]
    name = run.replace("_", " ")
    return [table._replace(caption=f"{table.caption}, {name}") for table in made]
