"""The characters, their clothes and motions, and the composition of their videos.

A character is one choice of body, bottomwear, topwear and hair out of six each; all wear the same
shoes. A sheet holds every pose of one such layer as cells of 64 x 64 pixels, and a video frame is
the same cell of the five layers, painted over black from the body up.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

CHOICES = 6  # Sheets per layer, except for the one sheet of shoes.
CHARACTERS = CHOICES**4
TRAIN_CHARACTERS = 1000
ACTIONS = ("walk", "spellcast", "slash")
DIRECTIONS = ("front", "left", "right")
MOTIONS = tuple(f"{action} {direction}" for action in ACTIONS for direction in DIRECTIONS)
ATTRIBUTES = ("skin", "pants", "top", "hair")
FACTORS = {**dict.fromkeys(ATTRIBUTES, CHOICES), "action": len(MOTIONS)}  # Name -> classes.

FRAMES = 8
CELL = 64  # Pixels, height and width of a cell and of a video frame.
SHEET_SHAPE = (1344, 832, 4)  # 21 rows of 13 cells, RGBA.
VIDEO_SHAPE = (FRAMES, CELL, CELL, 3)

_SPLIT_SEED = 423
_ROWS = {
    "walk": {"left": 9, "front": 10, "right": 11},
    "spellcast": {"left": 1, "front": 2, "right": 3},
    "slash": {"left": 13, "front": 14, "right": 15},
}
_COLUMNS = {
    "walk": (8, 1, 2, 3, 4, 5, 6, 7),
    "spellcast": (0, 1, 2, 3, 4, 5, 4, 6),
    "slash": (0, 1, 2, 3, 4, 5, 4, 0),
}


class Sheets(NamedTuple):
    """The 25 sheets, bottom layer first: uint8 RGBA, [6, 1344, 832, 4], shoes [1344, 832, 4]."""

    body: np.ndarray
    bottomwear: np.ndarray
    topwear: np.ndarray
    hair: np.ndarray
    shoes: np.ndarray


def attributes(character: int) -> dict[str, int]:
    """Returns the class 0..5 of each of `ATTRIBUTES` for a character 0..1295, else ValueError."""
    if not 0 <= character < CHARACTERS:
        raise ValueError(f"character: expected 0..{CHARACTERS - 1}, received {character}")
    digits = np.unravel_index(character, (CHOICES,) * len(ATTRIBUTES))
    return {name: int(digit) for name, digit in zip(ATTRIBUTES, digits, strict=True)}


def split_characters() -> dict[str, np.ndarray]:
    """Returns the characters of 'train' [1000] and 'test' [296], int64, in data set order."""
    order = np.random.RandomState(_SPLIT_SEED).permutation(CHARACTERS)
    return {"train": order[:TRAIN_CHARACTERS], "test": order[TRAIN_CHARACTERS:]}


def motion_cells(motion: int) -> tuple[tuple[int, int], ...]:
    """Returns the (row, column) of the cell of each frame of a motion 0..8, else ValueError."""
    if not 0 <= motion < len(MOTIONS):
        raise ValueError(f"motion: expected 0..{len(MOTIONS) - 1}, received {motion}")
    action, direction = MOTIONS[motion].split()
    return tuple((_ROWS[action][direction], column) for column in _COLUMNS[action])


class VideoComposer:
    """Composes characters in all nine motions at once, the fast way to make the whole data set."""

    def __init__(self, sheets: Sheets, motions: Sequence[int] = range(len(MOTIONS))):
        """Cuts the sheets up, once for all characters; the motions are numbers 0..8."""
        cells = [cell for motion in motions for cell in motion_cells(motion)]
        self._layers = [[_Paint.of(_cut(sheet, cells)) for sheet in layer] for layer in sheets[:-1]]
        self._shoes = _Paint.of(_cut(sheets.shoes, cells))

    def compose(self, character: int) -> np.ndarray:
        """Returns the videos of a character 0..1295, uint8 [9, 8, 64, 64, 3], else ValueError."""
        chosen = attributes(character).values()
        canvas = np.zeros((self._shoes.size, 3), np.uint8)
        for layer, choice in zip(self._layers, chosen, strict=True):
            layer[choice].onto(canvas)
        self._shoes.onto(canvas)
        return canvas.reshape(-1, *VIDEO_SHAPE)


def compose_video(sheets: Sheets, character: int, motion: int) -> np.ndarray:
    """Returns one video, uint8 [8, 64, 64, 3]. For many videos `VideoComposer` is faster."""
    return VideoComposer(sheets, [motion]).compose(character)[0]


class _Paint(NamedTuple):
    """One layer of some cells: only its painted pixels, which are a small part of the whole."""

    size: int  # Pixels in all cells, painted or not.
    pixels: np.ndarray  # int64 [n], positions of the painted ones in the flattened cells.
    colour: np.ndarray  # int32 [n, 3], colour times alpha, 0..255**2.
    clear: np.ndarray  # int32 [n, 1], 255 - alpha.

    @classmethod
    def of(cls, cells: np.ndarray) -> "_Paint":
        rgba = cells.reshape(-1, 4)
        pixels = np.flatnonzero(rgba[:, 3])
        painted = rgba[pixels].astype(np.int32)
        alpha = painted[:, 3:]
        return cls(len(rgba), pixels, painted[:, :3] * alpha, 255 - alpha)

    def onto(self, canvas: np.ndarray) -> None:
        """Blends into an opaque uint8 canvas [size, 3], to the byte as pillow does.

        pillow divides by 255 with shifts, on 7 extra bits; where the background is opaque its
        general formula comes down to this one.
        """
        mixed = (self.colour + canvas[self.pixels] * self.clear + 128) << 7
        canvas[self.pixels] = ((mixed >> 8) + mixed) >> 15


def _cut(sheet: np.ndarray, cells: Sequence[tuple[int, int]]) -> np.ndarray:
    """Returns the named cells of a sheet, uint8 [cells, 64, 64, 4]."""
    rows, columns = SHEET_SHAPE[0] // CELL, SHEET_SHAPE[1] // CELL
    grid = sheet.reshape(rows, CELL, columns, CELL, 4).swapaxes(1, 2)
    return np.stack([grid[row, column] for row, column in cells])
