"""Several devices and several machines, as processes: what they learn, and what ends them."""

import concurrent.futures
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.conftest import clusters
from tests.training.conftest import SETTINGS, rows, run, stop_at
from tf_dsae.training import Stopped

ROOT = Path(__file__).parents[2]
# 3 steps an epoch, and a last validation batch of one video, fewer than there are replicas.
CHANGES = {
    "batch_size": 4,
    "epochs": 7,
    "validation_videos": 5,
    "optimizer": "muon",
    "colour_mixing": 0.5,
    "static_frames": 2,
    "likelihood_frames": 3,
    "random_erasing": 0.5,
}
TRAINING = dataclasses.replace(SETTINGS, **CHANGES)
BOUND = 150  # Seconds that anything may take; a worker that is lost ends the others in far fewer.


def start(workdir, distribute, environment=None, **asked) -> subprocess.Popen:
    asked = {"training": CHANGES, **asked, "workdir": str(workdir), "distribute": distribute}
    return subprocess.Popen(
        [sys.executable, "-m", "tests.training.process", json.dumps(asked)],
        cwd=ROOT,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"} | (environment or {}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process) -> tuple[int, str, str]:
    try:
        out, err = process.communicate(timeout=BOUND)
    finally:
        process.kill()
    return process.returncode, out, err


def two_workers(workdir, **asked_of_second) -> list[tuple[int, str, str]]:
    """Two processes of a cluster; only the first is told the run's folder."""
    first, second = clusters()
    often = {"options": {"checkpoint_minutes": 0}}
    elsewhere = workdir / "of_another_machine"
    processes = [
        start(workdir, "multi_worker", first, **often),
        start(elsewhere, "multi_worker", second, **often, **asked_of_second),
    ]
    return end_all(processes)


def end_all(processes) -> list[tuple[int, str, str]]:
    """How each ended; once one has, the others have a minute."""
    with concurrent.futures.ThreadPoolExecutor(len(processes)) as threads:
        waiting = [threads.submit(end, process) for process in processes]
        try:
            concurrent.futures.wait(waiting, return_when=concurrent.futures.FIRST_COMPLETED)
            late = concurrent.futures.wait(waiting, timeout=60).not_done
            assert not late, "a worker outlived another by a minute"
        finally:
            for process in processes:
                process.kill()
        return [each.result() for each in waiting]


@pytest.fixture(scope="module")
def one(squares, tmp_path_factory) -> Path:
    """The run of one device."""
    workdir = tmp_path_factory.mktemp("runs") / "one"
    run(squares, workdir, TRAINING)
    return workdir


def arrays(workdir) -> dict[str, np.ndarray]:
    found = {}
    with h5py.File(workdir / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


def assert_same_run(workdir, expected):
    """To 1e-5, of weights, of the optimiser's state and of every row of the table."""
    mine, other = arrays(workdir), arrays(expected)
    assert mine.keys() == other.keys()
    for name, value in other.items():
        distance = np.linalg.norm(mine[name] - value)
        assert distance <= 1e-5 * max(np.linalg.norm(value), 1e-6), name
    for row, wanted in zip(rows(workdir), rows(expected), strict=True):
        for one in (row, wanted):
            one.pop("val_spread", None)  # Held-out sequences are each replica's own.
        np.testing.assert_allclose(
            [float(value) for value in row.values()],
            [float(value) for value in wanted.values()],
            rtol=1e-5,
        )


def test_two_replicas_learn_what_one_does(one, tmp_path):
    """The batch in halves, and each half in two parts, one after the other."""
    process = start(tmp_path / "two", "mirrored", devices=2, options={"accumulate_steps": 2})
    code, out, err = end(process)
    assert code == 0 and "replicas 2" in out, err
    assert err.count("epoch 1/7") == 1 and "Your input ran out of data" not in err
    assert_same_run(tmp_path / "two", one)


def test_a_term_of_the_batch_sees_that_of_all_replicas(squares, tmp_path):
    changes = CHANGES | {"method": "spread", "epochs": 1}
    run(squares, tmp_path / "one", dataclasses.replace(SETTINGS, **changes))
    code, _, err = end(start(tmp_path / "two", "mirrored", devices=2, training=changes))
    assert code == 0, err
    assert_same_run(tmp_path / "two", tmp_path / "one")


def test_mixed_precision_on_two_replicas(tmp_path):
    changes = CHANGES | {"mixed_precision": True, "epochs": 1}
    options = {"accumulate_steps": 2}
    process = start(tmp_path, "mirrored", devices=2, training=changes, options=options)
    code, _, err = end(process)
    assert code == 0, err
    assert np.isfinite(float(rows(tmp_path)[0]["val_elbo"]))


def test_two_machines_go_on_after_one_is_lost(one, squares, tmp_path, monkeypatch):
    """One device takes 4 steps; two machines go on, the second dies after step 11; they go on, and
    the second is asked to stop after step 14; from there they end the run, and so does one device.
    """
    workdir = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_at(4, patch)
        with pytest.raises(Stopped):
            run(squares, workdir, TRAINING)

    (code, _, err), (lost, _, _) = two_workers(workdir, end_at=11, signal="SIGKILL")
    assert lost == -9 and code == 1
    assert "going on from step 4" in err
    assert "UserError: distribute: expected 2 workers to go on, lost one (" in err
    assert "Traceback" not in err

    (code, _, err), (other, _, theirs) = two_workers(workdir, end_at=14, signal="SIGTERM")
    assert code == 1 and "Stopped: stopped by another worker after step 14, which is saved" in err
    assert other == 1 and "Stopped: stopped by SIGTERM after step 14" in theirs
    shutil.copytree(workdir, tmp_path / "copy")

    (code, _, err), (other, _, silent) = two_workers(workdir)
    assert code == 0 and other == 0, err + silent
    assert "going on from step 14" in err and "epoch" not in silent
    assert not (workdir / "of_another_machine").exists()
    assert_same_run(workdir, one)

    run(squares, tmp_path / "copy", TRAINING)
    assert_same_run(tmp_path / "copy", one)


def test_workers_of_other_settings_are_refused(tmp_path):
    processes = [
        start(tmp_path / str(index), "multi_worker", task, training=CHANGES | {"seed": index})
        for index, task in enumerate(clusters())
    ]
    for code, _, err in end_all(processes):
        assert code == 1
        assert "UserError: distribute: expected every worker to have the same settings" in err
    assert not list(tmp_path.iterdir())
