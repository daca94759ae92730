"""The facts on data and scores that a card repeats, read with checks of their types."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from tf_dsae.core.checks import MAX_NAME
from tf_dsae.core.errors import UserError
from tf_dsae.data.data_source import find_source
from tf_dsae.evaluation.results import Evaluation

# Fields of an evaluation that a card repeats.
_FIELDS = (
    *("dataset", "num_videos", "seed", "reference"),
    *("elbo", "judges", "table", "protocol", "latents"),
)
_NO_EVALUATION = "No evaluation of these weights was found when they were exported."
_UNUSABLE = (
    "An evaluation was found that cannot be used: it is damaged, or lacks figures that an "
    "evaluation has."
)
_USED = (
    "Of these very weights. Bounds and KLs are in nats per video, entropies in nats, "
    "accuracies and disagreements fractions of 1."
)


class Measured(NamedTuple):
    """The figures of an evaluation, None if there are none, and a sentence on them."""

    figures: dict[str, Any] | None
    note: str


def read_measured(path: str | os.PathLike, weights: str) -> Measured:
    """The figures in an evaluation.json if it is of the weights with that SHA-256."""
    if not os.path.exists(path):
        return Measured(None, _NO_EVALUATION)
    try:
        evaluation = Evaluation.read(path)
    except UserError:
        return Measured(None, _UNUSABLE)
    if evaluation.weights != weights:
        return Measured(None, _NO_EVALUATION)
    values = evaluation.to_dict()
    return Measured({name: values[name] for name in _FIELDS if name in values}, _USED)


def data_facts(data: Mapping[str, Any]) -> dict[str, Any]:
    """A run's facts about its data, without paths of the machine that trained it."""
    facts: dict[str, Any] = {
        name: value
        for name in ("name", "fingerprint", "num_train")
        if isinstance(value := data.get(name), str | int) and len(str(value)) <= MAX_NAME
    }
    source = find_source(data)
    if source is not None:
        facts["source"] = {"kind": source.kind, **source.identity()}
    return facts
