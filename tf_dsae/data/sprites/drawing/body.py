"""The body: head and face, neck, torso, arms with bare hands, legs."""

import numpy as np

from tf_dsae.data.sprites.drawing import raster
from tf_dsae.data.sprites.drawing.raster import Part
from tf_dsae.data.sprites.drawing.skeleton import HEAD, TORSO, Limb, Pose

ARM_RADIUS = 2.6
HAND_RADIUS = 3.1
THIGH_RADIUS, SHIN_RADIUS = 3.5, 2.8
HEAD_RX, HEAD_RY = 11.6, 10.6

_SKIN, _EYES, _MOUTH = range(3)
_KEY = {
    "k": 1 + raster.TONES * _EYES + raster.LINE,
    "i": 1 + raster.TONES * _EYES + raster.SHADOW,
    "w": 1 + raster.TONES * _EYES + raster.LIGHT,
    "m": 1 + raster.TONES * _MOUTH + raster.LINE,
    "r": 1 + raster.TONES * _MOUTH + raster.BASE,
    "s": 1 + raster.TONES * _SKIN + raster.SHADOW,
}

# From two pixels above the middle of the head: front views 9 pixels to both sides of it, side views
# from one pixel before it.
_FRONT_FACES = {
    "open": (
        "..................",
        "..kkkk......kkkk..",
        "..kwik......kiwk..",
        "..wwik......kiww..",
        "..wiik......kiiw..",
        "...kk........kk...",
        ".ss............ss.",
        ".......mmmm.......",
        "........rr........",
    ),
    "closed": (
        "..................",
        "..................",
        "..................",
        "..k..k......k..k..",
        "..kkkk......kkkk..",
        "...kk........kk...",
        ".ss............ss.",
        "........mm........",
        "..................",
    ),
    "fierce": (
        "..kk..........kk..",
        "...kkk......kkk...",
        "..wwkkk....kkkww..",
        "..wwik......kiww..",
        "..wiik......kiiw..",
        "...kk........kk...",
        "..................",
        ".......mmmm.......",
        ".......rrrr.......",
    ),
}
_SIDE_FACES = {
    "open": (
        "..........",
        "...kkkk...",
        "...kiwk...",
        "...kiww...",
        "...kiiw...",
        "....kk....",
        "..ss......",
        "......mmm.",
        "......rr..",
    ),
    "closed": (
        "..........",
        "..........",
        "..........",
        "...k..k...",
        "...kkkk...",
        "....kk....",
        "..ss......",
        "......mm..",
        "..........",
    ),
    "fierce": (
        ".....kk...",
        "...kkk....",
        "...kkkww..",
        "...kiww...",
        "...kiiw...",
        "....kk....",
        "..........",
        "......mmm.",
        "......rrr.",
    ),
}


def torso_shape(pose: Pose) -> np.ndarray:
    """Distance [64, 64] in pixels to the trunk from shoulders to hips."""
    outline: tuple[tuple[float, float], ...]
    if pose.side:
        outline = ((-4.0, 0.94), (3.2, 0.94), (5.2, 0.6), (4.4, 0.3), (4.8, -0.1), (-5.0, -0.1))
        outline += ((-4.4, 0.35), (-5.2, 0.7))
    else:
        outline = ((-5.4, 0.97), (5.4, 0.97), (7.2, 0.82), (5.2, 0.3), (6.0, -0.12))
        outline += ((-6.0, -0.12), (-5.2, 0.3), (-7.2, 0.82))
    return raster.polygon([pose.torso(across, up) for across, up in outline]) - 0.6


def _arm_shape(arm: Limb) -> np.ndarray:
    """Distance [64, 64] in pixels to an arm without its hand."""
    return raster.union(
        raster.capsule(arm.root, arm.joint, ARM_RADIUS),
        raster.capsule(arm.joint, arm.tip, ARM_RADIUS, ARM_RADIUS - 0.3),
    )


def _leg_shape(leg: Limb) -> np.ndarray:
    """Distance [64, 64] in pixels to a leg without its foot."""
    return raster.union(
        raster.capsule(leg.root, leg.joint, THIGH_RADIUS, SHIN_RADIUS),
        raster.capsule(leg.joint, leg.tip, SHIN_RADIUS),
    )


def shoulder(arm: Limb, trunk: np.ndarray) -> np.ndarray:
    """Distance [64, 64] to where an arm and the trunk are one and no line parts them."""
    return np.maximum(trunk, raster.ellipse(arm.root, 3.6, 3.6))


def under_head(pose: Pose) -> np.ndarray:
    """The pixels [64, 64] bool on which the head casts its shadow."""
    return raster.ellipse((pose.head[0], pose.head[1] + 2), HEAD_RX - 1, HEAD_RY) < 0


def _head(pose: Pose) -> list[Part]:
    skull = raster.ellipse(pose.head, HEAD_RX, HEAD_RY)
    if pose.side:
        bridge, tip = pose.on_head((8.5, 3.6), (11.4, 3.8))
        nose = raster.capsule(bridge, tip, 1.4)
        jaw = raster.ellipse(pose.on_head((1.5, 2.0))[0], HEAD_RX - 1.2, HEAD_RY - 1.6)
        skull = raster.union(raster.ellipse(pose.head, HEAD_RX - 0.6, HEAD_RY), nose, jaw)
        ear = raster.ellipse(pose.on_head((-2.5, 3.5))[0], 2.2, 2.9)
        ears = [raster.solid(ear, HEAD + 0.02, _SKIN, bevel=2.0)]
        face = raster.stamp(
            _SIDE_FACES[pose.eyes], pose.head[0] + 1, pose.head[1] - 2, HEAD + 0.05, _KEY
        )
    else:
        ears = [
            raster.solid(
                raster.ellipse(pose.on_head((x, 2.5))[0], 2.4, 3.0), HEAD - 0.1, _SKIN, bevel=2.0
            )
            for x in (-HEAD_RX, HEAD_RX)
        ]
        face = raster.stamp(
            _FRONT_FACES[pose.eyes], pose.head[0] - 9, pose.head[1] - 2, HEAD + 0.05, _KEY
        )
    return [raster.solid(skull, HEAD, _SKIN, bevel=7.0), face, *ears]


def body(pose: Pose) -> list[Part]:
    """Every part of the body. Materials: 0 skin, 1 eyes, 2 mouth."""
    trunk = torso_shape(pose)
    neck = raster.capsule(pose.torso(0.0, 0.85), pose.torso(0.3, 1.15), 3.0)
    parts = [
        raster.darken(raster.solid(trunk, TORSO, _SKIN, bevel=4.0), under_head(pose)),
        raster.darken(raster.solid(neck, TORSO + 0.1, _SKIN, merge=trunk), under_head(pose)),
        *_head(pose),
    ]
    for leg in pose.legs:
        parts.append(raster.solid(_leg_shape(leg), leg.depth, _SKIN, merge=trunk))
    for arm in pose.arms:
        limb = _arm_shape(arm)
        hand = raster.ellipse(arm.tip, HAND_RADIUS, HAND_RADIUS)
        parts.append(raster.solid(limb, arm.depth, _SKIN, merge=shoulder(arm, trunk)))
        parts.append(raster.solid(hand, arm.depth + 0.01, _SKIN, merge=limb + 0.2))
    return parts
