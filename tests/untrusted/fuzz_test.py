"""Readers of files from strangers, given nonsense: a UserError of one line, or nothing wrong.

TF_DSAE_FUZZ=N tries N times as many examples; those of N = 1 are always the same.
"""

import copy
import json
import os
import shutil
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import small_config
from tests.evaluation.report_test import example, typed
from tf_dsae.core.errors import UserError
from tf_dsae.core.typed_json import read_typed, to_plain
from tf_dsae.evaluation import evaluation_report as report
from tf_dsae.evaluation import judges
from tf_dsae.evaluation.judge import JudgeSettings
from tf_dsae.evaluation.results import Evaluation
from tf_dsae.layers.model_config import ModelConfig
from tf_dsae.linear_gaussian.study_report import bias_table, families_table, study_report
from tf_dsae.linear_gaussian.study_results import Study
from tf_dsae.linear_gaussian.study_settings import FAMILIES
from tf_dsae.methods.training_config import TrainingConfig
from tf_dsae.reports import figures
from tf_dsae.reports.html import write_page
from tf_dsae.reports.markdown import render_markdown
from tf_dsae.reports.terminal import render_text
from tf_dsae.runs.metrics_table import metrics_columns, read_metrics
from tf_dsae.runs.run_config import check_same_run, read_config

MORE = int(os.environ.get("TF_DSAE_FUZZ", "1"))
COMMON = {
    "derandomize": MORE == 1,
    "database": None,
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
}

NUMBERS = st.one_of(
    st.integers(-(10**30), 10**30), st.floats(), st.sampled_from([0, -1, 2**31, 2**63, 10**400])
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20))
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=6), inner, max_size=4)
    ),
    max_leaves=12,
)


def panel() -> dict:
    """One panel of likelihood.json, of made-up numbers."""
    values, two = [0.1, 0.2], {"log_likelihood": 0.1, "optimal_elbo": 0.2}
    curves = ("log_likelihood", "elbo", "optimal_elbo")
    errors = [f"{name}_standard_error" for name in ("log_likelihood", "elbo", "gap")]
    bound = {"elbo": values, "argmax": 0.1}
    return {
        "parameter": "sigma_x",
        "truth": 0.1,
        "grid": values,
        "fixed": {"sigma_f": 2.0, "sigma_z": 0.5},
        "steps": 3,
        **dict.fromkeys(curves, values),
        **dict.fromkeys(errors, values),
        "argmax": {**two, "elbo": 0.2},
        "bias_ci": [0.0, 0.1],
        "converged": [True, False],
        "expected": {**dict.fromkeys(two, values), "argmax": two},
        "optimal": {name: {**bound, "expected": bound} for name in FAMILIES},
    }


def study() -> dict:
    """What likelihood.json holds, of made-up numbers."""
    sigmas = {"sigma_f": 2.0, "sigma_z": 0.5, "sigma_x": 0.25}
    sizes = {"num_sequences": 3, "num_frames": 4, "dimensions": 2, "seed": 1, "steps": 9}
    fit = {
        "path": {"step": [1, 9], **dict.fromkeys(sigmas, [0.5, 0.75])},
        "fitted": sigmas,
        **dict.fromkeys(("log_likelihood", "elbo", "optimal_elbo"), -3.0),
        **dict.fromkeys(("static_kl", "dynamic_kl"), 1.5),
        "converged": True,
        "share": {"f": 0.5, "z": 0.25, "noise": 0.25},
        "pruned": ["z"],
        "limit": sigmas,
    }
    peaks = dict.fromkeys(sigmas, dict.fromkeys(FAMILIES, [0.5, 0.75]))
    return {
        "panels": [panel()],
        "joint": {"truth": sigmas, **sizes, "families": dict.fromkeys(FAMILIES, fit)},
        "lengths": {"truth": sigmas, "dimensions": 2, "num_frames": [3, 5], "peaks": peaks},
        "versions": {"tf_dsae": "0"},
    }


def config() -> dict:
    """What config.json holds."""
    model, training = vars(small_config()), vars(TrainingConfig())
    return json.loads(json.dumps({"model": model, "training": training, "data": {"name": "x"}}))


def record() -> dict:
    """What judges.json holds."""
    return {
        "dataset": "pixels",
        "fingerprint": "45",
        "classes": {"colour": ["red"]},
        "accuracy": {"colour": 1.0},
        "settings": vars(JudgeSettings()),
        "weights": {"colour": "ab"},
    }


@st.composite
def spoiled(draw, whole) -> str:
    """A JSON text with a few of its places changed, left out or doubled."""
    value = copy.deepcopy(whole)
    for _ in range(draw(st.integers(1, 3))):
        place, inner = None, value
        while isinstance(inner, dict | list) and inner:
            keys = sorted(inner) if isinstance(inner, dict) else range(len(inner))
            place, key = inner, draw(st.sampled_from(list(keys)))
            inner = inner[key]
            if draw(st.integers(0, 3)) == 0:
                break
        if place is None:
            return json.dumps(draw(TREES))
        change = draw(st.sampled_from(["other", "number", "gone", "more"]))
        if change == "gone":
            del place[key]
        elif change == "more" and isinstance(place, dict):
            place[draw(st.text(max_size=9))] = draw(TREES)
        else:
            place[key] = draw(NUMBERS if change == "number" else TREES)
    return json.dumps(value, ensure_ascii=draw(st.booleans()))


def refuses_or_reads(read, path, text):
    """What was read, or None where it was refused in one line."""
    path.write_bytes(text if isinstance(text, bytes) else text.encode(errors="surrogatepass"))
    try:
        return read(path)
    except UserError as error:
        assert "\n" not in str(error) and len(str(error)) < 2000
        return None


def _read_settings(path):
    run = read_config(path)
    assert isinstance(run.model, ModelConfig) and run.model.static_size > 0
    check_same_run(path.parent, run)


def _read_judges(path):
    assert isinstance(judges._read_record(path).settings, JudgeSettings)


def _read_evaluation(path):
    evaluation = Evaluation.read(path)
    assert Evaluation.from_json(evaluation.to_json()) == evaluation
    for text in (
        render_markdown(report.evaluation_report(evaluation)),
        report.table_text(evaluation),
    ):
        text.encode()
    report.comparison_text({"a": evaluation, "b": typed(example())})
    write_page(
        path.parent / "a.html", report.comparison_report({"a": evaluation, "b": typed(example())})
    )
    report.write_report(path.parent / "b.html", evaluation)


def _read_study(path):
    whole = Study.read(path)
    assert read_typed(Study, to_plain(whole), "again") == whole
    if whole.panels:
        render_markdown(study_report(whole)).encode()
        render_text([bias_table(whole.panels), families_table(whole.panels)]).encode()


READERS = {
    "config.json": (config(), _read_settings, 100),
    "judges.json": (record(), _read_judges, 100),
    "evaluation.json": (example(), _read_evaluation, 80),
    "likelihood.json": (study(), _read_study, 100),
}


@pytest.mark.parametrize("name", READERS)
def test_json_spoiled_in_places(name, tmp_path):
    whole, read, count = READERS[name]
    read_whole = tmp_path / name
    read_whole.write_text(json.dumps(whole))
    read(read_whole)  # As it should be, it is taken.

    @settings(max_examples=count * MORE, **COMMON)
    @given(spoiled(whole))
    def check(text):
        refuses_or_reads(read, tmp_path / name, text)

    check()


@pytest.mark.parametrize("name", READERS)
def test_json_of_anything_and_bytes_of_anything(name, tmp_path):
    _, read, count = READERS[name]

    @settings(max_examples=count // 2 * MORE, **COMMON)
    @given(st.one_of(TREES.map(json.dumps), st.binary(max_size=40)))
    def check(text):
        refuses_or_reads(read, tmp_path / name, text)

    check()


COLUMNS = metrics_columns(("elbo", "log_likelihood", "static_kl", "dynamic_kl"))
HEAD = ",".join(COLUMNS)
CELLS = st.one_of(NUMBERS.filter(lambda x: x != 10**400).map(str), st.text(max_size=8))
ROWS = st.lists(st.lists(CELLS, min_size=1, max_size=len(COLUMNS) + 1).map(",".join), max_size=3)
GOOD = st.lists(
    st.tuples(*[st.integers(0, 99)] * 2, *[st.floats(width=32)] * (len(COLUMNS) - 2)),
    max_size=3,
).map(lambda rows: [",".join(map(str, row)) for row in rows])


def test_tables_of_anything(tmp_path):
    def read(path):
        figures.save_curves(path.with_suffix(".png"), read_metrics(path))

    @settings(max_examples=3 * MORE, **COMMON)
    @given(GOOD)
    def check_good(rows):
        refuses_or_reads(read, tmp_path / "metrics.csv", "\n".join([HEAD, *rows]))

    @settings(max_examples=150 * MORE, **COMMON)
    @given(st.one_of(ROWS.map(lambda rows: "\n".join([HEAD, *rows])), st.text(max_size=80)))
    def check(text):
        refuses_or_reads(read_metrics, tmp_path / "metrics.csv", text)

    check_good()
    check()


# Bytes of an HDF5 file may be too much for its library: a crash must not end the tests.
SPOIL_WEIGHTS = """
import pathlib, random, sys
import tf_dsae
from tf_dsae.runs.run_config import CONFIG, WEIGHTS, read_config
from tf_dsae.core.errors import UserError
run, count, seed = pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
path = run / WEIGHTS
whole, config = path.read_bytes(), read_config(run / CONFIG).model
used = [place for place in range(len(whole)) if whole[place : place + 1] != b"\\0"]
taken = 0
for number in range(count):
    rng, spoiled = random.Random(f"{seed} {number}"), bytearray(whole)
    structure = [place for place in used if place < 3000] if rng.random() < 0.5 else used
    for _ in range(rng.choice([1, 1, 2, 8, 64])):
        spoiled[rng.choice(structure)] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
    if rng.random() < 0.1:
        del spoiled[rng.randrange(len(spoiled)) :]
    path.write_bytes(spoiled)
    print(number, flush=True)
    try:
        tf_dsae.load(run)
        taken += 1
    except UserError as error:
        assert "\\n" not in str(error)
print("taken", taken)
"""


def test_spoiled_bytes_of_weights(whole, tmp_path):
    run = shutil.copytree(whole, tmp_path / "run")
    script = [sys.executable, "-c", SPOIL_WEIGHTS, run, str(12 * MORE), "1"]
    done = subprocess.run(script, capture_output=True, text=True)
    assert done.returncode == 0, (done.stdout[-200:], done.stderr[-2000:])
    assert "taken" in done.stdout
