"""Checks of single values: what the user gave against what is expected."""

import dataclasses
import math
import sys
from collections.abc import Sequence
from typing import Any

from tf_dsae.core.errors import UserError

MAX_SIDE = 4096  # Pixels of a frame.
MAX_TEXT = 10_000  # Characters of a schedule or a text.
MAX_NAME = 200  # Characters of a name, such as a factor's.
MAX_FACTORS = 64  # Factors of a data set.


def quote(value: Any) -> str:
    """A value as text for messages: one line, cut where it is long."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no number of more than 4300 digits.
        return "a number of thousands of digits"
    return text if len(text) <= 200 else f"{text[:200]} ..."


def printable(text: str, longest: int | None = None) -> str:
    """The printable characters of a text in one line, cut after `longest` characters."""
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    return text if longest is None or len(text) <= longest else f"{text[:longest]} ..."


def check_whole(
    name: str, value: Any, smallest: int, unit: str = "", largest: int = 2**31 - 1
) -> None:
    """Raises UserError unless `value` is a whole number of `smallest` to `largest`."""
    if not is_number(value) or not isinstance(value, int) or value < smallest:
        unit = f" {unit}" if unit else ""
        raise UserError(
            f"{name}: expected a whole number of at least {smallest}{unit}, received {quote(value)}"
        )
    if value > largest:
        raise UserError(f"{name}: expected at most {largest}, received {quote(value)}")


def is_number(value: Any) -> bool:
    """Whether a value is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def check_positive(name: str, value: Any, unit: str = "") -> None:
    """Raises UserError unless `value` is a finite number above 0."""
    if not is_number(value) or not 0 < value < math.inf or value > sys.float_info.max:
        unit = f" {unit}" if unit else ""
        raise UserError(f"{name}: expected a finite number above 0{unit}, received {quote(value)}")


def check_share(name: str, value: Any) -> None:
    """Raises UserError unless `value` is a number from 0 to 1."""
    if not is_number(value) or not 0 <= value <= 1:
        raise UserError(f"{name}: expected a number from 0 to 1, received {quote(value)}")


def check_flag(name: str, value: Any) -> None:
    """Raises UserError unless `value` is true or false."""
    if not isinstance(value, bool):
        raise UserError(f"{name}: expected true or false, received {quote(value)}")


def check_text(name: str, value: Any) -> None:
    """Raises UserError unless `value` is a text of at most MAX_TEXT characters."""
    if not isinstance(value, str):
        raise UserError(f"{name}: expected text, received {quote(value)}")
    if len(value) > MAX_TEXT:
        raise UserError(f"{name}: expected at most {MAX_TEXT} characters, received {len(value)}")


def check_choice(name: str, value: Any, choices: Sequence[str]) -> None:
    """Raises UserError unless `value` is one of `choices`."""
    if value not in choices:
        raise UserError(f"{name}: expected one of {', '.join(choices)}, received {quote(value)}")


def later_setting(value: Any) -> Any:
    """Default for a field that older config files do not contain."""
    return dataclasses.field(default=value, metadata={"when_absent": value})


def from_dict(cls: type, kind: str, settings: Any) -> Any:
    """Makes a frozen configuration, a dataclass, from an object of all its settings in JSON.

    Lists become tuples. A field with "when_absent" in its metadata may be missing: it came later
    than files that are still read. UserError, which begins with `kind`, for anything else.
    """
    if not isinstance(settings, dict):
        raise UserError(f"{kind}: expected an object of settings, received {quote(settings)}")
    fields = {field.name: field.metadata for field in dataclasses.fields(cls)}
    names = set(fields)
    later = {k: data["when_absent"] for k, data in fields.items() if "when_absent" in data}
    settings = {**later, **settings}
    unknown, missing = sorted(set(settings) - names), sorted(names - set(settings))
    if unknown or missing:
        raise UserError(
            f"{kind}: expected the settings {', '.join(sorted(names))}; "
            f"unknown: {quote(unknown) if unknown else 'none'}, missing: {missing or 'none'}"
        )
    return cls(**{name: tuple(v) if isinstance(v, list) else v for name, v in settings.items()})
