"""Runs from strangers: refused in one line, before memory is taken for what they claim to hold."""

import json
import os
import shutil
import subprocess
import sys

import h5py
import numpy as np
import pytest
import tensorflow as tf

import tf_dsae
from tests.conftest import small_config
from tf_dsae.core.errors import UserError
from tf_dsae.layers.weight_count import MAX_WEIGHTS, count_weights
from tf_dsae.methods.presets import preset
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.hdf5_guard import check_weights
from tf_dsae.runs.metrics_table import metrics_columns, read_metrics, write_metrics
from tf_dsae.runs.run_config import read_config
from tf_dsae.training.checkpoints import RunCheckpoints

COLUMNS = metrics_columns(("elbo", "contrast"))
BIAS = "dynamic_encoder/head/dense/vars/1"  # 8 numbers.


@pytest.fixture
def run(whole, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(whole, tmp_path / "run")


def one_line(action, *arguments) -> str:
    with pytest.raises(UserError) as caught:
        action(*arguments)
    message = str(caught.value)
    assert "\n" not in message and len(message) < 1000
    return message


def change_model(run, **changes):
    path = run / "config.json"
    settings = json.loads(path.read_text())
    settings["model"].update(changes)
    path.write_text(json.dumps(settings))


# --- The settings.


@pytest.mark.parametrize("posterior", ["factorised", "full", "autoregressive"])
@pytest.mark.parametrize("rnn", ["lstm", "bidirectional_lstm", "gru", "mean"])
@pytest.mark.parametrize("initial", ["learned", "standard_normal"])
def test_weights_are_counted_without_a_layer(posterior, rnn, initial):
    config = small_config(dynamic_posterior=posterior, static_posterior=rnn, initial_prior=initial)
    assert count_weights(lambda: DSAE(config)) == DSAE(config).count_params()


@pytest.mark.parametrize("name", ["sprites_drawn", "paper", "li_mandt", "tiny"])
def test_weights_of_presets_are_counted(name):
    config = preset(name).model
    assert count_weights(lambda: DSAE(config)) == DSAE(config).count_params()


@pytest.mark.parametrize(
    "changes",
    [
        {"static_size": 10**9},
        {"static_hidden_size": 10**5},
        {"encoder_channels": [10**9, 1]},
        {"prior_size": 10**400},
        {"prior_size": 10**30, "static_size": 2**63},
        {"frame_shape": [5000, 20, 3]},
        {"frame_shape": [4096, 4096, 3], "static_hidden_size": 512},
        {"encoder_channels": [1] * 10**5, "encoder_strides": [1] * 10**5},
        {"encoder_channels": [10**7, 1], "encoder_kernel_sizes": [1, 1]},
        {"encoder_strides": list(range(10**5))},
    ],
)
def test_a_small_text_cannot_ask_for_a_large_model(run, changes):
    change_model(run, **changes)
    message = one_line(tf_dsae.load, run)
    assert "config.json: " in message and "expected at most" in message


def test_the_largest_model_is_told_before_it_is_made(run):
    """Sizes that are allowed one by one may be too many together."""
    change_model(run, prior_size=3 * 10**4)
    message = one_line(tf_dsae.load, run)
    assert f"at most {MAX_WEIGHTS:,} weights, received 3,6" in message


@pytest.mark.parametrize(
    "text",
    [
        b'{"model": NaN}',
        b"[" * 10**5,
        b'{"model":' * 50 + b"1" + b"}" * 50,
        b'{"model": ' + b"9" * 5000 + b"}",
        b'{"model": 1e999}',
        b'{"model": "\\ud800"}',
        b"\xff",
        b"[" + b"{}," * 10**6 + b"{}]",
        b" " * (5 * 2**20),
        b"",
    ],
)
def test_json_that_is_none(run, text):
    (run / "config.json").write_bytes(text)
    assert "expected a run's settings as JSON" in one_line(read_config, run / "config.json")


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_what_is_no_regular_file_is_not_waited_for(run, name):
    for make in (os.mkfifo, os.mkdir, lambda path: os.symlink("/dev/zero", path)):
        shutil.move(run / name, run / "kept")
        make(run / name)
        assert "expected" in one_line(tf_dsae.load, run)
        (run / name).rmdir() if (run / name).is_dir() else (run / name).unlink()
        shutil.move(run / "kept", run / name)


@pytest.mark.parametrize(
    "text",
    [
        "epoch,elbo\n1,2\n",
        "epoch,step,elbo\n1,,2\n",
        "epoch,step,elbo\n1,2,3,4\n",
        "epoch,step,note\n1,2,three\n",
        "epoch,step,elbo\n1,-2,3\n",
        "\x00",
        ",".join(COLUMNS) + "\n" + ",".join("x" * len(COLUMNS)) + "\n",
        ",".join(COLUMNS) + "\n" + ",".join(["9" * 5000] * len(COLUMNS)),
        ",".join(COLUMNS) + '\n"' + "1" * 200_000,
        "1" * (5 * 2**20),
    ],
)
def test_tables_that_are_none(tmp_path, text):
    (tmp_path / "metrics.csv").write_text(text)
    if text == "\x00":
        assert read_metrics(tmp_path / "metrics.csv") == []
    else:
        assert "metrics.csv: expected" in one_line(read_metrics, tmp_path / "metrics.csv")


def test_tables_of_other_columns_are_read(tmp_path):
    """Those of other versions and of other terms, and cells that nothing was written to."""
    path = tmp_path / "metrics.csv"
    path.write_text("epoch,step,elbo,videos_per_second\n1,4,-7.5,\n2,8\n")
    first, second = read_metrics(path)
    assert first == {"epoch": "1", "step": "4", "elbo": "-7.5", "videos_per_second": ""}
    assert second == {"epoch": "2", "step": "8", "elbo": "", "videos_per_second": ""}
    third = {"epoch": "3", "step": "12", "elbo": "-5", "contrast": "0.25", "val_elbo": "nan"}
    write_metrics(path, [first, second, third], ("elbo", "contrast"))
    assert path.read_text().splitlines()[0] == ",".join([*COLUMNS, "videos_per_second"])
    empty = dict.fromkeys([*COLUMNS, "videos_per_second"], "")
    assert read_metrics(path) == [empty | first, empty | second, empty | third]


# --- The weights.


def replace(run, make, name=BIAS):
    """Has `make` put something else in place of an array."""
    with h5py.File(run / "model.weights.h5", "r+") as file:
        group, last = file[name].parent, name.rsplit("/", 1)[1]
        del group[last]
        make(group, last, run)


def _virtual(group, name, run):
    layout = h5py.VirtualLayout((8,), "f4")
    layout[:] = h5py.VirtualSource(str(run / "other.h5"), "x", (8,))
    group.create_virtual_dataset(name, layout)


def _cycle(group, name, run):
    group[name] = group


def _attribute(group, name, run):
    group[name] = np.zeros(8, np.float32)
    group[name].attrs["dtype"] = "bfloat16"


def _late(group, name, run):
    created = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    created.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    space = h5py.h5s.create_simple((10**12,))
    h5py.h5d.create(group.id, name.encode(), h5py.h5t.IEEE_F32LE, space, created)


SPOILED = {
    "soft link": lambda group, name, run: group.__setitem__(name, h5py.SoftLink("/vars")),
    "external link": lambda group, name, run: group.__setitem__(
        name, h5py.ExternalLink("/etc/passwd", "/")
    ),
    "external storage": lambda group, name, run: group.create_dataset(
        name, (8,), "f4", external=[("/etc/hostname", 0, 32)]
    ),
    "virtual": _virtual,
    "compressed": lambda group, name, run: group.create_dataset(
        name, (10**7,), "f4", compression="gzip", fillvalue=0
    ),
    "chunked": lambda group, name, run: group.create_dataset(name, (8,), "f4", chunks=(4,)),
    "huge and never written": _late,
    "texts": lambda group, name, run: group.create_dataset(name, data=["a"] * 8),
    "records": lambda group, name, run: group.create_dataset(name, (8,), "f4,f4"),
    "references": lambda group, name, run: group.create_dataset(name, (8,), h5py.ref_dtype),
    "a type": lambda group, name, run: group.__setitem__(name, np.dtype("f4")),
    "nothing": lambda group, name, run: group.create_dataset(name, data=h5py.Empty("f4")),
    "a cycle": _cycle,
    "an attribute": _attribute,
}


@pytest.mark.parametrize("kind", SPOILED)
def test_weights_are_plain_arrays_in_the_file(run, kind):
    replace(run, SPOILED[kind])
    assert "model.weights.h5: expected the weights" in one_line(tf_dsae.load, run)
    with pytest.raises(ValueError):
        check_weights(run / "model.weights.h5", DSAE(small_config()).count_params())


def test_weights_of_half_and_double_precision_are_loaded(run, whole):
    for kind in ("f2", "f8"):
        with h5py.File(run / "model.weights.h5", "r+") as file:
            values = np.linspace(-1, 1, 8)
            group = file[BIAS].parent
            del group["1"]
            group["1"] = values.astype(kind)
        model = tf_dsae.load(run)
        held = model.dynamic_encoder.head.dense.bias
        assert held.dtype == "float32"
        np.testing.assert_allclose(held, values, atol=1e-3)


def test_files_of_other_sizes_are_refused_by_their_size(run):
    path, count = run / "model.weights.h5", DSAE(small_config()).count_params()
    os.truncate(path, 10**10)  # Sparse.
    with pytest.raises(ValueError, match="too many for"):
        check_weights(path, count)
    os.truncate(path, count)
    with pytest.raises(ValueError, match="too few for"):
        check_weights(path, count)


BOMBS = """
import resource, sys, time
import tf_dsae, tf_dsae.models.dsae, tf_dsae.runs.weights
tf_dsae.load(sys.argv[1])  # Everything is imported and was used.
for run in sys.argv[2:]:
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    try:
        tf_dsae.load(run)
    except tf_dsae.UserError:
        seconds = time.perf_counter() - start
        print(seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""
BOMBED = {
    "settings": lambda run: change_model(run, static_size=10**8),
    "large model": lambda run: change_model(run, static_hidden_size=14_000),  # 0.8e9 weights.
    "array": lambda run: replace(run, SPOILED["huge and never written"]),
    "compressed": lambda run: replace(run, SPOILED["compressed"]),
    "values": lambda run: (run / "config.json").write_text("[" + "[]," * 10**6 + "1]"),
}


def test_bombs_take_neither_time_nor_memory(whole, tmp_path):
    runs = [shutil.copytree(whole, tmp_path / name) for name in BOMBED]
    for run, make in zip(runs, BOMBED.values(), strict=True):
        make(run)
    script = [sys.executable, "-c", BOMBS, whole, *runs]
    done = subprocess.run(script, capture_output=True, text=True, check=True)
    figures = [tuple(map(float, line.split())) for line in done.stdout.splitlines()]
    assert len(figures) == len(BOMBED)
    # Seconds are the machine's; a bomb that goes off takes gigabytes first.
    assert max(grown for _, grown in figures) < 500
    assert max(seconds for seconds, _ in figures) < 30, figures


# --- Checkpoints.


class Arrays:
    """What `RunCheckpoints` needs of a model, with arrays of any size."""

    def __init__(self, size):
        self.variables = [_Held(tf.Variable(tf.zeros([size])))]
        self.optimizer = type("Optimizer", (), {"variables": [], "iterations": tf.constant(0)})
        self.trainable_variables, self.metrics = [], []
        self.distribute_strategy = tf.distribute.get_strategy()


class _Held:
    def __init__(self, value):
        self.value = value


def test_checkpoints_of_other_sizes_are_refused_before_they_are_read(tmp_path, monkeypatch):
    RunCheckpoints(Arrays(3), tmp_path).save()
    assert RunCheckpoints(Arrays(3), tmp_path).restore()
    other = RunCheckpoints(Arrays(4), tmp_path)
    monkeypatch.setattr(other._checkpoint, "read", None)
    assert "expected a whole checkpoint of this model" in one_line(other.restore)


def test_a_pipe_in_place_of_a_checkpoint_is_not_waited_for(tmp_path):
    checkpoints = RunCheckpoints(Arrays(3), tmp_path)
    os.mkfifo(tmp_path / "ckpt-1.index")
    assert "expected a whole checkpoint" in one_line(checkpoints.restore)
