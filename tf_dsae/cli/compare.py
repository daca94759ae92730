"""Shows evaluated runs side by side, in one table and one page.

Takes the folders of runs that `evaluate` has been through, or evaluation.json files. Example:

  compare runs/beta_1 runs/beta_6 runs/beta_150 --output_dir=runs/comparison
"""

from pathlib import Path

from absl import flags

from tf_dsae.cli import common
from tf_dsae.errors import UserError

_OUTPUT_DIR = flags.DEFINE_string("output_dir", "runs/comparison", "Folder to write.")


def names_of(paths: list[str]) -> list[str]:
    """What to call each run: its folder, with as many parents as tell it from the others."""
    parts = []
    for path in map(Path, paths):
        absolute = path.expanduser().absolute()
        folders = absolute.parts if absolute.suffix != ".json" else absolute.parent.parts
        parts.append(folders[:-1] if folders[-1] == "evaluation" else folders)
    for depth in range(1, max(map(len, parts)) + 1):
        names = ["/".join(folders[-depth:]) for folders in parts]
        if len(set(names)) == len(names):
            return names
    raise UserError(f"runs: expected different ones, received {', '.join(paths)}; name each once")


def main(argv: list[str]) -> None:
    """Compares the runs that the arguments name."""
    paths = argv[1:]
    if len(paths) < 2:
        raise UserError(
            f"runs: expected the folders of at least two evaluated runs, received {len(paths)}"
        )
    names = names_of(paths)
    common.load_tensorflow()
    from tf_dsae.evaluation import report
    from tf_dsae.evaluation.run import check_output, read_evaluation
    from tf_dsae.files import written_whole

    evaluations = dict(zip(names, map(read_evaluation, paths), strict=True))
    output = Path(_OUTPUT_DIR.value).expanduser()
    check_output(output)
    with written_whole(output / "comparison.md") as beside:
        beside.write_text(report.comparison_markdown(evaluations))
    report.write_comparison(output / "comparison.html", evaluations)
    print(report.comparison_text(evaluations))
    print(f"wrote {output}; open {output / 'comparison.html'}")


def run() -> None:
    """Entry point of the `compare` program."""
    common.run_main(main, takes_arguments=True)


if __name__ == "__main__":
    run()
