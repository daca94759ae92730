"""The program `train`, run as its users run it: default flags, SIGKILL, and wrong inputs."""

import csv
import dataclasses
import itertools
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from absl import flags
from absl.testing import flagsaver

from tests.cli.conftest import assert_one_line, command, run
from tests.conftest import clusters
from tests.data.conftest import FEW
from tf_dsae.cli import train as program
from tf_dsae.data import make_source, prepare
from tf_dsae.data.sprites import characters
from tf_dsae.methods.presets import preset

PROGRAM = "train"
SHEETS = Path(__file__).parents[2] / "testdata" / "sheets"


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory) -> Path:
    """A data_dir that holds both configurations, made of the stand-ins with few characters."""
    folder = tmp_path_factory.mktemp("data")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(characters, "split_characters", lambda: FEW)
        prepare("sprites/lpc", folder, show_progress=False, sheets_dir=SHEETS)
        prepare("sprites/drawn", folder, show_progress=False)
    return folder


def metrics(workdir: Path) -> list[dict[str, str]]:
    with open(workdir / "metrics.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        del row["sequences_per_second"], row["seconds"]
    return rows


def weights(workdir: Path) -> dict[str, np.ndarray]:
    found = {}
    with h5py.File(workdir / "model.weights.h5") as file:
        file.visititems(
            lambda name, item: found.update({name: item[()]} if hasattr(item, "dtype") else {})
        )
    return found


def assert_same_run(mine: Path, other: Path) -> None:
    assert metrics(mine) == metrics(other)
    left, right = weights(mine), weights(other)
    assert left.keys() == right.keys() and len(left) > 20
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], name)


@pytest.fixture(scope="module")
def tiny(data_dir, tmp_path_factory):
    """(how the program ended, the folder it ran in), of the tiny preset."""
    folder = tmp_path_factory.mktemp("tiny")
    return run(PROGRAM, "--preset=tiny", f"--data_dir={data_dir}", cwd=folder), folder


def test_default_flags_on_the_tiny_preset(tiny):
    done, folder = tiny
    assert done.returncode == 0 and done.stdout == "", done.stderr
    lines = done.stderr.splitlines()
    assert lines[0].startswith("sprites/drawn found in ")
    assert lines[1] == "tiny on sprites/drawn; the run's folder is runs/sprites-drawn-tiny"
    assert [line.split(":")[0] for line in lines if line.startswith("epoch")] == [
        "epoch 1/2",
        "epoch 2/2",
    ]
    assert lines[-1].startswith("done: ")
    # Nothing else but warnings of ours: none of the libraries' start-up chatter.
    rest = [line for line in lines[2:-1] if not line.startswith("epoch")]
    assert all("collapsed on its prior" in line for line in rest), rest
    workdir = folder / "runs" / "sprites-drawn-tiny"
    assert {path.name for path in workdir.iterdir()} >= {
        "config.json",
        "metrics.csv",
        "checkpoints",
        "model.weights.h5",
        "figures",
        "tensorboard",
    }
    settings = json.loads((workdir / "config.json").read_text())
    assert settings["data"]["name"] == "sprites/drawn"


def arguments(data_dir: Path, workdir: Path) -> list[str]:
    return [
        "--preset=tiny",
        "--dataset=sprites/lpc",
        f"--data_dir={data_dir}",
        f"--workdir={workdir}",
        "--beta=0%:0.5,50%:2",
        "--optimizer=muon",
        "--static_rnn=mean",
        "--colour_mixing=0.5",
        "--static_frames=2",
        "--likelihood_frames=3",
        "--random_erasing=0.5",
        "--epochs=3",
        "--steps_per_epoch=7",
        "--deterministic",
        "--notensorboard",
        "--checkpoint_minutes=0",
    ]


def kill_at_step(line: list[str], workdir: Path, step: int) -> None:
    """Starts the program and kills it, in the middle of whatever, once a checkpoint is there."""
    process = subprocess.Popen(line, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 200
        while time.monotonic() < deadline and process.poll() is None:
            found = [int(path.stem[5:]) for path in workdir.glob("checkpoints/ckpt-*.index")]
            if max(found, default=0) >= step:
                break
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        _, text = process.communicate()
    assert process.returncode == -signal.SIGKILL, text


def test_killed_run_ends_with_the_bits_of_the_undisturbed_one(data_dir, tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    line = command(PROGRAM, *arguments(data_dir, killed))
    for step in (3, 11):
        kill_at_step(line, killed, step)
    assert not (killed / "model.weights.h5").exists()
    # The same flags, from a file.
    (tmp_path / "flags.txt").write_text("\n".join(arguments(data_dir, killed)))
    done = run(PROGRAM, f"--flagfile={tmp_path}/flags.txt")
    assert done.returncode == 0, done.stderr
    assert "going on from step" in done.stderr

    # The recorded settings replay the run, here without a disturbance.
    places = f"--data_dir={data_dir}", f"--workdir={whole}"
    done = run(PROGRAM, f"--config={killed}/config.json", *places)
    assert done.returncode == 0, done.stderr
    assert "going on from step" not in done.stderr
    assert_same_run(killed, whole)


def test_interrupted_it_says_how_to_go_on(data_dir, tmp_path):
    line = command(PROGRAM, *arguments(data_dir, tmp_path), "--epochs=500")
    process = subprocess.Popen(line, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 200
    while time.monotonic() < deadline and process.poll() is None:
        if list(tmp_path.glob("checkpoints/ckpt-*.index")):
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, text = process.communicate(timeout=100)
    assert process.returncode == 130, text
    assert "Traceback" not in text
    assert text.splitlines()[-1].startswith("train: stopped by SIGINT after step ")
    assert text.splitlines()[-1].endswith("the same command goes on from there")


def test_help_shows_flags_units_and_defaults(quick_run):
    done = quick_run(PROGRAM, "--help")
    assert done.returncode == 0
    text = " ".join(done.stdout.split())
    for flag in [
        "dataset",
        "sheets_dir",
        "data_dir",
        "preset",
        "beta",
        "beta_f",
        "beta_z",
        "posterior",
        "static_size",
        "dynamic_size",
        "epochs",
        "steps_per_epoch",
        "batch_size",
        "learning_rate",
        "optimizer",
        "colour_mixing",
        "static_frames",
        "likelihood_frames",
        "random_erasing",
        "static_rnn",
        "seed",
        "workdir",
        "xla",
    ]:
        assert f" --{flag}: " in text, flag
    assert "Default: 0.75 (sprites_drawn), 0.0 (sprites_lpc, paper, li_mandt, tiny)." in text
    for flag in ("resume", "mixed_precision", "deterministic", "tensorboard"):
        assert f" --[no]{flag}: " in text, flag
    assert "Default: 0.001 (sprites_drawn, sprites_lpc, tiny), 0.0003 (paper, li_mandt)." in text


@pytest.mark.parametrize("name", [None, "sprites_lpc", "paper"])
@pytest.mark.parametrize("dataset", [None, "sprites/lpc"])
def test_settings_are_those_of_the_preset_but_for_what_flags_say(name, dataset):
    flags.FLAGS.mark_as_parsed()
    with flagsaver.flagsaver(preset=name, dataset=dataset, beta_f="3"):
        training = program._settings()[0].training
    expected = preset(name or "sprites_drawn").training
    changes = {"dataset": dataset} if dataset else {}
    assert training == dataclasses.replace(expected, beta_f="3", **changes)


def test_settings_may_be_those_of_a_file_in_place_of_a_preset():
    recorded = Path(__file__).parents[2] / "results" / "sprites_lpc" / "config.json"
    flags.FLAGS.mark_as_parsed()
    with flagsaver.flagsaver(config=str(recorded), dataset="sprites/drawn"):
        training = program._settings()[0].training
    expected = preset("sprites_lpc").training
    for name in ("beta_f", "beta_z", "random_erasing"):
        assert getattr(training, name) == getattr(expected, name)
    assert training.dataset == "sprites/drawn"


def test_workdir_of_another_run(tiny, data_dir, quick_run):
    folder = tiny[1]
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    flags = ("--preset=tiny", "--workdir=runs/sprites-drawn-tiny", f"--data_dir={data_dir}")
    done = quick_run(PROGRAM, *flags, "--static_size=9", cwd=folder)
    assert_one_line(done, "train: workdir: expected", "static_size 8 (now 9)", "--workdir")
    assert not done.tensorflow
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_default_workdir_names_what_was_asked_for():
    training, source = preset("sprites_drawn").training, make_source("sprites/drawn")
    name = "runs/sprites-drawn-sprites_drawn"
    assert str(program.default_workdir(training, {}, source)) == name
    changes = {"beta": "6", "seed": 3, "dataset": "sprites/drawn"}
    assert str(program.default_workdir(training, changes, source)) == f"{name}-beta=6-seed=3"
    changes = {"beta_f": "0%:1/2", "beta_z": "6"}
    assert "/" not in program.default_workdir(training, changes, source).name


@pytest.fixture
def machine(data_dir, tmp_path):
    """Starts a worker of a cluster of two, by its index; ends what is left."""
    environments = clusters()
    flags = ("--preset=tiny", "--epochs=300", "--distribute=multi_worker", f"--data_dir={data_dir}")
    started = []

    def start(index: int) -> subprocess.Popen:
        process = subprocess.Popen(
            command(PROGRAM, *flags, f"--workdir={tmp_path / str(index)}"),
            env=os.environ | environments[index] | {"CUDA_VISIBLE_DEVICES": "-1"},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_two_machines_and_the_loss_of_the_first(machine, tmp_path):
    chief, other = machine(0), machine(1)
    said = list(itertools.takewhile(lambda line: "epoch 2/" not in line, chief.stderr))
    chief.kill()
    _, theirs = other.communicate(timeout=60)
    assert sum("epoch 1/" in line for line in said) == 1
    assert (tmp_path / "0" / "checkpoints" / "ckpt-10.index").exists()
    waiting, lost = theirs.splitlines()
    assert other.returncode == 2 and "waiting for the others" in waiting
    assert lost.startswith("train: distribute: expected 2 workers to go on, lost one (")
    assert not (tmp_path / "1").exists()


def test_a_machine_that_waits_for_others_can_be_interrupted(machine):
    alone = machine(0)
    assert "waiting for the others" in alone.stderr.readline()
    time.sleep(1)  # Until it waits.
    alone.send_signal(signal.SIGINT)
    alone.communicate(timeout=30)
    assert alone.returncode == -signal.SIGINT
