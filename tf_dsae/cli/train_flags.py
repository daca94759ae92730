"""Flags of `train` that are settings: a table each for the model, the training and the betas.

A flag has the name of its setting. A flag that is not given is None, and the preset decides.
"""

from collections.abc import Callable, Sequence

from absl import flags

from tf_dsae.layers.registries import PARTS
from tf_dsae.methods.presets import PRESETS


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


def _define_settings(
    part: str, rows: Sequence[tuple[str, Callable[..., flags.FlagHolder], str]]
) -> dict[str, flags.FlagHolder]:
    """Flags that are settings of the same name; the default of each is the preset's."""
    return {
        name: define(name, None, f"{text} {_default(name, part)}") for name, define, text in rows
    }


_PARTS = {
    "frame_encoder": "How a frame becomes features",
    "static_posterior": "How q(f | x) joins the frames",
    "dynamic_posterior": "q(z | .)",
    "dynamic_prior": "p(z)",
    "decoder": "f and z to a frame",
    "likelihood": "p(x | f, z)",
}

MODEL = _define_settings(
    "model",
    (
        *(
            (kind, flags.DEFINE_string, f"{meaning}: {' or '.join(PARTS[kind].own_names)}.")
            for kind, meaning in _PARTS.items()
        ),
        ("static_size", flags.DEFINE_integer, "F, size of f."),
        ("dynamic_size", flags.DEFINE_integer, "Z, size of every z_t."),
    ),
)
# As version 0.1 called them.
flags.DEFINE_alias("posterior", "dynamic_posterior")
flags.DEFINE_alias("static_rnn", "static_posterior")
TRAINING = _define_settings(
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
        ("learning_rate", flags.DEFINE_float, "Highest learning rate of the schedule."),
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
            "so that details in one place only are left to f.",
        ),
        (
            "validation_videos",
            flags.DEFINE_integer,
            "Held-out videos scored after an epoch; 0: all.",
        ),
        ("seed", flags.DEFINE_integer, "Seed of initial weights, order and noise."),
        (
            "mixed_precision",
            flags.DEFINE_bool,
            "bfloat16 layers with float32 weights; fast on CPUs with AVX-512 BF16 and on GPUs.",
        ),
        ("xla", flags.DEFINE_string, "auto (on with a GPU, off without), on or off."),
        ("deterministic", flags.DEFINE_bool, "The same bits again on the same machine."),
    ),
)


BETAS = _define_settings(
    "training",
    (
        ("beta_f", flags.DEFINE_string, "Weight of the KL of f, like --beta."),
        ("beta_z", flags.DEFINE_string, "Weight of the KL of z, like --beta."),
    ),
)
