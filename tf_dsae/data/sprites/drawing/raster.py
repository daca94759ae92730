"""Shapes as signed distances on a 64 x 64 pixel grid, shaded in a few tones and painted by depth.

Only +, -, *, / and sqrt touch the numbers. They are rounded alike on every machine, which is what
makes the drawn sheets equal to the byte everywhere.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from tf_dsae.data.sprites.characters import CELL

LINE, SHADOW, BASE, LIGHT = range(4)
TONES = 4

Point = tuple[float, float]

_LIGHT = (-0.48, -0.66, 0.58)
_LIGHT_ABOVE = 0.88
_SHADOW_BELOW = 0.16

_centres = np.arange(CELL, dtype=np.float64) + 0.5
xs, ys = np.meshgrid(_centres, _centres)


class Part(NamedTuple):
    """One painted piece of a layer.

    Attributes:
      mask: [64, 64] bool, the pixels it covers.
      codes: [64, 64] uint8, 1 + 4 * material + tone of each pixel.
      depth: larger is nearer to the viewer.
      clearance: pixels kept free around nearer parts of lower layers.
    """

    mask: np.ndarray
    codes: np.ndarray
    depth: float
    clearance: int = 0


def capsule(a: Point, b: Point, ra: float, rb: float | None = None) -> np.ndarray:
    """Distance [64, 64] in pixels to a limb from a to b whose radius goes from ra to rb."""
    rb = ra if rb is None else rb
    dx, dy = b[0] - a[0], b[1] - a[1]
    t = ((xs - a[0]) * dx + (ys - a[1]) * dy) / max(dx * dx + dy * dy, 1e-9)
    t = np.clip(t, 0.0, 1.0)
    ex, ey = xs - a[0] - t * dx, ys - a[1] - t * dy
    return np.sqrt(ex * ex + ey * ey) - (ra + t * (rb - ra))


def ellipse(centre: Point, rx: float, ry: float) -> np.ndarray:
    """Distance [64, 64] to an upright ellipse, in pixels near its border."""
    ex, ey = (xs - centre[0]) / rx, (ys - centre[1]) / ry
    return (np.sqrt(ex * ex + ey * ey) - 1.0) * min(rx, ry)


def polygon(points: Sequence[Point]) -> np.ndarray:
    """Distance [64, 64] in pixels to a simple polygon, negative inside."""
    squared = np.full((CELL, CELL), np.inf)
    inside = np.zeros((CELL, CELL), bool)
    for (ax, ay), (bx, by) in zip(points, (*points[1:], points[0]), strict=True):
        dx, dy = bx - ax, by - ay
        px, py = xs - ax, ys - ay
        t = np.clip((px * dx + py * dy) / max(dx * dx + dy * dy, 1e-9), 0.0, 1.0)
        ex, ey = px - t * dx, py - t * dy
        squared = np.minimum(squared, ex * ex + ey * ey)
        crosses = (ay <= ys) != (by <= ys)
        inside ^= crosses & ((dx * py < dy * px) == (dy > 0))
    return np.where(inside, -1.0, 1.0) * np.sqrt(squared)


def beyond(a: Point, b: Point) -> np.ndarray:
    """Distance [64, 64] in pixels past the line through b square to a-b, negative on a's side."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = max(math.sqrt(dx * dx + dy * dy), 1e-9)
    return ((xs - b[0]) * dx + (ys - b[1]) * dy) / length


def union(*shapes: np.ndarray) -> np.ndarray:
    """The shape covered by any of the distances."""
    return np.minimum.reduce(shapes)


def cut(shape: np.ndarray, *holes: np.ndarray) -> np.ndarray:
    """The shape less every hole."""
    return np.maximum.reduce([shape, *(-hole for hole in holes)])


def neighbours(mask: np.ndarray) -> np.ndarray:
    """The mask [64, 64] grown by one pixel up, down, left and right."""
    grown = mask.copy()
    grown[1:] |= mask[:-1]
    grown[:-1] |= mask[1:]
    grown[:, 1:] |= mask[:, :-1]
    grown[:, :-1] |= mask[:, 1:]
    return grown


def _tones(shape: np.ndarray, bevel: float) -> np.ndarray:
    gy, gx = np.gradient(shape)
    norm = np.maximum(np.sqrt(gx * gx + gy * gy), 1e-9)
    tilt = np.clip(1.0 + shape / bevel, 0.0, 1.0)
    lit = (gx * _LIGHT[0] + gy * _LIGHT[1]) / norm * tilt
    lit = lit + _LIGHT[2] * np.sqrt(1.0 - tilt * tilt)
    return np.where(lit > _LIGHT_ABOVE, LIGHT, np.where(lit < _SHADOW_BELOW, SHADOW, BASE))


def solid(
    shape: np.ndarray,
    depth: float,
    material: int = 0,
    *,
    bevel: float = 3.0,
    merge: np.ndarray | None = None,
    clearance: int = 0,
) -> Part:
    """An outlined, shaded part.

    Args:
      shape: [64, 64] signed distance in pixels.
      depth: larger is nearer.
      material: index of the colour ramp.
      bevel: how far in pixels from its border the shape curves.
      merge: distance to a neighbouring part; no outline is drawn well inside it.
      clearance: see Part.
    """
    mask = shape < 0
    tones = _tones(shape, bevel)
    edge = mask & neighbours(~mask)
    if merge is not None:
        edge &= merge > -0.8
    tones = np.where(edge, LINE, tones)
    return Part(mask, (1 + TONES * material + tones).astype(np.uint8), depth, clearance)


def decal(part: Part, where: np.ndarray, material: int) -> Part:
    """The part with another material where asked ([64, 64] bool), outline and shading kept."""
    tones = (part.codes - 1) % TONES
    recoloured = np.where(where & (tones != LINE), 1 + TONES * material + tones, part.codes)
    return part._replace(codes=recoloured.astype(np.uint8))


def darken(part: Part, where: np.ndarray) -> Part:
    """The part one tone darker where asked ([64, 64] bool), never as dark as an outline."""
    tones = (part.codes - 1) % TONES
    return part._replace(codes=np.where(where & (tones > SHADOW), part.codes - 1, part.codes))


def lighten(part: Part, where: np.ndarray) -> Part:
    """The part in its lightest tone where asked ([64, 64] bool), outlines kept."""
    tones = (part.codes - 1) % TONES
    lit = where & (tones != LINE)
    return part._replace(codes=np.where(lit, part.codes - tones + LIGHT, part.codes))


def line(part: Part, where: np.ndarray) -> Part:
    """The part with a drawn line where asked ([64, 64] bool)."""
    tones = (part.codes - 1) % TONES
    return part._replace(codes=np.where(where, part.codes - tones, part.codes))


def stamp(rows: Sequence[str], left: int, top: int, depth: float, key: dict[str, int]) -> Part:
    """Pixels written out as characters; key gives each its code, anything else is left alone."""
    codes = np.zeros((CELL, CELL), np.uint8)
    for dy, row in enumerate(rows):
        for dx, character in enumerate(row):
            codes[top + dy, left + dx] = key.get(character, 0)
    return Part(codes > 0, codes, depth)


def nearest(parts: Iterable[Part]) -> np.ndarray:
    """The depth [64, 64] of the nearest part over each pixel, -inf where there is none."""
    depth = np.full((CELL, CELL), -np.inf)
    for part in parts:
        depth = np.where(part.mask, np.maximum(depth, part.depth), depth)
    return depth


def dilate(depth: np.ndarray) -> np.ndarray:
    """A depth map [64, 64] with every nearer pixel spread by one up, down, left and right."""
    out = depth.copy()
    out[1:] = np.maximum(out[1:], depth[:-1])
    out[:-1] = np.maximum(out[:-1], depth[1:])
    out[:, 1:] = np.maximum(out[:, 1:], depth[:, :-1])
    out[:, :-1] = np.maximum(out[:, :-1], depth[:, 1:])
    return out


def paint(parts: Iterable[Part], behind: np.ndarray | None = None) -> np.ndarray:
    """Codes [64, 64] uint8 of a layer, 0 where clear.

    Args:
      parts: painted from far to near.
      behind: [64, 64] depths of the body; a part is left out wherever the body is nearer.
    """
    codes = np.zeros((CELL, CELL), np.uint8)
    for part in sorted(parts, key=lambda part: part.depth):
        mask = part.mask
        if behind is not None:
            depth = behind
            for _ in range(part.clearance):
                depth = dilate(depth)
            mask = mask & (depth <= part.depth)
        codes[mask] = part.codes[mask]
    return codes
