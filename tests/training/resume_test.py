"""The run loop: how it goes on, how it stops, what it leaves when it must."""

import dataclasses
import logging
import signal

import numpy as np
import pytest
import tensorflow as tf

from tests.training.conftest import SETTINGS, assert_same, rows, run, stop_at
from tf_dsae.core.errors import UserError
from tf_dsae.training import Stopped, callbacks


def test_a_second_call_has_nothing_left_to_do(finished, squares, capsys):
    workdir, weights = finished
    before = rows(workdir)
    assert_same(run(squares, workdir, show=True).get_weights(), weights)
    assert rows(workdir) == before
    assert "going on from step 12" in capsys.readouterr().err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_an_epoch_it_goes_on_to_the_bit(
    number, finished, squares, tmp_path, monkeypatch
):
    handler = signal.getsignal(number)
    with monkeypatch.context() as patch:
        stop_at(6, patch, number)
        with pytest.raises(Stopped, match="after step 6, which is saved; the same command"):
            run(squares, tmp_path, tensorboard=True)
    assert signal.getsignal(number) is handler
    assert not (tmp_path / "model.weights.h5").exists()
    again = run(squares, tmp_path, tensorboard=True)
    assert_same(again.get_weights(), finished[1])
    assert rows(tmp_path) == rows(finished[0])


def test_stopped_at_an_epochs_end_it_goes_on_to_the_bit(finished, squares, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_at(8, patch)
        with pytest.raises(Stopped, match="after step 8"):
            run(squares, tmp_path)
    assert len(rows(tmp_path)) == 2
    assert_same(run(squares, tmp_path).get_weights(), finished[1])
    assert rows(tmp_path) == rows(finished[0])


def test_damaged_newest_checkpoint_falls_back(finished, squares, tmp_path, monkeypatch, caplog):
    with monkeypatch.context() as patch:
        stop_at(6, patch)
        with pytest.raises(Stopped):
            run(squares, tmp_path, checkpoint_minutes=0)
    folder = tmp_path / "checkpoints"
    for victim, damage in (("data-00000-of-00001", b"x" * 99), ("index", b"")):
        path = folder / f"ckpt-6.{victim}"
        whole = path.read_bytes()
        path.write_bytes(damage + whole[len(damage) : len(whole) // 2])
    (folder / "ckpt-7_temp").mkdir()
    with caplog.at_level(logging.WARNING):
        weights = run(squares, tmp_path, checkpoint_minutes=0).get_weights()
    assert "ckpt-6 is damaged" in caplog.text and "trying the one before" in caplog.text
    assert_same(weights, finished[1])
    assert rows(tmp_path) == rows(finished[0])
    assert {path.name for path in folder.iterdir()} == {
        f"ckpt-{step}.{part}" for step in (11, 12) for part in ("index", "data-00000-of-00001")
    }


def test_only_damaged_checkpoints_are_an_error(squares, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_at(2, patch)
        with pytest.raises(Stopped):
            run(squares, tmp_path)
    (tmp_path / "checkpoints" / "ckpt-2.index").write_bytes(b"nonsense")
    with pytest.raises(UserError, match="expected a whole checkpoint .* found 1 damaged"):
        run(squares, tmp_path)


def poison_at(step, monkeypatch):
    """Spoils a weight at the end of a step."""
    record = callbacks.Records.on_train_batch_end

    def recording(self, batch, logs=None):
        record(self, batch, logs)
        if self.checkpoints.step == step:
            kernel = self.model.decoder.dense.kernel
            kernel.assign(kernel * np.nan)

    monkeypatch.setattr(callbacks.Records, "on_train_batch_end", recording)


def assert_finite(checkpoint):
    for name, _ in tf.train.list_variables(str(checkpoint)):
        value = np.asarray(tf.train.load_variable(str(checkpoint), name))
        assert not np.issubdtype(value.dtype, np.floating) or np.isfinite(value).all(), name


def test_loss_that_is_not_finite_stops_and_leaves_the_last_good(squares, tmp_path, monkeypatch):
    """Weights spoilt after step 6: the loss of step 7 shows it; step 4 is the last good one."""
    poison_at(6, monkeypatch)
    with pytest.raises(
        UserError, match=r"step 7: expected a finite loss, received elbo nan.*is .*/ckpt-4;"
    ):
        run(squares, tmp_path)
    assert_finite(tmp_path / "checkpoints" / "ckpt-4")
    assert not list(tmp_path.glob("checkpoints/ckpt-[!4]*"))
    assert not (tmp_path / "model.weights.h5").exists()


def test_weights_that_are_not_finite_are_never_saved(squares, tmp_path, monkeypatch):
    poison_at(3, monkeypatch)
    with pytest.raises(UserError, match=r"step 3: expected finite weights, .*kernel; .*ckpt-2;"):
        run(squares, tmp_path, checkpoint_minutes=0)
    assert_finite(tmp_path / "checkpoints" / "ckpt-2")
    assert not list(tmp_path.glob("checkpoints/ckpt-3*"))


def test_a_learning_rate_far_too_high_is_said_to_be(squares, tmp_path):
    training = dataclasses.replace(SETTINGS, learning_rate=1e18, warmup_steps=0)
    with pytest.raises(UserError, match="there is no checkpoint yet; lower --learning_rate"):
        run(squares, tmp_path, training)


def test_checkpoints_without_their_settings_are_not_gone_on_with(squares, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    run(squares, tmp_path, dataclasses.replace(SETTINGS, epochs=1))
    (tmp_path / "config.json").unlink()
    with pytest.raises(UserError, match="config.json beside the checkpoints of a run, found none"):
        run(squares, tmp_path)
