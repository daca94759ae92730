"""How videos that are left out are named, the same wherever files are read."""

from collections.abc import Callable, Sequence

_NAMED = 5  # One by one; of a folder of thousands nobody reads more.


def say_skipped(problems: Sequence[str], log: Callable[[str], object]) -> None:
    """Says why videos were left out: a line for each of the first 5, then the number of others.

    Args:
      problems: what is wrong, each text with its file's name, as a UserError says it.
      log: takes a line without its end, such as `logging.warning`.
    """
    for problem in problems[:_NAMED]:
        log(f"skipped: {problem}")
    if len(problems) > _NAMED:
        log(f"skipped: {len(problems) - _NAMED} more")


def first_names(names: Sequence[str]) -> str:
    """Returns names for one line: the first 5, and the number of others."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more
