"""What is left out is named, and a preparation that stops leaves nothing."""

import dataclasses
import errno
import shutil

import numpy as np
import pytest
import tensorflow as tf

from tests.data.folder.conftest import counted, prepare_folder, save_gif, stored
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import readers
from tf_dsae.data.folder.video_files import first_names, say_skipped


@pytest.mark.parametrize(("count", "last"), [(0, None), (5, "skipped: 4"), (7, "skipped: 2 more")])
def test_at_most_five_are_named(count, last):
    said = []
    say_skipped([str(at) for at in range(count)], said.append)
    assert len(said) == min(count, 6) and (said or [None])[-1] == last


def test_first_names():
    assert first_names(["a", "b"]) == "a, b"
    assert first_names(list("abcdefg")) == "a, b, c, d, e and 2 more"


@pytest.fixture
def damaged_dir(mixed_dir):
    (mixed_dir / "images" / "7.png").write_bytes(b"no picture")
    (mixed_dir / "bad.gif").write_bytes((mixed_dir / "b10.gif").read_bytes()[:30])
    (mixed_dir / "bad.npz").write_bytes(b"PK")
    save_gif(mixed_dir / "short.gif", counted(2))
    return mixed_dir


def test_damaged_files_are_left_out_and_named(damaged_dir, settings, tmp_path, caplog, capfd):
    with caplog.at_level("WARNING"):
        first = prepare_folder(damaged_dir, settings, tmp_path / "data")
    for words in (
        "short.gif: expected at least 3 frames, received 2",
        "bad.gif: expected a video that can be decoded",
        "bad.npz: expected a video that can be decoded",
        "(its first 2 clips are there)",
    ):
        assert words in caplog.text
    assert len(caplog.records) == 4
    said = capfd.readouterr()
    assert said.out == "" and "11 videos, 4 of them left out" in said.err
    assert first.num_train + first.num_test == 13
    caplog.clear()
    with caplog.at_level("WARNING"):
        prepare_folder(damaged_dir, settings, tmp_path / "data", show_progress=False)
    [record] = caplog.records
    assert "is without 4 videos: " in record.getMessage() and "short.gif" in record.getMessage()
    with pytest.raises(UserError, match="expected"):
        prepare_folder(damaged_dir, settings, tmp_path / "data", strict=True, show_progress=False)


def test_strict_leaves_nothing(damaged_dir, settings, tmp_path):
    with pytest.raises(UserError, match="expected") as caught:
        prepare_folder(damaged_dir, settings, tmp_path / "data", strict=True, show_progress=False)
    assert "\n" not in str(caught.value)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_mending_a_file_moves_no_other(damaged_dir, settings, tmp_path):
    def files(split):
        return {example["_file"].decode() for example in stored(tmp_path)[split]}

    prepare_folder(damaged_dir, settings, tmp_path / "data", show_progress=False)
    before = files("train"), files("test")
    shutil.rmtree(tmp_path / "data")
    save_gif(damaged_dir / "bad.gif", counted(4))
    prepare_folder(damaged_dir, settings, tmp_path / "data", show_progress=False)
    assert before[0] <= files("train") and before[1] <= files("test")


def test_no_clips_at_all(mixed_dir, settings, tmp_path):
    longer = dataclasses.replace(settings, num_frames=99)
    with pytest.raises(UserError, match="expected clips for train, received none of its 6 videos"):
        prepare_folder(mixed_dir, longer, tmp_path / "data", show_progress=False)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        tf.errors.ResourceExhaustedError(None, None, "No space left on device"),
    ],
)
def test_full_disk_leaves_nothing(mixed_dir, settings, tmp_path, monkeypatch, error):
    def full(*_, **__):
        raise error

    monkeypatch.setattr(tf.io, "TFRecordWriter", full)
    with pytest.raises(UserError, match="No space left.*--data_dir"):
        prepare_folder(mixed_dir, settings, tmp_path / "data", show_progress=False)
    assert not [path for path in (tmp_path / "data").rglob("*") if path.is_file()]


def test_missing_pyav_stops(mixed_dir, settings, tmp_path, monkeypatch):
    (mixed_dir / "a.mp4").write_bytes(b"any")
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UserError, match=r"tf_dsae\[video\]"):
        prepare_folder(mixed_dir, settings, tmp_path / "data", show_progress=False)


@pytest.mark.parametrize("was_there", [False, True])
@pytest.mark.parametrize("error", [KeyboardInterrupt, UserError])
def test_no_empty_folders_are_left(mixed_dir, settings, tmp_path, monkeypatch, error, was_there):
    def stop(*_):
        raise error("stopped")

    if was_there:
        (tmp_path / "data" / "mine").mkdir(parents=True)
    monkeypatch.setattr(readers, "iter_clips", stop)
    with pytest.raises(error):
        prepare_folder(mixed_dir, settings, tmp_path / "data", strict=True, show_progress=False)
    assert (tmp_path / "data").exists() == was_there
    assert [path.name for path in (tmp_path / "data").rglob("*")] == ["mine"] * was_there


def test_files_that_stand_for_too_much(tmp_path, settings, monkeypatch, caplog):
    """Clips of zeros that pack well: each video of an array gets its share, and one at least."""
    np.savez_compressed(tmp_path / "a.npz", np.zeros((3, 60, 1, 1, 1), np.uint8))
    save_gif(tmp_path / "b.gif", counted(9))
    monkeypatch.setattr(readers, "MAX_FILE_CLIP_BYTES", 6 * 3 * 12 * 16 * 3)
    monkeypatch.setattr(readers, "MAX_GROWTH", 0)
    with caplog.at_level("WARNING"):
        data = prepare_folder(tmp_path, settings, tmp_path / "data", show_progress=False)
    assert data.num_train + data.num_test == 3 * 2 + 3
    assert "a.npz[0]: expected at most 2 clips of a file of this size" in caplog.text
    monkeypatch.setattr(readers, "MAX_FILE_CLIP_BYTES", 0)
    data = prepare_folder(tmp_path, settings, tmp_path / "other", show_progress=False)
    assert data.num_train + data.num_test == 3 + 1
    monkeypatch.setattr(readers, "MAX_GROWTH", 64)
    data = prepare_folder(tmp_path, settings, tmp_path / "third", show_progress=False)
    assert data.num_train + data.num_test > 3 + 3
