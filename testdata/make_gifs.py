"""Draws a folder of small GIFs with labels.csv, to try `--dataset=folder` on: one file a video.

The characters are drawn by this package; the same command writes the same files. Example:

    python testdata/make_gifs.py gifs
"""

import argparse
import csv
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tf_dsae.data.sprites.characters import (
    ATTRIBUTES,
    MOTIONS,
    VideoComposer,
    attributes,
    split_characters,
)
from tf_dsae.data.sprites.drawing.draw_sheets import draw_sheets
from tf_dsae.reports.figures import save_clip


def write_gifs(folder: Path, num_characters: int) -> None:
    """Writes CHARACTER-MOTION.gif, each 8 frames of 64 x 64 pixels, and labels.csv."""
    composer = VideoComposer(draw_sheets())
    rows = [("file", *ATTRIBUTES, "action")]
    for number, character in enumerate(split_characters()["train"][:num_characters]):
        classes = attributes(int(character)).values()
        for motion, video in zip(MOTIONS, composer.compose(int(character)), strict=True):
            name = f"{number:02}-{motion.replace(' ', '-')}.gif"
            save_clip(folder / name, video)
            rows.append((name, *classes, motion))
    with open(folder / "labels.csv", "w", newline="") as table:
        csv.writer(table).writerows(rows)


def main() -> None:
    """Writes what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="to write to")
    parser.add_argument("--characters", type=int, default=40, help="each in 9 motions")
    arguments = parser.parse_args()
    write_gifs(arguments.folder, arguments.characters)
    print(f"wrote {9 * arguments.characters} GIFs and labels.csv to {arguments.folder}")


if __name__ == "__main__":
    main()
