"""The Sprites as a data source: drawn by this package, or of the published sheets."""

import dataclasses
import os
from typing import TYPE_CHECKING, Any, ClassVar

from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import DataSource, SourceFlag, local_setting
from tf_dsae.data.sprites.characters import VIDEO_SHAPE
from tf_dsae.data.sprites.sheets import check_sheets_dir

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

    citation: ClassVar[str] = "Li and Mandt 2018, Disentangled Sequential Autoencoder"
    baselines: ClassVar = _PUBLISHED
    dynamic_factors: ClassVar[tuple[str, ...]] = ("action",)

    @property
    def frame_shape(self) -> tuple[int, ...]:
        return VIDEO_SHAPE[1:]

    def open(
        self, data_dir: str | os.PathLike | None = None, show_progress: bool = True
    ) -> "SequenceData":
        from tf_dsae.data.sprites.prepare_sprites import prepare_sprites

        return prepare_sprites(self, data_dir, show_progress)


@dataclasses.dataclass(frozen=True)
class DrawnSprites(_Sprites):
    """Characters that this package draws."""

    kind: ClassVar[str] = "sprites/drawn"
    summary: ClassVar[str] = "characters drawn by this package"
    licence: ClassVar[str] = "that of this package"


@dataclasses.dataclass(frozen=True)
class LpcSprites(_Sprites):
    """Characters composed of the published sheets.

    Attributes:
      sheets_dir: folder that holds the sheets; None: they are downloaded.
    """

    kind: ClassVar[str] = "sprites/lpc"
    summary: ClassVar[str] = "characters of the sheets in the public repository YingzhenLi/Sprites"
    licence: ClassVar[str] = "CC-BY-SA 3.0 and GPL 3.0, of the art"
    flags: ClassVar[tuple[SourceFlag, ...]] = (
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
