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
    """A bar on stderr that disappears when it is done.

    Args:
      description: text before the bar.
      total: number of items; by default the length of `over`.
      unit: name of an item.
      show: False hides the bar; True shows it only if stderr is a terminal.
      over: iterable to go through; None: the caller calls `update`.
      options: further arguments of `tqdm.tqdm`.
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
