"""Who takes part: what TF_CONFIG says, and what is refused."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from tests.training.conftest import SETTINGS, run, stop_at
from tf_dsae.core.errors import UserError
from tf_dsae.training import Stopped, make_strategy
from tf_dsae.training.cluster import name_lost_workers
from tf_dsae.training.cluster_task import Task, read_task

WORKERS = ["a:1", "b:1", "c:1"]


def config(cluster, kind="worker", index=0) -> str:
    return json.dumps({"cluster": cluster, "task": {"type": kind, "index": index}})


def test_a_task_is_found():
    assert read_task(config({"worker": WORKERS}, index=2)) == Task(tuple(WORKERS), 2)
    led = {"worker": WORKERS[1:], "chief": WORKERS[:1]}
    assert read_task(config(led, "chief")) == Task(tuple(WORKERS), 0)
    assert read_task(config(led, index=1)) == Task(tuple(WORKERS), 2)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "{",
        "[]",
        "{}",
        config({"worker": WORKERS}, index=3),
        config({"worker": WORKERS}, index=-1),
        config({"worker": WORKERS}, "chief"),
        config({"worker": 5}),
        config({"worker": "abc"}),
        config({"worker": [{}, "a:1"]}),
        config({"worker": ["a:1", "a:1"]}),
        config({"worker": WORKERS, "chief": ["d:1", "e:1"]}),
        config({"worker": WORKERS, "ps": ["d:1"]}),
        '{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker"}}',
    ],
)
def test_what_is_no_cluster_is_refused_in_one_line(text, monkeypatch):
    with pytest.raises(UserError, match="^TF_CONFIG: expected") as caught:
        read_task(text)
    assert "\n" not in str(caught.value) and "received" in str(caught.value)
    if text is not None:
        monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(UserError, match="^TF_CONFIG: expected"):
        make_strategy("multi_worker")


def test_one_device_needs_no_strategy():
    if len(tf.config.list_logical_devices("GPU")) > 1:
        pytest.skip("several GPUs")
    for name in (None, "none", "mirrored"):
        assert make_strategy(name).num_replicas_in_sync == 1
    with pytest.raises(UserError, match="distribute: expected one of none, mirrored, multi_worker"):
        make_strategy("all")


def test_batches_that_cannot_be_shared_out_are_refused(squares, tmp_path):
    with pytest.raises(UserError, match="batch_size: expected a multiple of 2, .* received 3"):
        run(squares, tmp_path / "a", accumulate_steps=2)
    with pytest.raises(UserError, match="accumulate_steps: expected a whole number"):
        run(squares, tmp_path / "a", accumulate_steps=0)
    assert not list(tmp_path.iterdir())


def test_accumulation_is_no_setting_of_a_run(squares, tmp_path, monkeypatch):
    """A run that was begun without goes on with it, and ends as if nothing had changed."""
    once = dataclasses.replace(SETTINGS, epochs=1)
    expected = run(squares, tmp_path / "whole", once).get_weights()
    with monkeypatch.context() as patch:
        stop_at(2, patch)
        with pytest.raises(Stopped):
            run(squares, tmp_path / "parts", once)
    found = run(squares, tmp_path / "parts", once, accumulate_steps=3).get_weights()
    for mine, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_errors_of_one_machine_stay_what_they_are():
    alone = tf.distribute.get_strategy()
    with pytest.raises(tf.errors.UnavailableError), name_lost_workers(alone):
        raise tf.errors.UnavailableError(None, None, "gone")
