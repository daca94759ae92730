"""Published results, for evaluations that hold none: data sources know their own."""

from collections.abc import Mapping
from typing import Any


def _table(**rows: tuple[float, ...]) -> dict[str, dict[str, float]]:
    names = ("disagreement", "kl_recon", "kl_random")
    return {factor: dict(zip(names, row, strict=False)) for factor, row in rows.items()}


# Fractions and nats. At beta 6 the paper prints hair's KL-recon as "0.0.325".
_SPRITES = {
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


def published_baselines(dataset: str) -> Mapping[str, Mapping[str, Mapping[str, Any]]]:
    """The published tables of a data set, by its name: those of the sprites, else none."""
    return _SPRITES if dataset.startswith("sprites/") else {}
