"""The model card: what it says of a run, and what it keeps to itself."""

import hashlib
import json
import os
import shutil
import stat

import pytest

from tests.conftest import C, H, W
from tests.evaluation.report_test import example
from tests.export.conftest import SIGNATURES
from tf_dsae.core.checks import MAX_FACTORS, MAX_NAME
from tf_dsae.export.card import write_card
from tf_dsae.export.exported_run import data_facts, load_run, read_measured
from tf_dsae.runs.run_config import versions

NONE_FOUND, UNUSABLE = "No evaluation of these weights", "An evaluation was found that cannot be"


@pytest.fixture(scope="module")
def digest(random_run):
    return hashlib.sha256((random_run[0] / "model.weights.h5").read_bytes()).hexdigest()


@pytest.fixture
def measured(tmp_path, digest):
    """Reads what an evaluation.json says, given as text or as an object without its weights."""

    def read(evaluation):
        if isinstance(evaluation, dict):
            evaluation = json.dumps({"weights": digest, **evaluation})
        path = tmp_path / "evaluation.json"
        path.write_text(evaluation.replace("DIGEST", digest))
        return read_measured(path, digest)

    return read


@pytest.fixture
def card_of(random_run, tmp_path):
    """Writes a card of the run with some evaluation; the card and its Markdown."""

    def write(evaluation):
        copy = tmp_path / "copy"
        shutil.copytree(random_run[0], copy)
        (copy / "evaluation").mkdir()
        (copy / "evaluation" / "evaluation.json").write_text(json.dumps(evaluation))
        write_card(tmp_path, *load_run(copy))
        text = (tmp_path / "model_card.md").read_text()
        return json.loads((tmp_path / "model_card.json").read_text()), text

    return write


def test_card(exported, random_run, digest):
    extra = exported / "assets.extra"
    card, text = (extra / "model_card.json").read_text(), (extra / "model_card.md").read_text()
    card = json.loads(card)
    settings = json.loads((random_run[0] / "config.json").read_text())
    assert card["settings"] == {"model": settings["model"], "training": settings["training"]}
    source = settings["data"].pop("source")
    assert card["data"].pop("source") == {"kind": "folder", **source["clips"]}
    assert card["data"] == settings["data"]
    parameters = sum(weight.numpy().size for weight in random_run[1].weights)
    assert card["weights"] == {"sha256": digest, "parameters": parameters}
    assert card["versions"] == versions()
    assert card["evaluation"] is None and NONE_FOUND in card["evaluation_note"]
    assert tuple(card["signatures"]) == SIGNATURES
    video = card["signatures"]["swap"]["inputs"]["content"]
    assert (video["dtype"], video["shape"]) == ("uint8", ["B", "S", H, W, C])
    for held in (digest, str(parameters), "**sample\\_prior**", "data fingerprint", "static\\_kl"):
        assert held in text
    assert NONE_FOUND in text and "| training beta\\_f | 0:1\\|2 |" in text
    assert "| data source frame\\_size | 64, 64 |" in text


def test_card_has_the_evaluation_of_these_weights(card_of, digest):
    values = example() | {"weights": digest, "note": "not ours"}
    values["table"]["a|b"] = values["table"].pop("skin")
    values["table"]["a|b"] |= {"disagreement": 0.25, "disagreement_ci": [0.125, 0.5]}
    values["elbo"]["elbo"] = -1234.5678
    card, text = card_of(values)
    names = ("dataset", "num_videos", "seed", "reference", "elbo", "judges", "table", "protocol")
    assert card["evaluation"] == {name: values[name] for name in (*names, "latents")}
    assert "not ours" not in text and "Of these very weights." in card["evaluation_note"]
    probe = values["latents"]["probe"]["static"]["skin"]
    for row in (
        *("dataset | sprites/drawn", "elbo elbo | -1234.57"),
        f"latents probe static skin | {probe:.6g}",
        "table a\\|b disagreement\\_ci | 0.125, 0.5",
    ):
        assert f"| {row} |" in text


WHOLE = json.dumps(example())


@pytest.mark.parametrize(
    ("evaluation", "note"),
    [
        (WHOLE, NONE_FOUND),
        (json.dumps({**example(), "weights": "another"}), NONE_FOUND),
        ('{"weights": "DIGEST"}', UNUSABLE),
        ('{"weights": "DIGEST", "elbo": {"elbo": NaN}}', UNUSABLE),
        ('{"weights": "DIGEST", "elbo": {"elbo": 1e999}}', UNUSABLE),
        (
            '{"weights": "DIGEST", ' + WHOLE[1:-1] + ', "x": ' + "[" * 400 + "]" * 400 + "}",
            UNUSABLE,
        ),
        ('{"weights": "DIGEST", ' + WHOLE[1:-1] + ', "x": "' + "x" * 2**22 + '"}', UNUSABLE),
        *((text, UNUSABLE) for text in ('["DIGEST"]', "[" * 100_000, "no JSON", "\x00", "", "3")),
    ],
)
def test_evaluations_that_cannot_be_trusted(measured, evaluation, note):
    read = measured(evaluation)
    assert read.figures is None and note in read.note and "\n" not in read.note


@pytest.mark.parametrize(
    "changes",
    [
        {"elbo": {"elbo": 1, "static_kl": "2", "dynamic_kl": 3}},
        {"table": {"a": {"disagreement": 10**400, "kl_recon": 1, "kl_random": 2}}},
        {"table": {"b" * (MAX_NAME + 1): example()["table"]["skin"]}},
        {"judges": {str(number): {"accuracy": 1} for number in range(MAX_FACTORS + 1)}},
        {"dataset": "x" * (MAX_NAME + 1)},
        {"seed": [1]},
    ],
)
def test_figures_that_are_none_make_an_evaluation_unusable(measured, changes):
    assert measured(example()).figures is not None
    assert UNUSABLE in measured({**example(), **changes}).note


def test_facts_of_the_data_stay_small():
    nested = {"fingerprint": "0"}
    for _ in range(30):
        nested = {"x" * 1000: nested}
    facts = {"name": "x", "fingerprint": nested, "num_train": "y" * 9999, "more": nested}
    assert data_facts(facts) == {"name": "x"}


def test_what_is_no_file_is_not_waited_for(tmp_path, digest):
    path = tmp_path / "evaluation.json"
    os.mkfifo(path)
    assert UNUSABLE in read_measured(path, digest).note
    assert stat.S_ISFIFO(path.stat().st_mode)
    assert NONE_FOUND in read_measured(path / "below", digest).note
