"""Named settings: the published architectures, the default and a tiny one."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import source_name
from tf_dsae.models.config import ModelConfig, TrainingConfig


class Preset(NamedTuple):
    """A model, how it is trained and, in a sentence, what it is for.

    Attributes:
      model: the layers.
      training: how it is trained on data sets that by_dataset does not name.
      summary: what it is for.
      by_dataset: of a data set that is trained otherwise, the settings that differ; `preset`
        joins them.

    Example:
      >>> tf_dsae.PRESETS["paper"].model == tf_dsae.ModelConfig()
      True
    """

    model: ModelConfig
    training: TrainingConfig
    summary: str
    by_dataset: Mapping[str, Mapping[str, Any]] = {}


PRESETS = {
    "sprites": Preset(
        ModelConfig(
            static_size=64,
            static_rnn="mean",
            static_rnn_size=256,
            dynamic_hidden_size=256,
            decoder_kernel_sizes=(4, 4, 4, 4),
            decoder_strides=(2, 2, 2, 2),
            prior_size=256,
        ),
        TrainingConfig(
            preset="sprites",
            # z learns the motion first, so that f does not; then f is the cheaper place for
            # whatever stays; then z, for what is left of the motion in f to go there; last, f may
            # be surer of faint colours than the plain bound lets it.
            beta_f="0:30,750/25%:30,760/26%:1,70%:1,90%:0.1",
            beta_z="0:1,750/25%:1,760/26%:8,2400/50%:8,9000/75%:1,10800/80%:0.3",
            epochs=32,
            batch_size=8,
            optimizer="muon",
            warmup_steps=100,
            learning_rate_decay="cosine",
            colour_mixing=0.75,
            static_frames=2,
            likelihood_frames=4,
            mixed_precision=None,
        ),
        "the best split and picture of an hour on two CPU cores",
        {
            # Drawn characters face left nearly as they face right mirrored, and a side stays for a
            # clip as hair does: the height of beta_z that moves the one to f moves the other.
            # Erasing moves hair alone, as a side is seen all over the body.
            "sprites/drawn": {
                "beta_f": "0:30,750/25%:30,760/26%:1,60%:1,80%:0.1",
                "beta_z": "0:1,750/25%:1,760/26%:3,2250/50%:3,2700/58%:1.5,60%:1.5,80%:0.2",
                "random_erasing": 0.75,
            },
        },
    ),
    "paper": Preset(
        ModelConfig(),
        TrainingConfig(preset="paper", epochs=100, learning_rate=3e-4),
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
            static_rnn="bidirectional_lstm",
        ),
        TrainingConfig(preset="li_mandt", epochs=100, learning_rate=3e-4),
        "after Li and Mandt (2018): wider convolutions, bidirectional LSTM",
    ),
    "tiny": Preset(
        ModelConfig(
            static_size=8,
            dynamic_size=4,
            encoder_channels=(4, 8, 8, 16),
            decoder_channels=(16, 8, 8, 4),
            static_rnn_size=16,
            dynamic_hidden_size=16,
            prior_size=16,
        ),
        TrainingConfig(
            preset="tiny", epochs=2, steps_per_epoch=10, batch_size=8, validation_videos=24
        ),
        "every path in seconds; its pictures are worthless",
    ),
}


def preset(name: str, dataset: str = TrainingConfig.dataset) -> Preset:
    """The preset of that name, one of PRESETS, with the settings that it has on a data set.

    Name the data set that is trained on, or the settings are those of drawn sprites.

    Args:
      name: such as "paper".
      dataset: such as "sprites/lpc" ("sprites" is short for "sprites/drawn"); the preset's
        `training.dataset`.

    Raises:
      UserError: another name; it lists them.

    Example:
      >>> tf_dsae.preset("tiny").model.static_size
      8
      >>> tf_dsae.preset("sprites", "sprites/lpc").training.random_erasing
      0.0
    """
    if name not in PRESETS:
        raise UserError(f"preset: expected one of {', '.join(PRESETS)}, received {name!r}")
    found = PRESETS[name]
    own = found.by_dataset.get(source_name(dataset), {})
    training = dataclasses.replace(found.training, dataset=dataset, **own)
    return found._replace(training=training, by_dataset={})


def parse_presets(text: str) -> tuple[str, ...]:
    """ "sprites,tiny" or "none" as names; raises UserError for unknown ones and one given twice."""
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
