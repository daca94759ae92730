"""The data: sprite sheets, videos composed of them or your own, and what feeds them to a model.

`prepare` is the way in. It loads TensorFlow; characters and sheets need numpy and pillow alone.
"""

from typing import Any

from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.sprites.characters import FACTORS, MOTIONS, Sheets, VideoComposer, compose_video
from tf_dsae.data.sprites.sheets import fingerprint, read_sheets

__all__ = [
    "ClipSettings",
    "FACTORS",
    "MOTIONS",
    "SequenceData",
    "Sheets",
    "VideoComposer",
    "compose_video",
    "fingerprint",
    "prepare",
    "read_sheets",
]


def __getattr__(name: str) -> Any:
    # Imported when asked for, so that programs can parse their flags before TensorFlow loads.
    if name in ("prepare", "SequenceData"):
        from tf_dsae.data import prepare_data_set as pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
