"""Shows evaluated runs side by side, in one table and one page.

Takes folders of runs that `evaluate` has evaluated, or evaluation.json files. Example:

  compare runs/beta_1 runs/beta_6 runs/beta_150 --output_dir=runs/comparison
"""

from pathlib import Path

from tf_dsae.cli import common, shared_flags
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import write_atomically
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation.comparison import names_of
from tf_dsae.evaluation.evaluation_files import check_output
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.reports.html import write_page
from tf_dsae.reports.markdown import render_markdown

_OUTPUT_DIR = shared_flags.define_output_dir("runs/comparison")


def main(paths: list[str]) -> None:
    """Compares the runs that the arguments name."""
    if len(paths) < 2:
        raise UserError(
            f"runs: expected the folders of at least two evaluated runs, received {len(paths)}; "
            "name them after the program"
        )
    evaluations = dict(zip(names_of(paths), map(Evaluation.read, paths), strict=True))
    output = Path(_OUTPUT_DIR.value).expanduser()
    check_output(output)
    compared = report.comparison_report(evaluations)
    with write_atomically(output / "comparison.md") as beside:
        beside.write_text(render_markdown(compared), encoding="utf-8")
    write_page(output / "comparison.html", compared)
    print(report.comparison_text(evaluations))
    print(f"wrote {output}; open {output / 'comparison.html'}")


run = common.program(main, takes_arguments=True)
