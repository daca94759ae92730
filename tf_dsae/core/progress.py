"""The one progress bar of the package: on a terminal only, so that logs stay clean."""

from collections.abc import Iterable
from typing import Any

from tqdm import tqdm


def progress_bar(
    description: str,
    total: int | None = None,
    unit: str = "videos",
    show: bool = True,
    over: Iterable | None = None,
    **options: Any,
) -> tqdm:
    """A bar on stderr that leaves nothing behind, `over` items or to be updated to a `total`.

    It is hidden off a terminal, and where `show` is False. `options` are others of `tqdm.tqdm`.
    """
    return tqdm(
        over,
        desc=description,
        total=total,
        unit=f" {unit}",
        leave=False,
        dynamic_ncols=True,
        disable=None if show else True,  # None: hidden unless on a terminal.
        **options,
    )
