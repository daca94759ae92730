"""Disentangled sequential autoencoders in Keras 3 and TensorFlow Probability.

A model splits a video into what stays, f, and what moves, z_1..z_T, without labels. Importing the
package registers the TFDS data set `sprites`; TensorFlow itself loads with the first name that
needs it.
"""

import importlib
from typing import Any

from tf_dsae import data, layers, metrics
from tf_dsae.core.errors import UserError
from tf_dsae.core.registry import register
from tf_dsae.core.version import __version__
from tf_dsae.data import sprites as _sprites  # noqa: F401  Registers the TFDS data set.

_HOMES = {
    "ClipSettings": "tf_dsae.data.folder.clip_settings",
    "DSAE": "tf_dsae.models.dsae",
    "ElboTerms": "tf_dsae.models.variational_bound",
    "Evaluation": "tf_dsae.evaluation.results",
    "Latents": "tf_dsae.core.types",
    "METHODS": "tf_dsae.methods.method",
    "ModelConfig": "tf_dsae.layers.model_config",
    "Objective": "tf_dsae.models.objective",
    "PRESETS": "tf_dsae.methods.presets",
    "Posterior": "tf_dsae.core.types",
    "Preset": "tf_dsae.methods.presets",
    "SequenceAutoencoder": "tf_dsae.models.autoencoder",
    "Step": "tf_dsae.models.objective",
    "Term": "tf_dsae.models.objective",
    "TrainingConfig": "tf_dsae.methods.training_config",
    "Views": "tf_dsae.models.views",
    "encode_folder": "tf_dsae.runs.encode_files",
    "evaluate": "tf_dsae.evaluation.evaluation_run",
    "export_saved_model": "tf_dsae.export.saved_model",
    "load": "tf_dsae.runs.weights",
    "prepare": "tf_dsae.data.data_source",
    "preset": "tf_dsae.methods.presets",
    "register_method": "tf_dsae.methods.method",
    "swap_files": "tf_dsae.runs.swap_files",
    "train": "tf_dsae.training",
}

__all__ = ["UserError", "__version__", "data", "layers", "metrics", "register", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
