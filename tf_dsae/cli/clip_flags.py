"""Flags of `--dataset=folder`, your own videos: where they lie and how they become clips."""

import dataclasses
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from absl import flags

from tf_dsae.cli import data_flags
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.run_source import FolderSource

if TYPE_CHECKING:
    from tf_dsae.data.sequence_data import SequenceData

DATASET = "folder"

VIDEO_DIR = flags.DEFINE_string(
    "video_dir",
    None,
    "For --dataset=folder: videos (mp4, webm, avi, mov, mkv, gif), folders of frames (png, jpg) or "
    "arrays (npz, npy, [N, T, H, W, C]), also in folders below; labels.csv may name their factors.",
)
STRICT = flags.DEFINE_bool(
    "strict", False, "For --dataset=folder: stop at the first damaged file; otherwise skip it."
)


def _default(name: str) -> str:
    value = getattr(ClipSettings(), name)
    return f"Default: {', '.join(map(str, value)) if isinstance(value, tuple) else value}."


_FRAME_SIZE = flags.DEFINE_string(
    "frame_size",
    None,
    "For --dataset=folder: HEIGHTxWIDTH of a clip's frames in pixels, or one number for both. "
    f"Default: {'x'.join(map(str, ClipSettings().frame_size))}.",
)
_GREY = flags.DEFINE_bool("grey", None, "For --dataset=folder: one channel; otherwise colour.")
_DYNAMIC_FACTORS = flags.DEFINE_list(
    "dynamic_factors",
    None,
    "For --dataset=folder: columns of labels.csv that say what moves; the others say what stays. "
    + _default("dynamic_factors"),
)
# Flags that are settings of the same name.
_SETTINGS = {
    name: define(name, None, f"For --dataset=folder: {text} {_default(name)}")
    for name, define, text in (
        ("fit", flags.DEFINE_string, "the aspect ratio is kept, by crop or by pad."),
        ("num_frames", flags.DEFINE_integer, "T, frames of a clip."),
        ("stride", flags.DEFINE_integer, "a clip takes every stride-th frame of its file."),
        (
            "hop",
            flags.DEFINE_integer,
            "frames of the file from one clip's start to the next; 0: clips do not overlap.",
        ),
        ("test_fraction", flags.DEFINE_float, "of the files, held out for testing."),
    )
}


def parse_frame_size(text: str) -> tuple[int, int]:
    """ "48x64" as (48, 64), "64" as (64, 64), in pixels; UserError for anything else."""
    match = re.fullmatch(r"(\d{1,9})(?:x(\d{1,9}))?", text.strip())
    if match is None:
        raise UserError(
            f"frame_size: expected HEIGHTxWIDTH in pixels, such as 48x64, received {text!r}"
        )
    return int(match[1]), int(match[2] or match[1])


def given() -> dict[str, Any]:
    """The settings of clips that flags gave, by their names in ClipSettings."""
    found = {name: flag.value for name, flag in _SETTINGS.items() if flag.value is not None}
    if _FRAME_SIZE.value is not None:
        found["frame_size"] = parse_frame_size(_FRAME_SIZE.value)
    if _GREY.value is not None:
        found["channels"] = 1 if _GREY.value else 3
    if _DYNAMIC_FACTORS.value is not None:
        found["dynamic_factors"] = tuple(_DYNAMIC_FACTORS.value)
    return found


def folder_source(dataset: str, base: FolderSource | None = None) -> FolderSource | None:
    """The folder of videos that the flags name; None where the data set is another than `folder`.

    Args:
      dataset: that is asked for.
      base: where folder and settings come from that no flag gave.

    Raises:
      UserError: a setting is out of its range, no such folder is named or there, or flags of
        `folder` are given for another data set.
    """
    if dataset != DATASET:
        _refuse_flags(dataset)
        return None
    clips = dataclasses.replace(base.clips if base else ClipSettings(), **given())
    video_dir = VIDEO_DIR.value or (base.video_dir if base else None)
    if video_dir is None:
        raise UserError(
            "video_dir: expected the folder of your videos for --dataset=folder, received none; "
            "name it by --video_dir"
        )
    if not Path(video_dir).expanduser().is_dir():
        raise UserError(
            f"video_dir: expected a folder, found none at {video_dir}; name another --video_dir"
        )
    return FolderSource(video_dir, clips)


def prepare(
    dataset: str, source: FolderSource | None, show_progress: bool = True
) -> "SequenceData":
    """Opens the data set, with the source that `folder_source` gave; loads TensorFlow.

    Raises:
      UserError: as `tf_dsae.data.prepare` does.
    """
    from tf_dsae import data

    return data.prepare(
        dataset,
        data_flags.DATA_DIR.value,
        data_flags.SHEETS_DIR.value,
        show_progress,
        video_dir=source.video_dir if source else None,
        clips=source.clips if source else None,
        strict=STRICT.value,
    )


def _refuse_flags(dataset: str) -> None:
    wrong = [*given()]
    wrong += [flag.name for flag in (VIDEO_DIR, STRICT) if flag.value]
    if wrong:
        raise UserError(
            f"{wrong[0]}: expected --dataset=folder with it, received --dataset={dataset}"
        )
