"""Prepared clips are found again while the files stay as they are, and only then."""

import dataclasses
import os
import shutil

import numpy as np
import pytest

from tests.data.folder.conftest import LABELS, counted, prepare_folder, save_gif
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import find_sources, readers
from tf_dsae.data.folder.prepare_folder import PART_BYTES, WHOLE_BYTES, file_stamp, stamp_files


def test_found_again_without_reading(opened, labelled_dir, settings, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(readers, "iter_clips", None)
    again = prepare_folder(labelled_dir, settings, tmp_path / "data")
    assert again.fingerprint == opened.fingerprint
    assert "folder/my-videos found in" in capfd.readouterr().err
    other = dataclasses.replace(settings, dynamic_factors=("who",))
    assert prepare_folder(labelled_dir, other, tmp_path / "data").dynamic_factors == ("who",)
    typo = dataclasses.replace(settings, dynamic_factors=("acton",))
    with pytest.raises(UserError, match="received acton"):
        prepare_folder(labelled_dir, typo, tmp_path / "data")


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


def fingerprint(folder, settings, tmp_path) -> str:
    return prepare_folder(folder, settings, tmp_path / "data", show_progress=False).fingerprint


def save_arrays(folder, value) -> None:
    """Two files of names, sizes and times that are always the same."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("a.npy", "b.npy"):
        np.save(folder / name, np.full((1, 3, 12, 16, 3), value, np.uint8))
        os.utime(folder / name, ns=(7, 7))


def test_folders_that_look_the_same(tmp_path, settings):
    save_arrays(tmp_path / "one" / "clips", 10)
    save_arrays(tmp_path / "two" / "clips", 20)
    one = fingerprint(tmp_path / "one" / "clips", settings, tmp_path)
    assert fingerprint(tmp_path / "two" / "clips", settings, tmp_path) != one
    assert fingerprint(tmp_path / "one" / "clips", settings, tmp_path) == one


def test_an_edit_that_keeps_size_and_time(tmp_path, settings):
    save_arrays(tmp_path / "clips", 10)
    before = fingerprint(tmp_path / "clips", settings, tmp_path)
    save_arrays(tmp_path / "clips", 11)
    assert fingerprint(tmp_path / "clips", settings, tmp_path) != before


def test_a_stamp_sees_every_change(mixed_dir):
    def all_stamps():
        return list(stamp_files(find_sources(mixed_dir)))

    before = all_stamps()
    assert all_stamps() == before
    os.utime(mixed_dir / "images" / "3.png", ns=(5, 5))
    assert [one == other for one, other in zip(before, all_stamps(), strict=True)].count(False) == 1
    (mixed_dir / "images" / "3.png").rename(mixed_dir / "images" / "33.png")
    assert all_stamps()[3] != before[3]
    found = find_sources(mixed_dir)
    (mixed_dir / "b10.gif").unlink()
    with pytest.raises(UserError, match="b10.gif: expected a file that can be read"):
        list(stamp_files(found))


@pytest.mark.parametrize("at", [0, 2 * WHOLE_BYTES, 4 * WHOLE_BYTES - 1])
def test_parts_of_large_files(tmp_path, at):
    path = tmp_path / "a.mp4"
    content = bytearray(4 * WHOLE_BYTES)

    def written():
        path.write_bytes(content)
        os.utime(path, ns=(7, 7))
        return file_stamp(path, path.name)

    before = written()
    content[PART_BYTES] = 1  # Between the parts that are read.
    assert written() == before
    content[at] = 1
    assert written() != before
