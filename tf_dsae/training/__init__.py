"""Training: one function that turns settings and data into a folder with a model."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf_dsae.training.callbacks import Stopped
    from tf_dsae.training.cluster import make_strategy
    from tf_dsae.training.training_run import train

_HOMES = {
    "Stopped": "tf_dsae.training.callbacks",
    "make_strategy": "tf_dsae.training.cluster",
    "train": "tf_dsae.training.training_run",
}

__all__ = ["Stopped", "make_strategy", "train"]


def __getattr__(name: str) -> Any:
    # TensorFlow comes with the first of them, so that a run's settings are checked without it.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
