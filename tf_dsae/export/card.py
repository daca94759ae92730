"""The model card: the model, its data, its scores, and how to call it."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tf_dsae.core.files import write_atomically, write_json
from tf_dsae.export.exported_run import Run
from tf_dsae.export.signatures import Signature, Value, largest_draw, signatures
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports.blocks import Block, Code, Listing, Report, Section, Table, Text
from tf_dsae.reports.markdown import render_markdown
from tf_dsae.runs.run_config import versions

CARD_JSON = "model_card.json"
CARD_MARKDOWN = "model_card.md"

_ABOUT = (
    "A disentangled sequential autoencoder (Li and Mandt 2018; Leplae-Arthur and Nichani 2019): "
    "it splits a short video into a static latent f (the content) and dynamic latents z, one for "
    "each frame (the motion), learned without labels, and makes videos from any f and z."
)
_INTENDED_USE = (
    "Research on representations of short videos like those it was trained on: encoding them, "
    "swapping their content and motion, drawing new ones."
)
_LIMITATIONS = (
    "It knows only videos like its training data, and answers others without a warning.",
    "The split into f and z is imperfect; the evaluation measures it.",
    "Scores are log densities, not probabilities, and compare only models of one data set and one "
    "likelihood.",
)
_LICENCE = (
    "None is declared here. If you share these weights, choose one that the terms of the training "
    "data allow"
)
_CALL = """\
import tensorflow as tf

model = tf.saved_model.load("THIS_FOLDER")
answer = model.signatures["reconstruct"](video=videos)["video"]"""
_CALL_NOTES = (
    "Pass inputs by name, to TF Serving as `inputs` of a predict request with the signature's "
    "name. Letters are sizes of at least 1 that the request chooses. One request draws at most "
    "{draw} frames. Wrong sizes and numbers raise errors that name the input. The same request "
    "with the same seed gets the same answer."
)


def write_card(path: str | os.PathLike, model: DSAE, run: Run) -> None:
    """Writes model_card.json and model_card.md to a folder."""
    card = _card(model, run)
    write_json(Path(path) / CARD_JSON, card)
    with write_atomically(Path(path) / CARD_MARKDOWN) as beside:
        report = _report(card, signatures(model.config, model.objective.names))
        beside.write_text(render_markdown(report), encoding="utf-8")


def _card(model: DSAE, run: Run) -> dict[str, Any]:
    described = {
        name: {
            "meaning": signature.meaning,
            "inputs": {value.name: _describe_value(value) for value in signature.inputs},
            "outputs": {value.name: _describe_value(value) for value in signature.outputs},
        }
        for name, signature in signatures(model.config, model.objective.names).items()
    }
    return {
        "about": _ABOUT,
        "intended_use": _INTENDED_USE,
        "limitations": list(_LIMITATIONS),
        "licence": _licence(run),
        "signatures": described,
        "largest_draw": largest_draw(model.config),
        "weights": {"sha256": run.weights, "parameters": model.count_params()},
        "data": run.data,
        "settings": run.settings,
        "versions": versions(),
        "evaluation": run.evaluation.figures,
        "evaluation_note": run.evaluation.note,
    }


def _licence(run: Run) -> str:
    return f"{_LICENCE}; {run.licence}." if run.licence else f"{_LICENCE}."


def _describe_value(value: Value) -> dict[str, Any]:
    return {"dtype": value.dtype, "shape": list(value.shape), "meaning": value.meaning}


# --- In words.


def _report(card: dict[str, Any], table: dict[str, Signature]) -> Report:
    facts = {"weights": card["weights"], "data": card["data"]}
    scores: list[Block] = [Text(card["evaluation_note"])]
    if card["evaluation"] is not None:
        scores.append(_values(("evaluation", "value"), card["evaluation"]))
    sections = [
        Section("Signatures", [block for pair in table.items() for block in _signature(*pair)]),
        Section(
            "How to call it", [Code(_CALL), Text(_CALL_NOTES.format(draw=card["largest_draw"]))]
        ),
        Section("Evaluation", scores),
        Section("Intended use", [Text(_INTENDED_USE)]),
        Section("Limitations", [Listing(_LIMITATIONS)]),
        Section("Licence", [Text(card["licence"])]),
        Section("Weights and data", [_values(("fact", "value"), facts)]),
        Section("Settings", [_values(("setting", "value"), card["settings"])]),
        Section("Versions that exported it", [_values(("package", "version"), card["versions"])]),
    ]
    return Report("Model card", [Text(_ABOUT)], sections)


def _signature(name: str, signature: Signature) -> list[Block]:
    rows = [
        (way, value.name, value.dtype, f"[{', '.join(map(str, value.shape))}]", value.meaning)
        for way, values in (("in", signature.inputs), ("out", signature.outputs))
        for value in values
    ]
    head = ("", "name", "type", "shape", "meaning")
    return [Table(head, rows, name, signature.meaning)]


def _values(head: tuple[str, str], values: dict[str, Any]) -> Table:
    """A row for every value inside, under the names around it."""
    return Table(head, [*_leaves(values)])


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """(name of every value inside with the names around it, the value as text)."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(inner, f"{name} {key}".lstrip())
    elif isinstance(value, list | tuple):
        yield name, ", ".join(map(_text, value))
    else:
        yield name, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, float) and math.isfinite(value):
        return f"{value:.6g}"
    return str(value)
