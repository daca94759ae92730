"""Draws the stand-in sprite sheets in testdata/sheets: shapes that differ in every cell.

Run it from anywhere to write them again; the result does not change.
"""

from pathlib import Path

import numpy as np
from PIL import Image

_LAYERS = {"body": 6, "bottomwear": 6, "topwear": 6, "hair": 6, "shoes": 1}
_ROWS, _COLUMNS, _CELL = 21, 13, 64
_ALPHAS = (255, 255, 1, 77, 128, 254)  # Mostly partly transparent, to try the blending.


def draw_sheet(layer: int, choice: int) -> np.ndarray:
    """Returns one sheet, uint8 [1344, 832, 4]: a striped box per cell, moving with the cell."""
    sheet = np.zeros((_ROWS, _CELL, _COLUMNS, _CELL, 4), np.uint8)
    colour = np.array([40 + 35 * choice, 250 - 45 * layer, 90 + 30 * ((layer + choice) % 6)])
    for row in range(_ROWS):
        for column in range(_COLUMNS):
            top, left = 4 + 8 * layer + row // 2, 4 + 3 * column + choice
            for stripe, alpha in enumerate(_ALPHAS):
                edge = left + 2 * stripe
                box = sheet[row, top : top + 12, column, edge : edge + 2]
                box[..., :3] = (colour + 9 * stripe) % 256
                box[..., 3] = alpha
    return sheet.reshape(_ROWS * _CELL, _COLUMNS * _CELL, 4)


def main() -> None:
    """Writes every sheet."""
    for layer, (name, choices) in enumerate(_LAYERS.items()):
        folder = Path(__file__).parent / "sheets" / name
        folder.mkdir(parents=True, exist_ok=True)
        for choice in range(choices) if name != "shoes" else [1]:
            image = Image.fromarray(draw_sheet(layer, choice))
            image.save(folder / f"{choice}.png", optimize=True)


if __name__ == "__main__":
    main()
