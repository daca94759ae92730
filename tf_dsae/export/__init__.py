"""SavedModels: a trained model as a folder for TensorFlow alone, or TF Serving."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tf_dsae.export.saved_model import export_saved_model, save_signatures

__all__ = ["export_saved_model", "save_signatures"]


def __getattr__(name: str) -> Any:
    # TensorFlow comes with the first of them, so that a version is checked without it.
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("tf_dsae.export.saved_model"), name)
