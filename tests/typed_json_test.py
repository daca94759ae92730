"""Typed values from JSON: read back as they were written, refused by the place that is wrong."""

import dataclasses
import json
from typing import Annotated, NamedTuple

import pytest

from tf_dsae.core.checks import MAX_FACTORS, MAX_NAME
from tf_dsae.core.errors import UserError
from tf_dsae.core.typed_json import STRICT, Count, Name, read_typed, to_plain


class Point(NamedTuple):
    x: float
    label: Name | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Whole:
    count: Count
    flag: bool = True
    points: dict[str, Point] = dataclasses.field(default_factory=dict)
    curve: tuple[float | None, ...] = ()
    ends: tuple[float, float] | None = None
    mixed: str | float = ""
    strict: Annotated[Point, STRICT] = Point(0.0)

    def __post_init__(self) -> None:
        if self.count == 13:
            raise UserError("count: expected another than 13")


VALUES = {
    "count": 3,
    "flag": False,
    "points": {"a": {"x": 0.5, "label": "here"}, "b": {"x": 2.0}},
    "curve": [1.0, None],
    "ends": [0.25, 0.75],
    "mixed": 1.5,
    "strict": {"x": 4.0},
}


def test_values_come_back_as_they_were():
    whole = read_typed(Whole, VALUES, "it")
    assert whole.points["a"] == Point(0.5, "here") and whole.curve == (1.0, None)
    assert to_plain(whole) == VALUES
    assert read_typed(Whole, json.loads(json.dumps(to_plain(whole))), "it") == whole


def test_what_has_a_default_may_be_missing_and_what_is_unknown_is_left_out():
    whole = read_typed(Whole, {"count": 1, "more": object()}, "it")
    assert whole == Whole(count=1)
    assert "ends" not in to_plain(whole) and to_plain(whole)["flag"] is True


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": 0}, "count: expected a whole number of at least 1, received 0"),
        ({"count": True}, "count: expected a whole number of at least 1, received True"),
        ({"count": 2**63}, "count: expected a whole number"),
        ({"count": 13}, "count: expected another than 13"),
        ({"flag": 1}, "flag: expected true or false, received 1"),
        ({"points": []}, r"points: expected an object, received \[\]"),
        ({"points": {"a": {}}}, r"points.'a'.x: expected a value, found none"),
        ({"points": {"a": {"x": "1"}}}, r"points.'a'.x: expected a finite number, received '1'"),
        ({"points": {"a": {"x": 10**400}}}, "points.'a'.x: expected a finite number"),
        ({"points": {"a": {"x": float("nan")}}}, "points.'a'.x: expected a finite number"),
        ({"points": {"x" * (MAX_NAME + 1): {"x": 1}}}, f"names of at most {MAX_NAME} characters"),
        ({"points": {"\ud800": {"x": 1}}}, "points: expected names"),
        (
            {"points": {str(k): {"x": k} for k in range(MAX_FACTORS + 1)}},
            f"points: expected at most {MAX_FACTORS} names",
        ),
        ({"points": {"a": {"x": 1, "label": "\udfff"}}}, "label: expected a text"),
        ({"points": {"a": {"x": 1, "label": "x" * 201}}}, "a text of at most 200 characters"),
        ({"curve": {"0": 1}}, "curve: expected a list"),
        ({"curve": [1, "2"]}, "curve: expected a finite number, received '2'"),
        ({"ends": [1]}, r"ends: expected 2 values, received \[1\]"),
        ({"mixed": None}, "mixed: expected a finite number, received None"),
        ({"strict": {"x": 1, "y": 2}}, r"strict: expected no other fields, received \['y'\]"),
    ],
)
def test_what_is_wrong_is_named_by_its_place(changes, message):
    with pytest.raises(UserError, match=f"^it: .*{message}.*; do it again$") as error:
        read_typed(Whole, {**VALUES, **changes}, "it", "do it again")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("value", [None, [], "text", 3])
def test_what_is_no_object(value):
    with pytest.raises(UserError, match="^it: all: expected an object"):
        read_typed(Whole, value, "it")
