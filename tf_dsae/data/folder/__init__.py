"""Videos of your own: a folder of files becomes a data set of clips.

Reading needs numpy and pillow, and PyAV for movies; `prepare_folder` loads TensorFlow.
"""

from collections.abc import Callable

from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.readers import iter_clips, read_clip
from tf_dsae.data.folder.video_files import Source, find_sources, open_source

__all__ = [
    "ClipSettings",
    "Source",
    "find_sources",
    "iter_clips",
    "open_source",
    "prepare_folder",
    "read_clip",
]


def __getattr__(name: str) -> Callable:
    # Imported when asked for, so that settings and readers do without TensorFlow.
    if name == "prepare_folder":
        from tf_dsae.data.folder.preparing import prepare_folder

        return prepare_folder
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
