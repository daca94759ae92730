"""Versions appear whole and are never overwritten; what lies beside the model."""

import os
import shutil
import threading
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import prediction_log_pb2

from tests.conftest import F, small_config
from tests.export.conftest import SIGNATURES, write_run
from tf_dsae.core import files
from tf_dsae.core.errors import UserError
from tf_dsae.export import exported_run, saved_model
from tf_dsae.export.publish import LARGEST_VERSION, publish
from tf_dsae.export.saved_model import export_saved_model
from tf_dsae.models.dsae import DSAE
from tf_dsae.runs.run_config import CONFIG, WEIGHTS
from tf_dsae.runs.weights import load, save_weights


def fill(path):
    (path / "inner").mkdir()
    (path / "inner" / "file").write_text("new")


def everything(path):
    return sorted(str(found.relative_to(path)) for found in path.rglob("*"))


# --- Versions.


def test_versions_count_up_and_other_names_do_not_matter(tmp_path):
    exports = tmp_path / "a" / "exports"
    assert publish(fill, exports) == exports / "1"
    for name in ("notes", "-9", "3.5", "9x", "\u0669", "9" * 30, ".7"):
        (exports / name).mkdir()
    assert publish(fill, exports) == exports / "2"
    assert publish(fill, exports, 40) == exports / "40"
    assert publish(fill, exports, 7) == exports / "7"
    assert publish(fill, exports) == exports / "41"
    (exports / "0050").write_text("A server reads this as 50.")
    assert publish(fill, exports) == exports / "51"
    assert (exports / "51" / "inner" / "file").read_text() == "new"


def test_others_can_read_it(tmp_path):
    umask = os.umask(0o022)
    try:
        assert publish(fill, tmp_path).stat().st_mode & 0o777 == 0o755
    finally:
        os.umask(umask)


@pytest.mark.parametrize("name", ["3", "003"])
def test_a_version_is_never_overwritten(tmp_path, name):
    (tmp_path / name).mkdir()
    with pytest.raises(
        UserError, match="version: expected one that .* does not have yet, received 3"
    ):
        publish(fill, tmp_path, 3)
    assert everything(tmp_path) == [name]


@pytest.mark.parametrize("version", [0, -1, 1.0, True, "1", 2**63])
def test_version_numbers(tmp_path, version):
    with pytest.raises(UserError, match="version: expected"):
        publish(fill, tmp_path, version)
    assert everything(tmp_path) == []


def test_no_version_above_the_largest(tmp_path):
    assert publish(fill, tmp_path, LARGEST_VERSION).name == str(LARGEST_VERSION)
    with pytest.raises(UserError, match="version: expected one free above the highest"):
        publish(fill, tmp_path)
    assert publish(fill, tmp_path, 1).name == "1"


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_a_failure_leaves_nothing(tmp_path, error):
    def fail(path):
        fill(path)
        # Nothing that a server could take for a version while it fills.
        assert not any(name.isdecimal() for name in os.listdir(tmp_path))
        raise error

    with pytest.raises(error):
        publish(fail, tmp_path)
    assert everything(tmp_path) == []


def test_racing_exports_take_one_version_each(tmp_path):
    start = threading.Barrier(8)
    made = []

    def write(path):
        fill(path)
        start.wait()

    threads = [
        threading.Thread(target=lambda: made.append(publish(write, tmp_path))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(path.name for path in made) == [str(number) for number in range(1, 9)]
    assert sorted(os.listdir(tmp_path)) == sorted(path.name for path in made)
    assert all((path / "inner" / "file").read_text() == "new" for path in made)


def test_who_loses_a_race_for_a_version_overwrites_nothing(tmp_path):
    def write(path):
        fill(path)
        (tmp_path / "5").mkdir()
        (tmp_path / "5" / "theirs").write_text("first")

    with pytest.raises(UserError, match="received 5"):
        publish(write, tmp_path, 5)
    assert everything(tmp_path) == ["5", "5/theirs"]


# --- A run that is exported.


def test_a_failure_while_writing_leaves_nothing(random_run, tmp_path, monkeypatch):
    def full(*_):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(saved_model, "save_signatures", lambda _, path: fill(path))
    monkeypatch.setattr(saved_model, "write_warmup", full)
    with pytest.raises(UserError, match="exports: expected a folder .* No space left on device"):
        export_saved_model(random_run[0], tmp_path / "exports")
    assert everything(tmp_path) == ["exports"]


def test_what_cannot_work_is_said_before_the_model_loads(random_run, tmp_path, monkeypatch):
    monkeypatch.setattr(exported_run, "load", lambda _: pytest.fail("loaded"))
    (tmp_path / "file").write_text("")
    (tmp_path / "1").mkdir()
    with pytest.raises(UserError, match="export_dir: expected a folder, received"):
        export_saved_model(random_run[0], tmp_path / "file" / "exports")
    with pytest.raises(UserError, match="version: expected one that"):
        export_saved_model(random_run[0], tmp_path, 1)
    with pytest.raises(UserError, match="version: expected a whole number of at least 1"):
        export_saved_model(random_run[0], tmp_path, 0)
    with pytest.raises(UserError, match="config.json: expected a run's settings"):
        export_saved_model(tmp_path, tmp_path / "exports")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1000))
    with pytest.raises(UserError, match="expected .* MB of free space"):
        export_saved_model(random_run[0], tmp_path / "exports")
    assert everything(tmp_path) == ["1", "file"]


def test_weights_that_are_not_finite(tmp_path):
    config = small_config()
    write_run(tmp_path / "run")
    broken = DSAE(config)
    kernel = broken.weights[0]
    kernel.assign(np.full(kernel.shape, np.nan))
    save_weights(tmp_path / "run", broken)
    with pytest.raises(UserError, match="expected finite weights, received NaN .* in .*kernel"):
        export_saved_model(tmp_path / "run", tmp_path / "exports")
    assert not (tmp_path / "exports").exists()


@pytest.mark.parametrize("name", ["model.weights.h5", "config.json"])
def test_a_run_that_changes_while_it_is_exported(random_run, tmp_path, monkeypatch, name):
    workdir = tmp_path / "run"
    shutil.copytree(random_run[0], workdir)
    other = tmp_path / "other"
    changes = {} if name == WEIGHTS else {"static_size": F + 1}
    write_run(other, **changes)
    save_weights(other, DSAE(small_config(**changes), seed=2))

    def replaced(path):
        # What fits together loads without a word.
        shutil.copy(other / name, path / name)
        if name == CONFIG:
            shutil.copy(other / WEIGHTS, path / WEIGHTS)
        return load(path)

    monkeypatch.setattr(exported_run, "load", replaced)
    with pytest.raises(UserError, match="expected config.json and model.weights.h5 to stay"):
        export_saved_model(workdir, tmp_path / "exports")
    assert not (tmp_path / "exports").exists()


def test_weights_of_another_size_are_not_hashed(random_run, tmp_path, monkeypatch):
    shutil.copytree(random_run[0], tmp_path / "run")
    os.truncate(tmp_path / "run" / WEIGHTS, 2**33)  # A hole: no disk is taken.
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=2**40))
    monkeypatch.setattr(files.hashlib, "file_digest", lambda *_: pytest.fail("hashed"))
    with pytest.raises(UserError, match="8589934592 bytes are too many"):
        export_saved_model(tmp_path / "run", tmp_path / "exports")


def test_what_is_in_a_version(exported):
    assert exported.name == "1" and os.listdir(exported.parent) == ["1"]
    assert sorted(os.listdir(exported / "assets.extra")) == [
        "model_card.json",
        "model_card.md",
        "tf_serving_warmup_requests",
    ]
    assert (exported / "saved_model.pb").exists()


def test_warm_up_asks_every_signature(exported, server):
    path = exported / "assets.extra" / "tf_serving_warmup_requests"
    asked = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        assert log.WhichOneof("log_type") == "predict_log"
        request = log.predict_log.request
        name = request.model_spec.signature_name
        inputs = {key: tf.make_ndarray(value) for key, value in request.inputs.items()}
        assert all(np.isfinite(value).all() for value in server(name, inputs).values())
        asked.append(name)
    assert tuple(asked) == SIGNATURES
