"""Six things to wear above the waist, painted along the trunk and the arms."""

import math

import numpy as np

from tf_dsae.data.sprites.drawing import raster
from tf_dsae.data.sprites.drawing.body import ARM_RADIUS, shoulder, torso_shape, under_head
from tf_dsae.data.sprites.drawing.raster import Part, Point
from tf_dsae.data.sprites.drawing.skeleton import TORSO, Limb, Pose, mix

_MAIN, _ACCENT, _THIRD = range(3)
_TRUNK = TORSO + 0.5


def _sleeve_end(arm: Limb, length: float) -> tuple[Point, Point]:
    """The bone a sleeve ends on, cut at its end: length 1 is the elbow, 2 the hand."""
    if length <= 1:
        return arm.root, mix(arm.root, arm.joint, length)
    return arm.joint, mix(arm.joint, arm.tip, length - 1)


def _sleeve(
    pose: Pose,
    arm: Limb,
    length: float,
    *,
    grow: float = 0.6,
    flare: float = 0.6,
    material: int = 0,
) -> Part:
    """A sleeve, `grow` pixels wider than the arm at the shoulder and `flare` at its end."""
    start, end = _sleeve_end(arm, length)
    tube = raster.capsule(start, end, ARM_RADIUS + grow, ARM_RADIUS + flare)
    tube = np.maximum(tube, raster.beyond(start, end) - 0.6)
    if length > 1:
        tube = raster.union(tube, raster.capsule(arm.root, arm.joint, ARM_RADIUS + grow))
    merge = shoulder(arm, torso_shape(pose))
    return raster.solid(tube, arm.depth + 0.3, material, merge=merge)


def _cuff(arm: Limb, length: float, width: float) -> np.ndarray:
    """The last `width` pixels [64, 64] bool of a sleeve that ends at `length`."""
    start, end = _sleeve_end(arm, length)
    # A folded arm brings its upper half past the plane of the cuff too, but not as near.
    return (raster.beyond(start, end) > 0.6 - width) & (raster.ellipse(end, 5.6, 5.6) < 0)


def _trunk(pose: Pose, hem: float, flare: float = 0.0, grow: float = 0.7) -> np.ndarray:
    """Distance [64, 64] to a shirt's trunk; hem is its end below the pelvis, in spine lengths."""
    half = (5.0 if pose.side else 6.0) + flare
    low = [pose.torso(-half, -hem), pose.torso(half, -hem)]
    high = [pose.torso(half - flare, 0.4), pose.torso(flare - half, 0.4)]
    skirt = raster.polygon([*low, *high]) - grow
    upper = torso_shape(pose) - grow
    limit = pose.torso(0, -hem)
    bounded = np.maximum(upper, raster.beyond(pose.neck, limit) - grow)
    return raster.union(bounded, skirt)


def _shirt(pose: Pose, hem: float, flare: float = 0.0, grow: float = 0.7) -> Part:
    part = raster.solid(_trunk(pose, hem, flare, grow), _TRUNK, _MAIN, bevel=4.5)
    return raster.darken(part, under_head(pose))


def _up(pose: Pose) -> np.ndarray:
    """How far up the spine [64, 64] each pixel is: 0 at the pelvis, 1 at the neck."""
    dx, dy = pose.neck[0] - pose.pelvis[0], pose.neck[1] - pose.pelvis[1]
    along = (raster.xs - pose.pelvis[0]) * dx + (raster.ys - pose.pelvis[1]) * dy
    return along / (dx * dx + dy * dy)


def _across(pose: Pose) -> np.ndarray:
    """Pixels [64, 64] right of the spine."""
    dx, dy = pose.neck[0] - pose.pelvis[0], pose.neck[1] - pose.pelvis[1]
    off = (raster.ys - pose.pelvis[1]) * dx - (raster.xs - pose.pelvis[0]) * dy
    return off / math.sqrt(dx * dx + dy * dy)


def _front(pose: Pose) -> float:
    """How far right of the spine the middle of the chest is seen."""
    return 3.4 if pose.side else 0.0


def tunic(pose: Pose) -> list[Part]:
    """A sleeveless tunic with a leather belt and a gold buckle; the arms are bare."""
    up, across = _up(pose), _across(pose)
    part = _shirt(pose, 0.12, flare=1.4, grow=0.9)
    belt = np.abs(up - 0.16) < 0.1
    part = raster.decal(part, belt, _ACCENT)
    part = raster.decal(part, belt & (np.abs(across - _front(pose)) < 1.6), _THIRD)
    neckline = (np.abs(across - _front(pose)) < 7 * (up - 0.55)) & (up > 0.72)
    return [raster.line(part, neckline & raster.neighbours(~neckline) & part.mask)]


def robe(pose: Pose) -> list[Part]:
    """A robe top with long wide sleeves and gold hems."""
    part = _shirt(pose, 0.16, flare=1.6)
    up, across = _up(pose), _across(pose)
    part = raster.decal(part, up < -0.06, _ACCENT)
    part = raster.decal(part, np.abs(across - _front(pose)) < 1.1, _ACCENT)
    sleeves = [
        raster.decal(_sleeve(pose, arm, 1.74, grow=0.8, flare=2.2), _cuff(arm, 1.74, 2.4), _ACCENT)
        for arm in pose.arms
    ]
    return [part, *sleeves]


def striped_shirt(pose: Pose) -> list[Part]:
    """A short-sleeved shirt in wide red and white stripes."""
    part = _shirt(pose, 0.06)
    bands = np.floor((_up(pose) + 1.02) * 4.6)
    part = raster.decal(part, bands % 2 == 0, _ACCENT)
    sleeves = []
    for arm in pose.arms:
        sleeve = _sleeve(pose, arm, 0.95, flare=1.0)
        sleeves.append(raster.decal(sleeve, _cuff(arm, 0.95, 2.6), _ACCENT))
    return [part, *sleeves]


def armour(pose: Pose) -> list[Part]:
    """A steel breastplate with a gold rim and round shoulder plates over bare arms."""
    part = _shirt(pose, 0.08, flare=0.6, grow=1.0)
    up, across = _up(pose), _across(pose)
    part = raster.decal(part, (up < 0.04) | (up > 0.9), _ACCENT)
    ridge = (np.abs(across - _front(pose)) < 0.55) & (up > 0.1) & (up < 0.86)
    waist = np.abs(up - 0.3) < 0.045
    part = raster.line(part, (ridge | waist) & part.mask)
    plates = []
    for arm in pose.arms:
        centre = mix(arm.root, arm.joint, 0.12)
        plate = raster.ellipse(centre, 4.6, 4.2)
        piece = raster.solid(plate, arm.depth + 0.4, _MAIN, bevel=4.0)
        plates.append(raster.decal(piece, plate > -1.9, _ACCENT))
        start, end = mix(arm.joint, arm.tip, 0.15), mix(arm.joint, arm.tip, 0.62)
        brace = np.maximum(
            raster.capsule(start, end, ARM_RADIUS + 0.8), raster.beyond(start, end) - 0.6
        )
        plates.append(raster.solid(brace, arm.depth + 0.35, _MAIN))
    return [part, *plates]


def jacket(pose: Pose) -> list[Part]:
    """A leather jacket worn open over a cream shirt, with long narrow sleeves."""
    part = _shirt(pose, 0.06, flare=0.5)
    up, across = _up(pose), _across(pose)
    middle = _front(pose) + (0.9 if pose.side else 0.0)
    width = 1.8 + 1.8 * np.clip(up, 0.0, 1.0)
    opening = np.abs(across - middle) < width
    part = raster.decal(part, opening, _ACCENT)
    part = raster.line(part, opening & raster.neighbours(~opening) & part.mask)
    return [part, *(_sleeve(pose, arm, 1.66, grow=0.8, flare=0.8) for arm in pose.arms)]


def hoodie(pose: Pose) -> list[Part]:
    """A hooded pullover with a gold emblem and a pocket, sleeves pushed up to the elbow."""
    part = _shirt(pose, 0.06, grow=1.0)
    up, across = _up(pose), _across(pose)
    middle = _front(pose) - (1.0 if pose.side else 0.0)
    emblem = np.abs(across - middle) / 3.4 + np.abs(up - 0.5) / 0.26 < 1
    part = raster.decal(part, emblem | (up < 0.02), _ACCENT)
    collar = raster.polygon(
        [pose.torso(-6.0, 0.92), pose.torso(6.0, 0.92), pose.torso(4.4, 1.1), pose.torso(-4.4, 1.1)]
    )
    if pose.side:
        collar = raster.capsule(pose.torso(-4.6, 0.9), pose.torso(2.6, 0.98), 2.6, 1.4) + 0.8
    hood = raster.solid(collar - 0.8, TORSO + 0.6, _MAIN)
    sleeves = [
        raster.decal(_sleeve(pose, arm, 1.3, grow=1.0, flare=1.0), _cuff(arm, 1.3, 2.0), _ACCENT)
        for arm in pose.arms
    ]
    return [part, hood, *sleeves]


TOPWEAR = (tunic, robe, striped_shirt, armour, jacket, hoodie)
