"""A folder of the user's own videos as a data source."""

import dataclasses
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tf_dsae.core.checks import quote
from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DataSource, SourceFlag, local_setting
from tf_dsae.data.folder.clip_settings import ClipSettings

if TYPE_CHECKING:
    from tf_dsae.data.sequence_data import SequenceData

_CLIPS = tuple(field.name for field in dataclasses.fields(ClipSettings))


def parse_frame_size(text: str) -> tuple[int, int]:
    """ "48x64" as (48, 64), "64" as (64, 64), in pixels; UserError for anything else."""
    match = re.fullmatch(r"(\d{1,9})(?:x(\d{1,9}))?", text.strip())
    if match is None:
        raise UserError(
            f"frame_size: expected HEIGHTxWIDTH in pixels, such as 48x64, received {text!r}"
        )
    return int(match[1]), int(match[2] or match[1])


def _clip_flag(name: str, text: str, alias: str = "") -> SourceFlag:
    default = getattr(ClipSettings(), name)
    words = ", ".join(default) if isinstance(default, tuple) else str(default)
    return SourceFlag(name, type(default), text, words, alias=alias)


@dataclasses.dataclass(frozen=True)
class FolderSource(DataSource):
    """A folder of videos, and how its files become clips.

    Prepared clips are reused as long as the names, sizes, times and contents of the files (of large
    files, parts of the content) are the same. Videos that are damaged or too short for one clip are
    left out; at most 5 of them are named. If a file is damaged further on, or has more clips than
    allowed, the clips before that point are kept. A split in use is held in memory, compressed by
    zlib: at most T * H * W * C bytes a clip, 98 kB by default, and less for flat pictures.
    Preparation takes at most 1 GB of memory or the clips of the largest file, and twice the data
    set's space on the disk of `data_dir`.

    Attributes:
      video_dir: videos (mp4, webm, avi, mov, mkv, gif), folders of frames (png, jpg) or arrays
        (npz, npy), also in folders below; may hold labels.csv.
      clips: how files become clips.
      strict: whether to stop at the first video that is damaged or too short.
    """

    kind = "folder"
    summary = "your own videos, see --video_dir"
    flags = (
        SourceFlag(
            "video_dir",
            str,
            "videos (mp4, webm, mkv, mov, avi, gif), folders of frames (png, jpg) or arrays (npz, "
            "npy, [N, T, H, W, C]), also in folders below; labels.csv may name their factors.",
        ),
        SourceFlag("strict", bool, "stop at the first damaged file; otherwise skip it."),
        SourceFlag(
            "frame_size",
            str,
            "HEIGHTxWIDTH of a clip's frames in pixels, or one number for both.",
            "x".join(map(str, ClipSettings().frame_size)),
            parse=parse_frame_size,
        ),
        SourceFlag(
            "grey",
            bool,
            "one channel; otherwise three, of colour.",
            setting="channels",
            parse=lambda grey: 1 if grey else 3,
        ),
        _clip_flag(
            "dynamic_factors",
            "columns of labels.csv that say what moves; the others say what stays.",
        ),
        _clip_flag("resize_mode", "the aspect ratio is kept, by crop or by pad.", alias="fit"),
        _clip_flag("num_frames", "T, frames of a clip."),
        _clip_flag("stride", "a clip takes every stride-th frame of its file."),
        _clip_flag("hop", "frames of the file from one clip's start to the next; 0: no overlap."),
        _clip_flag("test_fraction", "of the files, held out for testing."),
    )

    video_dir: str | os.PathLike = ""
    clips: ClipSettings = ClipSettings()
    strict: bool = local_setting(False)

    def __post_init__(self) -> None:
        if not isinstance(self.video_dir, str | os.PathLike):
            raise UserError(f"video_dir: expected a path, received {quote(self.video_dir)}")
        if not isinstance(self.clips, ClipSettings):
            raise UserError(f"clips: expected ClipSettings, received {quote(self.clips)}")
        object.__setattr__(self, "video_dir", os.fspath(self.video_dir))

    @property
    def frame_shape(self) -> tuple[int, ...]:
        return (*self.clips.frame_size, self.clips.channels)

    @property
    def label(self) -> str:
        return f"folder-{Path(self.video_dir).expanduser().absolute().name[:60]}"

    @property
    def folders(self) -> tuple[str, ...]:
        return (str(self.video_dir),)

    def check(self) -> None:
        if not self.video_dir:
            raise UserError(
                "video_dir: expected the folder of your videos for folder, received none; name it "
                "by --video_dir"
            )
        if not Path(self.video_dir).expanduser().is_dir():
            raise UserError(
                f"video_dir: expected a folder of videos, received {self.video_dir}, which is no "
                "folder; name another --video_dir"
            )

    def open(
        self, data_dir: str | os.PathLike | None = None, show_progress: bool = True
    ) -> "SequenceData":
        from tf_dsae.data.folder.prepare_folder import prepare_folder

        return prepare_folder(self, data_dir, show_progress)

    def identity(self) -> dict[str, Any]:
        return dataclasses.asdict(self.clips)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> "FolderSource":
        if not isinstance(settings.get("video_dir"), str):
            raise UserError(f"expected video_dir and clips, received {quote(dict(settings))}")
        clips = ClipSettings.from_dict(settings.get("clips"))
        return super().from_dict({**settings, "clips": clips})

    @classmethod
    def _make(cls, settings: Mapping[str, Any]) -> "FolderSource":
        """Settings of clips may be given by their own names."""
        of_clips = {name: value for name, value in settings.items() if name in _CLIPS}
        others = {name: value for name, value in settings.items() if name not in _CLIPS}
        if of_clips:
            clips = others.get("clips") or ClipSettings()
            others["clips"] = dataclasses.replace(clips, **of_clips)
        return super()._make(others)
