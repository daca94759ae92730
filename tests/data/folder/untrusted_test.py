"""Files that lie: refused before they take memory, and no other file is opened for them."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.folder.conftest import counted, save_gif, save_movie
from tf_dsae.core.errors import UserError
from tf_dsae.data.folder import ClipSettings, frame_decoders, iter_clips, open_source, read_clip
from tf_dsae.data.folder import array_files as arrays

# Reads every file named, prints the UserError of each, and the most memory that was taken, in MB.
PROGRAM = """
import re, sys
from tf_dsae.data.folder import ClipSettings, open_source, read_clip
from tf_dsae.core.errors import UserError
for path in sys.argv[1:]:
    try:
        read_clip(open_source(path)[0], ClipSettings(), num_frames=1)
        print("accepted", path)
    except UserError as error:
        print(error)
status = open("/proc/self/status").read()
print(int(re.search(r"VmHWM:\\s*(.*) kB", status)[1]) // 1024)
"""


def npy_header(shape, descr="|u1", version=b"\x01\x00") -> bytes:
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    size = struct.pack("<H" if version == b"\x01\x00" else "<I", len(text))
    return b"\x93NUMPY" + version + size + text


def save_zip(path, content: bytes, claimed: int | None = None, method=zipfile.ZIP_DEFLATED):
    """Writes an .npz of one member, whose claimed size may be another than it has."""
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("x.npy", content)
        if claimed is not None:
            archive.infolist()[0].file_size = claimed


def save_zeros(path, megabytes: int, shape) -> None:
    """An .npz of zeros, packed a thousand times, written in pieces."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("x.npy", "w", force_zip64=True) as member,
    ):
        member.write(npy_header(shape))
        for _ in range(megabytes):
            member.write(bytes(2**20))


def save_png_of_size(path, width: int, height: int) -> None:
    def chunk(kind, data):
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )


def save_gif_of_size(path, width: int, height: int) -> None:
    save_gif(path, counted(3))
    content = bytearray(path.read_bytes())
    content[6:10] = struct.pack("<HH", width, height)
    path.write_bytes(content)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="asks Linux for the memory")
def test_bombs_take_no_memory(tmp_path):
    npy = tmp_path / "sparse.npy"
    npy.write_bytes(npy_header((10, 1000, 1000, 1000, 3)))
    giant = tmp_path / "frame.npy"
    giant.write_bytes(npy_header((1, 1, 10**5, 10**5, 1)))
    with open(giant, "ab") as file:  # As many bytes as it says, none of them on the disk.
        file.truncate(file.tell() + 10**10)
    save_zip(tmp_path / "lie.npz", npy_header((1, 10, 10**4, 10**5, 1)), claimed=10**10 + 70)
    save_zeros(tmp_path / "zeros.npz", 256, (1, 64, 2**11, 2**11, 1))  # What it says, no more.
    header = b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31)
    save_zip(tmp_path / "header.npz", header + bytes(2**26))
    save_png_of_size(tmp_path / "wide.png", 2**16, 2**16)
    save_png_of_size(tmp_path / "warned.png", 10**4, 10**4)
    save_gif_of_size(tmp_path / "screen.gif", 65535, 65535)
    entries = io.BytesIO()
    with zipfile.ZipFile(entries, "w") as archive:
        for index in range(40_000):
            archive.writestr(f"{index:060}.npy", b"")
    (tmp_path / "many.npz").write_bytes(entries.getvalue())
    files = sorted(map(str, tmp_path.iterdir()))
    done = subprocess.run([sys.executable, "-c", PROGRAM, *files], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    *refused, memory = done.stdout.splitlines()
    assert len(refused) == len(files)
    for path, line in zip(files, refused, strict=True):
        is_whole = path.endswith("zeros.npz")
        assert line.startswith("accepted" if is_whole else path.rsplit("/", 1)[1]), line
    assert int(memory) < 300


@pytest.mark.parametrize(
    ("shape", "descr", "words"),
    [
        ((2, 3, 4, 5, 1), "|u1", "promises"),
        ((2, 3, 4, 5), "|u1", "expected [N, T, H, W, C]"),
        ((2, 3, 4, 5, 2), "|u1", "expected [N, T, H, W, C]"),
        ((0, 3, 4, 5, 1), "|u1", "expected [N, T, H, W, C]"),
        ((-2, -3, 4, 5, 1), "|u1", "expected [N, T, H, W, C]"),
        ((2, 3, 4, 5, 1), "|O", "expected uint8 or floats"),
        ((2, 3, 4, 5, 1), "<i2", "expected uint8 or floats"),
        ((2, 3, 4, 5, 1), "<c8", "expected uint8 or floats"),
        ((2, 3, 4, 5, 1), "|V0", "expected uint8 or floats"),
        ((2, 3, 4, 5, 1), [("a", "|u1")], "expected uint8 or floats"),
    ],
)
def test_headers_of_arrays(tmp_path, shape, descr, words):
    path = tmp_path / "a.npy"
    path.write_bytes(npy_header(shape, descr) + bytes(119))
    assert words in refusal(path)
    if len(shape) == 5:
        save_zip(tmp_path / "a.npz", npy_header(shape, descr) + bytes(119))
        assert words in refusal(tmp_path / "a.npz")


def refusal(path) -> str:
    with pytest.raises(UserError) as caught:
        read_clip(open_source(path)[0], ClipSettings((4, 4)), num_frames=1)
    assert str(caught.value).startswith(path.name) and "\n" not in str(caught.value)
    return str(caught.value)


def test_nothing_is_unpickled(tmp_path):
    path = tmp_path / "a.npy"
    np.save(path, np.array([[[[[print]]]]], object), allow_pickle=True)
    assert "expected uint8" in refusal(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_other_compressions(tmp_path, method):
    save_zip(tmp_path / "a.npz", npy_header((1, 1, 1, 1, 1)) + b"x", method=method)
    assert "a compression that numpy does not write" in refusal(tmp_path / "a.npz")


def test_limits_of_archives(tmp_path, monkeypatch):
    path = tmp_path / "a.npz"
    np.savez_compressed(path, np.zeros((3, 4, 5, 6, 1), np.uint8))
    monkeypatch.setattr(arrays, "MAX_UNPACKED_BYTES", 300)
    assert "GB when unpacked" in refusal(path)
    np.savez(path, np.zeros((3, 4, 5, 6, 1), np.uint8))
    assert len(open_source(path)) == 3
    assert read_clip(open_source(path)[2], ClipSettings((5, 6))).shape == (4, 5, 6, 3)
    monkeypatch.setattr(arrays, "MAX_VIDEOS", 2)
    assert "3 videos in one file, at most 2" in refusal(path)
    monkeypatch.setattr(arrays, "MAX_MEMBERS", 0)
    assert "1 arrays, at most 0" in refusal(path)


def test_a_broken_member_is_read_up_to_there(tmp_path):
    stored = np.random.default_rng(0).integers(0, 4, (5, 3, 30, 40, 3), np.uint8)
    path = tmp_path / "a.npz"
    np.savez_compressed(path, stored)
    content = bytearray(path.read_bytes())
    content[len(content) // 2 : len(content) // 2 + 500] = bytes(500)
    path.write_bytes(content)
    settings = ClipSettings((30, 40), num_frames=3)
    good, bad = [], []
    for source in open_source(path) * 2:
        try:
            [(_, clip)] = iter_clips(source, settings)
            good.append((source.video, clip))
        except UserError:
            bad.append(source.video)
    assert bad[-1] == 4 and len(good) >= 2
    for video, clip in good:
        if video < 2:  # Before the damage.
            np.testing.assert_array_equal(clip, stored[video])


def test_pixels_of_all_frames_of_a_gif(tmp_path, monkeypatch):
    path = tmp_path / "a.gif"
    save_gif(path, counted(9))
    monkeypatch.setattr(frame_decoders, "MAX_GIF_PIXELS", 24 * 32 * 5)
    settings = ClipSettings((24, 32))
    assert len(read_clip(open_source(path)[0], settings, num_frames=5)) == 5
    with pytest.raises(UserError, match="pixels in all frames"):
        read_clip(open_source(path)[0], settings)


def test_pillow_is_left_as_it_was(tmp_path):
    before = Image.MAX_IMAGE_PIXELS
    save_png_of_size(tmp_path / "a.png", 2**16, 2**16)
    refusal(tmp_path / "a.png")
    assert Image.MAX_IMAGE_PIXELS == before


@pytest.mark.parametrize("name", ["a.avi", "a.mp4", "a.mkv", "a.webm", "a.mov"])
def test_playlists_open_nothing(tmp_path, name):
    pytest.importorskip("av")
    save_movie(tmp_path / "secret.avi", counted(20), "mpeg4", "yuv420p")
    lists = [
        "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{0}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{0}'\n",
        "v=0\nm=video 5004 RTP/AVP 96\n",
        '<?xml version="1.0"?><MPD><Period><BaseURL>{0}</BaseURL></Period></MPD>',
    ]
    for text in lists:
        (tmp_path / name).write_text(text.format(tmp_path / "secret.avi"))
        assert "neither mp4, mov, webm, mkv nor avi" in refusal(tmp_path / name)


def test_references_between_files_open_nothing(tmp_path):
    """A mov whose frames are said to lie in another file; and a playlist behind an AVI's head."""
    pytest.importorskip("av")
    secret = tmp_path / "secret.mov"
    save_movie(secret, counted(5), "mjpeg", "yuvj444p")
    content = secret.read_bytes()
    own = b"\0\0\0\x0curl \0\0\0\x01"  # The data lie in this file.
    assert content.count(own) == 1
    other = f"file://{secret}".encode() + b"\0"
    there = struct.pack(">I", 12 + len(other)) + b"url \0\0\0\0" + other
    path = tmp_path / "refers.mov"
    path.write_bytes(grow(content, own, there))
    assert path.read_bytes() != content
    refusal(path)  # Its own frames are zeros, and no others may be had.
    (tmp_path / "a.avi").write_bytes(b"RIFF\xff\xff\0\0AVI #EXTM3U\n#EXTINF:9,\nsecret.mov\n")
    refusal(tmp_path / "a.avi")


def grow(content: bytes, old: bytes, new: bytes) -> bytes:
    """Replaces a box of a mov, tells the boxes around it, and clears the frames."""
    at, more = content.index(old), len(new) - len(old)
    changed = bytearray(content.replace(old, new))
    for kind in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        where = content.rindex(kind, 0, at) - 4
        size = int.from_bytes(content[where : where + 4], "big")
        changed[where : where + 4] = (size + more).to_bytes(4, "big")
    start, end = content.index(b"mdat") + 4, content.index(b"moov") - 4
    assert start < end
    changed[start:end] = bytes(end - start)
    return bytes(changed)
