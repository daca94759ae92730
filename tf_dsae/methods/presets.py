"""Named settings: sizes and budget for a kind of data, and the method they are made for."""

import dataclasses
from typing import NamedTuple

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.methods.method import DEFAULT
from tf_dsae.methods.training_config import TrainingConfig

DEFAULT_PRESET = TrainingConfig.preset


class Preset(NamedTuple):
    """A model, how it is trained and, in a sentence, what it is for.

    Attributes:
      model: the layers.
      training: how they are trained, its method's settings included.
      summary: what it is for.

    Example:
      >>> tf_dsae.PRESETS["paper"].model == tf_dsae.ModelConfig()
      True
    """

    model: ModelConfig
    training: TrainingConfig
    summary: str


_SPRITES = Preset(
    ModelConfig(
        static_size=64,
        static_hidden_size=256,
        dynamic_hidden_size=256,
        decoder_kernel_sizes=(4, 4, 4, 4),
        decoder_strides=(2, 2, 2, 2),
        prior_size=256,
        **DEFAULT.parts,
    ),
    TrainingConfig(
        preset="sprites_drawn",
        method="default",
        **DEFAULT.settings(),
        epochs=32,
        batch_size=8,
        optimizer="muon",
        warmup_steps=100,
        learning_rate_decay="cosine",
        mixed_precision=None,
    ),
    "the best split and picture of an hour on two CPU cores, on drawn sprites",
)

PRESETS = {
    "sprites_drawn": _SPRITES,
    "sprites_lpc": Preset(
        _SPRITES.model,
        dataclasses.replace(
            _SPRITES.training,
            preset="sprites_lpc",
            dataset="sprites/lpc",
            # Left-facing drawn sprites are nearly mirror images of right-facing ones, and a side
            # stays for a clip as hair does, so that they need a lower beta_z than these.
            beta_f="0:30,750/25%:30,760/26%:1,70%:1,90%:0.1",
            beta_z="0:1,750/25%:1,760/26%:8,2400/50%:8,9000/75%:1,10800/80%:0.3",
            random_erasing=0.0,
        ),
        "the same on the published sprites, and a start for videos of your own",
    ),
    "paper": Preset(
        ModelConfig(),
        TrainingConfig(preset="paper", method="dsvae", epochs=100, learning_rate=3e-4),
        "Leplae-Arthur and Nichani (2019); --static_size=256 for their larger f",
    ),
    "li_mandt": Preset(
        ModelConfig(
            static_size=256,
            encoder_channels=(256, 256, 256, 256),
            encoder_padding="same",
            decoder_channels=(256, 256, 256, 256),
            decoder_kernel_sizes=(4, 4, 4, 4),
            decoder_strides=(2, 2, 2, 2),
            activation="leaky_relu",
            static_posterior="bidirectional_lstm",
        ),
        TrainingConfig(preset="li_mandt", method="dsvae", epochs=100, learning_rate=3e-4),
        "after Li and Mandt (2018): wider convolutions, bidirectional LSTM",
    ),
    "tiny": Preset(
        ModelConfig(
            static_size=8,
            dynamic_size=4,
            encoder_channels=(4, 8, 8, 16),
            decoder_channels=(16, 8, 8, 4),
            static_hidden_size=16,
            dynamic_hidden_size=16,
            prior_size=16,
        ),
        TrainingConfig(
            preset="tiny",
            method="dsvae",
            epochs=2,
            steps_per_epoch=10,
            batch_size=8,
            validation_videos=24,
        ),
        "every path in seconds; its pictures are worthless",
    ),
}


def preset(name: str) -> Preset:
    """The preset of that name, one of PRESETS.

    Raises:
      UserError: another name; it lists them.

    Example:
      >>> tf_dsae.preset("tiny").model.static_size
      8
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise UserError(f"preset: expected one of {', '.join(PRESETS)}, received {quote(name)}")
    return PRESETS[name]


def parse_presets(text: str) -> tuple[str, ...]:
    """ "sprites_drawn,tiny" or "none" as names; UserError for unknown ones and one given twice."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    if names == ["none"]:
        return ()
    for name in names:
        preset(name)
    if len(set(names)) < len(names):
        raise UserError(f"presets: expected different ones, received {text!r}")
    return tuple(names)


def parse_betas(text: str) -> tuple[float, ...]:
    """ "1,6,150" as numbers; raises UserError for none, negative ones or one given twice."""
    try:
        betas = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        betas = ()
    if (
        not betas
        or len({f"{beta:g}" for beta in betas}) < len(betas)
        or not all(0 <= beta < 1e9 for beta in betas)
    ):
        raise UserError(
            f"betas: expected different numbers of at least 0, such as 1,6,150, received {text!r}"
        )
    return betas
