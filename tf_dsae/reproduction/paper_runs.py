"""The 2019 paper's story end to end: train at its betas, evaluate, study the bound, report.

Every stage leaves a folder and is not repeated when that folder holds its result:

    <output_dir>/beta_1, beta_6, beta_150    runs, each with evaluation/
    <output_dir>/sprites_drawn               the same for a preset that is set beside them
    <output_dir>/likelihood                  the exact-likelihood study
    <output_dir>/report.html, report.md      everything, in the paper's order
"""

import dataclasses
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tf_dsae.core.errors import UserError
from tf_dsae.data import prepare
from tf_dsae.evaluation.evaluation_files import REPORT
from tf_dsae.evaluation.evaluation_run import evaluate, weights_digest
from tf_dsae.evaluation.judge import Judges
from tf_dsae.evaluation.judges import obtain_judges
from tf_dsae.evaluation.measure_model import check_factors
from tf_dsae.evaluation.protocol import Protocol
from tf_dsae.evaluation.results import EVALUATION, Evaluation
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.linear_gaussian import study
from tf_dsae.linear_gaussian.study_results import STUDY, Study
from tf_dsae.linear_gaussian.study_settings import default_panels
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.reproduction import story
from tf_dsae.reproduction.planned_runs import BETAS, Places, plan_runs
from tf_dsae.runs.run_config import FIGURES, WEIGHTS, versions
from tf_dsae.training import run_training

T = TypeVar("T")


def reproduce(
    model: ModelConfig,
    training: TrainingConfig,
    places: Places,
    betas: tuple[float, ...] = BETAS,
    num_videos: int | None = None,
    show_source: bool = True,
    beside: tuple[str, ...] = (),
) -> dict[str, Evaluation]:
    """Runs every stage that is not done, writes report.html and report.md: run -> its evaluation.

    Args:
      model, training, betas, beside: as `plan_runs` takes them; betas 1, 6 and 150 are set beside
        the paper's.
      places: of output, data and judges.
      num_videos: test videos to evaluate; None for all.
      show_source: False shows reconstructions in place of real clips.

    Raises:
      UserError: a folder holds another run, or a stage raises it.
    """
    output = places.output_dir.expanduser()
    runs = plan_runs(model, training, output, betas, beside)
    # Everything that could stop a later stage is checked before the first.
    data = prepare(places.source or training.dataset, places.data_dir)
    check_factors(data, num_videos)
    judges = obtain_judges(data, places.judge_dir, places.data_dir)
    judges.require()
    evaluations = []
    for run in runs:
        workdir = output / run.folder
        if not _is_trained(workdir):
            _say(f"training {run.folder}")
            run_training(data, run.model, run.training, workdir, show=True)
        options = {"num_videos": num_videos, "show_source": show_source, "data": data}
        evaluations.append(_evaluation(workdir, training.seed, places, judges, options))
    story.write_story(output, runs, evaluations, _study(output / "likelihood", training.seed))
    return {run.folder: one for run, one in zip(runs, evaluations, strict=True)}


def _say(words: str) -> None:
    print(words, file=sys.stderr, flush=True)


def _is_trained(workdir: Path) -> bool:
    """Whether a run is finished, its last file included."""
    return all((workdir / name).exists() for name in (WEIGHTS, f"{FIGURES}/curves.png"))


def _earlier(read: Callable[[Path], T], path: Path) -> T | None:
    """The result of an earlier run; None if there is none that can be read."""
    try:
        return read(path)
    except UserError:
        return None


def _evaluation(
    workdir: Path, seed: int, places: Places, judges: Judges, options: dict[str, Any]
) -> Evaluation:
    """The evaluation of these weights by these judges, made if it does not exist."""
    output = workdir / "evaluation"
    protocol = Protocol(seed=seed)
    asked = dataclasses.asdict(protocol) | {
        "weights": weights_digest(workdir),
        "judges_digest": judges.digest(),
        "asked_videos": options["num_videos"],
        "show_source": options["show_source"],
    }
    earlier = _earlier(Evaluation.read, output / EVALUATION)
    whole = (output / REPORT).exists() and all(
        (output / "figures" / name).exists() for name in story.needed_pictures()
    )
    if earlier and whole and all(getattr(earlier, k) == value for k, value in asked.items()):
        return earlier
    _say(f"evaluating {workdir.name}")
    return evaluate(
        workdir,
        output_dir=output,
        protocol=protocol,
        judge_dir=places.judge_dir,
        show_progress=True,
        data_dir=places.data_dir,
        **options,
    )


def _study(output: Path, seed: int) -> Study:
    """The likelihood study of the published panels, made if it does not exist."""
    panels = default_panels(seed=seed)
    earlier = _earlier(Study.read, output / STUDY)
    pictures = all((output / "figures" / name).exists() for name in story.STUDY_PICTURES)
    if earlier and pictures and [panel.settings for panel in earlier.panels] == panels:
        return earlier
    _say("studying the bound against exact likelihoods")
    made = dataclasses.replace(study.run_study(panels), versions=versions())
    study.write(output, made)
    return made
