"""Where the clips of a run came from, as its config.json keeps it."""

import dataclasses
from collections.abc import Mapping
from typing import Any, NamedTuple

from tf_dsae.core.errors import UserError
from tf_dsae.data.folder.clip_settings import ClipSettings


class FolderSource(NamedTuple):
    """The folder of videos, and how its files became clips."""

    video_dir: str
    clips: ClipSettings

    def as_dict(self) -> dict[str, Any]:
        """As `SequenceData.source` and a config.json hold it."""
        return {"video_dir": self.video_dir, "clips": dataclasses.asdict(self.clips)}


def read_source(data: Mapping[str, Any]) -> FolderSource | None:
    """The source in a run's facts about its data; None where the data were no folder of videos.

    Args:
      data: the object `data` of a config.json.

    Raises:
      UserError: there is one, and it is not what a run writes.
    """
    source = data.get("source")
    if not source:
        return None
    if not isinstance(source, Mapping) or not isinstance(source.get("video_dir"), str):
        raise UserError(f"data: source: expected video_dir and clips, received {source!r}")
    return FolderSource(source["video_dir"], ClipSettings.from_dict(source.get("clips")))
