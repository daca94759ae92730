"""From a folder to a data set: facts, clips, order, and splits by file."""

import collections
import os

import numpy as np
import pytest
import tensorflow_datasets as tfds

from tests.data.folder.conftest import (
    LABELS,
    counted,
    numbers,
    prepare_folder,
    save_gif,
    save_movie,
    stored,
)
from tf_dsae.core.errors import UserError
from tf_dsae.data import SequenceSpec, prepare
from tf_dsae.data.folder import (
    FolderSource,
    find_sources,
    folder_dataset_builder,
    read_clip,
)
from tf_dsae.data.folder.folder_dataset_builder import split_sources


def test_facts(opened, labelled_dir, settings):
    assert opened.name == "folder/my-videos"
    assert opened.video_shape == (3, 12, 16, 3)
    assert opened.factors == {"action": ("run", "walk"), "who": ("ann", "bob", "cy")}
    assert opened.dynamic_factors == ("action",)
    assert len(opened.fingerprint) == 64
    assert opened.num_train + opened.num_test == 2 + 2 + 1 + 3 + 3 + 1 + 1 + 1
    assert opened.source == FolderSource(labelled_dir, settings)
    assert opened.spec == SequenceSpec("video", (12, 16, 3))


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


def test_order_holds_when_tfds_sorts_on_disk(labelled_dir, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(tfds.core.shuffle, "MAX_MEM_BUFFER_SIZE", 2000)
    prepare_folder(labelled_dir, settings, tmp_path / "data", show_progress=False)
    found = [(e["_file"].decode(), int(e["_start"])) for e in stored(tmp_path)["train"]]
    order = [source.name for source in find_sources(labelled_dir)]
    assert found == sorted(found, key=lambda one: (order.index(one[0]), one[1]))


def test_keys_use_the_whole_range():
    assert folder_dataset_builder._KEY_BITS == tfds.core.shuffle.HKEY_SIZE


def test_by_name(mixed_dir, settings, tmp_path):
    data = prepare(
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
        ("folder", {"video_dir": ""}, "video_dir: expected the folder of your videos"),
        ("folder", {"video_dir": None}, "video_dir: expected a path"),
        (
            "folder",
            {"sheets_dir": "x"},
            "setting of folder .* received one of sprites/lpc;",
        ),
        (
            "sprites/drawn",
            {},
            "setting of sprites/drawn .* received one of folder;",
        ),
        ("folder", {"video_dir": "/nowhere"}, "received /nowhere"),
    ],
)
def test_arguments_of_another_data_set(tmp_path, dataset, changes, words):
    with pytest.raises(UserError, match=words):
        prepare(
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


def test_a_factor_of_one_class_is_named(labelled_dir, settings, tmp_path, caplog):
    (labelled_dir / "labels.csv").write_text(LABELS.replace("walk", "run"))
    with caplog.at_level("WARNING"):
        data = prepare_folder(labelled_dir, settings, tmp_path / "data", show_progress=False)
    assert data.factors["action"] == ("run",)
    assert "of action every video has the same class" in caplog.text
