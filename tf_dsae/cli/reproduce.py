"""Makes the 2019 paper's figures and tables: trains at beta 1, 6 and 150, evaluates, reports.

With the paper's preset, that of bin/train is trained and set beside them.

Each stage is done once: the same command goes on where it was stopped. Examples:

  reproduce                   # the paper's architecture; hours on a CPU
  reproduce --preset=tiny     # every stage in minutes; its pictures are worthless
"""

import dataclasses
import time
from pathlib import Path

from absl import flags

from tf_dsae.cli import common, data_flags
from tf_dsae.core.errors import UserError
from tf_dsae.methods.presets import PRESETS, parse_betas, parse_presets, preset

_DEFAULT_BESIDE = {"paper": "sprites"}

_PRESET = flags.DEFINE_string(
    "preset", "paper", f"Settings of the runs: {', '.join(PRESETS)}; beta is set apart."
)
_DATASET = data_flags.define_dataset("sprites/drawn")
_BETAS = flags.DEFINE_string("betas", "1,6,150", "Weights of both KLs, a run for each.")
_EPOCHS = flags.DEFINE_integer(
    "epochs", None, "Epochs of each run at a beta. Default: the preset's."
)
_BESIDE = flags.DEFINE_string(
    "beside",
    None,
    "Presets, separated by commas, to train as they are and set beside, or none. Default: sprites "
    "beside the paper's preset, none beside others.",
)
_SEED = flags.DEFINE_integer("seed", 0, "Of the runs, their evaluation and the likelihood study.")
_NUM_VIDEOS = flags.DEFINE_integer("num_videos", 0, "Test videos to evaluate; 0: all.")
_OUTPUT_DIR = flags.DEFINE_string(
    "output_dir", None, "Folder to write. Default: runs/reproduce-DATASET-PRESET."
)
_JUDGE_DIR = flags.DEFINE_string(
    "judge_dir", None, "Folder of the judges. Default: beside the prepared data."
)
_SHOW_SOURCE = flags.DEFINE_bool(
    "show_source", True, "Show real clips in the figures; otherwise their reconstructions."
)
_DATA_DIR = data_flags.define_data_dir()
_SOURCE = data_flags.SourceFlags()


def main(argv: list[str]) -> None:
    """Reproduces the paper with the settings that the flags name."""
    del argv  # Flags only.
    start = time.monotonic()
    betas = parse_betas(_BETAS.value)
    if _NUM_VIDEOS.value < 0:
        raise UserError(f"num_videos: expected at least 0, received {_NUM_VIDEOS.value}")
    settings = preset(_PRESET.value, _DATASET.value)
    given = {"seed": _SEED.value}
    if _EPOCHS.value is not None:
        given["epochs"] = _EPOCHS.value
    training = dataclasses.replace(settings.training, **given)
    beside = _BESIDE.value
    if beside is None:
        beside = _DEFAULT_BESIDE.get(_PRESET.value, "none")
    presets = parse_presets(beside)
    source = _SOURCE.source(_DATASET.value)
    name = f"reproduce-{source.label}-{_PRESET.value}"
    output = Path(_OUTPUT_DIR.value or Path("runs") / name)
    common.load_tensorflow()
    from tf_dsae.evaluation import evaluation_report as report
    from tf_dsae.reproduction.paper_runs import Places, reproduce

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


def run() -> None:
    """Entry point of the `reproduce` program."""
    common.run_main(main)


if __name__ == "__main__":
    run()
