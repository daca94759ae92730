"""A finished run for its export: the model, and the facts for its card."""

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tf_dsae.core.checks import MAX_NAME
from tf_dsae.core.errors import UserError
from tf_dsae.core.files import sha256
from tf_dsae.data.data_source import find_source
from tf_dsae.evaluation.results import EVALUATION, Evaluation
from tf_dsae.layers.weight_count import count_weights
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.hdf5_guard import check_weights
from tf_dsae.runs.run_config import CONFIG, WEIGHTS, read_config
from tf_dsae.runs.weights import load

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
    """The figures of an evaluation, None where there are none, and a sentence on them."""

    figures: dict[str, Any] | None
    note: str


class Run(NamedTuple):
    """A run's facts for its card: plain values, and the SHA-256 of the weights.

    licence is that of its data; empty if it is not known.
    """

    settings: dict[str, Any]
    data: dict[str, Any]
    weights: str
    evaluation: Measured
    licence: str = ""


def load_run(workdir: str | os.PathLike) -> tuple[DSAE, Run]:
    """The model of a finished run, and the run's facts.

    Raises:
      UserError: as `tf_dsae.load` does, or the files were replaced meanwhile.
    """
    workdir = Path(workdir)
    config = read_config(workdir / CONFIG)
    weights = workdir / WEIGHTS
    num_weights = count_weights(lambda: DSAE(config.model))
    before = _digest(weights, num_weights)
    model = load(workdir)
    after = _digest(weights, num_weights)
    if not before or before != after or config.model != model.config:
        raise UserError(
            f"{workdir}: expected {CONFIG} and {WEIGHTS} to stay as they are during "
            "an export, received others meanwhile; export again"
        )
    settings = {
        "model": dataclasses.asdict(config.model),
        "training": dataclasses.asdict(config.training),
    }
    evaluation = read_measured(workdir / "evaluation" / EVALUATION, before)
    source = find_source(config.data)
    licence = f"those of {source.kind}: {source.licence}" if source and source.licence else ""
    return model, Run(settings, data_facts(config.data), before, evaluation, licence)


def _digest(weights: Path, num_weights: int) -> str:
    """SHA-256 of a file of so many weights; empty if it is no such file."""
    try:
        # A file of any size and kind may have this name: hashing it could take for ever.
        check_weights(weights, num_weights)
        return sha256(weights)
    except Exception:  # h5py raises many kinds; loading says better what is wrong.
        return ""


def read_measured(path: str | os.PathLike, weights: str) -> Measured:
    """What an evaluation.json says of the weights with that SHA-256."""
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
    """What a run says of its data, but not where they lay on the machine that trained it."""
    facts: dict[str, Any] = {
        name: value
        for name in ("name", "fingerprint", "num_train")
        if isinstance(value := data.get(name), str | int) and len(str(value)) <= MAX_NAME
    }
    source = find_source(data)
    if source is not None:
        facts["source"] = {"kind": source.kind, **source.identity()}
    return facts
