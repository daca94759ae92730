"""Videos in arrays: types, order, values out of range, and how many."""

import numpy as np
import pytest

from tests.data.folder.conftest import assert_same, only
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import ClipSettings, find_sources, open_source, read_clip
from tf_dsae.data.folder import array_files as arrays
from tf_dsae.data.folder import video_files as sources


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32", ">f4", "float64"])
@pytest.mark.parametrize("save", [np.save, np.savez, np.savez_compressed])
@pytest.mark.parametrize("channels", [1, 3])
def test_arrays_of_every_type(tmp_path, dtype, save, channels):
    stored = np.random.default_rng(2).integers(0, 256, (3, 4, 5, 7, channels), np.uint8)
    path = tmp_path / ("a.npy" if save is np.save else "a.npz")
    save(path, stored if dtype == "uint8" else (stored / 255).astype(dtype))
    settings = ClipSettings((5, 7), channels)
    found = open_source(path)
    assert [source.name for source in found] == [f"{path.name}[{at}]" for at in range(3)]
    for at in (2, 0, 1, 1):  # Not in order either.
        assert_same(read_clip(found[at], settings), stored[at])


@pytest.mark.parametrize("values", [1.5, -0.1, np.nan, np.inf])
def test_floats_out_of_range(tmp_path, settings, values):
    np.save(tmp_path / "a.npy", np.full((1, 4, 3, 3, 1), values))
    with pytest.raises(UserError, match="values from .* expected floats in"):
        read_clip(only(tmp_path / "a.npy"), settings)


def test_fortran_order(tmp_path):
    stored = np.random.default_rng(2).integers(0, 256, (3, 4, 5, 7, 3), np.uint8)
    np.save(tmp_path / "a.npy", np.asfortranarray(stored))
    assert_same(read_clip(open_source(tmp_path / "a.npy")[1], ClipSettings((5, 7))), stored[1])
    np.savez(tmp_path / "a.npz", np.asfortranarray(stored))
    with pytest.raises(UserError, match="ascontiguousarray"):
        read_clip(only(tmp_path / "a.npz"), ClipSettings())


def test_videos_of_all_members_are_counted_before_they_are_listed(tmp_path, monkeypatch):
    members = {str(at): np.zeros((4, 2, 1, 1, 1), np.uint8) for at in range(5)}
    np.savez_compressed(tmp_path / "a.npz", **members)
    monkeypatch.setattr(arrays, "MAX_VIDEOS", 20)
    found = find_sources(tmp_path)
    assert len(found) == 20 and {source.siblings for source in found} == {20}
    monkeypatch.setattr(arrays, "MAX_VIDEOS", 19)
    [source] = find_sources(tmp_path)
    assert source.kind == "damaged" and source.problem == "20 videos in one file, at most 19"


def test_videos_of_a_folder(tmp_path, monkeypatch):
    for at in range(3):
        np.save(tmp_path / f"{at}.npy", np.zeros((4, 2, 1, 1, 1), np.uint8))
    monkeypatch.setattr(sources, "MAX_SOURCES", 12)
    assert len(find_sources(tmp_path)) == 12
    monkeypatch.setattr(sources, "MAX_SOURCES", 11)
    with pytest.raises(UserError, match="^video_dir: expected at most 11 videos"):
        find_sources(tmp_path)
