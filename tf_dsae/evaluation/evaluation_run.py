"""Evaluates a finished run from its folder, and leaves a folder: JSON, tables, pictures, a page."""

import dataclasses
import os
from pathlib import Path
from typing import Any

from tf_dsae.core.checks import shown
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder, sha256, written_whole
from tf_dsae.data import prepare
from tf_dsae.data.folder.run_source import read_source
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation.collect import Protocol
from tf_dsae.evaluation.evaluation_pictures import write_pictures
from tf_dsae.evaluation.judges import MIN_ACCURACY, obtain_judges
from tf_dsae.evaluation.measure_model import check_factors, measure_model
from tf_dsae.evaluation.results import EVALUATION, Evaluation
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs import workdir as folder

REPORT = "report.html"
TABLES = "evaluation.md"


def check_output(output_dir: str | os.PathLike) -> None:
    """Raises UserError where the folder cannot be written or its disk is full; makes nothing."""
    check_folder("output_dir", output_dir, 20_000_000)


def open_run(
    workdir: str | os.PathLike,
    data_dir: str | None = None,
    sheets_dir: str | None = None,
    show_progress: bool = True,
    video_dir: str | None = None,
    dynamic_factors: tuple[str, ...] | None = None,
) -> tuple[folder.RunConfig, DSAE, SequenceData]:
    """A finished run's settings, its model, and the data that it was trained on.

    Args:
      video_dir: of a run on a folder of videos that have moved since.
      dynamic_factors: of such a run, in place of those it was trained with.

    Raises:
      UserError: no finished run, damaged weights, or data of another fingerprint.
    """
    workdir = Path(workdir).expanduser()
    run = folder.read_config(workdir / folder.CONFIG)
    model = folder.load(workdir)
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
    check_trained_on(workdir, run, data, f"name the --{'video' if source else 'data'}_dir")
    return run, model, data


def check_trained_on(workdir: Path, run: folder.RunConfig, data: SequenceData, advice: str) -> None:
    """Raises UserError where a run was trained on other data, by their fingerprint."""
    trained_on = run.data.get("fingerprint")
    if trained_on != data.fingerprint:
        raise UserError(
            f"{workdir}: expected a run trained on the {data.name} that is prepared "
            f"({data.fingerprint[:12]}), received one trained on other data "
            f"({shown(trained_on)[:14]}); {advice} that it was trained with"
        )


def weights_digest(workdir: str | os.PathLike) -> str:
    """SHA-256 of a run's weights, in hex: which weights an evaluation is of."""
    return sha256(Path(workdir) / folder.WEIGHTS)


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
    **source: Any,
) -> Evaluation:
    """Evaluates a run and writes evaluation.json, evaluation.md, report.html and figures/.

    Args:
      workdir: folder of a finished run.
      data: that it was trained on; None opens them as the run says.
      output_dir: to write to; by default the folder `evaluation` of the run.
      protocol: how videos are generated and compared; by default `Protocol()`.
      num_videos: of the test split, from its start; None for all.
      judge_dir: folder of judges; None keeps them beside the prepared data.
      judge_accuracy: that every judge must reach, a fraction.
      show_source: False shows source clips as their reconstructions.
      show_progress: whether to show, on stderr, bars (on a terminal) and what the judges reach.
      data_dir: folder of prepared data sets.
      source: options of `open_run`, where the run's data lie elsewhere by now.

    Returns:
      What evaluation.json holds.

    Raises:
      UserError: as `open_run` and `measure_model` do, or judges that are not sure enough.

    Example:
      >>> evaluation = tf_dsae.evaluate("runs/tiny", data, judge_accuracy=0.5)  # doctest: +SKIP
      >>> evaluation.show()  # doctest: +SKIP
    """
    workdir, protocol = Path(workdir).expanduser(), protocol or Protocol()
    output = Path(output_dir or workdir / "evaluation").expanduser()
    if data is None:
        run, model, data = open_run(workdir, data_dir, show_progress=show_progress, **source)
    else:
        run, model = folder.read_config(workdir / folder.CONFIG), folder.load(workdir)
        check_trained_on(workdir, run, data, "pass the data")
    check_factors(data, num_videos)
    check_output(output)
    judges = obtain_judges(data, judge_dir, data_dir, show_progress, judge_accuracy)
    judges.require(judge_accuracy)
    # While results change there are none: evaluation.json comes last.
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
        versions=folder.versions(),
        beta={"f": run.training.beta_f, "z": run.training.beta_z},
    )
    pictures = write_pictures(model, data, output / "figures", protocol.seed, show_source)
    with written_whole(output / TABLES) as beside:
        beside.write_text(report.report_markdown(evaluation), encoding="utf-8")
    curves = workdir / folder.FIGURES / "curves.png"
    settings = folder.read_settings(workdir / folder.CONFIG)
    report.write_report(
        output / REPORT, evaluation, pictures, curves if curves.exists() else None, settings
    )
    evaluation.write(output / EVALUATION)
    return evaluation
