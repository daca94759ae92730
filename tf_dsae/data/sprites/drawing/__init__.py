"""Draws the sprite sheets of an original pixel-art character, by code alone."""

from tf_dsae.data.sprites.characters import Sheets
from tf_dsae.data.sprites.drawing.draw_sheets import draw_sheets

__all__ = ["Sheets", "draw_sheets"]
