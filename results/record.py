"""Records what a command left: settings, figures of merit and pictures, with the command itself.

Of a training, a likelihood study or a reproduction. Source clips of a training
appear as their reconstructions, so that every pixel recorded is the model's own, but for
--show_source, with data that may be shown.

  python results/record.py --workdir=RUN --output_dir=results/NAME --command="bin/train ..."

--weights adds the weights of a training in half precision; --evaluate judges what was recorded,
those very weights where they are there, else the run's own.
"""

import json
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import h5py
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from absl import flags  # noqa: E402

from tf_dsae.cli import common  # noqa: E402

_WORKDIR = flags.DEFINE_string("workdir", None, "Folder that the command filled.", required=True)
_OUTPUT_DIR = flags.DEFINE_string("output_dir", None, "Folder to write.", required=True)
_COMMAND = flags.DEFINE_string("command", None, "The command that made the run.", required=True)
_WALL_SECONDS = flags.DEFINE_float(
    "wall_seconds", None, "Of the whole command, data and figures included.", required=True
)
_SHOW_SOURCE = flags.DEFINE_bool("show_source", False, "Show source clips as they are.")
_DATA_DIR = flags.DEFINE_string("data_dir", None, "Folder of prepared data sets.")
_JUDGE_DIR = flags.DEFINE_string("judge_dir", None, "Folder of the judges.")
_WEIGHTS = flags.DEFINE_bool("weights", False, "Record a training's weights, in half precision.")
_EVALUATE = flags.DEFINE_bool("evaluate", False, "Evaluate a training.")


def _processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} cores of {names[0]}" if names else platform.processor()


def record_study(source: Path, output: Path) -> dict:
    """Copies a likelihood study; returns what is particular to it."""
    from tf_dsae.linear_gaussian.study_results import Study

    study = Study.read(source / "likelihood.json")
    for path in ("likelihood.json", "likelihood.md", "figures"):
        copy = shutil.copytree if (source / path).is_dir() else shutil.copyfile
        copy(source / path, output / path)
    return {"seed": study.panels[0].seed, "versions": study.versions}


def record_reproduction(source: Path, output: Path) -> dict:
    """Copies the tables of every run; returns what is particular to it."""
    from tf_dsae.evaluation.evaluation_files import TABLES
    from tf_dsae.evaluation.results import EVALUATION, Evaluation

    shutil.copyfile(source / "report.md", output / "report.md")
    runs = sorted(path.parent.parent for path in source.glob(f"*/evaluation/{EVALUATION}"))
    for run in runs:
        (output / run.name).mkdir(exist_ok=True)
        for path in (f"evaluation/{EVALUATION}", f"evaluation/{TABLES}", "config.json"):
            shutil.copyfile(run / path, output / run.name / Path(path).name)
        shutil.copyfile(run / "metrics.csv", output / run.name / "metrics.csv")
    evaluation = Evaluation.read(runs[0])
    return {"seed": evaluation.seed, "versions": evaluation.versions}


def record_weights(source: Path, output: Path) -> None:
    """Copies the model's weights in 16 bits, which `tf_dsae.load` reads too."""
    with h5py.File(source) as held, h5py.File(output, "w") as copy:

        def add(name: str, item: h5py.Dataset | h5py.Group) -> None:
            if isinstance(item, h5py.Dataset) and not name.startswith("optimizer"):
                copy.create_dataset(name, data=item[()].astype(np.float16))

        held.visititems(add)


def record_judgement(run: Path, output: Path) -> dict:
    """Evaluates a run and keeps the numbers; returns how far full precision is away, if known."""
    from tf_dsae.evaluation.evaluation_files import TABLES
    from tf_dsae.evaluation.evaluation_run import evaluate
    from tf_dsae.evaluation.results import EVALUATION, Evaluation

    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder)
        evaluation = evaluate(
            output if _WEIGHTS.value else run,
            output_dir=made,
            show_progress=True,
            judge_dir=_JUDGE_DIR.value,
            data_dir=_DATA_DIR.value,
            show_source=_SHOW_SOURCE.value,
        )
        for name in (EVALUATION, TABLES):
            shutil.copyfile(made / name, output / name)
    if not (_WEIGHTS.value and (run / "evaluation" / EVALUATION).exists()):
        return {}
    full = Evaluation.read(run)
    return {
        f"{precision}_precision": {
            "elbo": one.elbo["elbo"],
            "disagreement": {name: row.disagreement for name, row in one.table.items()},
        }
        for precision, one in (("full", full), ("half", evaluation))
    }


def record_training(source: Path, output: Path) -> dict:
    """Copies a run, scores all held-out videos and draws; returns what is particular to it."""
    from tf_dsae.data import prepare
    from tf_dsae.reports.model_pictures import choose, make_pictures, write_figures
    from tf_dsae.runs.metrics_table import read_metrics
    from tf_dsae.runs.run_config import CONFIG, METRICS, WEIGHTS, read_config
    from tf_dsae.runs.weights import load

    run = read_config(source / CONFIG)
    model = load(source)
    data = prepare(run.training.dataset, _DATA_DIR.value, show_progress=False)
    for name in (CONFIG, METRICS):
        shutil.copyfile(source / name, output / name)
    pictures = make_pictures(model, choose(data), run.training.seed)
    write_figures(pictures, output, read_metrics(source / METRICS), _SHOW_SOURCE.value)
    model.compile(seed=run.training.seed)
    scored = model.evaluate(data.evaluation_batches("test", 32), return_dict=True, verbose=0)
    if _WEIGHTS.value:
        record_weights(source / WEIGHTS, output / WEIGHTS)
    judged = record_judgement(source, output) if _EVALUATE.value else {}
    return {
        "seed": run.training.seed,
        "versions": json.loads((source / CONFIG).read_text())["versions"],
        "test_videos": data.num_test,
        "test_nats_per_video": {name: round(float(value), 2) for name, value in scored.items()},
        **judged,
    }


def main() -> None:
    """Records what the flags name."""
    common.load_tensorflow()
    source, output = Path(_WORKDIR.value), Path(_OUTPUT_DIR.value)
    output.mkdir(parents=True, exist_ok=True)
    kinds = {
        "report.md": record_reproduction,
        "likelihood.json": record_study,
    }
    recorders = [of for name, of in kinds.items() if (source / name).exists()]
    particular = (recorders or [record_training])[0](source, output)
    record = {
        "command": _COMMAND.value,
        "wall_seconds": _WALL_SECONDS.value,
        "machine": _processor(),
        **particular,
    }
    (output / "run.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    common.program(main)()
