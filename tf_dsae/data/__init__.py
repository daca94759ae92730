"""The data: sprite sheets, videos composed of them or your own, and what feeds them to a model.

`prepare` is the way in. It loads TensorFlow; characters and sheets need numpy and pillow alone.
"""

from typing import Any

from tf_dsae.data.characters import FACTORS, MOTIONS, Sheets, VideoComposer, compose_video
from tf_dsae.data.folder.settings import ClipSettings
from tf_dsae.data.sheets import fingerprint, read_sheets

__all__ = [
    "ClipSettings",
    "FACTORS",
    "MOTIONS",
    "PreparedDataset",
    "Sheets",
    "VideoComposer",
    "compose_video",
    "fingerprint",
    "prepare",
    "read_sheets",
]


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that programs can parse their flags before TensorFlow loads.
    if name in ("prepare", "PreparedDataset"):
        from tf_dsae.data import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
