"""Evaluates a finished run from its folder, and leaves a folder: JSON, tables, pictures, a page."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import sha256, write_json, written_whole
from tf_dsae.data import prepare
from tf_dsae.data.folder.run_source import read_source
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation.evaluation_files import EVALUATION, REPORT, TABLES, check_output
from tf_dsae.evaluation.evaluation_pictures import write_pictures
from tf_dsae.evaluation.judges import obtain_judges
from tf_dsae.evaluation.measure_model import check_factors, evaluate
from tf_dsae.evaluation.protocol import MIN_ACCURACY, Protocol
from tf_dsae.runs.run_config import (
    CONFIG,
    FIGURES,
    WEIGHTS,
    RunConfig,
    read_config,
    read_settings,
    versions,
)
from tf_dsae.runs.weights import load


def open_run(
    workdir: str | os.PathLike,
    data_dir: str | None = None,
    sheets_dir: str | None = None,
    show_progress: bool = True,
    video_dir: str | None = None,
    dynamic_factors: tuple[str, ...] | None = None,
) -> tuple[RunConfig, Any, SequenceData]:
    """A finished run's settings, its model, and the data that it was trained on.

    Args:
      video_dir: of a run on a folder of videos that have moved since.
      dynamic_factors: of such a run, in place of those it was trained with.

    Raises:
      UserError: no finished run, damaged weights, or data of another fingerprint.
    """
    workdir = Path(workdir).expanduser()
    run = read_config(workdir / CONFIG)
    model = load(workdir)
    source = read_source(run.data)
    if source is not None and dynamic_factors is not None:
        clips = dataclasses.replace(source.clips, dynamic_factors=dynamic_factors)
        source = source._replace(clips=clips)
    data = prepare(
        run.training.dataset,
        data_dir,
        sheets_dir,
        show_progress,
        video_dir=video_dir or (source.video_dir if source else None),
        clips=source.clips if source else None,
    )
    trained_on = run.data.get("fingerprint")
    if trained_on != data.fingerprint:
        raise UserError(
            f"{workdir}: expected a run trained on the {data.name} that is prepared "
            f"({data.fingerprint[:12]}), received one trained on other data "
            f"({str(trained_on)[:12]}); name the --{'video' if source else 'data'}_dir that it was "
            "trained with"
        )
    return run, model, data


def weights_digest(workdir: str | os.PathLike) -> str:
    """SHA-256 of a run's weights, in hex: which weights an evaluation is of."""
    return sha256(Path(workdir) / WEIGHTS)


def evaluate_run(
    workdir: str | os.PathLike,
    output_dir: str | os.PathLike,
    protocol: Protocol,
    judge_dir: str | None = None,
    data_dir: str | None = None,
    sheets_dir: str | None = None,
    num_videos: int | None = None,
    show_source: bool = True,
    show_progress: bool = True,
    video_dir: str | None = None,
    judge_accuracy: float = MIN_ACCURACY,
    dynamic_factors: tuple[str, ...] | None = None,
) -> dict[str, Any]:
    """Evaluates a run and writes evaluation.json, evaluation.md, report.html and figures/.

    Args:
      judge_dir: folder of judges; None keeps them beside the prepared data.
      num_videos: of the test split, from its start; None for all.
      show_source: False shows source clips as their reconstructions.
      video_dir: of a run on a folder of videos that have moved since.
      judge_accuracy: that every judge must reach, a fraction.
      dynamic_factors: of such a run, in place of those it was trained with.

    Returns:
      What evaluation.json holds.

    Raises:
      UserError: as `open_run` and `evaluate` do, or judges that are not sure enough.
    """
    workdir, output = Path(workdir).expanduser(), Path(output_dir).expanduser()
    run, model, data = open_run(
        workdir, data_dir, sheets_dir, show_progress, video_dir, dynamic_factors
    )
    check_factors(data, num_videos)
    check_output(output)
    judges = obtain_judges(data, judge_dir, data_dir, show_progress, judge_accuracy)
    judges.require(judge_accuracy)
    # While results change there are none: evaluation.json comes last.
    (output / EVALUATION).unlink(missing_ok=True)
    evaluation = evaluate(model, data, judges, protocol, num_videos, show_progress)
    evaluation |= {
        "batch_size": protocol.batch_size,
        "asked_videos": num_videos,
        "show_source": show_source,
        "weights": weights_digest(workdir),
        "versions": versions(),
    }
    evaluation["beta"] = {"f": run.training.beta_f, "z": run.training.beta_z}
    pictures = write_pictures(model, data, output / "figures", protocol.seed, show_source)
    with written_whole(output / TABLES) as beside:
        beside.write_text(report.report_markdown(evaluation), encoding="utf-8")
    curves = workdir / FIGURES / "curves.png"
    settings = read_settings(workdir / CONFIG)
    report.write_report(
        output / REPORT, evaluation, pictures, curves if curves.exists() else None, settings
    )
    write_json(output / EVALUATION, evaluation)
    return evaluation
