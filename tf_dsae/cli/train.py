"""Trains a disentangled sequential autoencoder and leaves model, curves and pictures in a folder.

Flags that are not given take the preset's values. The same command goes on with a run that was
stopped. Examples:

  train --beta=6
  train --preset=paper --static_size=256 --dataset=sprites/lpc --workdir=runs/paper
  train --dataset=folder --video_dir=videos --num_frames=16 --frame_size=48x64
  train --config=runs/paper/config.json --workdir=runs/again
  train --distribute=multi_worker   # on every machine that TF_CONFIG names
"""

import os
import re
import sys
from pathlib import Path
from typing import Any

from absl import flags

from tf_dsae.cli import common, shared_flags, train_flags
from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DataSource, prepare, read_source
from tf_dsae.methods.method import METHODS
from tf_dsae.methods.presets import DEFAULT_PRESET, PRESETS, Preset, preset
from tf_dsae.methods.settings import resolve_settings
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.runs.run_config import read_config
from tf_dsae.training.cluster_task import CHOICES, VARIABLE, read_task
from tf_dsae.training.run_checks import CHECKPOINT_MINUTES, check_before_data, check_shares

_PRESET_HELP = "; ".join(f"{name}: {entry.summary}" for name, entry in PRESETS.items())
_METHOD_HELP = "; ".join(f"{name}: {METHODS[name].summary}" for name in METHODS.own_names)


_DATASET = shared_flags.define_dataset(None)
_DATA_DIR = shared_flags.define_data_dir()
_SOURCE = shared_flags.SourceFlags()
_PRESET = flags.DEFINE_string(
    "preset", None, f"Settings to start from. {_PRESET_HELP}. Default: {DEFAULT_PRESET}."
)
_METHOD = flags.DEFINE_string(
    "method",
    None,
    f"What is learned: parts, views, terms and schedule. {_METHOD_HELP}; and those of plug-ins. "
    "Default: the preset's.",
)
_CONFIG = flags.DEFINE_string(
    "config", None, "config.json of a run whose settings to start from, in place of a preset."
)
_BETA = flags.DEFINE_string(
    "beta",
    None,
    "Weight of both KLs: a number of at least 0, or a schedule step:value,... that is linear "
    "between its steps; steps may be percentages of the run, as in 0%:0.1,30%:1, or 500/20%, the "
    "smaller of both. "
    "Default: that of --beta_f and --beta_z.",
)
_WORKDIR = flags.DEFINE_string(
    "workdir", None, "Folder for the run. Default: runs/ and the settings that were given."
)
_RESUME = flags.DEFINE_bool("resume", True, "Go on with the run that --workdir holds.")
_TENSORBOARD = flags.DEFINE_bool(
    "tensorboard", None, "Write TensorBoard files. Default: where TensorBoard is installed."
)
_CHECKPOINT_MINUTES = flags.DEFINE_float(
    "checkpoint_minutes",
    CHECKPOINT_MINUTES,
    "Minutes between checkpoints within an epoch; each epoch's end saves one.",
    lower_bound=0.0,
)
_DISTRIBUTE = flags.DEFINE_enum(
    "distribute",
    None,
    CHOICES,
    "Devices that share every batch: none, one device; mirrored, all GPUs of this machine; "
    "multi_worker, the machines that TF_CONFIG names, of which the first writes --workdir. What is "
    "learned is the same. Default: mirrored where there are several GPUs, as many as can share a "
    "batch equally, else none.",
)
_ACCUMULATE_STEPS = flags.DEFINE_integer(
    "accumulate_steps",
    1,
    "Equal parts in which a device takes its share of a batch, one after the other, for a batch "
    "that does not fit into memory; what is learned is the same.",
    lower_bound=1,
)


def _settings() -> tuple[Preset, dict[str, Any], DataSource]:
    """The run's settings, those by their names that flags gave, and its data."""
    if _CONFIG.value is None:
        start, base = preset(_PRESET.value or DEFAULT_PRESET), None
    elif _PRESET.value is None:
        given = read_config(_CONFIG.value)
        start, base = Preset(given.model, given.training, ""), read_source(given.data)
    else:
        raise UserError("config: expected --config or --preset, received both; give one")
    changes = common.values(
        train_flags.SETTINGS | {"beta": _BETA, "method": _METHOD, "dataset": _DATASET}
    )
    run = resolve_settings(start, changes)
    dataset = base.kind if base and _DATASET.value is None else run.training.dataset
    source = _SOURCE.source(dataset, base)
    run = resolve_settings(run, {"dataset": source.kind})
    if source.frame_shape is not None:
        run = resolve_settings(run, {"frame_shape": source.frame_shape})
    identity = source.identity()
    changes |= {name: value for name, value in _SOURCE.settings().items() if name in identity}
    return run, changes, source


def default_workdir(training: TrainingConfig, changes: dict, source: DataSource) -> Path:
    """runs/ and a name of data set, preset and the settings that differ from it."""
    parts = [source.label, training.preset]
    changes = {name: value for name, value in changes.items() if name != "dataset"}
    for name, value in sorted(changes.items()):
        text = "x".join(map(str, value)) if isinstance(value, tuple) else value
        parts.append(f"{name}={text}")
    name = "-".join(parts).replace("%", "pc")
    return Path("runs") / re.sub(r"[^\w.,=+-]", "_", name)[:200]


def _check_place(workdir: Path, source: DataSource) -> None:
    """Raises UserError where the run's pictures would become data to train on."""
    for place in source.folders:
        if workdir.expanduser().resolve().is_relative_to(Path(place).expanduser().resolve()):
            raise UserError(
                f"workdir: expected a folder outside of the data in {place}, received {workdir}; "
                "name another --workdir"
            )


def main() -> None:
    """Trains what the flags name and says where it lies."""
    (model, training, *_), changes, source = _settings()
    workdir = Path(_WORKDIR.value or default_workdir(training, changes, source))
    _check_place(workdir, source)
    accumulate_steps = _ACCUMULATE_STEPS.value
    check_shares(training.batch_size, 1, accumulate_steps)
    several = _DISTRIBUTE.value == "multi_worker"
    # The other machines leave the folder to the first, and end when it does.
    if not several or read_task(os.environ.get(VARIABLE)).place == 0:
        facts = source.to_dict()
        check_before_data(workdir, model, training, _RESUME.value, _TENSORBOARD.value, facts)

    common.load_tensorflow()
    from tf_dsae.training import make_strategy, run_training
    from tf_dsae.training.cluster import is_chief

    strategy = make_strategy(_DISTRIBUTE.value, training.batch_size // accumulate_steps)
    check_shares(training.batch_size, strategy.num_replicas_in_sync, accumulate_steps)
    leads = is_chief(strategy)
    data = prepare(source, _DATA_DIR.value, leads)
    if leads:
        print(f"{training.preset} on {data.name}; the run's folder is {workdir}", file=sys.stderr)
    run_training(
        data,
        model,
        training,
        workdir,
        resume=_RESUME.value,
        tensorboard=_TENSORBOARD.value,
        checkpoint_minutes=_CHECKPOINT_MINUTES.value,
        show=True,
        strategy=strategy,
        accumulate_steps=accumulate_steps,
    )
    if leads:
        print(f"done: model, metrics.csv and figures are in {workdir}", file=sys.stderr)


run = common.program(main)
