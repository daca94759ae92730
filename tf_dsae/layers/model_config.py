"""The settings of a model's parts: frozen, checked, and readable without TensorFlow."""

import dataclasses
from typing import Any

from tf_dsae.core.checks import (
    MAX_SIDE,
    check_choice,
    check_whole,
    from_dict,
    later_setting,
    quote,
)
from tf_dsae.core.errors import UserError
from tf_dsae.layers.geometry import (
    UpsamplingGeometry,
    encoder_sizes,
    mirrored_geometry,
    padded_geometry,
    upsampled_sizes,
)
from tf_dsae.layers.registries import PARTS

_CHOICES = {
    "initial_prior": ("learned", "standard_normal"),
    "encoder_padding": ("valid", "same"),
    "activation": ("elu", "relu", "leaky_relu", "silu", "gelu", "tanh"),
}
_SIZES = (
    *("static_size", "dynamic_size", "static_hidden_size", "dynamic_hidden_size"),
    "prior_size",
)

# What a model may be, so that a small file of settings cannot ask for a whole machine.
MAX_UNITS = 2**16  # Of a layer.
MAX_LAYERS = 64  # Convolutions of the encoder, and of the decoder.
MAX_MAP_VALUES = 2**28  # Of one frame in one layer, 1 GB in float32.

# Settings under the names that version 0.1 had for them.
_RENAMED = {
    "static_rnn": "static_posterior",
    "static_rnn_size": "static_hidden_size",
    "posterior": "dynamic_posterior",
}


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
      frame_encoder, static_posterior, dynamic_posterior, dynamic_prior, decoder, likelihood: the
        parts, by the names that `tf_dsae.layers.PARTS` has for each kind; other packages add theirs
        with `tf_dsae.register`.
      static_hidden_size: units of q(f | x).
      dynamic_hidden_size: units of q(z_t | .).
      prior_size: units of the dynamic prior.
      initial_prior: p(z_1), "learned" or "standard_normal".

    Raises:
      UserError: where a setting is out of its range, or the frame does not fit the strides.

    Example:
      >>> config = tf_dsae.ModelConfig(frame_shape=(64, 96, 1), dynamic_posterior="full")
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
    frame_encoder: str = later_setting("convolutional")
    static_posterior: str = "lstm"
    static_hidden_size: int = 512
    dynamic_posterior: str = "factorised"
    dynamic_hidden_size: int = 512
    dynamic_prior: str = later_setting("lstm")
    prior_size: int = 512
    initial_prior: str = "learned"
    decoder: str = later_setting("convolutional")
    likelihood: str = later_setting("unit_normal")

    def __post_init__(self) -> None:
        for name in _SIZES:
            check_whole(name, getattr(self, name), 1, largest=MAX_UNITS)
        for name, choices in _CHOICES.items():
            check_choice(name, getattr(self, name), choices)
        for kind, registry in PARTS.items():
            registry.check(getattr(self, kind))
        self._check_layers()
        self._check_frame()
        self._check_memory(self.decoder_geometry())  # Raises where it cannot reach the frame.

    def _check_layers(self) -> None:
        for name in ("encoder_channels", "encoder_strides", "decoder_strides"):
            if not isinstance(getattr(self, name), tuple):
                raise UserError(
                    f"{name}: expected whole numbers, one a layer, received "
                    f"{quote(getattr(self, name))}"
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
            raise UserError(f"{name}: expected {length} whole numbers, received {quote(sizes)}")
        for size in sizes:
            check_whole(name, size, 1, largest=MAX_UNITS)

    def _check_frame(self) -> None:
        if not isinstance(self.frame_shape, tuple) or len(self.frame_shape) != 3:
            raise UserError(
                "frame_shape: expected (height, width, channels), received "
                f"{quote(self.frame_shape)}"
            )
        for side in self.frame_shape[:2]:
            check_whole("frame_shape", side, 1, "pixel", MAX_SIDE)
        if self.frame_shape[2] not in (1, 3):
            raise UserError(
                f"frame_shape: expected 1 or 3 channels, received {quote(self.frame_shape[2])}"
            )
        check_whole("frame_shape", self.frame_shape[2], 1)

    def _check_memory(self, decoder: UpsamplingGeometry) -> None:
        """Raises UserError where a feature map of one frame would be too large."""
        padding = "same" if self.decoder_strides else "valid"
        strides = self.decoder_strides or self.encoder_strides[::-1]
        upward = upsampled_sizes(decoder, strides, padding)
        maps = (
            *zip(self.encoder_sizes()[1:], self.encoder_channels, strict=True),
            *zip(upward, (*self.decoder_channels, self.frame_shape[2]), strict=True),
        )
        largest = max(height * width * channels for (height, width), channels in maps)
        if largest > MAX_MAP_VALUES:
            raise UserError(
                f"model settings: expected at most {MAX_MAP_VALUES:,} values in a layer for one "
                f"frame, received {largest:,}; choose smaller sizes"
            )

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
        """The inverse of `dataclasses.asdict`, also after a trip through JSON; reads those of 0.1.

        Raises:
          UserError: settings are missing, unknown or out of range.

        Example:
          >>> import dataclasses
          >>> tf_dsae.ModelConfig.from_dict(dataclasses.asdict(config)) == config
          True
        """
        if isinstance(settings, dict):
            settings = {_RENAMED.get(name, name): value for name, value in settings.items()}
        return from_dict(cls, "model settings", settings)
