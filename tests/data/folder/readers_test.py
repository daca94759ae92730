"""From files to clips: every kind of file, and which frames are taken."""

import dataclasses
import itertools

import numpy as np
import pytest
from PIL import Image

from tests.data.folder.conftest import (
    GREEN,
    RED,
    counted,
    numbers,
    only,
    save_gif,
    save_images,
    save_movie,
)
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import ClipSettings, frame_decoders, iter_clips, read_clip

MOVIES = [
    ("a.mp4", "libx264", "yuv444p"),
    ("a.webm", "libvpx-vp9", "yuv420p"),
    ("a.avi", "mpeg4", "yuv420p"),
    ("a.mkv", "ffv1", "bgr0"),
    ("a.mov", "mjpeg", "yuvj444p"),
]


def write(path, frames):
    suffix = path.suffix
    if suffix == ".gif":
        save_gif(path, frames)
    elif suffix == ".npy":
        np.save(path, frames[np.newaxis])
    elif suffix == ".npz":
        np.savez_compressed(path, frames[np.newaxis])
    elif suffix == "":
        save_images(path, frames)
    else:
        save_movie(path, frames, *next(rest for name, *rest in MOVIES if name.endswith(suffix)))
    return only(path)


KINDS = ["folder", "a.gif", "a.npy", "a.npz", *(name for name, *_ in MOVIES)]


@pytest.mark.parametrize("name", KINDS)
def test_colours_and_frames_of_every_kind(tmp_path, settings, name):
    source = write(tmp_path / name, counted(11))
    clips = list(iter_clips(source, settings))
    assert [start for start, _ in clips] == [0, 3, 6]
    assert [numbers(clip) for _, clip in clips] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    for _, clip in clips:
        assert clip.shape == (3, 12, 16, 3) and clip.dtype == np.uint8
        np.testing.assert_allclose(clip[:, 2, 3], [RED] * 3, atol=6)
        np.testing.assert_allclose(clip[:, -3, 3], [GREEN] * 3, atol=6)
    taken = read_clip(source, dataclasses.replace(settings, stride=2), start=1)
    assert numbers(taken) == [1, 3, 5, 7, 9]
    assert numbers(read_clip(source, settings, start=4, num_frames=2)) == [4, 5]
    assert read_clip(source, settings).shape == (11, 12, 16, 3)


@pytest.mark.parametrize("name", KINDS)
def test_too_few_frames(tmp_path, settings, name):
    source = write(tmp_path / name, counted(4))
    longer = dataclasses.replace(settings, stride=2)
    with pytest.raises(UserError, match="at least 5 frames, received 4"):
        list(iter_clips(source, longer))
    with pytest.raises(UserError, match="at least 6 frames, received 4"):
        read_clip(source, settings, start=3, num_frames=3)
    with pytest.raises(UserError, match="at least 10 frames, received 4"):
        read_clip(source, settings, start=9)


@pytest.mark.parametrize(
    ("count", "stride", "hop"), itertools.product([1, 2, 4], [1, 2, 3, 5], [0, 1, 2, 3, 4, 7])
)
def test_which_frames_are_taken(tmp_path, count, stride, hop):
    source = write(tmp_path / "a.npy", counted(23, 2, 2))
    settings = ClipSettings((2, 2), num_frames=count, stride=stride, hop=hop)
    step, span = hop or count * stride, (count - 1) * stride + 1
    expected = [
        (start, [start + stride * at for at in range(count)])
        for start in range(0, 23 - span + 1, step)
    ]
    assert [(start, numbers(clip)) for start, clip in iter_clips(source, settings)] == expected


@pytest.mark.parametrize(("start", "count"), [(-1, 2), (0, 0), (0, 10_001)])
def test_arguments_out_of_range(tmp_path, settings, start, count):
    source = write(tmp_path / "a.npy", counted(5))
    with pytest.raises(UserError, match="expected 1 to 10000 frames from frame 0"):
        read_clip(source, settings, start, count)


@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_movies_are_upright(tmp_path, rotation):
    path = tmp_path / "a.mp4"
    save_movie(path, counted(3), "libx264", "yuv444p", rotation)
    expected = np.rot90(counted(3), rotation // 90, axes=(1, 2))
    frames = read_clip(only(path), ClipSettings(expected.shape[1:3]))
    # Away from the borders between colours.
    np.testing.assert_allclose(
        frames[:, 4::8, 4::8].astype(float), expected[:, 4::8, 4::8], atol=12
    )


def test_a_name_may_lie_about_the_container(tmp_path, settings):
    save_movie(tmp_path / "a.webm", counted(4), "libvpx-vp9", "yuv420p")
    lying = (tmp_path / "a.webm").rename(tmp_path / "b.avi")
    assert numbers(read_clip(only(lying), settings)) == [0, 1, 2, 3]


def test_without_pyav(tmp_path, settings, monkeypatch):
    (tmp_path / "a.mp4").write_bytes(b"any")
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(UserError, match=r"pip install 'tf_dsae\[video\]'"):
        read_clip(only(tmp_path / "a.mp4"), settings)
    with pytest.raises(UserError, match="PyAV"):
        frame_decoders.require_av()


def test_frames_of_a_folder_come_in_natural_order_and_any_size(tmp_path, settings):
    frames = counted(12)
    save_images(tmp_path / "x", frames)
    Image.fromarray(frames[5]).resize((64, 48)).save(tmp_path / "x" / "5.png")
    assert numbers(read_clip(only(tmp_path / "x"), settings)) == list(range(12))
