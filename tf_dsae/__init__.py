"""Disentangled sequential autoencoders in Keras 3 and TensorFlow Probability.

A model splits a video into what stays, f, and what moves, z_1..z_T, without labels. Importing the
package registers the TFDS data set `sprites`; TensorFlow itself loads with the first name that
needs it.
"""

import importlib
from typing import Any

from tf_dsae.data import sprites as _sprites  # noqa: F401  Registers the TFDS data set.
from tf_dsae.errors import UserError
from tf_dsae.version import __version__

_HOMES = {
    "ClipSettings": "tf_dsae.data.folder.settings",
    "DSAE": "tf_dsae.model",
    "ElboTerms": "tf_dsae.objective",
    "Latents": "tf_dsae.types",
    "ModelConfig": "tf_dsae.config",
    "PRESETS": "tf_dsae.presets",
    "Posterior": "tf_dsae.types",
    "TrainingConfig": "tf_dsae.config",
    "Views": "tf_dsae.views",
    "encode_folder": "tf_dsae.apply",
    "export_saved_model": "tf_dsae.export",
    "load": "tf_dsae.workdir",
    "prepare": "tf_dsae.data.pipeline",
    "preset": "tf_dsae.presets",
    "swap_files": "tf_dsae.apply",
    "train": "tf_dsae.training",
}

__all__ = ["UserError", "__version__", *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
