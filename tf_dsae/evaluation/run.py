"""Evaluates a finished run from its folder, and leaves a folder: JSON, tables, pictures, a page."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from tf_dsae import workdir as folder
from tf_dsae.data import prepare
from tf_dsae.data.prepared import PreparedDataset
from tf_dsae.errors import UserError, reason
from tf_dsae.evaluation import report
from tf_dsae.evaluation.collect import Protocol
from tf_dsae.evaluation.evaluate import check_factors, evaluate
from tf_dsae.evaluation.judges import obtain_judges
from tf_dsae.evaluation.pictures import write_pictures
from tf_dsae.files import check_folder, write_json, written_whole

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
    try:
        evaluation = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise UserError(
            f"{path}: expected an {EVALUATION} or the folder of an evaluated run, received: "
            f"{getattr(error, 'strerror', None) or reason(error)}"
        ) from error
    needed = {"dataset", "elbo", "judges", "table", "protocol", "latents"}
    if not isinstance(evaluation, dict) or not needed <= set(evaluation):
        raise UserError(f"{path}: expected an {EVALUATION}, received another file")
    return evaluation


def check_output(output_dir: str | os.PathLike) -> None:
    """Raises UserError where the folder cannot be written or its disk is full; makes nothing."""
    check_folder("output_dir", output_dir, 20_000_000)


def open_run(
    workdir: str | os.PathLike,
    data_dir: str | None = None,
    sheets_dir: str | None = None,
    show_progress: bool = True,
) -> tuple[folder.RunConfig, Any, PreparedDataset]:
    """A finished run's settings, its model, and the data that it was trained on.

    Raises:
      UserError: no finished run, damaged weights, or data of another fingerprint.
    """
    workdir = Path(workdir).expanduser()
    run = folder.read_config(workdir / folder.CONFIG)
    model = folder.load(workdir)
    data = prepare(run.training.dataset, data_dir, sheets_dir, show_progress=show_progress)
    trained_on = run.data.get("fingerprint")
    if trained_on != data.fingerprint:
        raise UserError(
            f"{workdir}: expected a run trained on the {data.name} that is prepared "
            f"({data.fingerprint[:12]}), received one trained on other data "
            f"({str(trained_on)[:12]}); name the --data_dir that it was trained with"
        )
    return run, model, data


def weights_digest(workdir: str | os.PathLike) -> str:
    """SHA-256 of a run's weights, in hex: which weights an evaluation is of."""
    return hashlib.sha256((Path(workdir) / folder.WEIGHTS).read_bytes()).hexdigest()


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
) -> dict[str, Any]:
    """Evaluates a run and writes evaluation.json, evaluation.md, report.html and figures/.

    Args:
      judge_dir: folder of judges; None keeps them beside the prepared data.
      num_videos: of the test split, from its start; None for all.
      show_source: False shows source clips as their reconstructions.

    Returns:
      What evaluation.json holds.

    Raises:
      UserError: as `open_run` and `evaluate` do, or judges that are not sure enough.
    """
    workdir, output = Path(workdir).expanduser(), Path(output_dir).expanduser()
    run, model, data = open_run(workdir, data_dir, sheets_dir, show_progress)
    check_factors(data, num_videos)
    check_output(output)
    judges = obtain_judges(data, judge_dir, data_dir, show_progress)
    judges.require()
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
        beside.write_text(report.report_markdown(evaluation))
    curves = workdir / folder.FIGURES / "curves.png"
    settings = json.loads((workdir / folder.CONFIG).read_text())
    report.write_report(
        output / REPORT, evaluation, pictures, curves if curves.exists() else None, settings
    )
    write_json(output / EVALUATION, evaluation)
    return evaluation
