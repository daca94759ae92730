"""Settings of a run from a preset, a method and what is named beside them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.methods.method import METHODS
from tf_dsae.methods.presets import Preset
from tf_dsae.methods.training_config import TrainingConfig

MODEL_SETTINGS = tuple(field.name for field in dataclasses.fields(ModelConfig))
TRAINING_SETTINGS = tuple(field.name for field in dataclasses.fields(TrainingConfig))


def resolve_settings(start: Preset, changes: Mapping[str, Any]) -> Preset:
    """The settings to start from with changes: a method first, then single settings.

    Args:
      start: a preset, or the settings of a run.
      changes: settings of ModelConfig and TrainingConfig by name; `beta` is both betas; `method`
        brings its parts, views, terms and schedule.

    Raises:
      UserError: a setting that there is none of, or one out of its range.

    Example:
      >>> changed = resolve_settings(tf_dsae.preset("tiny"), {"static_size": 5, "beta": 6})
      >>> changed.model.static_size, changed.training.beta_z
      (5, '6')
    """
    changes = dict(changes)
    model: dict[str, Any] = {}
    training: dict[str, Any] = {}
    name = changes.pop("method", None)
    if name is not None:
        method = METHODS[name]
        if name != start.training.method:
            model |= method.parts
            training |= {"method": name, **method.settings()}
    changes = _split_beta(changes)
    for name, value in changes.items():
        if name in MODEL_SETTINGS:
            model[name] = value
        elif name in TRAINING_SETTINGS:
            training[name] = value
        else:
            raise UserError(
                f"{name}: expected the name of a setting of tf_dsae.ModelConfig or "
                f"tf_dsae.TrainingConfig, received {quote(value)} for it; see both for theirs"
            )
    return start._replace(
        model=dataclasses.replace(start.model, **model),
        training=dataclasses.replace(start.training, **training),
    )


def _split_beta(changes: dict[str, Any]) -> dict[str, Any]:
    """The changes with `beta` as beta_f and beta_z, and numbers of weights as text."""
    beta = changes.pop("beta", None)
    if beta is not None:
        if {"beta_f", "beta_z"} & set(changes):
            raise UserError("beta: expected beta or beta_f and beta_z, received both; give one")
        changes |= {"beta_f": beta, "beta_z": beta}
    for name in {"beta_f", "beta_z"} & set(changes):
        value = changes[name]
        if isinstance(value, int | float) and not isinstance(value, bool):
            changes[name] = f"{value:g}"
    return changes
