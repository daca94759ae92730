"""The files of an evaluation, found, read and checked without TensorFlow."""

import os
from pathlib import Path
from typing import Any

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder, read_json, write_errors
from tf_dsae.evaluation.evaluation_checks import check_evaluation

EVALUATION = "evaluation.json"
REPORT = "report.html"
TABLES = "evaluation.md"
JUDGES = "judges.json"
_JUDGE_BYTES = 16 * 2**20  # That must be free before judges are trained for a folder.


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


def check_judge_dir(judge_dir: str | os.PathLike) -> None:
    """Raises UserError where a folder neither has judges nor can be given some; makes nothing."""
    judge_dir = Path(judge_dir).expanduser()
    with write_errors(judge_dir):
        has_judges = (judge_dir / JUDGES).exists()
    if not has_judges:
        check_folder("judge_dir", judge_dir, _JUDGE_BYTES)
