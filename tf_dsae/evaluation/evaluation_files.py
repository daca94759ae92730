"""The files of an evaluation, named and checked without TensorFlow."""

import os
from pathlib import Path

from tf_dsae.core.files import check_folder, write_errors

REPORT = "report.html"
TABLES = "evaluation.md"
JUDGES = "judges.json"
_JUDGE_BYTES = 16 * 2**20  # Free space that a folder must have before judges are trained for it.


def check_output(output_dir: str | os.PathLike) -> None:
    """Raises UserError if the folder cannot be written or its disk is full; makes nothing."""
    check_folder("output_dir", output_dir, 20_000_000)


def check_judge_dir(judge_dir: str | os.PathLike) -> None:
    """Raises UserError if a folder has no judges and cannot be written; makes nothing."""
    judge_dir = Path(judge_dir).expanduser()
    with write_errors(judge_dir):
        has_judges = (judge_dir / JUDGES).exists()
    if not has_judges:
        check_folder("judge_dir", judge_dir, _JUDGE_BYTES)
