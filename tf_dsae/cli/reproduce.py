"""Makes the 2019 paper's figures and tables: trains at beta 1, 6 and 150, evaluates, reports.

With the paper's preset, the default preset of bin/train is trained and set beside them.

Each stage is done once: the same command goes on where it was stopped. Examples:

  reproduce                   # the paper's architecture; hours on a CPU
  reproduce --preset=tiny     # every stage in minutes; its pictures are worthless
"""

import dataclasses
import time
from pathlib import Path

from absl import flags

from tf_dsae.cli import common, shared_flags
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation.evaluation_files import check_judge_dir
from tf_dsae.methods.presets import DEFAULT_PRESET, PRESETS, parse_betas, parse_presets, preset
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.reproduction.planned_runs import BETAS, Places, plan_runs

_PRESET = flags.DEFINE_string(
    "preset", "paper", f"Settings of the runs: {', '.join(PRESETS)}; --betas gives beta."
)
_DATASET = shared_flags.define_dataset("sprites/drawn")
_BETAS = flags.DEFINE_string(
    "betas", ",".join(f"{beta:g}" for beta in BETAS), "Weights of both KLs, a run for each."
)
_EPOCHS = flags.DEFINE_integer(
    "epochs", None, "Epochs of each run at a beta. Default: the preset's."
)
_BESIDE = flags.DEFINE_string(
    "beside",
    None,
    "Presets, separated by commas, to train as they are beside the betas, or none. Default: the "
    "default of bin/train beside the paper's preset, none beside others.",
)
_SEED = shared_flags.define_fields(TrainingConfig, {"seed": shared_flags.SEED})
_NUM_VIDEOS = shared_flags.define_num_videos()
_OUTPUT_DIR = shared_flags.define_output_dir(None, "Default: runs/reproduce-DATASET-PRESET.")
_JUDGE_DIR = shared_flags.define_judge_dir()
_SHOW_SOURCE = shared_flags.define_show_source()
_DATA_DIR = shared_flags.define_data_dir()
_SOURCE = shared_flags.SourceFlags()


def main() -> None:
    """Reproduces the paper with the settings that the flags name."""
    start = time.monotonic()
    betas = parse_betas(_BETAS.value)
    settings = preset(_PRESET.value)
    changes = common.values({**_SEED, "epochs": _EPOCHS, "dataset": _DATASET})
    training = dataclasses.replace(settings.training, **changes)
    beside = _BESIDE.value
    if beside is None:
        beside = DEFAULT_PRESET if _PRESET.value == "paper" else "none"
    presets = parse_presets(beside)
    source = _SOURCE.source(_DATASET.value)
    name = f"reproduce-{source.label}-{_PRESET.value}"
    output = Path(_OUTPUT_DIR.value or Path("runs") / name)
    if _JUDGE_DIR.value:
        check_judge_dir(_JUDGE_DIR.value)
    plan_runs(settings.model, training, output.expanduser(), betas, presets)
    common.load_tensorflow()
    from tf_dsae.reproduction.paper_runs import reproduce

    places = Places(output, _DATA_DIR.value, _JUDGE_DIR.value, source)
    evaluations = reproduce(
        settings.model,
        training,
        places,
        betas,
        _NUM_VIDEOS.value or None,
        _SHOW_SOURCE.value,
        presets,
    )
    print(report.comparison_text(evaluations))
    print(f"wrote {output} in {time.monotonic() - start:.0f} s; open {output / 'report.html'}")


run = common.program(main)
