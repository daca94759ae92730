"""Whatever the bytes of a file are, only a UserError comes out.

TF_DSAE_FUZZ=N tries 25 N inputs a reader and kind.
"""

import os
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.data.folder.conftest import counted, save_gif, save_movie
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import ClipSettings, find_sources, iter_clips, open_source
from tf_dsae.data.folder import array_files as arrays
from tf_dsae.data.folder.labels import read_labels

EXAMPLES = 25 * int(os.environ.get("TF_DSAE_FUZZ", "1"))
CLIPS = ClipSettings((6, 8), num_frames=2)
CODECS = {
    ".mp4": ("libx264", "yuv420p"),
    ".webm": ("libvpx-vp9", "yuv420p"),
    ".avi": ("mpeg4", "yuv420p"),
    ".mkv": ("libvpx", "yuv420p"),
    ".mov": ("mjpeg", "yuvj420p"),
}
SUFFIXES = [".gif", ".png", ".jpg", ".npy", ".npz", *CODECS]
# What a file of its kind starts with, so that random bytes reach the decoder.
MAGIC = {
    ".gif": b"GIF89a",
    ".png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    ".jpg": b"\xff\xd8\xff\xe0",
    ".npy": b"\x93NUMPY\x01\0",
    ".npz": b"PK\x03\x04",
    ".mp4": b"\0\0\0\x14ftypisom",
    ".mov": b"\0\0\0\x08wide",
    ".webm": b"\x1aE\xdf\xa3",
    ".mkv": b"\x1aE\xdf\xa3",
    ".avi": b"RIFF\0\x10\0\0AVI LIST",
}
FUZZ = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def valid(tmp_path_factory) -> dict[str, bytes]:
    """A whole file of each kind."""
    folder = tmp_path_factory.mktemp("valid")
    frames = counted(5, 18, 22)
    for suffix in SUFFIXES:
        path = folder / f"a{suffix}"
        if suffix == ".gif":
            save_gif(path, frames)
        elif suffix in (".png", ".jpg"):
            Image.fromarray(frames[1]).save(path)
        elif suffix == ".npy":
            np.save(path, frames[np.newaxis])
        elif suffix == ".npz":
            np.savez_compressed(path, np.stack([frames, frames]), frames[np.newaxis])
        else:
            save_movie(path, frames, *CODECS[suffix])
    return {suffix: (folder / f"a{suffix}").read_bytes() for suffix in SUFFIXES}


def read(suffix: str, content: bytes) -> None:
    """Reads a file of these bytes by every way in."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"a{suffix}")
        path.write_bytes(content)
        for source in [*open_source(path), *find_sources(folder)][:8]:
            try:
                for _, clip in iter_clips(source, CLIPS):
                    assert clip.shape == CLIPS.clip_shape and clip.dtype == np.uint8
            except UserError as error:
                assert "\n" not in str(error)
        arrays.close()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_random_bytes(suffix):
    @FUZZ
    @given(st.binary(max_size=600), st.booleans())
    def check(content, with_magic):
        read(suffix, MAGIC[suffix] + content if with_magic else content)

    if suffix in CODECS:
        pytest.importorskip("av")
    check()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_changed_files(suffix, valid):
    @FUZZ
    @given(st.data())
    def check(data):
        content = bytearray(valid[suffix])
        places = st.integers(0, len(content) - 1)
        # Heads say sizes and kinds, so half of the changes are there.
        heads = st.integers(0, min(200, len(content) - 1))
        for _ in range(data.draw(st.integers(1, 8))):
            at = data.draw(st.one_of(heads, places))
            piece = data.draw(st.binary(min_size=1, max_size=4))
            content[at : at + len(piece)] = piece
        if data.draw(st.booleans()):
            content = content[: data.draw(places)]
        read(suffix, bytes(content))

    check()


@FUZZ
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.booleans())
def test_labels(content, with_header):
    with tempfile.TemporaryDirectory() as folder:
        header = b"file,action\n" if with_header else b""
        Path(folder, "labels.csv").write_bytes(header + content)
        Path(folder, "0.gif").write_bytes(b"")
        try:
            read_labels(folder, find_sources(folder))
        except UserError as error:
            assert "\n" not in str(error)
