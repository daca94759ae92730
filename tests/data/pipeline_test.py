"""Preparing and opening: what comes out, what is said, and what is refused in one line."""

import errno
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from tf_dsae.core.errors import UserError
from tf_dsae.data import prepare
from tf_dsae.data.sprites import Builder, characters, sheets

PROGRAM = Path(__file__).parents[2] / "bin" / "prepare_data"


def refusal(*args, **kwargs) -> str:
    with pytest.raises(UserError) as caught:
        prepare(*args, show_progress=False, **kwargs)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def small(small_data_dir):
    return prepare("sprites/lpc", small_data_dir, show_progress=False)


@pytest.fixture
def copied_data_dir(small_data_dir, tmp_path):
    return shutil.copytree(small_data_dir, tmp_path / "copied")


def test_facts(small, stand_ins):
    assert small.name == "sprites/lpc"
    assert small.fingerprint == sheets.fingerprint(stand_ins)
    assert small.video_shape == (8, 64, 64, 3)
    assert (small.num_train, small.num_test) == (27, 18)
    assert {name: len(classes) for name, classes in small.factors.items()} == characters.FACTORS
    assert small.factors["action"] == characters.MOTIONS


def test_examples_are_the_composed_videos(small, stand_ins):
    got = small.examples("test", [17, 9, 4])
    expected = [(258, 8), (258, 0), (43, 4)]
    for video, (character, motion) in zip(got["video"], expected, strict=True):
        composed = characters.compose_video(stand_ins, character, motion)
        np.testing.assert_array_equal(video, composed)
    assert got["action"].tolist() == [8, 0, 4]
    assert got["hair"].tolist() == [258 % 6, 258 % 6, 43 % 6]


def test_batches(small):
    spec = small.training_batches(5, seed=1).element_spec
    assert spec == {"video": tf.TensorSpec((5, 8, 64, 64, 3), tf.uint8)}
    parts = list(small.evaluation_batches("train", 10).as_numpy_iterator())
    everything = small.examples("train", range(27))
    for name, values in everything.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), values)


def test_opening_again_makes_nothing(small_data_dir, monkeypatch):
    monkeypatch.setattr(Builder, "download_and_prepare", None)
    assert prepare("sprites/lpc", small_data_dir, show_progress=False).num_train == 27


def test_sprites_means_drawn(few_characters, tmp_path, capfd):
    opened = prepare("sprites", tmp_path)
    said = capfd.readouterr()
    assert opened.name == "sprites/drawn"
    assert said.out == ""
    [line] = [line for line in said.err.splitlines() if line]
    assert line.startswith(f"sprites/drawn prepared in {tmp_path}")
    assert prepare("sprites/drawn", tmp_path).fingerprint == opened.fingerprint
    assert "sprites/drawn found in" in capfd.readouterr().err


def test_bars_of_tfds_are_left_as_they_were(few_characters, stand_ins_dir, tmp_path):
    tqdm_utils = tfds.core.utils.tqdm_utils
    before = tqdm_utils._active  # Of tensorflow-datasets 4.9.10; it has no public one.
    prepare("sprites/lpc", tmp_path, False, sheets_dir=stand_ins_dir)
    assert tqdm_utils._active == before


def test_unknown_dataset():
    message = refusal("sprite")
    for name in ("sprites/drawn", "sprites/lpc", "'sprite'"):
        assert name in message


def test_sheets_dir_is_for_lpc(stand_ins_dir):
    assert "sprites/lpc" in refusal("sprites/drawn", sheets_dir=stand_ins_dir)


def test_other_sheets_than_prepared(small_data_dir, stand_ins_dir, tmp_path):
    other = shutil.copytree(stand_ins_dir, tmp_path / "other")
    Image.new("RGBA", (832, 1344)).save(other / "shoes/1.png")
    message = refusal("sprites/lpc", small_data_dir, sheets_dir=other)
    assert str(other) in message
    assert "other sheets" in message


def test_data_made_from_other_sheets_than_the_published_are_said_so(small_data_dir, caplog):
    with caplog.at_level("WARNING"):
        prepare("sprites/lpc", small_data_dir, show_progress=False)
    assert "not made from the published sheets" in caplog.text


@pytest.mark.parametrize("folder", ["below/a/file", "/proc/nowhere"])
def test_data_dir_that_cannot_be_written(few_characters, stand_ins_dir, tmp_path, folder):
    (tmp_path / "below").write_text("A file.")
    message = refusal("sprites/lpc", tmp_path / folder, sheets_dir=stand_ins_dir)
    assert str(tmp_path / folder) in message
    assert "--data_dir" in message


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        tf.errors.ResourceExhaustedError(None, None, "No space left on device"),
    ],
)
def test_full_disk_leaves_nothing(few_characters, stand_ins_dir, tmp_path, monkeypatch, error):
    def full(*_, **__):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(tf.io, "TFRecordWriter", full)
        message = refusal("sprites/lpc", tmp_path, sheets_dir=stand_ins_dir)
    assert "No space left" in message
    assert not list(tmp_path.glob("sprites/lpc/*"))
    assert prepare("sprites/lpc", tmp_path, False, sheets_dir=stand_ins_dir).num_test == 18


def test_another_process_that_was_faster(few_characters, stand_ins_dir, tmp_path, monkeypatch):
    make = Builder.download_and_prepare

    def come_second(self):
        make(self)
        raise OSError("Destination already exists")

    monkeypatch.setattr(Builder, "download_and_prepare", come_second)
    assert prepare("sprites/lpc", tmp_path, False, sheets_dir=stand_ins_dir).num_train == 27


@pytest.mark.parametrize("name", ["dataset_info.json", "metadata.json"])
@pytest.mark.parametrize("kept", [None, 3])
def test_damaged_description(copied_data_dir, name, kept):
    [path] = copied_data_dir.rglob(f"1.0.0/{name}")
    if kept is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:kept])
    message = refusal("sprites/lpc", copied_data_dir)
    assert message.startswith("data_dir: expected to read sprites/lpc")
    assert "delete" in message


@pytest.mark.parametrize("kept", [None, 0, 10000])
def test_damaged_videos(copied_data_dir, kept):
    [path] = copied_data_dir.rglob("sprites-train*")
    if kept is None:
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:kept])
    opened = prepare("sprites/lpc", copied_data_dir, show_progress=False)
    with pytest.raises(UserError, match="delete it there to prepare it again"):
        opened.training_batches(5, seed=1)


def test_killed_preparation_leaves_nothing_that_counts(few_characters, tmp_path):
    command = [sys.executable, PROGRAM, f"--data_dir={tmp_path}"]
    folder = tmp_path / "sprites" / "drawn"
    with subprocess.Popen(command) as process:
        deadline = time.monotonic() + 60
        while not list(folder.glob("*incomplete*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    assert list(folder.glob("*incomplete*"))
    assert not (folder / "1.0.0").exists()
    assert prepare("sprites/drawn", tmp_path, show_progress=False).num_train == 27
