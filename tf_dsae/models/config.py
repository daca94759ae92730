"""Frozen, validated settings of a model and of a training run, and their presets."""

import dataclasses
from typing import Any

from tf_dsae.core.checks import (
    MAX_SIDE,
    MAX_TEXT,
    check_positive,
    check_share,
    check_whole,
    from_dict,
    shown,
)
from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import source_name
from tf_dsae.layers.geometry import (
    UpsamplingGeometry,
    encoder_sizes,
    largest_map,
    mirrored_geometry,
    model_weights,
    padded_geometry,
)

CHOICES = {
    "posterior": ("factorised", "full"),
    "static_rnn": ("lstm", "bidirectional_lstm", "gru", "mean"),
    "initial_prior": ("learned", "standard_normal"),
    "encoder_padding": ("valid", "same"),
    "activation": ("elu", "relu", "leaky_relu", "silu", "gelu", "tanh"),
}

# What a model may be, so that a small file of settings cannot ask for a whole machine.
MAX_LAYERS = 64  # Convolutions of the encoder, and of the decoder.
MAX_WEIGHTS = 10**9  # 4 GB in float32.
MAX_MAP_VALUES = 2**28  # Of one frame in one layer, 1 GB in float32.


def _later(value: Any) -> Any:
    """A setting of this default that files written before it was thought of lack."""
    return dataclasses.field(default=value, metadata={"when_absent": value})


def _check_choice(name: str, value: str) -> None:
    if value not in CHOICES[name]:
        raise UserError(
            f"{name}: expected one of {', '.join(CHOICES[name])}, received {shown(value)}"
        )


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """Architecture of a disentangled sequential autoencoder; the defaults are the paper's.

    Attributes:
      frame_shape: (height, width, channels) of a frame, pixels; 1 or 3 channels.
      static_size: F, size of f.
      dynamic_size: Z, size of z_t.
      encoder_channels, encoder_kernel_sizes, encoder_strides, encoder_padding: the convolutions
        that both encoders share.
      decoder_channels: of the feature maps from the smallest up, without the picture's own.
      decoder_kernel_sizes, decoder_strides: of the transposed convolutions, padding "same"; both
        empty to mirror the encoder's sizes without padding.
      activation: "elu", "relu", "leaky_relu", "silu", "gelu" or "tanh".
      static_rnn: how q(f | x) joins the frames, "lstm", "bidirectional_lstm" or "gru", or "mean",
        of a dense layer's outputs; with `static_rnn_size` units.
      dynamic_hidden_size: hidden units of q(z_t | .).
      prior_size: units of the dynamic prior's LSTM.
      initial_prior: p(z_1), "learned" or "standard_normal".
      posterior: "factorised", q(z_t | x_t), or "full", q(z_t | f, x_1:T).

    Raises:
      UserError: where a setting is out of its range, or the frame does not fit the strides.

    Example:
      >>> config = tf_dsae.ModelConfig(frame_shape=(64, 96, 1), posterior="full")
      >>> config.static_size, config.dynamic_size
      (32, 32)
    """

    frame_shape: tuple[int, int, int] = (64, 64, 3)
    static_size: int = 32
    dynamic_size: int = 32
    encoder_channels: tuple[int, ...] = (32, 64, 128, 256)
    encoder_kernel_sizes: tuple[int, ...] = (4, 4, 4, 4)
    encoder_strides: tuple[int, ...] = (2, 2, 2, 2)
    encoder_padding: str = "valid"
    decoder_channels: tuple[int, ...] = (256, 128, 64, 32)
    decoder_kernel_sizes: tuple[int, ...] = ()
    decoder_strides: tuple[int, ...] = ()
    activation: str = "elu"
    static_rnn: str = "lstm"
    static_rnn_size: int = 512
    dynamic_hidden_size: int = 512
    prior_size: int = 512
    initial_prior: str = "learned"
    posterior: str = "factorised"

    def __post_init__(self) -> None:
        for name in ("static_size", "dynamic_size", "static_rnn_size", "dynamic_hidden_size"):
            check_whole(name, getattr(self, name), 1)
        check_whole("prior_size", self.prior_size, 1)
        for name in CHOICES:
            _check_choice(name, getattr(self, name))
        self._check_layers()
        self._check_frame()
        self._check_memory(self.decoder_geometry())  # Raises where it cannot reach the frame.

    def _check_layers(self) -> None:
        for name in ("encoder_channels", "encoder_strides", "decoder_strides"):
            if not isinstance(getattr(self, name), tuple):
                raise UserError(
                    f"{name}: expected whole numbers, one a layer, received "
                    f"{shown(getattr(self, name))}"
                )
            if len(getattr(self, name)) > MAX_LAYERS:
                raise UserError(
                    f"{name}: expected at most {MAX_LAYERS} layers, received "
                    f"{len(getattr(self, name))}"
                )
        for name in ("encoder_channels", "encoder_kernel_sizes", "encoder_strides"):
            self._check_sizes(name, len(self.encoder_channels) or 1)
        decoder_levels = len(self.decoder_strides) or len(self.encoder_strides)
        self._check_sizes("decoder_channels", decoder_levels)
        for name in ("decoder_kernel_sizes", "decoder_strides"):
            self._check_sizes(name, len(self.decoder_strides))
        if self.encoder_padding == "same" and not self.decoder_strides:
            raise UserError(
                "decoder_strides: expected some, as encoder_padding 'same' has no mirror whose "
                "kernels overlap, received (); name decoder_strides and decoder_kernel_sizes"
            )

    def _check_sizes(self, name: str, length: int) -> None:
        sizes = getattr(self, name)
        if not isinstance(sizes, tuple) or len(sizes) != length:
            raise UserError(f"{name}: expected {length} whole numbers, received {shown(sizes)}")
        for size in sizes:
            check_whole(name, size, 1)

    def _check_frame(self) -> None:
        if not isinstance(self.frame_shape, tuple) or len(self.frame_shape) != 3:
            raise UserError(
                "frame_shape: expected (height, width, channels), received "
                f"{shown(self.frame_shape)}"
            )
        for side in self.frame_shape[:2]:
            check_whole("frame_shape", side, 1, "pixel", MAX_SIDE)
        if self.frame_shape[2] not in (1, 3):
            raise UserError(
                f"frame_shape: expected 1 or 3 channels, received {shown(self.frame_shape[2])}"
            )
        check_whole("frame_shape", self.frame_shape[2], 1)

    def _check_memory(self, geometry: UpsamplingGeometry) -> None:
        for what, most, count in (
            ("weights", MAX_WEIGHTS, self.num_weights),
            ("values in a layer for one frame", MAX_MAP_VALUES, largest_map(self, geometry)),
        ):
            if count > most:
                raise UserError(
                    f"model settings: expected at most {most:,} {what}, received {count:,}; "
                    "choose smaller sizes"
                )

    @property
    def num_weights(self) -> int:
        """How many weights a model of these settings has; no layer is made to tell.

        Example:
          >>> small = tf_dsae.preset("tiny").model
          >>> small.num_weights == tf_dsae.DSAE(small).count_params()
          True
        """
        return model_weights(self, self.decoder_geometry())

    def encoder_sizes(self) -> tuple[tuple[int, int], ...]:
        """(height, width) of the frame and of every feature map of the encoder, pixels.

        Example:
          >>> tf_dsae.ModelConfig().encoder_sizes()
          ((64, 64), (31, 31), (14, 14), (6, 6), (2, 2))
        """
        kernel_sizes, strides = self.encoder_kernel_sizes, self.encoder_strides
        return encoder_sizes(self.frame_shape[:2], kernel_sizes, strides, self.encoder_padding)

    def decoder_geometry(self) -> UpsamplingGeometry:
        """Where the decoder starts, and its kernels, (height, width) each, pixels.

        Example, the decoder of the 2019 paper's Section 5.2, from a 2 by 2 map to 64 x 64 pixels:
          >>> tf_dsae.ModelConfig().decoder_geometry().grid
          (2, 2)
        """
        frame = self.frame_shape[:2]
        sizes = self.encoder_sizes()
        if self.decoder_strides:
            return padded_geometry(frame, self.decoder_kernel_sizes, self.decoder_strides)
        return mirrored_geometry(sizes, self.encoder_strides)

    @classmethod
    def from_dict(cls, settings: Any) -> "ModelConfig":
        """The inverse of `dataclasses.asdict`, also after a trip through JSON.

        Raises:
          UserError: settings are missing, unknown or out of range.

        Example:
          >>> import dataclasses
          >>> tf_dsae.ModelConfig.from_dict(dataclasses.asdict(config)) == config
          True
        """
        return from_dict(cls, "model settings", settings)


@dataclasses.dataclass(frozen=True)
class TrainingConfig:
    """How a run is trained; with a ModelConfig, everything its weights depend on.

    Attributes:
      dataset: such as "sprites/drawn".
      preset: the name the other settings came from.
      beta_f, beta_z: weights of the static and dynamic KL, each a number or a schedule as
        `tf_dsae.core.schedules.parse_schedule` reads it.
      epochs, steps_per_epoch: steps_per_epoch 0 means one pass over the training videos.
      batch_size: videos a step.
      optimizer: "adam" or "muon", see `tf_dsae.training.optimizers`.
      learning_rate: the optimiser's, at its highest.
      warmup_steps: steps over which the learning rate rises from 0.
      learning_rate_decay: "constant", or "cosine" to 0 at the last step.
      num_samples: posterior samples a video in the bound.
      colour_mixing, static_frames, likelihood_frames, random_erasing: what is seen of a clip,
        see `tf_dsae.Views`.
      validation_videos: held-out videos scored after an epoch; 0 means all.
      seed: of initial weights, order and noise.
      mixed_precision: bfloat16 layers with float32 weights, likelihood and KL; None: where the
        device has bfloat16 arithmetic.
      xla: "auto" (on with a GPU), "on" or "off".
      deterministic: the same bits on the same machine.

    Raises:
      UserError: where a setting is out of its range.

    Example:
      >>> training = tf_dsae.TrainingConfig(beta_f="6", beta_z="0%:1,50%:6", epochs=2)
      >>> training.batch_size
      32
    """

    dataset: str = "sprites/drawn"
    preset: str = "sprites"
    beta_f: str = "1"
    beta_z: str = "1"
    epochs: int = 10
    steps_per_epoch: int = 0
    batch_size: int = 32
    optimizer: str = _later("adam")
    learning_rate: float = 1e-3
    warmup_steps: int = 0
    learning_rate_decay: str = "constant"
    num_samples: int = 1
    colour_mixing: float = _later(0.0)
    static_frames: int = _later(0)
    likelihood_frames: int = _later(0)
    random_erasing: float = _later(0.0)
    validation_videos: int = 512
    seed: int = 0
    mixed_precision: bool | None = False
    xla: str = "auto"
    deterministic: bool = False

    def __post_init__(self) -> None:
        for name in ("dataset", "preset", "beta_f", "beta_z"):
            if not isinstance(getattr(self, name), str):
                raise UserError(f"{name}: expected text, received {shown(getattr(self, name))}")
            if len(getattr(self, name)) > MAX_TEXT:
                raise UserError(
                    f"{name}: expected at most {MAX_TEXT} characters, received "
                    f"{len(getattr(self, name))}"
                )
        object.__setattr__(self, "dataset", source_name(self.dataset))
        check_whole("epochs", self.epochs, 1)
        check_whole("steps_per_epoch", self.steps_per_epoch, 0)
        check_whole("batch_size", self.batch_size, 1, "video")
        check_positive("learning_rate", self.learning_rate)
        check_whole("warmup_steps", self.warmup_steps, 0)
        check_whole("num_samples", self.num_samples, 1)
        check_share("colour_mixing", self.colour_mixing)
        check_whole("static_frames", self.static_frames, 0, "frames")
        check_whole("likelihood_frames", self.likelihood_frames, 0, "frames")
        check_share("random_erasing", self.random_erasing)
        check_whole("validation_videos", self.validation_videos, 0)
        check_whole("seed", self.seed, 0)
        choices = {
            "optimizer": ("adam", "muon"),
            "xla": ("auto", "on", "off"),
            "learning_rate_decay": ("constant", "cosine"),
        }
        for name, allowed in choices.items():
            if getattr(self, name) not in allowed:
                raise UserError(
                    f"{name}: expected one of {', '.join(allowed)}, "
                    f"received {shown(getattr(self, name))}"
                )
        for name, answers in (
            ("mixed_precision", (True, False, None)),
            ("deterministic", (True, False)),
        ):
            if not any(getattr(self, name) is value for value in answers):
                raise UserError(
                    f"{name}: expected true or false, received {shown(getattr(self, name))}"
                )

    @classmethod
    def from_dict(cls, settings: Any) -> "TrainingConfig":
        """The inverse of `dataclasses.asdict`, also after a trip through JSON.

        Raises:
          UserError: settings are missing, unknown or out of range.

        Example:
          >>> import dataclasses
          >>> tf_dsae.TrainingConfig.from_dict(dataclasses.asdict(training)) == training
          True
        """
        return from_dict(cls, "training settings", settings)
