"""Flags of `train` that are settings of the model and of the training.

A flag has the name and type of its setting. One that is not given is None, and the preset decides.
"""

import typing
from collections.abc import Mapping

from absl import flags

from tf_dsae.cli.shared_flags import DEFINE
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.layers.registries import PARTS
from tf_dsae.methods.presets import PRESETS
from tf_dsae.methods.training_config import TrainingConfig

_PARTS = {
    "frame_encoder": "How a frame becomes features",
    "static_posterior": "How q(f | x) joins the frames",
    "dynamic_posterior": "q(z | .)",
    "dynamic_prior": "p(z)",
    "decoder": "f and z to a frame",
    "likelihood": "p(x | f, z)",
}
_MODEL = {
    **{kind: f"{text}: {' or '.join(PARTS[kind].own_names)}." for kind, text in _PARTS.items()},
    "static_size": "F, size of f.",
    "dynamic_size": "Z, size of every z_t.",
}
_TRAINING = {
    "beta_f": "Weight of the KL of f, like --beta.",
    "beta_z": "Weight of the KL of z, like --beta.",
    "epochs": "Epochs.",
    "steps_per_epoch": "Steps an epoch; 0: one pass over the training videos.",
    "batch_size": "Videos a step, of all devices together.",
    "optimizer": "adam or muon.",
    "learning_rate": "Highest learning rate of the schedule.",
    "num_samples": "Posterior samples a video.",
    "colour_mixing": "Share of the clips that z's encoder sees in other colours in training, 0 to "
    "1, so that colours are left to f.",
    "static_frames": "Frames of a clip, at random, that f's encoder sees in training; 0: all.",
    "likelihood_frames": "Frames of a clip, at random, that the likelihood is estimated from in "
    "training; 0: all.",
    "random_erasing": "Share of the clips that z's encoder sees with a rectangle erased in "
    "training, 0 to 1, so that details in one place only are left to f.",
    "validation_videos": "Held-out videos scored after an epoch; 0: all.",
    "seed": "Seed of initial weights, order and noise.",
    "mixed_precision": "bfloat16 layers with float32 weights; fast on CPUs with AVX-512 BF16 and "
    "on GPUs.",
    "xla": "auto (on with a GPU, off without), on or off.",
    "deterministic": "The same bits again on the same machine.",
}


def _default(name: str, part: str) -> str:
    """ "Default: 1 (paper, tiny), 2 (sprites_lpc)." for a setting, from the presets."""
    values: dict[str, list[str]] = {}
    for preset, entry in PRESETS.items():
        value = getattr(getattr(entry, part), name)
        text = "where it is fast" if value is None else str(value).lower()
        values.setdefault(text, []).append(preset)
    if len(values) == 1:
        return f"Default: {next(iter(values))}."
    texts = [f"{value} ({', '.join(presets)})" for value, presets in values.items()]
    return f"Default: {', '.join(texts)}."


def _define(part: str, cls: type, texts: Mapping[str, str]) -> dict[str, flags.FlagHolder]:
    kinds = typing.get_type_hints(cls)
    return {
        name: DEFINE[kinds[name]](name, None, f"{text} {_default(name, part)}")
        for name, text in texts.items()
    }


SETTINGS = _define("model", ModelConfig, _MODEL) | _define("training", TrainingConfig, _TRAINING)
# As version 0.1 called them.
flags.DEFINE_alias("posterior", "dynamic_posterior")
flags.DEFINE_alias("static_rnn", "static_posterior")
