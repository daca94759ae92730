"""The whole study: panels, joint learning and lengths, and the folder it leaves."""

import os
from collections.abc import Sequence
from pathlib import Path

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import write_atomically
from tf_dsae.linear_gaussian import joint
from tf_dsae.linear_gaussian import study_figures as figures
from tf_dsae.linear_gaussian.study_report import study_report
from tf_dsae.linear_gaussian.study_results import STUDY, Study
from tf_dsae.linear_gaussian.study_settings import STEPS, Panel
from tf_dsae.linear_gaussian.sweep import run_panels
from tf_dsae.reports.markdown import render_markdown


def run_study(panels: Sequence[Panel], steps: int = STEPS) -> Study:
    """Runs the panels, the joint learning with their sizes and seed, and the lengths.

    UserError for no panels, or panels that cannot be trained together.
    """
    if not panels:
        raise UserError("panels: expected at least one, received none")
    first = panels[0]
    return Study(
        panels=tuple(run_panels(panels, steps)),
        joint=joint.learn_jointly(
            num_sequences=first.num_sequences,
            num_frames=first.num_frames,
            dimensions=first.dimensions,
            steps=steps,
            seed=first.seed,
        ),
        lengths=joint.peaks_by_length(dimensions=first.dimensions),
    )


def write(folder: str | os.PathLike, study: Study) -> None:
    """Writes figures/*.png, likelihood.md and, last, likelihood.json, each whole."""
    folder = Path(folder)
    (folder / STUDY).unlink(missing_ok=True)
    panels = study.panels
    with write_atomically(folder / "likelihood.md") as beside:
        beside.write_text(render_markdown(study_report(study)), encoding="utf-8")
    pictures = folder / "figures"
    for parameter in dict.fromkeys(panel.parameter for panel in panels):
        chosen = [panel for panel in panels if panel.parameter == parameter]
        figures.save_curves(pictures / f"{parameter}.png", chosen)
    figures.save_gap(pictures / "gap.png", panels)
    figures.save_families(pictures / "families.png", panels)
    if study.joint:
        figures.save_joint(pictures / "joint.png", study.joint)
    if study.lengths:
        figures.save_lengths(pictures / "lengths.png", study.lengths)
    study.write(folder / STUDY)
