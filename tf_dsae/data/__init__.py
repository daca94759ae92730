"""The data: sources of sequences, and what feeds their sequences to a model.

A `DataSource` is opened by `prepare`; `from_arrays` takes arrays in hand. Both give `SequenceData`
and load TensorFlow. Characters and sheets of the Sprites need numpy and pillow alone.
"""

import importlib
from typing import Any

from tf_dsae.data.data_source import DATA_SOURCES, DataSource, make_source, prepare
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.sequence_spec import SequenceSpec
from tf_dsae.data.sprites.characters import FACTORS, MOTIONS, Sheets, VideoComposer, compose_video
from tf_dsae.data.sprites.sheets import fingerprint, read_sheets

# Imported when they are asked for: the first two need TensorFlow.
_HOMES = {
    "EncodedSplit": "tf_dsae.data.sequence_data",
    "SequenceData": "tf_dsae.data.sequence_data",
    "from_arrays": "tf_dsae.data.arrays_source",
}

__all__ = [
    "ClipSettings",
    "DATA_SOURCES",
    "DataSource",
    "EncodedSplit",
    "FACTORS",
    "MOTIONS",
    "SequenceData",
    "SequenceSpec",
    "Sheets",
    "VideoComposer",
    "compose_video",
    "fingerprint",
    "from_arrays",
    "make_source",
    "prepare",
    "read_sheets",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
