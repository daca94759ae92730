"""What an evaluation has to hold for its reports, checked: anyone may have written the file."""

from collections.abc import Callable, Mapping
from typing import Any

from tf_dsae.core.checks import MAX_TEXT, shown
from tf_dsae.core.errors import UserError

MAX_FACTORS, MAX_NAME = 1000, 200  # Factors of a data set, characters of a factor's name.
Check = Callable[[str, Any], None]


class _Wrong(Exception):
    """Where in the evaluation something else stands than is expected, and what."""


def check_evaluation(name: str, evaluation: Any) -> None:
    """Raises UserError unless an evaluation holds all that a report shows, each of its kind.

    Args:
      name: of the evaluation, for the message.
      evaluation: what evaluation.json holds; what reports do not show may be anything.
    """
    try:
        _object({**_REQUIRED}, {**_OPTIONAL})("", evaluation)
        probe = evaluation["latents"]["probe"]
        if set(probe["static"]) != set(probe["dynamic"]):
            raise _Wrong("latents.probe.dynamic: expected the factors of latents.probe.static")
    except KeyError as error:
        raise UserError(
            f"{name}: expected what evaluation.json holds, found it without {error}; evaluate again"
        ) from None
    except _Wrong as error:
        raise UserError(f"{name}: {error}; evaluate again") from None


# --- Checks of a value; `place` is where it stands.


def _expect(right: bool, place: str, expected: str, value: Any) -> None:
    if not right:
        raise _Wrong(f"{place or 'all'}: expected {expected}, received {shown(value)}")


def is_number(value: Any) -> bool:
    """Whether it is a finite number, of a size that double precision can add and square."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e150


def _number(place: str, value: Any) -> None:
    _expect(is_number(value), place, "a finite number", value)


def _count(place: str, value: Any) -> None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63
    _expect(is_count, place, "a whole number of at least 1", value)


def _text(place: str, value: Any) -> None:
    _expect(_is_text(value, MAX_TEXT), place, "a text", value)


def _is_text(value: Any, longest: int) -> bool:
    """Whether it is a text of that length that UTF-8 can write."""
    if not isinstance(value, str) or len(value) > longest:
        return False
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def _flag(place: str, value: Any) -> None:
    _expect(isinstance(value, bool), place, "true or false", value)


def _scalar(place: str, value: Any) -> None:
    if not is_number(value) and not isinstance(value, bool | None):
        _text(place, value)


def _interval(place: str, value: Any) -> None:
    pair = isinstance(value, list | tuple) and len(value) == 2 and all(map(is_number, value))
    _expect(pair, place, "two numbers", value)


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    def check(place: str, value: Any) -> None:
        _expect(isinstance(value, Mapping), place, "an object", value)
        for key, inner in required.items():
            inner(f"{place}.{key}".lstrip("."), value[key])
        for key, inner in (optional or {}).items():
            if key in value:
                inner(f"{place}.{key}".lstrip("."), value[key])

    return check


def _each(inner: Check) -> Check:
    """An object with a name, such as a factor's, for every value."""

    def check(place: str, value: Any) -> None:
        _expect(isinstance(value, Mapping), place, "an object", value)
        _expect(len(value) <= MAX_FACTORS, place, f"at most {MAX_FACTORS} names", len(value))
        for name, of_name in value.items():
            _expect(
                _is_text(name, MAX_NAME), place, f"names of at most {MAX_NAME} characters", name
            )
            inner(f"{place}.{shown(name)}", of_name)

    return check


_ROW = _object(
    dict.fromkeys(("disagreement", "kl_recon", "kl_random"), _number),
    dict.fromkeys(("disagreement_ci", "kl_recon_ci"), _interval),
)
_PARTS = _object(dict.fromkeys(("mutual_information", "aggregate_gap", "mean_kl"), _number))
_PROBES = _each(_number)
_REQUIRED: Mapping[str, Check] = {
    "dataset": _text,
    "num_videos": _count,
    "elbo": _object(
        dict.fromkeys(("elbo", "static_kl", "dynamic_kl"), _number),
        dict.fromkeys(("log_likelihood", "importance_weighted"), _number),
    ),
    "judges": _each(_object({}, {"accuracy": _number})),
    "table": _each(_ROW),
    "protocol": _object(
        {},
        {
            "content_kept": _each(_number),
            "motion_kept": _each(_number),
            **dict.fromkeys(("inception_score", "entropy_y_given_x", "entropy_y"), _number),
        },
    ),
    "latents": _object(
        {
            "mig": _number,
            "sap": _number,
            "dci": _each(_number),
            "probe": _object({"static": _PROBES, "dynamic": _PROBES}, {"chance": _PROBES}),
        }
    ),
}
_OPTIONAL: Mapping[str, Check] = {
    **dict.fromkeys(("fingerprint", "reference", "motion_prior", "judges_digest"), _text),
    **dict.fromkeys(("seed", "importance_samples", "batch_size", "weights"), _scalar),
    "information": _object({"static": _PARTS, "dynamic": _PARTS}),
    "collapsed": _object({}, {"static": _flag, "dynamic": _flag}),
    "show_source": _flag,
    "beta": _each(_scalar),
    "versions": _each(_scalar),
}
