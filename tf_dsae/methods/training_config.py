"""How a run is trained: frozen, checked settings, readable without TensorFlow."""

import dataclasses
from typing import Any

from tf_dsae.core.checks import (
    check_choice,
    check_flag,
    check_positive,
    check_text,
    check_whole,
    from_dict,
    later_setting,
)
from tf_dsae.data.data_source import source_name
from tf_dsae.methods.method import METHODS
from tf_dsae.models.views import VIEWS, Views

_CHOICES = {
    "optimizer": ("adam", "muon"),
    "xla": ("auto", "on", "off"),
    "learning_rate_decay": ("constant", "cosine"),
}


@dataclasses.dataclass(frozen=True)
class TrainingConfig(Views):
    """How a run is trained; with a ModelConfig, everything its weights depend on.

    Attributes:
      dataset: such as "sprites/drawn".
      preset: the name the other settings came from.
      method: the method whose terms are added to the bound, see `tf_dsae.register_method`.
      beta_f, beta_z: weights of the static and dynamic KL, each a number or a schedule as
        `tf_dsae.core.schedules.as_points` reads it.
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
    preset: str = "sprites_drawn"
    method: str = "dsvae"
    beta_f: str = "1"
    beta_z: str = "1"
    epochs: int = 10
    steps_per_epoch: int = 0
    batch_size: int = 32
    optimizer: str = later_setting("adam")
    learning_rate: float = 1e-3
    warmup_steps: int = 0
    learning_rate_decay: str = "constant"
    num_samples: int = 1
    validation_videos: int = 512
    seed: int = 0
    mixed_precision: bool | None = False
    xla: str = "auto"
    deterministic: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("dataset", "preset", "beta_f", "beta_z"):
            check_text(name, getattr(self, name))
        METHODS.check(self.method)
        object.__setattr__(self, "dataset", source_name(self.dataset))
        check_whole("epochs", self.epochs, 1)
        check_whole("steps_per_epoch", self.steps_per_epoch, 0)
        check_whole("batch_size", self.batch_size, 1, "video")
        check_positive("learning_rate", self.learning_rate)
        check_whole("warmup_steps", self.warmup_steps, 0)
        check_whole("num_samples", self.num_samples, 1)
        check_whole("validation_videos", self.validation_videos, 0)
        check_whole("seed", self.seed, 0)
        for name, choices in _CHOICES.items():
            check_choice(name, getattr(self, name), choices)
        check_flag("deterministic", self.deterministic)
        if self.mixed_precision is not None:
            check_flag("mixed_precision", self.mixed_precision)

    @property
    def views(self) -> Views:
        """What is seen of a clip.

        Example:
          >>> tf_dsae.TrainingConfig(static_frames=2).views == tf_dsae.Views(static_frames=2)
          True
        """
        return Views(**{name: getattr(self, name) for name in VIEWS})

    @classmethod
    def from_dict(cls, settings: Any) -> "TrainingConfig":
        """The inverse of `dataclasses.asdict`, also after a trip through JSON; reads those of 0.1.

        Raises:
          UserError: settings are missing, unknown or out of range.

        Example:
          >>> import dataclasses
          >>> tf_dsae.TrainingConfig.from_dict(dataclasses.asdict(training)) == training
          True
        """
        if isinstance(settings, dict) and "method" not in settings:
            # Version 0.1 trained what is called so now, by its preset "sprites".
            of_sprites = settings.get("preset") == "sprites"
            settings = {**settings, "method": "default" if of_sprites else "dsvae"}
        return from_dict(cls, "training settings", settings)
