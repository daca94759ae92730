"""What a card repeats of a run's data and scores: known facts, for anyone may have written them."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from tf_dsae.core.errors import UserError
from tf_dsae.core.files import read_json
from tf_dsae.data.data_source import find_source

MOST_NAMES, LONGEST = 100, 200  # Factors that a card shows, characters of a name or text.
_NO_EVALUATION = "No evaluation of these weights was found when they were exported."
_UNUSABLE = (
    "An evaluation was found that cannot be used: it is damaged, or has none of the figures "
    "that an evaluation has."
)
_USED = (
    "Of these very weights. Bounds and KLs are in nats per video, entropies in nats, "
    "accuracies and disagreements fractions of 1."
)
# Gives a value as a card takes it, or what it takes of it; None where that is nothing.
Kind = Callable[[Any], Any]


class Measured(NamedTuple):
    """The known figures of an evaluation, None where there are none, and a sentence on them."""

    figures: dict[str, Any] | None
    note: str


def read_measured(path: str | os.PathLike, weights: str) -> Measured:
    """What an evaluation.json says of the weights with that SHA-256."""
    if not os.path.exists(path):
        return Measured(None, _NO_EVALUATION)
    try:
        evaluation = read_json(path, "an evaluation")
    except UserError:
        return Measured(None, _UNUSABLE)
    if isinstance(evaluation, dict) and evaluation.get("weights") != weights:
        return Measured(None, _NO_EVALUATION)
    figures = _FIGURES(evaluation)
    if figures is None:
        return Measured(None, _UNUSABLE)
    return Measured({**(_ABOUT(evaluation) or {}), **figures}, _USED)


def data_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    """What a run says of its data, but not where they lay on the machine that trained it."""
    facts, source = _DATA(data) or {}, find_source(data)
    if source is not None:
        settings = source.identity().items()
        lists = {name: list(v) if isinstance(v, tuple) else v for name, v in settings}
        facts["source"] = {"kind": source.kind, **(_each(_facts)(lists) or {})}
    return facts


# --- Kinds of values.


def _number(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and abs(value) <= sys.float_info.max else None


def _interval(value: Any) -> Any:
    numbers = isinstance(value, list) and [_number(inner) for inner in value]
    return value if numbers and len(numbers) == 2 and None not in numbers else None


def _fact(value: Any) -> Any:
    return value if isinstance(value, str) and len(value) <= LONGEST else _number(value)


def _facts(value: Any) -> Any:
    if not isinstance(value, list):
        return _fact(value)
    fits = len(value) <= MOST_NAMES and all(_fact(inner) is not None for inner in value)
    return value if fits else None


def _object(kinds: Mapping[str, Kind]) -> Kind:
    def keep(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return None
        found = {name: kind(value[name]) for name, kind in kinds.items() if name in value}
        return {name: inner for name, inner in found.items() if inner is not None} or None

    return keep


def _each(kind: Kind) -> Kind:
    """An object with a name, such as a factor's, for every value."""

    def keep(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return None
        names = [name for name in value if len(name) <= LONGEST]
        return _object(dict.fromkeys(names[:MOST_NAMES], kind))(value)

    return keep


# --- What is known, and of which kind.


def _numbers(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, _number)


_FACTORS = _each(_number)
_ABOUT = _object(dict.fromkeys(("dataset", "num_videos", "reference", "seed"), _fact))
_FIGURES = _object(
    {
        "elbo": _object(
            _numbers("elbo", "log_likelihood", "static_kl", "dynamic_kl", "importance_weighted")
        ),
        "judges": _each(_object(_numbers("accuracy"))),
        "table": _each(
            _object(
                _numbers("disagreement", "kl_recon", "kl_random")
                | dict.fromkeys(("disagreement_ci", "kl_recon_ci"), _interval)
            )
        ),
        "protocol": _object(
            _numbers("inception_score", "entropy_y_given_x", "entropy_y")
            | dict.fromkeys(("content_kept", "motion_kept"), _FACTORS)
        ),
        "latents": _object(
            _numbers("mig", "sap")
            | {
                "dci": _object(_numbers("disentanglement", "completeness", "informativeness")),
                "probe": _object(dict.fromkeys(("static", "dynamic", "chance"), _FACTORS)),
            }
        ),
    }
)
_DATA = _object(dict.fromkeys(("name", "fingerprint", "num_train"), _fact))
