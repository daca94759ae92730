"""TFDS builder of the Sprites videos, from drawn or from published sheets."""

import contextlib
import functools
import os
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError
from tensorflow_datasets.core.download.util import DownloadError

from tf_dsae.core.errors import UserError, reason
from tf_dsae.data.read_ahead import num_cores, read_ahead
from tf_dsae.data.sprites import characters, sheets

DRAWN = tfds.core.BuilderConfig(name="drawn", description="Characters drawn by this package.")
LPC = tfds.core.BuilderConfig(
    name="lpc",
    description="Liberated Pixel Cup characters (art under CC-BY-SA 3.0 and GPL 3.0).",
)
FINGERPRINT = "sheets_sha256"  # Key in DatasetInfo.metadata.

_SHEETS_URL = (
    "https://raw.githubusercontent.com/YingzhenLi/Sprites/3ce4048c5227802bd8f1888e293fd3afdba91c0c"
)
_ANSWER_SECONDS = 20


class Builder(tfds.core.GeneratorBasedBuilder):
    """Videos of 1296 characters in 9 motions each.

    An example is {video: uint8 [8, 64, 64, 3], skin, pants, top, hair, action: int64}. Examples
    come in the order of `characters.split_characters()`, motions 0..8 of one character in a row.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}
    BUILDER_CONFIGS = [DRAWN, LPC]

    def __init__(self, *, sheets_dir: str | os.PathLike | None = None, **kwargs: Any):
        """Builds as every TFDS builder; `sheets_dir` has the sheets of `lpc`, else downloaded."""
        self._sheets_dir = sheets_dir
        self.on_progress: Callable[[int], object] = lambda num_videos: None
        super().__init__(**kwargs)
        # TFDS pickles a builder by its arguments.
        self._original_state["sheets_dir"] = sheets_dir

    def _info(self) -> tfds.core.DatasetInfo:
        names = {
            name: [f"{name} {choice}" for choice in range(characters.CHOICES)]
            for name in characters.ATTRIBUTES
        }
        names["action"] = list(characters.MOTIONS)
        classes = {name: tfds.features.ClassLabel(names=names[name]) for name in names}
        # Of the encodings that keep every byte, zlib decoded fastest for its size.
        video = tfds.features.Tensor(
            shape=characters.VIDEO_SHAPE, dtype=np.uint8, encoding=tfds.features.Encoding.ZLIB
        )
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict({"video": video, **classes}),
            homepage="https://github.com/YingzhenLi/Sprites",
            license="lpc: CC-BY-SA 3.0 and GPL 3.0",
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> dict:
        if self.builder_config.name == DRAWN.name:
            from tf_dsae.data.sprites import drawing

            art = drawing.draw_sheets()
        elif self._sheets_dir is not None:
            art = sheets.read_sheets(self._sheets_dir)
        else:
            art = _download_sheets(dl_manager)
        self.info.metadata[FINGERPRINT] = sheets.fingerprint(art)
        composer = characters.VideoComposer(art)
        return {
            split: self._generate_examples(composer, members)
            for split, members in characters.split_characters().items()
        }

    def _generate_examples(
        self, composer: characters.VideoComposer, members: np.ndarray
    ) -> Iterator[tuple[int, dict]]:
        motions = len(characters.MOTIONS)

        # Characters are composed while TFDS packs and writes the ones before.
        tasks = (functools.partial(composer.compose, int(character)) for character in members)
        with contextlib.closing(read_ahead(tasks, num_cores(), motions)) as ahead:
            for position, (character, videos) in enumerate(zip(members, ahead, strict=True)):
                labels = characters.attributes(int(character))
                for motion, video in enumerate(videos):
                    yield motions * position + motion, {"video": video, **labels, "action": motion}
                self.on_progress(motions)


def _download_sheets(dl_manager: tfds.download.DownloadManager) -> characters.Sheets:
    """Downloads the published sheets; TFDS checks each against `checksums.tsv`."""
    urls = {name: f"{_SHEETS_URL}/{name}" for name in sheets.SHEET_FILES}
    try:
        # TFDS retries for minutes, so first check once that the server answers.
        with urllib.request.urlopen(urls[sheets.SHOES], timeout=_ANSWER_SECONDS):
            pass
        paths = dl_manager.download(urls)
    # requests and urllib raise kinds of OSError.
    except (OSError, DownloadError, NonMatchingChecksumError) as error:
        raise UserError(
            "sheets_dir: expected to download the sheets, with the published checksums, from "
            f"{_SHEETS_URL}, received: {reason(error)}; try again later, or name a folder that "
            "holds them by --sheets_dir"
        ) from error
    return sheets.read_sheet_files(paths)
