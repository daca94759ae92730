"""The 2019 paper's story end to end: train at three betas, evaluate, study the bound, report.

Every stage leaves a folder and is not repeated when that folder holds its result:

    <output_dir>/beta_1, beta_6, beta_150    runs, each with evaluation/
    <output_dir>/likelihood                  the exact-likelihood study
    <output_dir>/report.html, report.md      all of it, in the paper's order
"""

import dataclasses
import sys
from pathlib import Path
from typing import Any, NamedTuple

from tf_dsae import workdir as folder
from tf_dsae.config import ModelConfig, TrainingConfig
from tf_dsae.data import prepare
from tf_dsae.evaluation import story
from tf_dsae.evaluation.collect import Protocol
from tf_dsae.evaluation.run import (
    EVALUATION,
    check_output,
    evaluate_run,
    read_evaluation,
    weights_digest,
)
from tf_dsae.linear_gaussian import study
from tf_dsae.linear_gaussian.report import read_study
from tf_dsae.linear_gaussian.settings import default_panels
from tf_dsae.training import check_before_data, train

BETAS = (1.0, 6.0, 150.0)


class Places(NamedTuple):
    """Folders of what a reproduction needs; None for the defaults of `prepare` and the judges."""

    output_dir: Path
    data_dir: str | None = None
    sheets_dir: str | None = None
    judge_dir: str | None = None


def run_name(beta: float) -> str:
    """The folder of the run at a beta."""
    return f"beta_{beta:g}"


def reproduce(
    model: ModelConfig,
    training: TrainingConfig,
    places: Places,
    betas: tuple[float, ...] = BETAS,
    num_videos: int | None = None,
    show_source: bool = True,
) -> dict[str, Any]:
    """Runs every stage that is not done, and writes report.html and report.md.

    Args:
      model, training: settings of all runs but for beta.
      places: where things are.
      betas: weights of both KLs, a run for each; the first two are set beside the paper's tables.
      num_videos: test videos to evaluate; None for all.
      show_source: False shows real clips as their reconstructions.

    Returns:
      The evaluations, run name -> evaluation.

    Raises:
      UserError: a folder holds another run, or as the stages themselves do.
    """
    output = places.output_dir.expanduser()
    check_output(output)
    settings = {
        output / run_name(beta): dataclasses.replace(
            training, beta_f=f"{beta:g}", beta_z=f"{beta:g}"
        )
        for beta in betas
    }
    for workdir, of_run in settings.items():
        check_before_data(workdir, model, of_run, resume=True)
    evaluations = {}
    for workdir, of_run in settings.items():
        if not (workdir / folder.WEIGHTS).exists():
            _say(f"training {workdir.name}")
            data = prepare(of_run.dataset, places.data_dir, places.sheets_dir)
            train(data, model, of_run, workdir, show=True)
        evaluations[workdir.name] = _evaluated(workdir, of_run, places, num_videos, show_source)
    made = _studied(output / "likelihood", training.seed)
    story.write_story(output, evaluations, made)
    return evaluations


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _evaluated(
    workdir: Path,
    training: TrainingConfig,
    places: Places,
    num_videos: int | None,
    show_source: bool,
) -> dict[str, Any]:
    """The evaluation of these very weights, made if it is not there."""
    output = workdir / "evaluation"
    protocol = Protocol(seed=training.seed)
    asked = dataclasses.asdict(protocol) | {
        "weights": weights_digest(workdir),
        "asked_videos": num_videos,
        "show_source": show_source,
    }
    if (output / EVALUATION).exists():
        found = read_evaluation(output)
        if all(found.get(name) == value for name, value in asked.items()):
            return found
    _say(f"evaluating {workdir.name}")
    return evaluate_run(
        workdir,
        output,
        protocol,
        judge_dir=places.judge_dir,
        data_dir=places.data_dir,
        sheets_dir=places.sheets_dir,
        num_videos=num_videos,
        show_source=show_source,
    )


def _studied(output: Path, seed: int) -> dict[str, Any]:
    """The likelihood study of the published panels, made if it is not there."""
    panels = default_panels(seed=seed)
    if (output / study.STUDY).exists():
        found = read_study(output / study.STUDY)
        wanted = [dataclasses.asdict(panel) | {"grid": list(panel.grid)} for panel in panels]
        if len(found["panels"]) == len(wanted) and all(
            all(held.get(name) == value for name, value in panel.items())
            for held, panel in zip(found["panels"], wanted, strict=True)
        ):
            return found
    _say("studying the bound against exact likelihoods")
    made = study.run_study(panels) | {"versions": folder.versions()}
    study.write(output, made)
    return made
