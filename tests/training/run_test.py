"""The run loop: what it leaves, what it warns of, what it refuses."""

import dataclasses
import json
import logging
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tf_dsae
from tests.conftest import T, small_config
from tests.training.conftest import SETTINGS, assert_same, rows, run
from tf_dsae.core.errors import UserError
from tf_dsae.training import run_training
from tf_dsae.training.run_checks import check_before_data


def test_what_a_run_leaves(finished, squares):
    workdir, weights = finished
    settings = json.loads((workdir / "config.json").read_text())
    assert settings["data"]["fingerprint"] == "0123"
    assert settings["training"]["beta_f"] == "1" and settings["training"]["xla"] == "off"
    assert settings["versions"]["tensorflow"] == tf.__version__
    table = rows(workdir)
    assert [(row["epoch"], row["step"]) for row in table] == [("1", "4"), ("2", "8"), ("3", "12")]
    assert float(table[2]["val_elbo"]) > float(table[0]["val_elbo"])
    for name in ("reconstruction", "swap", "prior_f", "prior_z", "sample", "curves"):
        with Image.open(workdir / "figures" / f"{name}.png") as picture:
            assert min(picture.size) > 100
    with Image.open(workdir / "figures" / "swap.gif") as picture:
        assert picture.n_frames == T
    loaded = tf_dsae.load(workdir)
    assert_same(loaded.get_weights(), weights)
    videos = squares.examples("test", [0, 1])["video"]
    assert loaded.reconstruct(videos).shape == videos.shape
    leftovers = [path for path in workdir.rglob(".*")]
    assert not leftovers


def test_rows_are_means_over_the_epoch(finished, squares):
    """The last row's held-out terms again, by hand, from the weights of that moment."""
    workdir, _ = finished
    model = tf_dsae.load(workdir)
    model.compile(seed=SETTINGS.seed)
    scored = model.evaluate(squares.evaluation_batches("test", 3), return_dict=True, verbose=0)
    for name, value in scored.items():
        np.testing.assert_allclose(float(rows(workdir)[-1][f"val_{name}"]), value, rtol=1e-6)


def test_nothing_is_written_before_all_is_checked(squares, tmp_path):
    """A schedule whose order depends on the number of steps, 12 here."""
    for beta in ("0%:1,300:2,50%:1", "0:1,2:-1"):
        with pytest.raises(UserError, match="^beta_f: expected"):
            run(squares, tmp_path / "a", dataclasses.replace(SETTINGS, beta_f=beta))
    assert not (tmp_path / "a").exists()


def test_damaged_table_is_named(finished, squares, tmp_path):
    shutil.copytree(finished[0], tmp_path / "a")
    (tmp_path / "a" / "metrics.csv").write_text("epoch,step\none,2\n")
    with pytest.raises(UserError, match="metrics.csv: expected rows with the columns epoch"):
        run(squares, tmp_path / "a")


def test_collapse_is_warned_of_with_its_figures(squares, tmp_path, caplog):
    training = dataclasses.replace(SETTINGS, beta_f="1e5", beta_z="0", epochs=6)
    with caplog.at_level(logging.WARNING):
        run(squares, tmp_path, training)
    assert "q(f | x) has collapsed on its prior: its KL is 0." in caplog.text
    assert "nats per video" in caplog.text and "q(z | x)" not in caplog.text


def test_betas_are_those_of_the_settings(squares, tmp_path):
    training = dataclasses.replace(SETTINGS, beta_f="0%:2,50%:4", beta_z="7", epochs=1)
    model = run(squares, tmp_path, training)
    assert model.objective.schedules == {
        "static_kl": ((0.0, 2.0), (2.0, 4.0)),
        "dynamic_kl": ((0.0, 7.0),),
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"learning_rate": 0.02}, r"learning_rate 0.01 \(now 0.02\)"),
        ({"beta_f": "6"}, r"beta_f '1' \(now '6'\)"),
    ],
)
def test_another_run_is_not_overwritten(finished, squares, changes, words):
    workdir, _ = finished
    before = {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=words):
        run(squares, workdir, dataclasses.replace(SETTINGS, **changes))
    with pytest.raises(UserError, match="--noresume, found one"):
        run(squares, workdir, resume=False)
    with pytest.raises(UserError, match=r"data fingerprint '0123' \(now '4'\)"):
        run(dataclasses.replace(squares, fingerprint="4"), workdir)
    assert {path: path.read_bytes() for path in workdir.rglob("*") if path.is_file()} == before


def test_schedules_are_checked_before_the_data(tmp_path):
    """But for the order of steps and percentages, where the data say how long an epoch is."""
    mixed = dataclasses.replace(SETTINGS, beta_z="0:1,10%:2,3000:3")
    check_before_data(tmp_path, small_config(), mixed, resume=True)
    known = dataclasses.replace(mixed, steps_per_epoch=40_000)
    with pytest.raises(UserError, match="beta_z: expected steps that rise"):
        check_before_data(tmp_path, small_config(), known, resume=True)
    for text in ("0:1,10%:x", "0:1,10%:-2", "3:1,2:1"):
        wrong = dataclasses.replace(SETTINGS, beta_z=text)
        with pytest.raises(UserError, match="^beta_z: expected"):
            check_before_data(tmp_path, small_config(), wrong, resume=True)
    assert not list(tmp_path.iterdir())


def test_workdir_that_cannot_be(squares, tmp_path):
    (tmp_path / "file").write_text("")
    for workdir in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UserError, match="workdir: expected a folder"):
            check_before_data(workdir, small_config(), SETTINGS, resume=True)
        with pytest.raises(UserError, match="expected a folder"):
            run(squares, workdir)
    with pytest.raises(UserError, match="expected a folder that can be written"):
        run(squares, "/proc/1/nowhere")


def test_full_disk_stops_in_one_line_and_keeps_what_was(squares, tmp_path, monkeypatch):
    def full(self, path):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(tf.train.Checkpoint, "write", full)
        with pytest.raises(UserError, match="No space left on device; free some space"):
            run(squares, tmp_path)
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    with pytest.raises(UserError, match="MB of free space, found 0.0 MB; free some space"):
        run(squares, tmp_path)
    assert not (tmp_path / "model.weights.h5").exists()


def test_frames_of_another_size(squares, tmp_path):
    with pytest.raises(UserError, match="frame_shape: expected that of squares"):
        run_training(squares, small_config(frame_shape=(30, 30, 3)), SETTINGS, tmp_path / "a")
    assert not (tmp_path / "a").exists()


def copy_of(workdir, tmp_path):
    for name in ("config.json", "model.weights.h5"):
        (tmp_path / name).write_bytes((workdir / name).read_bytes())
    return tmp_path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "as JSON"),
        ("[]", "an object with model, training and data"),
        ('{"model": 3, "training": {}, "data": {}}', "model settings: expected an object"),
        ('{"model": {"nonsense": 1}, "training": {}, "data": {}}', r"unknown: \['nonsense'\]"),
        (b"\xff\xfe\x00", "as JSON"),
    ],
)
def test_config_edited_into_nonsense(finished, squares, tmp_path, text, words):
    workdir = copy_of(finished[0], tmp_path)
    (workdir / "config.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    for action in (tf_dsae.load, lambda path: run(squares, path)):
        with pytest.raises(UserError, match=words):
            action(workdir)


def test_config_with_a_value_out_of_range(finished, tmp_path):
    workdir = copy_of(finished[0], tmp_path)
    settings = json.loads((workdir / "config.json").read_text())
    settings["model"]["static_size"] = 0
    (workdir / "config.json").write_text(json.dumps(settings))
    with pytest.raises(UserError, match="config.json: static_size: expected a whole number"):
        tf_dsae.load(workdir)


def test_weights_of_another_architecture_or_damaged(finished, tmp_path):
    workdir = copy_of(finished[0], tmp_path)
    weights = workdir / "model.weights.h5"
    tf_dsae.DSAE(small_config(static_size=8)).save_weights(weights, overwrite=True)
    with pytest.raises(UserError, match="expected the weights of the architecture"):
        tf_dsae.load(workdir)
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(UserError, match="damaged file"):
        tf_dsae.load(workdir)
    weights.unlink()
    with pytest.raises(UserError, match="the weights of a finished run, found no such file"):
        tf_dsae.load(workdir)
    with pytest.raises(UserError, match="expected a run's settings, found no such file"):
        tf_dsae.load(tmp_path / "nowhere")


def test_tensorboard_asked_for_and_missing(squares, tmp_path, monkeypatch):
    for module in ("run_checks", "training_run"):
        monkeypatch.setattr(f"tf_dsae.training.{module}.has_tensorboard", lambda: False)
    with pytest.raises(UserError, match="tensorboard: expected TensorBoard to be installed"):
        check_before_data(tmp_path, small_config(), SETTINGS, True, tensorboard=True)
    with pytest.raises(UserError, match="tensorboard: expected TensorBoard to be installed"):
        run(squares, tmp_path / "a", tensorboard=True)
    assert not (tmp_path / "a").exists()
    run(squares, tmp_path / "b", dataclasses.replace(SETTINGS, epochs=1), tensorboard=None)
    assert not (tmp_path / "b" / "tensorboard").exists()


def test_tensorboard_files_hold_scalars_pictures_and_distributions(squares, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    settings = dataclasses.replace(SETTINGS, epochs=2)
    run(squares, tmp_path, settings, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    tags = {tag for name in ("tensors", "scalars") for tag in events.Tags()[name]}
    assert {
        "training/elbo",
        "held_out/dynamic_kl",
        "learning_rate",
        "reconstruction",
        "swaps",
        "posterior/f_mean",
        "posterior/z_stddev",
    } <= tags
    recorded = tf.make_ndarray(events.Tensors("held_out/elbo")[-1].tensor_proto)
    np.testing.assert_allclose(recorded, float(rows(tmp_path)[-1]["val_elbo"]), rtol=1e-6)
