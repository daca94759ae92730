"""Trains a disentangled sequential autoencoder and leaves model, curves and pictures in a folder.

Flags that are not given take the preset's values. The same command goes on with a run that was
stopped. Examples:

  train --beta=6
  train --preset=paper --static_size=256 --dataset=sprites/lpc --workdir=runs/paper
  train --dataset=folder --video_dir=videos --num_frames=16 --frame_size=48x64
  train --config=runs/paper/config.json --workdir=runs/again
  train --distribute=multi_worker   # on every machine that TF_CONFIG names
"""

import dataclasses
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from absl import flags

from tf_dsae.cli import common, data_flags
from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DataSource, prepare, read_source
from tf_dsae.methods.presets import PRESETS, preset
from tf_dsae.models.config import ModelConfig, TrainingConfig

_PRESET_HELP = "; ".join(f"{name}: {entry.summary}" for name, entry in PRESETS.items())


def _default(name: str, part: str) -> str:
    """ "Default: 1 (sprites, paper), 2 (sprites on a/b)." for a setting, from the presets."""
    values: dict[str, list[str]] = {}
    for entry, of_preset in PRESETS.items():
        found = {entry: getattr(getattr(of_preset, part), name)}
        for dataset, own in of_preset.by_dataset.items():
            if name in own:
                found[f"{entry} on {dataset}"] = own[name]
        for label, value in found.items():
            text = "where it is fast" if value is None else str(value).lower()
            values.setdefault(text, []).append(label)
    if len(values) == 1:
        return f"Default: {next(iter(values))}."
    texts = [f"{value} ({', '.join(entries)})" for value, entries in values.items()]
    return f"Default: {', '.join(texts)}."


def _setting_flags(
    part: str, rows: Sequence[tuple[str, Callable[..., flags.FlagHolder], str]]
) -> dict[str, flags.FlagHolder]:
    """Flags that are settings of the same name; the default of each is the preset's."""
    return {
        name: define(name, None, f"{text} {_default(name, part)}") for name, define, text in rows
    }


_DATASET = data_flags.define_dataset(None)
_DATA_DIR = data_flags.define_data_dir()
_SOURCE = data_flags.SourceFlags()
_PRESET = flags.DEFINE_string(
    "preset", None, f"Settings to start from. {_PRESET_HELP}. Default: sprites."
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
_BETAS = _setting_flags(
    "training",
    (
        ("beta_f", flags.DEFINE_string, "Weight of the KL of f, like --beta."),
        ("beta_z", flags.DEFINE_string, "Weight of the KL of z, like --beta."),
    ),
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
    5.0,
    "Minutes between checkpoints within an epoch; each epoch's end saves one.",
    lower_bound=0.0,
)
_DISTRIBUTE = flags.DEFINE_enum(
    "distribute",
    None,
    ["none", "mirrored", "multi_worker"],
    "Devices that share every batch: none, one device; mirrored, all GPUs of this machine; "
    "multi_worker, the machines that TF_CONFIG names, of which the first writes --workdir. What is "
    "learned is the same. Default: mirrored where there are several GPUs, as many as can share a "
    "batch equally, else none.",
)
_ACCUMULATE_STEPS = flags.DEFINE_integer(
    "accumulate_steps",
    1,
    "Equal parts of a device's share of a batch that are taken one after the other, for a batch "
    "that does not fit; what is learned is the same.",
    lower_bound=1,
)

_MODEL_FLAGS = _setting_flags(
    "model",
    (
        ("posterior", flags.DEFINE_string, "q(z | .): factorised or full."),
        (
            "static_rnn",
            flags.DEFINE_string,
            "How q(f | x) joins the frames: lstm, bidirectional_lstm, gru or mean.",
        ),
        ("static_size", flags.DEFINE_integer, "F, size of f."),
        ("dynamic_size", flags.DEFINE_integer, "Z, size of every z_t."),
    ),
)
_TRAINING_FLAGS = _setting_flags(
    "training",
    (
        ("epochs", flags.DEFINE_integer, "Epochs."),
        (
            "steps_per_epoch",
            flags.DEFINE_integer,
            "Steps an epoch; 0: one pass over the training videos.",
        ),
        ("batch_size", flags.DEFINE_integer, "Videos a step, of all devices together."),
        ("optimizer", flags.DEFINE_string, "adam or muon."),
        ("learning_rate", flags.DEFINE_float, "The optimiser's, at its highest."),
        ("num_samples", flags.DEFINE_integer, "Posterior samples a video."),
        (
            "colour_mixing",
            flags.DEFINE_float,
            "Share of the clips that z's encoder sees in other colours in training, 0 to 1, so "
            "that colours are left to f.",
        ),
        (
            "static_frames",
            flags.DEFINE_integer,
            "Frames of a clip, at random, that f's encoder sees in training; 0: all.",
        ),
        (
            "likelihood_frames",
            flags.DEFINE_integer,
            "Frames of a clip, at random, that the likelihood is estimated from in training; 0: "
            "all.",
        ),
        (
            "random_erasing",
            flags.DEFINE_float,
            "Share of the clips that z's encoder sees with a rectangle erased in training, 0 to 1, "
            "so that what is seen in one place only is left to f.",
        ),
        (
            "validation_videos",
            flags.DEFINE_integer,
            "Held-out videos scored after an epoch; 0: all.",
        ),
        ("seed", flags.DEFINE_integer, "Of initial weights, order and noise."),
        (
            "mixed_precision",
            flags.DEFINE_bool,
            "bfloat16 layers with float32 weights; fast on CPUs with AVX-512 BF16 and on GPUs.",
        ),
        ("xla", flags.DEFINE_string, "auto (on with a GPU, off without), on or off."),
        ("deterministic", flags.DEFINE_bool, "The same bits again on the same machine."),
    ),
)


def _given(settings: dict) -> dict:
    return {name: flag.value for name, flag in settings.items() if flag.value is not None}


def _betas() -> dict[str, str]:
    given = _given(_BETAS)
    if _BETA.value is None:
        return given
    if given:
        raise UserError("beta: expected --beta or --beta_f and --beta_z, received both; give one")
    return dict.fromkeys(_BETAS, _BETA.value)


class _Settings(NamedTuple):
    """What flags and preset or file make: settings, and those that flags gave."""

    model: ModelConfig
    training: TrainingConfig
    given: dict[str, Any]
    source: DataSource


def _start() -> tuple[ModelConfig, TrainingConfig, DataSource | None]:
    """The settings to start from: those of a preset or of a run's file."""
    if _CONFIG.value is not None and _PRESET.value is not None:
        raise UserError("config: expected --config or --preset, received both; give one")
    if _CONFIG.value is None:
        start = preset(_PRESET.value or "sprites", _DATASET.value or TrainingConfig.dataset)
        return start.model, start.training, None
    common.load_tensorflow()
    from tf_dsae.runs.workdir import read_config

    model, training, data = read_config(_CONFIG.value)
    return model, training, read_source(data)


def _settings() -> _Settings:
    model, training, base = _start()
    given = _given(_TRAINING_FLAGS) | _betas()
    if _DATASET.value is not None:
        given["dataset"] = _DATASET.value
    model_given = _given(_MODEL_FLAGS)
    model = dataclasses.replace(model, **model_given)
    training = dataclasses.replace(training, **given)
    dataset = base.kind if base and _DATASET.value is None else training.dataset
    source = _SOURCE.source(dataset, base)
    training = dataclasses.replace(training, dataset=source.kind)
    if source.frame_shape is not None:
        changes: dict[str, Any] = {"frame_shape": source.frame_shape}
        model = dataclasses.replace(model, **changes)
    of_data = data_flags.shared_settings(source, _SOURCE.settings())
    return _Settings(model, training, given | model_given | of_data, source)


def default_workdir(training: TrainingConfig, given: dict, source: DataSource) -> Path:
    """runs/ and a name of data set, preset and the settings that differ from it."""
    parts = [source.label, training.preset]
    given = {name: value for name, value in given.items() if name != "dataset"}
    if "beta_f" in given and given["beta_f"] == given.get("beta_z"):
        given["beta"] = given.pop("beta_f")
        del given["beta_z"]
    for name, value in sorted(given.items()):
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


def main(argv: list[str]) -> int:
    """Trains what the flags name and says where it lies."""
    del argv  # Flags only.
    model, training, given, source = _settings()
    workdir = default_workdir(training, given, source)
    if _WORKDIR.value:
        workdir = Path(_WORKDIR.value)
    _check_place(workdir, source)

    common.load_tensorflow()
    from tf_dsae.training import check_before_data, make_strategy, train
    from tf_dsae.training.cluster import check_shares, is_chief

    accumulate_steps = _ACCUMULATE_STEPS.value
    strategy = make_strategy(_DISTRIBUTE.value, training.batch_size // accumulate_steps)
    check_shares(training.batch_size, strategy, accumulate_steps)
    facts = source.to_dict()
    leads = is_chief(strategy)
    if leads:  # The others leave the folder to it, and end when it does.
        check_before_data(workdir, model, training, _RESUME.value, _TENSORBOARD.value, facts)
    data = prepare(source, _DATA_DIR.value, leads)
    if leads:
        print(f"{training.preset} on {data.name}; the run's folder is {workdir}", file=sys.stderr)
    train(
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
    return 0


def run() -> None:
    """Entry point of the `train` program."""
    common.run_main(main)


if __name__ == "__main__":
    run()
