"""Evaluates a finished run and writes a folder of JSON, tables, pictures and a page."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import sha256, write_atomically
from tf_dsae.data import prepare
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation.evaluation_files import REPORT, TABLES, check_output
from tf_dsae.evaluation.evaluation_pictures import write_pictures
from tf_dsae.evaluation.judges import obtain_judges
from tf_dsae.evaluation.measure_model import check_factors, measure_model
from tf_dsae.evaluation.protocol import MIN_ACCURACY, Protocol
from tf_dsae.evaluation.results import EVALUATION, Evaluation
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports.markdown import render_markdown
from tf_dsae.runs.run_config import (
    CONFIG,
    FIGURES,
    WEIGHTS,
    RunConfig,
    read_config,
    read_settings,
    source_of,
    versions,
)
from tf_dsae.runs.weights import load


def open_run(
    workdir: str | os.PathLike,
    data_dir: str | None = None,
    show_progress: bool = True,
    data: SequenceData | None = None,
    source_changes: Mapping[str, Any] | None = None,
) -> tuple[RunConfig, DSAE, SequenceData]:
    """A finished run's settings, its model, and the data that it was trained on.

    None for `data` opens them; `source_changes` are settings of their source that are others now,
    such as `video_dir`. UserError for no finished run, damaged weights, or other data.
    """
    workdir = Path(workdir).expanduser()
    run = read_config(workdir / CONFIG)
    model = load(workdir)
    advice = "pass the data"
    if data is None:
        data = prepare(source_of(run), data_dir, show_progress, **(source_changes or {}))
        advice = f"name the {_places(data)}"
    trained_on = run.data.get("fingerprint")
    if trained_on != data.fingerprint:
        raise UserError(
            f"{workdir}: expected a run trained on the {data.name} that is prepared "
            f"({data.fingerprint[:12]}), received one trained on other data "
            f"({str(trained_on)[:12]}); {advice} that it was trained with"
        )
    return run, model, data


def _places(data: SequenceData) -> str:
    """The flags for the place of a run's data."""
    declared = data.source.flags if data.source else ()
    places = [flag.name for flag in declared if flag.name.endswith("_dir")]
    return " or ".join(f"--{name}" for name in (*places, "data_dir"))


def weights_digest(workdir: str | os.PathLike) -> str:
    """SHA-256 of a run's weights, in hex; it identifies the weights of an evaluation."""
    return sha256(Path(workdir) / WEIGHTS)


def evaluate(
    workdir: str | os.PathLike,
    data: SequenceData | None = None,
    output_dir: str | os.PathLike | None = None,
    *,
    protocol: Protocol | None = None,
    num_videos: int | None = None,
    judge_dir: str | None = None,
    judge_accuracy: float = MIN_ACCURACY,
    show_source: bool = True,
    show_progress: bool = False,
    data_dir: str | None = None,
    source_changes: Mapping[str, Any] | None = None,
) -> Evaluation:
    """Evaluates a run and writes evaluation.json, evaluation.md, report.html and figures/.

    Args:
      workdir: folder of a finished run.
      data: the data that it was trained on; None opens them as config.json says.
      output_dir: folder to write; by default `evaluation` in the run's folder.
      protocol: how videos are generated and compared; by default `Protocol()`.
      num_videos: of the test split, from its start; None for all.
      judge_dir: folder of judges; None for a folder beside the prepared data.
      judge_accuracy: fraction of the test videos that every judge must name right.
      show_source: False shows reconstructions in place of source clips.
      show_progress: whether to show bars (on a terminal) and the judges' accuracies on stderr.
      data_dir: folder of prepared data sets.
      source_changes: as for `open_run`.

    Returns:
      The evaluation, as evaluation.json holds it.

    Raises:
      UserError: as `open_run` and `measure_model` do, or a judge is not accurate enough.

    Example, of a folder without a run; docs/extending.md evaluates one:
      >>> tf_dsae.evaluate("no_run")
      Traceback (most recent call last):
      tf_dsae.UserError: no_run/config.json: expected a run's settings, found no such file
    """
    workdir, protocol = Path(workdir).expanduser(), protocol or Protocol()
    output = Path(output_dir or workdir / "evaluation").expanduser()
    run, model, data = open_run(workdir, data_dir, show_progress, data, source_changes)
    check_factors(data, num_videos)
    check_output(output)
    judges = obtain_judges(data, judge_dir, data_dir, show_progress, judge_accuracy)
    judges.require(judge_accuracy)
    # evaluation.json is removed first and written last, so that a folder with it is complete.
    (output / EVALUATION).unlink(missing_ok=True)
    evaluation = measure_model(
        model,
        data,
        judges,
        protocol,
        num_videos,
        show_progress,
        asked_videos=num_videos,
        show_source=show_source,
        weights=weights_digest(workdir),
        versions=versions(),
        beta={"f": run.training.beta_f, "z": run.training.beta_z},
    )
    pictures = write_pictures(model, data, output / "figures", protocol.seed, show_source)
    with write_atomically(output / TABLES) as beside:
        beside.write_text(render_markdown(report.evaluation_report(evaluation)), encoding="utf-8")
    curves = workdir / FIGURES / "curves.png"
    settings = read_settings(workdir / CONFIG)
    report.write_report(
        output / REPORT, evaluation, pictures, curves if curves.exists() else None, settings
    )
    evaluation.write(output / EVALUATION)
    return evaluation
