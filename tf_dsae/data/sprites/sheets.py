"""Reads the 25 sprite sheets from image files and computes their fingerprint."""

import hashlib
import io
import os
from pathlib import Path

import numpy as np
from absl import logging
from PIL import Image

from tf_dsae.core.errors import UserError, reason
from tf_dsae.core.files import read_bytes
from tf_dsae.data.sprites.characters import CHOICES, SHEET_SHAPE, Sheets

_MAX_SHEET = 16 * 2**20  # Bytes; a sheet's pixels are 4.5 million.
SHOES = "shoes/1.png"
LAYER_FILES = {
    layer: tuple(f"{layer}/{choice}.png" for choice in range(CHOICES))
    for layer in ("body", "bottomwear", "topwear", "hair")
}
SHEET_FILES = (*(name for names in LAYER_FILES.values() for name in names), SHOES)

# Of the sheets of the public repository YingzhenLi/Sprites.
PUBLISHED_FINGERPRINT = "a78b54da1aa3f1e255b80ece80c780c5170d7ccafafdd35da002170bd931e8b3"


def check_sheets_dir(folder: str | os.PathLike) -> None:
    """Raises UserError where there is no such folder."""
    if not os.path.isdir(folder):
        raise UserError(
            f"sheets_dir: expected a folder of sprite sheets, body/0.png to {SHOES}, received "
            f"{folder}, which is no folder; name one that holds them"
        )


def read_sheets(folder: str | os.PathLike) -> Sheets:
    """Reads `SHEET_FILES` below a folder; warns where they are not the published sheets.

    UserError where the folder or a sheet is missing, or a sheet is no 832 x 1344 image.
    """
    check_sheets_dir(folder)
    sheets = read_sheet_files({name: Path(folder, name) for name in SHEET_FILES})
    if fingerprint(sheets) != PUBLISHED_FINGERPRINT:
        logging.warning("The sheets in %s are not the published ones; going on with them.", folder)
    return sheets


def read_sheet_files(paths: dict[str, str | os.PathLike]) -> Sheets:
    """Reads the sheets from a path for each of `SHEET_FILES`; raises as `read_sheets`."""
    layers = [np.stack([_read(paths[name]) for name in names]) for names in LAYER_FILES.values()]
    body, bottomwear, topwear, hair = layers
    return Sheets(body, bottomwear, topwear, hair, _read(paths[SHOES]))


def fingerprint(sheets: Sheets) -> str:
    """Returns the SHA-256, in hex, of the pixels of all sheets and of their shapes."""
    digest = hashlib.sha256()
    for name, layer in sheets._asdict().items():
        digest.update(f"{name}{layer.shape}{layer.dtype}".encode())
        digest.update(np.ascontiguousarray(layer).data)
    return digest.hexdigest()


def _read(path: str | os.PathLike) -> np.ndarray:
    """Returns one sheet, uint8 [1344, 832, 4]."""
    height, width, _ = SHEET_SHAPE
    try:
        # PNG alone: of some other kinds pillow has other programs make sense.
        with Image.open(io.BytesIO(read_bytes(path, _MAX_SHEET)), formats=("PNG",)) as image:
            if image.size != (width, height):
                raise UserError(
                    f"{path}: expected a sheet of {width} x {height} pixels, received one of "
                    f"{image.width} x {image.height}; replace it by the original file"
                )
            return np.asarray(image.convert("RGBA"))
    except UserError:
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        # pillow raises SyntaxError for some broken PNG chunks, ValueError for texts that expand.
        raise UserError(
            f"{path}: expected one of {len(SHEET_FILES)} complete sprite sheets, received one that "
            f"cannot be read ({reason(error)}); replace it by the original file"
        ) from error
