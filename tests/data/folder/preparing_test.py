"""From a folder to a data set: splits by file, found again, skipped files, full disks."""

import collections
import dataclasses
import errno
import json
import os
import shutil

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds

from tests.data.folder.conftest import counted, numbers, save_gif, save_movie
from tf_dsae.data import pipeline
from tf_dsae.data.folder import (
    ClipSettings,
    find_sources,
    folder_dataset_builder,
    prepare_folder,
    read_clip,
    readers,
)
from tf_dsae.data.folder.folder_dataset_builder import split_sources
from tf_dsae.errors import UserError

LABELS = """file,action,who
b10.gif,run,ann
deep/b9.GIF,walk,bob
deep/er/photos,run,cy
images,walk,ann
one.npy[0],run,bob
three.npz[0],walk,cy
three.npz[1],walk,ann
three.npz[2],run,bob
"""


@pytest.fixture
def labelled_dir(mixed_dir):
    (mixed_dir / "labels.csv").write_text(LABELS)
    return mixed_dir


@pytest.fixture
def opened(labelled_dir, settings, tmp_path):
    return prepare_folder(labelled_dir, settings, tmp_path / "data", show_progress=False)


def stored(tmp_path) -> dict[str, list[dict]]:
    """The examples as TFDS alone reads them, with the files they are of."""
    [folder] = tmp_path.glob("data/folder/*/1.0.0")
    builder = tfds.builder_from_directory(folder)
    return {
        split: list(builder.as_dataset(split=split).as_numpy_iterator())
        for split in ("train", "test")
    }


def test_facts(opened, labelled_dir, settings):
    assert opened.name == "folder/my-videos"
    assert opened.video_shape == (3, 12, 16, 3)
    assert opened.factors == {"action": ("run", "walk"), "who": ("ann", "bob", "cy")}
    assert opened.dynamic_factors == ("action",)
    assert len(opened.fingerprint) == 64
    assert opened.num_train + opened.num_test == 2 + 2 + 1 + 3 + 3 + 1 + 1 + 1
    source = json.loads(json.dumps(opened.source))
    assert source == opened.source
    assert source["video_dir"] == str(labelled_dir)
    assert ClipSettings.from_dict(source["clips"]) == settings


def test_clips_are_those_of_their_files(opened, labelled_dir, settings, tmp_path):
    sources = {source.name: source for source in find_sources(labelled_dir)}
    rows = [line.split(",") for line in LABELS.splitlines()[1:]]
    labels = {file: (action, who) for file, action, who in rows}
    for split, examples in stored(tmp_path).items():
        got = opened.examples(split, range(opened.num_videos(split)))
        assert len(examples) == len(got["video"])
        for at, example in enumerate(examples):
            name, start = example["_file"].decode(), int(example["_start"])
            expected = read_clip(sources[name], settings, start, 3)
            np.testing.assert_array_equal(got["video"][at], expected)
            assert numbers(expected) == [start, start + 1, start + 2]
            classes = (
                opened.factors["action"][got["action"][at]],
                opened.factors["who"][got["who"][at]],
            )
            assert classes == labels[name]
        batch = next(opened.evaluation_batches(split, 2).as_numpy_iterator())
        assert sorted(batch) == ["action", "video", "who"]


def test_split_by_file(opened, tmp_path):
    files = collections.defaultdict(list)
    for split, examples in stored(tmp_path).items():
        for example in examples:
            files[split].append((example["_file"].decode(), int(example["_start"])))
    train, test = ({file for file, _ in files[split]} for split in ("train", "test"))
    assert not train & test and len(train | test) == 8 and len(test) == 2
    for found in files.values():
        assert found == sorted(found, key=lambda one: (found.index((one[0], 0)), one[1]))
    expected = np.random.RandomState(0).permutation(8)[:2]
    names = sorted(train | test, key=lambda name: name.lower())
    assert test == {names[at] for at in expected}


@pytest.mark.parametrize(
    ("count", "fraction", "held_out"),
    [(2, 0.01, 1), (2, 0.99, 1), (3, 0.34, 2), (10, 0.2, 2), (11, 0.2, 3), (5, 0.999, 4)],
)
def test_sizes_of_splits(count, fraction, held_out):
    parts = split_sources(list(range(count)), fraction)
    assert len(parts["test"]) == held_out
    assert sorted(parts["train"] + parts["test"]) == list(range(count))
    assert parts["train"] == sorted(parts["train"]) and parts["test"] == sorted(parts["test"])


def test_one_video_is_not_enough(tmp_path, settings):
    save_gif(tmp_path / "a.gif", counted(9))
    with pytest.raises(UserError, match="at least two videos"):
        prepare_folder(tmp_path, settings, tmp_path / "data", show_progress=False)
    assert not (tmp_path / "data").exists()


def test_found_again_without_reading(opened, labelled_dir, settings, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(readers, "iter_clips", None)
    again = prepare_folder(labelled_dir, settings, tmp_path / "data")
    assert again.fingerprint == opened.fingerprint
    assert "folder/my-videos found in" in capfd.readouterr().err
    other = dataclasses.replace(settings, dynamic_factors=("who",))
    assert prepare_folder(labelled_dir, other, tmp_path / "data").dynamic_factors == ("who",)


def test_what_changed_is_made_anew(opened, labelled_dir, settings, tmp_path):
    def fingerprint(settings):
        return prepare_folder(
            labelled_dir, settings, tmp_path / "data", show_progress=False
        ).fingerprint

    seen = {opened.fingerprint, fingerprint(dataclasses.replace(settings, stride=2))}
    save_gif(labelled_dir / "b10.gif", counted(7)[::-1])
    seen.add(fingerprint(settings))
    (labelled_dir / "labels.csv").write_text(LABELS.replace("bob", "joe"))
    seen.add(fingerprint(settings))
    assert len(seen) == 4
    assert len(list((tmp_path / "data" / "folder").iterdir())) == 4


def test_moved_data_have_the_same_fingerprint(opened, labelled_dir, settings, tmp_path):
    moved = shutil.copytree(labelled_dir, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    again = prepare_folder(moved, settings, tmp_path / "data", show_progress=False)
    assert again.name == "folder/elsewhere"
    assert again.fingerprint == opened.fingerprint


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


def test_order_holds_when_tfds_sorts_on_disk(labelled_dir, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.shuffle, "MAX_MEM_BUFFER_SIZE", 2000)
    prepare_folder(labelled_dir, settings, tmp_path / "data", show_progress=False)
    found = [(e["_file"].decode(), int(e["_start"])) for e in stored(tmp_path)["train"]]
    order = [source.name for source in find_sources(labelled_dir)]
    assert found == sorted(found, key=lambda one: (order.index(one[0]), one[1]))


def test_keys_use_the_whole_range():
    assert folder_dataset_builder._KEY_BITS == tfds.core.shuffle.HKEY_SIZE


def test_by_name(mixed_dir, settings, tmp_path):
    data = pipeline.prepare(
        "folder", tmp_path / "data", show_progress=False, video_dir=mixed_dir, clips=settings
    )
    assert data.video_shape == (3, 12, 16, 3)
    assert data.factors == {} and data.dynamic_factors == ()
    assert sorted(next(iter(data.evaluation_batches("test", 2)))) == ["video"]


def test_movies_and_others_together(mixed_dir, settings, tmp_path):
    save_movie(mixed_dir / "a.mp4", counted(8), "libx264", "yuv444p")
    save_movie(mixed_dir / "deep" / "b.webm", counted(4), "libvpx-vp9", "yuv420p")
    data = prepare_folder(mixed_dir, settings, tmp_path / "data", strict=True, show_progress=False)
    assert data.num_train + data.num_test == 14 + 2 + 1
    of_movie = [e for part in stored(tmp_path).values() for e in part if e["_file"] == b"a.mp4"]
    assert [numbers(example["video"]) for example in of_movie] == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("dataset", "changes", "words"),
    [
        ("folder", {"video_dir": None}, "video_dir: expected a folder of videos"),
        ("folder", {"sheets_dir": "x"}, "sheets_dir: expected none"),
        ("sprites/drawn", {}, "Expected no video_dir"),
        ("sprites/lpc", {"video_dir": None, "clips": ClipSettings()}, "Expected no clips"),
        ("folder", {"video_dir": "/nowhere"}, "received /nowhere"),
    ],
)
def test_arguments_of_another_data_set(tmp_path, dataset, changes, words):
    with pytest.raises(UserError, match=words):
        pipeline.prepare(
            dataset, tmp_path / "data", show_progress=False, **{"video_dir": tmp_path, **changes}
        )


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("..a b/", "a-b"),
        ("ünï", "n"),
        ("日本", "videos"),
        ("x" * 99, "x" * 40),
        ("a.b_c-d", "a.b_c-d"),
    ],
)
def test_slugs(tmp_path, settings, name, slug):
    folder = tmp_path / os.path.basename(name.rstrip("/"))
    folder.mkdir()
    for at in range(2):
        save_gif(folder / f"{at}.gif", counted(3))
    data = prepare_folder(folder, settings, tmp_path / "data", show_progress=False)
    assert data.name == f"folder/{slug}"
