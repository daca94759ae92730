"""The user's video files as input of a run's model, checked without TensorFlow."""

import dataclasses
import os
import re
from pathlib import Path
from typing import Any

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import check_folder, wrap_path_errors
from tf_dsae.data.data_source import read_source
from tf_dsae.data.folder import open_source
from tf_dsae.data.folder.clip_settings import ClipSettings
from tf_dsae.data.folder.video_files import Source
from tf_dsae.runs.run_config import RunConfig

_IN_ARRAY = re.compile(r"(?P<path>.+\.np[yz])(?P<place>(:.+)?\[\d+\])", re.IGNORECASE)


def clip_settings(run: RunConfig, **changes: Any) -> ClipSettings:
    """How files become clips for the run's model: as in its training but for changes not None."""
    height, width, channels = run.model.frame_shape
    clips = getattr(read_source(run.data), "clips", ClipSettings())
    changes = {name: value for name, value in changes.items() if value is not None}
    changes |= {"frame_size": (height, width), "channels": channels}
    return dataclasses.replace(clips, **changes)


def check_output(output: str | os.PathLike, suffix: str) -> Path:
    """The file to write; UserError if it cannot be written or has another suffix."""
    path = Path(output).expanduser()
    with wrap_path_errors("output", output):
        if path.suffix.lower() != suffix or path.is_dir():
            raise UserError(
                f"output: expected a file name that ends in {suffix}, received {output}"
            )
        # The longest name that most systems take, with the suffix of the temporary file.
        if len(os.fsencode(path.name)) > 200:
            raise UserError(f"output: expected a shorter file name, received {path.name}")
        check_folder("output", path.parent)
    return path


def find_video(name: str, path: str | os.PathLike) -> Source:
    """The one video that a user names: a file, a folder of images, or 'file.npz[3]'.

    UserError, which begins with `name`, where there is no such video, or more than one.
    """
    match = _IN_ARRAY.fullmatch(os.fspath(path))
    with wrap_path_errors(name, path):
        if match is None or Path(path).expanduser().exists():
            sources, wanted = open_source(path), None
        else:
            sources = open_source(match["path"])
            wanted = Path(match["path"]).name + match["place"]
    chosen = [source for source in sources if wanted in (None, source.name)]
    if len(chosen) != 1:
        raise UserError(
            f"{name}: expected one video, received {path}; it holds {len(sources)}, from "
            f"{sources[0].name} to {sources[-1].name}: name one of them"
        )
    return chosen[0]
