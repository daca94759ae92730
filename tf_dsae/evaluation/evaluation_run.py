"""Evaluates a finished run from its folder, and leaves a folder: JSON, tables, pictures, a page."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder, read_json, sha256, write_json, written_whole
from tf_dsae.data import prepare
from tf_dsae.data.data_source import read_source
from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation.collect import Protocol
from tf_dsae.evaluation.evaluation_checks import check_evaluation
from tf_dsae.evaluation.evaluation_pictures import write_pictures
from tf_dsae.evaluation.judges import MIN_ACCURACY, obtain_judges
from tf_dsae.evaluation.measure_model import check_factors, evaluate
from tf_dsae.runs import workdir as folder

EVALUATION = "evaluation.json"
REPORT = "report.html"
TABLES = "evaluation.md"


def read_evaluation(path: str | os.PathLike) -> dict[str, Any]:
    """Reads an evaluation.json; `path` may also be its folder or that of its run.

    Raises:
      UserError: there is none, or it is another file.
    """
    path = Path(path).expanduser()
    for place in (path / EVALUATION, path / "evaluation" / EVALUATION):
        if path.is_dir() and place.exists():
            path = place
            break
    if path.is_dir():
        raise UserError(
            f"{path}: expected an evaluated run, found no {EVALUATION} in it; bin/evaluate "
            f"--workdir={path} makes one"
        )
    evaluation = read_json(path, f"an {EVALUATION} or the folder of an evaluated run")
    needed = {"dataset", "elbo", "judges", "table", "protocol", "latents"}
    if not isinstance(evaluation, dict) or not needed <= set(evaluation):
        raise UserError(f"{path}: expected an {EVALUATION}, received another file")
    check_evaluation(str(path), evaluation)
    return evaluation


def check_output(output_dir: str | os.PathLike) -> None:
    """Raises UserError where the folder cannot be written or its disk is full; makes nothing."""
    check_folder("output_dir", output_dir, 20_000_000)


def open_run(
    workdir: str | os.PathLike,
    data_dir: str | None = None,
    show_progress: bool = True,
    data: SequenceData | None = None,
    source_changes: Mapping[str, Any] | None = None,
) -> tuple[folder.RunConfig, Any, SequenceData]:
    """A finished run's settings, its model, and the data that it was trained on.

    Args:
      data: those that it was trained on, where they are in hand; None: they are opened.
      source_changes: settings of their source that are others now, such as `video_dir`.

    Raises:
      UserError: no finished run, damaged weights, or data of another fingerprint.
    """
    workdir = Path(workdir).expanduser()
    run = folder.read_config(workdir / folder.CONFIG)
    model = folder.load(workdir)
    if data is None:
        source = read_source(run.data) or run.training.dataset
        data = prepare(source, data_dir, show_progress, **(source_changes or {}))
    trained_on = run.data.get("fingerprint")
    if trained_on != data.fingerprint:
        raise UserError(
            f"{workdir}: expected a run trained on the {data.name} that is prepared "
            f"({data.fingerprint[:12]}), received one trained on other data "
            f"({str(trained_on)[:12]}); name the {_places(data)} that it was trained with"
        )
    return run, model, data


def _places(data: SequenceData) -> str:
    """The flags that say where the data of a run lie."""
    declared = data.source.flags if data.source else ()
    places = [flag.name for flag in declared if flag.name.endswith("_dir")]
    return " or ".join(f"--{name}" for name in (*places, "data_dir"))


def weights_digest(workdir: str | os.PathLike) -> str:
    """SHA-256 of a run's weights, in hex: which weights an evaluation is of."""
    return sha256(Path(workdir) / folder.WEIGHTS)


def evaluate_run(
    workdir: str | os.PathLike,
    output_dir: str | os.PathLike,
    protocol: Protocol,
    judge_dir: str | None = None,
    data_dir: str | None = None,
    num_videos: int | None = None,
    show_source: bool = True,
    show_progress: bool = True,
    judge_accuracy: float = MIN_ACCURACY,
    data: SequenceData | None = None,
    source_changes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Evaluates a run and writes evaluation.json, evaluation.md, report.html and figures/.

    Args:
      judge_dir: folder of judges; None keeps them beside the prepared data.
      num_videos: of the test split, from its start; None for all.
      show_source: False shows source clips as their reconstructions.
      judge_accuracy: that every judge must reach, a fraction.
      data, source_changes: as of `open_run`.

    Returns:
      What evaluation.json holds.

    Raises:
      UserError: as `open_run` and `evaluate` do, or judges that are not sure enough.
    """
    workdir, output = Path(workdir).expanduser(), Path(output_dir).expanduser()
    run, model, data = open_run(workdir, data_dir, show_progress, data, source_changes)
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
        "versions": folder.versions(),
    }
    evaluation["beta"] = {"f": run.training.beta_f, "z": run.training.beta_z}
    pictures = write_pictures(model, data, output / "figures", protocol.seed, show_source)
    with written_whole(output / TABLES) as beside:
        beside.write_text(report.report_markdown(evaluation), encoding="utf-8")
    curves = workdir / folder.FIGURES / "curves.png"
    settings = folder.read_settings(workdir / folder.CONFIG)
    report.write_report(
        output / REPORT, evaluation, pictures, curves if curves.exists() else None, settings
    )
    write_json(output / EVALUATION, evaluation)
    return evaluation
