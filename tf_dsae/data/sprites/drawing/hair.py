"""Six hair styles, drawn from the middle of the head (x right, y down, in pixels)."""

import numpy as np

from tf_dsae.data.sprites.drawing import raster
from tf_dsae.data.sprites.drawing.raster import Part, Point
from tf_dsae.data.sprites.drawing.skeleton import HEAD, TORSO, Pose

_HAIR, _TIE = range(2)
_OVER = HEAD + 0.5
# Hair at the back hangs behind the whole body and is kept off clothes wider than the body.
_BEHIND = 1.0
_TAIL = TORSO + 3.0


def _cap(pose: Pose) -> np.ndarray:
    """Distance [64, 64] to a close cover of the whole head."""
    if pose.side:
        return raster.ellipse(pose.on_head((-0.6, -0.8))[0], 12.0, 11.8)
    return raster.ellipse(pose.on_head((0, -0.8))[0], 12.8, 11.8)


def _shape(pose: Pose, *points: Point) -> np.ndarray:
    return raster.polygon(pose.on_head(*points))


def _opening(pose: Pose, *hairline: Point) -> np.ndarray:
    """Distance [64, 64] to the face, below a hairline given from left to right."""
    return _shape(pose, *hairline, (hairline[-1][0], 20), (hairline[0][0], 20))


def _below(pose: Pose, y: float) -> np.ndarray:
    return pose.head[1] + y - raster.ys


def _strands(part: Part, pose: Pose, step: int) -> Part:
    """The part with a darker strand every `step` pixels, fixed to the head."""
    return raster.darken(part, (raster.xs - 0.5 - pose.head[0]) % step == 1)


def _sheen(part: Part, pose: Pose, y: float, rx: float) -> Part:
    """The part with a band of reflected light around the crown, `y` pixels below the middle."""
    inner = raster.ellipse(pose.on_head((-1, y + 8))[0], rx, 12.5)
    band = (
        (np.abs(inner) < 1.0) & (raster.xs < pose.head[0] + rx * 0.6) & (raster.ys < pose.head[1])
    )
    return raster.lighten(part, band)


def spiky(pose: Pose) -> list[Part]:
    """Stiff spikes standing up and outwards over a jagged fringe."""
    line: tuple[tuple[float, float], ...]
    if pose.side:
        crown = _shape(
            pose, (9, -5), (15, -9), (9.5, -10), (10, -15.5), (3.5, -12), (-1, -16), (-5, -11.5),
            (-13, -15), (-11, -8), (-18, -7), (-13, -1), (-17, 4), (-11, 5), (-8, 8),
            (-4, 1), (4, -6),
        )  # fmt: skip
        line = (-5.5, 3), (-3, -2), (-1, 1), (1, -4), (4, 0), (6, -5), (9, -1), (13, -5)
    else:
        crown = _shape(
            pose, (-10, 4), (-17, 3), (-13, -2), (-18, -8), (-11.5, -8), (-12, -14.5), (-5, -12),
            (-1, -16), (4, -12), (11, -15.5), (11, -9), (18, -9), (13, -2), (17, 3),
            (10, 4), (0, -5),
        )  # fmt: skip
        line = (-9.5, 5), (-9, -3), (-6.5, 1), (-4, -4), (-1, 0), (2, -5), (5, 0), (8, -4), (9.5, 5)
    cover = raster.cut(_cap(pose), _below(pose, 5))
    return [raster.solid(raster.cut(raster.union(cover, crown), _opening(pose, *line)), _OVER)]


def long_hair(pose: Pose) -> list[Part]:
    """Straight hair down to the waist, parted in the middle."""
    sway = pose.sway
    if pose.side:
        fall = _shape(
            pose, (-3, -9), (-11, -6), (-13.5, 6), (-13 + sway, 22), (-10 + sway, 24),
            (-7.5 + sway, 22), (-5, 10), (-1, 4), (-1, 0),
        )  # fmt: skip
        face = _opening(pose, (-0.5, 6), (0, -1), (4, -6), (13, -4))
        cover = raster.cut(_cap(pose), _below(pose, 7), face)
        return [_strands(raster.solid(raster.union(cover, fall - 0.8), _OVER, bevel=4.0), pose, 4)]
    back = _shape(
        pose, (-12, -4), (12, -4), (14, 12), (13.5 + sway, 24), (-13.5 + sway, 24), (-14, 12)
    )
    face = _opening(pose, (-8.5, 7), (-8.5, -1), (-1, -7.5), (1, -7.5), (8.5, -1), (8.5, 7))
    cover = raster.cut(_cap(pose), face, _below(pose, 6))
    locks = [
        _shape(
            pose, (sign * 8.8, -2), (sign * 12.6, -2), (sign * 13, 9), (sign * 11.4 + sway, 19),
            (sign * 8.6, 10),
        )
        for sign in (-1, 1)
    ]  # fmt: skip
    return [
        _strands(raster.solid(back, _BEHIND, bevel=4.0, clearance=2), pose, 4),
        raster.solid(raster.union(cover, *locks), _OVER, bevel=4.0),
    ]


def afro(pose: Pose) -> list[Part]:
    """A great round bush of curls."""
    puffs: tuple[tuple[float, float, float], ...]
    if pose.side:
        puffs = ((-3, -3, 12.8), (-14, -3, 3.4), (-12, 5, 3.6), (-12, -10, 3.6), (-6, -13.2, 3.4))
        puffs += ((1, -13.8, 3.4), (7, -11.5, 3.6), (-7, 8, 3.4))
        face = _opening(pose, (-4.5, 8), (-4.5, 0.5), (0, -2), (4, -4), (16, -5))
    else:
        puffs = ((0, -3, 13.6), (-14, -1, 3.6), (-13, -9, 3.6), (-7, -13.2, 3.4), (0, -14.2, 3.2))
        puffs += ((7, -13.2, 3.4), (13, -9, 3.6), (14, -1, 3.6), (-12.5, 5, 3.4), (12.5, 5, 3.4))
        face = _opening(pose, (-9, 12), (-9, 0), (-5.5, -3.5), (5.5, -3.5), (9, 0), (9, 12))
    bush = raster.union(*(raster.ellipse(pose.on_head((x, y))[0], r, r) for x, y, r in puffs))
    part = raster.solid(raster.cut(bush, face), _OVER, bevel=8.0)
    curls = ((raster.xs - pose.head[0] - 0.5) * 3 + (raster.ys - pose.head[1] - 0.5) * 5) % 13 < 1.5
    return [raster.darken(part, curls)]


def ponytail(pose: Pose) -> list[Part]:
    """Hair drawn back smoothly into a high tail that swings."""
    sway = pose.sway
    if pose.side:
        tail = _shape(
            pose, (-9, -11), (-15, -13.5), (-20, -10), (-21.5 + sway, 2), (-18 + sway, 13),
            (-15.5 + sway, 4), (-14.5, -4),
        )  # fmt: skip
        face = _opening(pose, (-5, 7), (-4.5, 0), (1, -4.5), (6, -6), (13, -6))
        knot = raster.ellipse(pose.on_head((-10.5, -9))[0], 2.6, 2.6)
    else:
        tail = _shape(
            pose, (8, -12), (13, -15), (19, -12), (21 + sway, 0), (18 + sway, 12),
            (16 + sway, 3), (13.5, -5),
        )  # fmt: skip
        face = _opening(pose, (-9.5, 9), (-9.5, 0), (-6, -5), (5, -6.5), (9.5, 0), (9.5, 9))
        knot = raster.ellipse(pose.on_head((10.5, -10))[0], 2.6, 2.6)
    cover = raster.cut(_cap(pose), face, _below(pose, 5))
    return [
        raster.solid(tail - 1.0, _TAIL, _HAIR),
        raster.solid(cover, _OVER, _HAIR, bevel=5.0),
        raster.solid(knot, _OVER + 0.1, _TIE, bevel=2.5),
    ]


def mohawk(pose: Pose) -> list[Part]:
    """A tall crest over shaved sides."""
    if pose.side:
        crest = _shape(
            pose, (10.5, -5), (14.5, -11), (10.5, -11.5), (10, -15.5), (5, -13.5), (1.5, -16.5),
            (-3, -13.5), (-8.5, -16), (-10, -11.5), (-16, -11), (-14, -5), (-18, -1), (-14, 3),
            (-15, 8), (-9, 7.5), (-9, 0), (-7, -5), (-3, -8), (2, -9), (6, -8),
        )  # fmt: skip
    else:
        crest = _shape(
            pose, (-3, -3.5), (-4.6, -9), (-4.6, -14), (-2.6, -16.5), (-1, -14), (0.5, -17),
            (2, -14), (3.4, -16.5), (4.8, -13), (4.6, -9), (3, -3.5), (1, -5.5),
            (0, -2.5), (-1, -5.5),
        )  # fmt: skip
    return [raster.solid(crest - 0.5, _OVER, bevel=4.0)]


def bob(pose: Pose) -> list[Part]:
    """A round bowl cut to the jaw with a straight fringe."""
    if pose.side:
        bowl = raster.union(
            raster.ellipse(pose.on_head((-1.0, -1.5))[0], 13.0, 12.4),
            _shape(pose, (-13.4, -2), (-1, -2), (-1, 9), (-13, 9)) - 0.6,
        )
        face = _opening(pose, (0.5, 9.5), (0.5, -1.8), (15, -1.8))
    else:
        bowl = raster.union(
            raster.ellipse(pose.on_head((0, -1.5))[0], 13.6, 12.4),
            _shape(pose, (-13.4, -2), (13.4, -2), (13.4, 9), (-13.4, 9)) - 0.6,
        )
        face = _opening(pose, (-8.4, 9.5), (-8.4, -1.8), (8.4, -1.8), (8.4, 9.5))
    part = raster.solid(raster.cut(bowl, face, _below(pose, 9.6)), _OVER, bevel=6.0)
    return [_sheen(part, pose, -1.0, 10.5)]


HAIR = (spiky, long_hair, afro, ponytail, mohawk, bob)
