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
    """A bar on stderr that leaves nothing behind.

    Args:
      description: what is done, before the bar.
      total: how many there are; by default the length of `over`.
      unit: what is counted.
      show: False hides it; True hides it too unless stderr is a terminal.
      over: what to iterate over; None leaves it to the caller to `update` the bar.
      options: others of `tqdm.tqdm`.
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
