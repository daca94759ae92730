"""The sheets: every pose painted in every layer and variant, laid out in rows and columns."""

from collections.abc import Sequence

import numpy as np

from tf_dsae.data.sprites.characters import (
    CELL,
    CHOICES,
    MOTIONS,
    SHEET_SHAPE,
    Sheets,
    motion_cells,
)
from tf_dsae.data.sprites.drawing import palettes, raster
from tf_dsae.data.sprites.drawing.body import body
from tf_dsae.data.sprites.drawing.bottomwear import BOTTOMWEAR
from tf_dsae.data.sprites.drawing.hair import HAIR
from tf_dsae.data.sprites.drawing.motions import motions
from tf_dsae.data.sprites.drawing.palettes import Ramp
from tf_dsae.data.sprites.drawing.shoes import shoes
from tf_dsae.data.sprites.drawing.skeleton import Pose, pose_of
from tf_dsae.data.sprites.drawing.topwear import TOPWEAR


def _colours(ramps: Sequence[Ramp]) -> np.ndarray:
    """RGBA [1 + 4 * materials, 4] uint8 of every paint code; code 0 is clear."""
    tones = [(*tone, 255) for ramp in ramps for tone in ramp]
    return np.array([(0, 0, 0, 0), *tones], np.uint8)


def _row(action: str, direction: str) -> int:
    """The sheet row that holds the frames of a motion."""
    return motion_cells(MOTIONS.index(f"{action} {direction}"))[0][0]


def _layers(pose: Pose) -> dict[str, list[np.ndarray]]:
    """The paint codes [64, 64] of each shape of each layer."""
    parts = body(pose)
    behind = raster.nearest(parts)
    worn = {"bottomwear": BOTTOMWEAR, "topwear": TOPWEAR, "hair": HAIR, "shoes": (shoes,)}
    layers = {"body": [raster.paint(parts)]}
    for name, variants in worn.items():
        layers[name] = [raster.paint(variant(pose), behind) for variant in variants]
    return layers


def _code_sheets() -> dict[str, list[np.ndarray]]:
    """The paint codes [1344, 832] of each shape of each layer."""
    counts = {
        "body": 1,
        "bottomwear": CHOICES,
        "topwear": CHOICES,
        "hair": CHOICES,
        "shoes": 1,
    }
    sheets = {
        name: [np.zeros(SHEET_SHAPE[:2], np.uint8) for _ in range(count)]
        for name, count in counts.items()
    }

    def place(row: int, column: int, layers: dict[str, list[np.ndarray]], step: int) -> None:
        y, x = row * CELL, column * CELL
        for name, codes in layers.items():
            for sheet, cell in zip(sheets[name], codes, strict=True):
                sheet[y : y + CELL, x : x + CELL] = cell[:, ::step]

    for action, (front, side) in motions().items():
        left, middle, right = (_row(action, direction) for direction in ("left", "front", "right"))
        for column, (front_key, side_key) in enumerate(zip(front, side, strict=True)):
            place(middle, column, _layers(pose_of(front_key, side=False)), 1)
            facing_right = _layers(pose_of(side_key, side=True))
            place(right, column, facing_right, 1)
            place(left, column, facing_right, -1)
    return sheets


def draw_sheets() -> Sheets:
    """Draws every sheet.

    Returns:
      uint8 RGBA, alpha 0 or 255: body, bottomwear, topwear and hair [6, 1344, 832, 4], shoes
      [1344, 832, 4]. The same bytes on every machine.
    """
    codes = _code_sheets()
    codes["body"] *= len(palettes.SKINS)

    def coloured(name: str, ramps: Sequence[Sequence[Ramp]]) -> np.ndarray:
        pairs = zip(codes[name], ramps, strict=True)
        return np.stack([_colours(ramp)[sheet] for sheet, ramp in pairs])

    return Sheets(
        body=coloured("body", palettes.SKINS),
        bottomwear=coloured("bottomwear", palettes.BOTTOMWEAR),
        topwear=coloured("topwear", palettes.TOPWEAR),
        hair=coloured("hair", palettes.HAIR),
        shoes=coloured("shoes", (palettes.SHOES,))[0],
    )
