"""The data: sprite sheets, the videos composed of them, and what feeds them to a model.

`prepare` is the way in. It loads TensorFlow; characters and sheets need numpy and pillow alone.
"""

from tf_dsae.data.characters import FACTORS, MOTIONS, Sheets, VideoComposer, compose_video
from tf_dsae.data.sheets import fingerprint, read_sheets

__all__ = [
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


def __getattr__(name: str):
    # Imported when asked for, so that programs can parse their flags before TensorFlow loads.
    if name in ("prepare", "PreparedDataset"):
        from tf_dsae.data import pipeline

        return getattr(pipeline, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
