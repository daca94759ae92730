"""Videos of your own: a folder of files becomes a data set of clips.

Reading needs numpy and pillow, and PyAV for movies; opening a `FolderSource` loads TensorFlow.
"""

from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.folder_source import FolderSource
from tf_dsae.data.folder.readers import iter_clips, read_clip
from tf_dsae.data.folder.video_files import Source, find_sources, open_source

__all__ = [
    "ClipSettings",
    "FolderSource",
    "Source",
    "find_sources",
    "iter_clips",
    "open_source",
    "read_clip",
]
