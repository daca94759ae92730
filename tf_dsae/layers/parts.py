"""What the parts of a model are: Keras layers that build themselves from a ModelConfig."""

import dataclasses
from typing import Any, Self

import keras

from tf_dsae.layers.model_config import ModelConfig


class Part(keras.layers.Layer):
    """A layer of a model, made from the model's settings.

    Symbols: B sequences, T frames, D features of a frame, F and Z the sizes of f and z_t.
    Distributions are float32 whatever the layer's compute type.

    Args:
      config: the settings of the whole model.
      **kwargs: what keras.layers.Layer takes, such as `dtype` and `name`.
    """

    def __init__(self, config: ModelConfig, **kwargs: Any):
        super().__init__(**kwargs)
        self.config = config

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"config": dataclasses.asdict(self.config)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        settings = dict(config)
        return cls(ModelConfig.from_dict(settings.pop("config")), **settings)


class FrameEncoder(Part):
    """Frames [..., *frame_shape] to features [..., D], every frame alone.

    Attributes:
      feature_size: D, known once it is built.
    """

    feature_size: int


class StaticPosterior(Part):
    """q(f | x_1:T): features [B, T, D] to a distribution of event [F] and batch [B]."""


class DynamicPosterior(Part):
    """q(z_1:T | f, x_1:T): features [B, T, D] and f [..., B, F] to a distribution of z.

    Its event is [Z] and its batch [B, T], or [..., B, T] where it depends on f. A posterior whose
    z_t depend on each other returns an object with `mean()`, `stddev()`, `sample_noise` and
    `conditional`, see `tf_dsae.layers.distributions`.

    Attributes:
      depends_on_static: whether f matters; where it does not, `call` is given f all the same.
    """

    depends_on_static = False


class DynamicPrior(Part):
    """p(z_t | z_<t) given z [..., T, Z]: a distribution of event [Z] and batch [..., T].

    `roll_out(num_sequences, num_frames, seed)` samples z [num_sequences, num_frames, Z] from it.
    """


class Decoder(Part):
    """f [..., F] and z [..., T, Z] to what the likelihood is made of.

    The output is [..., T, *frame_shape[:-1], C * n], where n is the likelihood's
    `parameters_per_entry`.
    """


class Likelihood(Part):
    """p(x_t | z_t, f) from the decoder's output: event frame_shape, batch [..., T].

    Attributes:
      parameters_per_entry: numbers that the decoder gives for an entry of a frame.
    """

    parameters_per_entry = 1
