"""Training: settings and data become a folder with a model. It knows no data set by name."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf_dsae.training.callbacks import Stopped
    from tf_dsae.training.cluster import make_strategy
    from tf_dsae.training.train_model import train
    from tf_dsae.training.training_run import run_training

_HOMES = {
    "Stopped": "tf_dsae.training.callbacks",
    "make_strategy": "tf_dsae.training.cluster",
    "run_training": "tf_dsae.training.training_run",
    "train": "tf_dsae.training.train_model",
}

__all__ = ["Stopped", "make_strategy", "run_training", "train"]


def __getattr__(name: str) -> Any:
    # TensorFlow comes with the first of them, so that a run's settings are checked without it.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
