"""Reading sheets: what comes in, and one line for everything that may be wrong with it."""

import hashlib
import shutil

import numpy as np
import pytest
from PIL import Image

from tf_dsae.core.errors import UserError
from tf_dsae.data.sprites import Builder, sheets


@pytest.fixture
def folder(stand_ins_dir, tmp_path):
    return shutil.copytree(stand_ins_dir, tmp_path / "sheets")


def assert_refuses(folder, *words):
    with pytest.raises(UserError) as caught:
        sheets.read_sheets(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert ": expected " in message and "received" in message
    for word in words:
        assert word in message


def test_shapes(stand_ins):
    assert len(sheets.SHEET_FILES) == 25
    for layer in stand_ins[:-1]:
        assert layer.shape == (6, 1344, 832, 4)
        assert layer.dtype == np.uint8
    assert stand_ins.shoes.shape == (1344, 832, 4)


def test_palette_images_read_as_rgba(folder, stand_ins):
    image = Image.open(folder / "hair/3.png")
    image.convert("P").save(folder / "hair/3.png")
    assert sheets.read_sheets(folder).hair.shape == stand_ins.hair.shape


def test_missing_folder(tmp_path):
    assert_refuses(tmp_path / "none", "none", "is no folder")


def test_missing_sheet(folder):
    (folder / "topwear/4.png").unlink()
    assert_refuses(folder, "topwear/4.png", "No such file", "25")


def test_no_image(folder):
    (folder / "body/2.png").write_text("no picture\nat all")
    assert_refuses(folder, "body/2.png", "cannot be read")


def test_sheet_that_is_a_folder(folder):
    (folder / "body/2.png").unlink()
    (folder / "body/2.png").mkdir()
    assert_refuses(folder, "body/2.png", "cannot be read")


@pytest.mark.parametrize("kept", [20, 60, 1000, -1])
def test_truncated(folder, kept):
    path = folder / "hair/0.png"
    path.write_bytes(path.read_bytes()[:kept] if kept > 0 else path.read_bytes()[:-40])
    assert_refuses(folder, "hair/0.png", "cannot be read")


def test_wrong_size(folder):
    Image.new("RGBA", (1344, 832)).save(folder / "shoes/1.png")
    assert_refuses(folder, "shoes/1.png", "832 x 1344", "1344 x 832")


def test_fingerprint_sees_every_pixel(stand_ins):
    changed = stand_ins.shoes.copy()
    changed[700, 400, 2] ^= 1
    assert sheets.fingerprint(stand_ins) == sheets.fingerprint(stand_ins)
    assert sheets.fingerprint(stand_ins) != sheets.fingerprint(stand_ins._replace(shoes=changed))


def test_other_sheets_than_the_published_are_said_so(stand_ins_dir, caplog):
    with caplog.at_level("WARNING"):
        sheets.read_sheets(stand_ins_dir)
    assert "not the published ones" in caplog.text


def test_published_sheets(published_sheets_dir, caplog):
    with caplog.at_level("WARNING"):
        art = sheets.read_sheets(published_sheets_dir)
    assert sheets.fingerprint(art) == sheets.PUBLISHED_FINGERPRINT
    assert not caplog.records


def test_checksums_name_the_published_files(published_sheets_dir):
    assert len(Builder.url_infos) == 25
    for name in sheets.SHEET_FILES:
        [info] = [info for url, info in Builder.url_infos.items() if url.endswith(f"/{name}")]
        content = (published_sheets_dir / name).read_bytes()
        assert info.size == len(content)
        assert info.checksum == hashlib.sha256(content).hexdigest()
