"""Typed values from JSON that anyone may have written, and back.

A kind is a dataclass or a NamedTuple whose fields are numbers, texts, flags, other kinds,
`dict[str, kind]` and `tuple[kind, ...]`. `Annotated[int, 1]` is a whole number of at least 1,
`Annotated[str, 200]` a text of at most 200 characters. A field with a default may be missing.
Fields that the kind does not know are left out, or refused of an `Annotated[kind, STRICT]`.
"""

import dataclasses
import functools
import inspect
import types
import typing
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

from tf_dsae.core.checks import MAX_FACTORS, MAX_NAME, MAX_TEXT, is_number, quote
from tf_dsae.core.errors import UserError

T = TypeVar("T")
Count = Annotated[int, 1]
Name = Annotated[str, MAX_NAME]
STRICT = "no other fields"
_MISSING = inspect.Parameter.empty


def read_typed(kind: type[T], value: Any, name: str, advice: str = "") -> T:
    """Makes a value of a kind from a JSON value.

    Numbers are finite and small enough to be squared, texts can be written in UTF-8, objects have
    at most MAX_FACTORS names. UserError, with `name`, the place and `advice`, for anything else.
    """
    try:
        return _read(kind, value, "")
    except UserError as error:
        raise UserError(f"{name}: {error}{f'; {advice}' if advice else ''}") from None


def to_plain(value: Any) -> Any:
    """A typed value as plain JSON values; fields that keep a default of None are left out."""
    kind: Any = type(value)
    defaults = _defaults(kind)
    if defaults is not None:
        fields = {name: getattr(value, name) for name in defaults}
        return {
            name: to_plain(inner)
            for name, inner in fields.items()
            if inner is not None or defaults[name] is not None
        }
    if isinstance(value, Mapping):
        return {name: to_plain(inner) for name, inner in value.items()}
    return [to_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


@functools.cache
def _defaults(kind: Any) -> dict[str, Any] | None:
    """Field -> its default, _MISSING where it has none; None for what is no kind."""
    if not dataclasses.is_dataclass(kind) and not hasattr(kind, "_fields"):
        return None
    parameters = inspect.signature(kind).parameters
    return {name: parameter.default for name, parameter in parameters.items()}


@functools.cache
def _hints(kind: type) -> dict[str, Any]:
    return typing.get_type_hints(kind, include_extras=True)


def _expect(right: Any, place: str, expected: str, value: Any) -> None:
    if not right:
        raise UserError(f"{place or 'all'}: expected {expected}, received {quote(value)}")


def _read(kind: Any, value: Any, place: str) -> Any:
    origin, inside = typing.get_origin(kind), typing.get_args(kind)
    if origin is Annotated and inside[1] is STRICT:
        unknown = sorted(set(value) - _hints(inside[0]).keys()) if isinstance(value, dict) else []
        _expect(not unknown, place, STRICT, unknown)
        return _read(inside[0], value, place)
    if origin is Annotated:
        return _read_plain(inside[0], value, place, inside[1])
    if kind in (str, float, int, bool):
        return _read_plain(kind, value, place)
    if origin in (types.UnionType, typing.Union):
        return _read_union(inside, value, place)
    if origin is dict:
        return _read_dict(inside[1], value, place)
    if origin is tuple:
        return _read_tuple(inside, value, place)
    return _read_fields(kind, value, place)


def _read_fields(kind: Any, value: Any, place: str) -> Any:
    _expect(isinstance(value, Mapping), place, "an object", value)
    hints, arguments = _hints(kind), {}
    for name, default in (_defaults(kind) or {}).items():
        inner = f"{place}.{name}".lstrip(".")
        if name in value:
            arguments[name] = _read(hints[name], value[name], inner)
        elif default is _MISSING:
            raise UserError(f"{inner}: expected a value, found none")
    try:
        return kind(**arguments)
    except UserError as error:
        raise UserError(f"{place}: {error}" if place else str(error)) from None


def _read_union(kinds: tuple, value: Any, place: str) -> Any:
    if value is None and type(None) in kinds:
        return None
    *others, last = (kind for kind in kinds if kind is not type(None))
    for kind in others:
        try:
            return _read(kind, value, place)
        except UserError:
            pass
    return _read(last, value, place)


def _read_dict(kind: Any, value: Any, place: str) -> dict[str, Any]:
    _expect(isinstance(value, Mapping), place, "an object", value)
    _expect(len(value) <= MAX_FACTORS, place, f"at most {MAX_FACTORS} names", len(value))
    for name in value:
        expected = f"names of at most {MAX_NAME} characters"
        _expect(_is_text(name, MAX_NAME), place, expected, name)
    return {name: _read(kind, inner, f"{place}.{quote(name)}") for name, inner in value.items()}


def _read_tuple(kinds: tuple, value: Any, place: str) -> tuple:
    _expect(isinstance(value, list | tuple), place, "a list", value)
    if kinds[-1] is Ellipsis:
        return tuple(_read(kinds[0], inner, place) for inner in value)
    _expect(len(value) == len(kinds), place, f"{len(kinds)} values", value)
    return tuple(_read(kind, inner, place) for kind, inner in zip(kinds, value, strict=True))


def _is_text(value: Any, longest: int) -> bool:
    """Whether it is a text that is not too long and that UTF-8 can write."""
    is_text = isinstance(value, str) and len(value) <= longest
    return is_text and not any("\ud800" <= letter <= "\udfff" for letter in value)


def _read_plain(kind: Any, value: Any, place: str, limit: int | None = None) -> Any:
    if kind is str:
        longest = MAX_TEXT if limit is None else limit
        expected = f"a text of at most {longest} characters"
        _expect(_is_text(value, longest), place, expected, value)
    elif kind is bool:
        _expect(isinstance(value, bool), place, "true or false", value)
    elif kind is int:
        is_whole = is_number(value) and isinstance(value, int) and abs(value) < 2**63
        expected = "a whole number" + ("" if limit is None else f" of at least {limit}")
        _expect(is_whole and (limit is None or value >= limit), place, expected, value)
    else:
        _expect(is_number(value) and abs(value) < 1e150, place, "a finite number", value)
        return float(value)
    return value
