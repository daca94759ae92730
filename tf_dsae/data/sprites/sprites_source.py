"""The Sprites as a data source: drawn by this package, or of the published sheets."""

import dataclasses
import functools
import os
from typing import TYPE_CHECKING, Any

from absl import logging

from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DataSource, SourceFlag, local_setting
from tf_dsae.data.sprites.characters import CHARACTERS, MOTIONS, VIDEO_SHAPE
from tf_dsae.data.sprites.sheets import (
    PUBLISHED_FINGERPRINT,
    check_sheets_dir,
    fingerprint,
    read_sheets,
)

if TYPE_CHECKING:
    from tf_dsae.data.sequence_data import SequenceData


def _table(**rows: tuple[float, ...]) -> dict[str, dict[str, float]]:
    names = ("disagreement", "kl_recon", "kl_random")
    return {factor: dict(zip(names, row, strict=False)) for factor, row in rows.items()}


# Fractions and nats. At beta 6 the paper prints hair's KL-recon as "0.0.325".
_PUBLISHED = {
    "Leplae-Arthur and Nichani 2019, beta 1": _table(
        skin=(0.248, 3.006, 25.148),
        pants=(0.292, 3.959, 21.487),
        top=(0.054, 0.695, 21.456),
        hair=(0.020, 0.268, 17.367),
        action=(0.430, 7.769, 18.612),
    ),
    "Leplae-Arthur and Nichani 2019, beta 6": _table(
        skin=(0.414, 5.325, 25.148),
        pants=(0.514, 7.851, 21.487),
        top=(0.132, 1.511, 21.456),
        hair=(0.022, 0.325, 17.367),
        action=(0.736, 15.633, 18.612),
    ),
    "Li and Mandt 2018": _table(
        skin=(0.0398,), pants=(0.0182,), top=(0.0034,), hair=(0.0006,), action=(0.0811,)
    ),
}


@dataclasses.dataclass(frozen=True)
class _Sprites(DataSource):
    """1296 characters in 9 motions, videos of 8 frames of 64 x 64 pixels."""

    citation = "Li and Mandt 2018, Disentangled Sequential Autoencoder"
    baselines = _PUBLISHED
    dynamic_factors = ("action",)

    @property
    def frame_shape(self) -> tuple[int, ...]:
        return VIDEO_SHAPE[1:]

    def open(
        self, data_dir: str | os.PathLike | None = None, show_progress: bool = True
    ) -> "SequenceData":
        from tf_dsae.data.sprites import sprites_dataset_builder as sprites
        from tf_dsae.data.tfds_store import open_or_make, open_store, say_ready, wrap_read_errors

        sheets_dir = getattr(self, "sheets_dir", None)
        config = self.kind.removeprefix(f"{sprites.Builder.name}/")
        new_builder = functools.partial(
            sprites.Builder, config=config, data_dir=data_dir, sheets_dir=sheets_dir
        )
        total = CHARACTERS * len(MOTIONS)
        builder, made = open_or_make(
            self.kind, data_dir, new_builder, total, "videos", "200 MB", show_progress
        )
        with wrap_read_errors(self.kind, builder.data_dir):
            made_from = builder.info.metadata[sprites.FINGERPRINT]
            self._check_sheets(made_from, builder.data_dir)
            data = open_store(builder, self.kind, made_from, self, self.dynamic_factors)
        if show_progress:
            counts = f"{data.num_train} training and {data.num_test} test videos"
            say_ready(data, builder.data_dir, made, f"{counts}, {builder.info.dataset_size}")
        return data

    def _check_sheets(self, made_from: str, place: str) -> None:
        """Raises UserError where the prepared videos were composed of other sheets."""


@dataclasses.dataclass(frozen=True)
class DrawnSprites(_Sprites):
    """Characters that this package draws."""

    kind = "sprites/drawn"
    summary = "characters drawn by this package"
    licence = "that of this package"


@dataclasses.dataclass(frozen=True)
class LpcSprites(_Sprites):
    """Characters composed of the published sheets, in `sheets_dir` or downloaded."""

    kind = "sprites/lpc"
    summary = "characters of the sheets in the public repository YingzhenLi/Sprites"
    licence = "CC-BY-SA 3.0 and GPL 3.0, of the art"
    flags = (
        SourceFlag(
            "sheets_dir",
            str,
            "folder with the sheets, body/0.png to shoes/1.png, in place of a download.",
        ),
    )

    sheets_dir: Any = local_setting(None)

    def __post_init__(self) -> None:
        if self.sheets_dir is not None and not isinstance(self.sheets_dir, str | os.PathLike):
            raise UserError(f"sheets_dir: expected a path, received {self.sheets_dir!r}")

    def check(self) -> None:
        """Raises UserError where `sheets_dir` is no folder."""
        if self.sheets_dir is not None:
            check_sheets_dir(self.sheets_dir)

    def _check_sheets(self, made_from: str, place: str) -> None:
        if self.sheets_dir is None and made_from != PUBLISHED_FINGERPRINT:
            logging.warning("%s was not made from the published sheets.", place)
        if self.sheets_dir is not None and made_from != fingerprint(read_sheets(self.sheets_dir)):
            raise UserError(
                f"sheets_dir: expected the sheets that the videos in {place} were made from, "
                f"received other sheets in {self.sheets_dir}; name another --data_dir, or delete "
                "that folder to prepare again"
            )
