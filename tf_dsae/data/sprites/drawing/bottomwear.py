"""Six things to wear below the waist, painted along the legs."""

import numpy as np

from tf_dsae.data.sprites.drawing import raster
from tf_dsae.data.sprites.drawing.body import SHIN_RADIUS, THIGH_RADIUS
from tf_dsae.data.sprites.drawing.raster import Part
from tf_dsae.data.sprites.drawing.skeleton import TORSO, Limb, Pose, mix

_MAIN, _ACCENT = range(2)
_HIPS = TORSO + 0.3


def _leg_tube(leg: Limb, length: float, top: float, hem: float) -> np.ndarray:
    """Distance [64, 64] to a trouser leg: length 1 ends at the knee, 2 at the ankle; top and hem
    are how many pixels wider than the leg it is there."""
    wide = THIGH_RADIUS + top
    if length <= 1:
        end = mix(leg.root, leg.joint, length)
        tube = raster.capsule(leg.root, end, wide, THIGH_RADIUS + hem)
        return np.maximum(tube, raster.beyond(leg.root, end) - 0.6)
    end = mix(leg.joint, leg.tip, length - 1)
    knee = SHIN_RADIUS + top + (hem - top) * 0.4
    shin = raster.capsule(leg.joint, end, knee, SHIN_RADIUS + hem)
    tube = raster.union(raster.capsule(leg.root, leg.joint, wide, knee), shin)
    return np.maximum(tube, raster.beyond(leg.joint, end) - 0.6)


def _hips(pose: Pose, grow: float = 0.0) -> np.ndarray:
    half = 5.2 if pose.side else 6.4
    points: tuple[tuple[float, float], ...]
    points = ((-half + 0.6, 0.24), (half - 0.6, 0.24), (half, -0.1), (half - 1.6, -0.24))
    points += ((1.6 - half, -0.24), (-half, -0.1))
    return raster.polygon([pose.torso(across, up) for across, up in points]) - 0.7 - grow


def _trousers(pose: Pose, length: float, top: float, hem: float) -> tuple[Part, list[Part]]:
    """The hip piece and the two trouser legs."""
    tubes = [_leg_tube(leg, length, top, hem) for leg in pose.legs]
    hips = _hips(pose, top * 0.4)
    legs = [
        raster.solid(tube, leg.depth + 0.3, _MAIN, merge=hips)
        for tube, leg in zip(tubes, pose.legs, strict=True)
    ]
    near = tubes[1] if pose.side else raster.union(*tubes)
    return raster.solid(hips, _HIPS, _MAIN, bevel=4.0, merge=near), legs


def _hem(leg: Limb, length: float, width: float) -> np.ndarray:
    """The last `width` pixels [64, 64] bool of a trouser leg that ends at `length`."""
    a, b = (leg.root, leg.joint) if length <= 1 else (leg.joint, leg.tip)
    end = mix(a, b, length if length <= 1 else length - 1)
    return (raster.beyond(a, end) > 0.6 - width) & (raster.ellipse(end, 6.4, 6.4) < 0)


def jeans(pose: Pose) -> list[Part]:
    """Long straight trousers with turned-up dark hems and a dark waistband."""
    hips, legs = _trousers(pose, 1.85, 0.9, 1.2)
    legs = [
        raster.decal(part, _hem(leg, 1.85, 2.6), _ACCENT)
        for part, leg in zip(legs, pose.legs, strict=True)
    ]
    return [raster.decal(hips, raster.ys < pose.torso(0, 0.14)[1], _ACCENT), *legs]


def shorts(pose: Pose) -> list[Part]:
    """Short trousers with a white hem; the legs are bare."""
    hips, legs = _trousers(pose, 1.25, 1.2, 1.6)
    legs = [
        raster.decal(part, _hem(leg, 1.25, 2.0), _ACCENT)
        for part, leg in zip(legs, pose.legs, strict=True)
    ]
    return [hips, *legs]


def wide_trousers(pose: Pose) -> list[Part]:
    """Long trousers that flare towards the ankle."""
    hips, legs = _trousers(pose, 1.86, 1.2, 2.3)
    return [hips, *legs]


def breeches(pose: Pose) -> list[Part]:
    """Baggy knee breeches with a dark stripe down each leg."""
    hips, legs = _trousers(pose, 1.42, 2.1, 0.7)
    striped = []
    for part, leg, sign in zip(legs, pose.legs, (-1, 1), strict=True):
        shift = 0.0 if pose.side else 2.6 * sign
        ends = [(x + shift, y) for x, y in (leg.root, leg.joint, leg.tip)]
        stripe = raster.union(
            raster.capsule(ends[0], ends[1], 1.0), raster.capsule(ends[1], ends[2], 1.0)
        )
        striped.append(raster.decal(part, (stripe < 0) | _hem(leg, 1.42, 1.8), _ACCENT))
    return [hips, *striped]


def kilt(pose: Pose) -> list[Part]:
    """A pleated skirt to the knee that opens with the stride."""
    knees = [leg.joint for leg in pose.legs]
    feet = [leg.tip[0] for leg in pose.legs]
    left = min(min(knee[0] for knee in knees) - 3.2, min(feet) * 0.4 + pose.pelvis[0] * 0.6 - 4.5)
    right = max(max(knee[0] for knee in knees) + 3.2, max(feet) * 0.4 + pose.pelvis[0] * 0.6 + 4.5)
    hem = pose.pelvis[1] + 9.4
    half = 4.6 if pose.side else 6.2
    waist = [pose.torso(-half, 0.24), pose.torso(half, 0.24)]
    shape = raster.polygon([*waist, (right, hem - 0.6), (pose.pelvis[0], hem), (left, hem - 0.6)])
    part = raster.solid(shape - 0.7, _HIPS, _MAIN, bevel=5.0)
    top = waist[0][1]
    # Pleats fan out from the waist: equal parts of the width at every height.
    spread = np.clip((raster.ys - top) / (hem - top), 0, 1)
    start = waist[0][0] + (left - waist[0][0]) * spread
    end = waist[1][0] + (right - waist[1][0]) * spread
    across = (raster.xs - start) / (end - start) * 5
    pleat = (across - np.floor(across) < 0.22) & (spread > 0.2)
    part = raster.darken(raster.darken(part, pleat), pleat)
    band = (raster.ys > hem - 2.6) & (raster.ys < hem - 0.6)
    return [raster.decal(part, band | (spread < 0.12), _ACCENT)]


def leggings(pose: Pose) -> list[Part]:
    """Tight leggings with thick dark cuffs below the knee."""
    hips, legs = _trousers(pose, 1.55, 0.5, 0.5)
    cuffs = []
    for leg in pose.legs:
        start, end = mix(leg.joint, leg.tip, 0.3), mix(leg.joint, leg.tip, 0.9)
        cuff = np.maximum(
            raster.capsule(start, end, SHIN_RADIUS + 1.2), -raster.beyond(leg.joint, start) - 0.6
        )
        cuff = np.maximum(cuff, raster.beyond(start, end) - 0.6)
        cuffs.append(raster.solid(cuff, leg.depth + 0.4, _ACCENT))
    return [hips, *legs, *cuffs]


BOTTOMWEAR = (jeans, shorts, wide_trousers, breeches, kilt, leggings)
