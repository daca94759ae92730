"""What is found in a folder, in which order, and what is left alone."""

import os

import numpy as np
import pytest
from PIL import Image

from tests.data.folder.conftest import counted, save_gif, save_images
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import find_sources, open_source
from tf_dsae.data.folder.video_files import natural_key

MIXED = [
    "b10.gif",
    "deep/b9.GIF",
    "deep/er/photos",
    "images",
    "one.npy[0]",
    "three.npz[0]",
    "three.npz[1]",
    "three.npz[2]",
]


def names(folder) -> list[str]:
    return [source.name for source in find_sources(folder)]


def test_everything_is_found(mixed_dir):
    assert names(mixed_dir) == MIXED
    kinds = {source.kind for source in find_sources(mixed_dir)}
    assert kinds == {"gif", "images", "array"}


def test_natural_order():
    texts = ["f10", "f9", "f1", "f010", "f", "10f", "9f", "f9a", "", "f" + "9" * 9999]
    expected = ["", "9f", "10f", "f", "f1", "f9", "f9a", "f010", "f10", "f" + "9" * 9999]
    assert sorted(texts, key=natural_key) == expected


def test_images_in_the_folder_itself(tmp_path):
    save_images(tmp_path / "x", counted(3))
    assert names(tmp_path / "x") == ["x"]
    [source] = open_source(tmp_path / "x")
    assert source.name == "x"
    [source] = open_source(tmp_path / "x" / "1.png")
    assert (source.name, len(source.files)) == ("1.png", 1)


def test_several_arrays_of_one_file(tmp_path):
    np.savez(tmp_path / "a.npz", b=counted(2)[None], a=np.stack([counted(3)] * 2), c=np.ones(3))
    assert names(tmp_path) == ["a.npz:a[0]", "a.npz:a[1]", "a.npz:b[0]"]


def test_hidden_files_and_other_files_are_left_alone(mixed_dir):
    save_gif(mixed_dir / ".hidden.gif", counted(2))
    save_images(mixed_dir / ".git" / "x", counted(2))
    os.mkfifo(mixed_dir / "pipe.mp4")
    assert names(mixed_dir) == MIXED


def test_links(mixed_dir, tmp_path, caplog):
    save_gif(tmp_path / "secret.gif", counted(2))
    save_images(tmp_path / "secrets", counted(2))
    (mixed_dir / "out.gif").symlink_to(tmp_path / "secret.gif")
    (mixed_dir / "folder").symlink_to(tmp_path / "secrets")
    (mixed_dir / "images" / "99.png").symlink_to(tmp_path / "secrets" / "0.png")
    (mixed_dir / "again.gif").symlink_to(mixed_dir / "b10.gif")
    (mixed_dir / "round").symlink_to(mixed_dir)
    (mixed_dir / "dangling.gif").symlink_to(mixed_dir / "none.gif")
    save_gif(mixed_dir / ".kept.gif", counted(2))
    (mixed_dir / "a.gif").symlink_to(".kept.gif")
    with caplog.at_level("WARNING"):
        assert names(mixed_dir) == ["a.gif", *MIXED]
    assert "2 links that leave the folder are not followed" in caplog.text
    (tmp_path / "link").symlink_to(mixed_dir)
    assert names(tmp_path / "link") == ["a.gif", *MIXED]


def test_names_that_cannot_be_printed(tmp_path):
    for name in (b"a\xff\n.gif", "käse.gif".encode()):
        Image.new("L", (2, 2)).save(os.fsdecode(os.path.join(os.fsencode(tmp_path), name)))
    assert names(tmp_path) == ["a\\xff\\n.gif", "käse.gif"]


def test_a_damaged_array_is_one_source(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK and nothing")
    np.savez(tmp_path / "b.npz", np.zeros((3, 3)))
    found = find_sources(tmp_path)
    assert [(source.name, source.kind) for source in found] == [
        ("a.npz", "damaged"),
        ("b.npz", "damaged"),
    ]
    assert "no array of 5 dimensions" in found[1].problem


@pytest.mark.parametrize("what", ["none", "file.gif", "empty"])
def test_no_videos(tmp_path, what):
    (tmp_path / "file.gif").write_bytes(b"")
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.txt").write_text("x")
    with pytest.raises(UserError, match="^video_dir: expected .*; name"):
        find_sources(tmp_path / what)


@pytest.mark.parametrize("what", ["none.gif", "a.txt", "empty"])
def test_what_is_no_video(tmp_path, what):
    (tmp_path / "empty").mkdir()
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(UserError, match=what):
        open_source(tmp_path / what)


def test_covers_are_left_out(mixed_dir, caplog):
    for folder in (mixed_dir, mixed_dir / "deep"):
        Image.new("L", (2, 2)).save(folder / "cover.jpg")
    with caplog.at_level("WARNING"):
        assert names(mixed_dir) == MIXED
    [record] = caplog.records
    assert "2 images beside movies, GIFs or arrays are left out" in record.getMessage()
