"""Where the joints of the figure are, given a key of one frame of one motion."""

import math
from typing import Any, NamedTuple

from tf_dsae.data.sprites.drawing.raster import Point

CENTRE_X = 32.0
BASELINE = 61.0
_PELVIS_Y = 42.9
_SPINE = 11.0
_ANKLE_Y = 57.5
_UPPER_ARM, _FOREARM = 7.2, 7.0
_THIGH, _SHIN = 7.2, 7.0

FAR_ARM, FAR_LEG, NEAR_LEG, TORSO, HEAD = 3.0, 8.0, 12.0, 20.0, 30.0


class HandKey(NamedTuple):
    """Where a hand is, seen from its shoulder.

    Attributes:
      x: pixels outwards in front views, forwards in side views.
      y: pixels down.
      bend: the elbow's side, 1 out or back, -1 the other; less in size if seen foreshortened.
      depth: larger is nearer.
      twist: pixels right that the turning trunk moves the shoulder.
    """

    x: float
    y: float
    bend: float
    depth: float
    twist: float = 0.0


class FootKey(NamedTuple):
    """Where a foot is, in pixels.

    Attributes:
      x: from the middle of the cell, outwards in front views, forwards in side views.
      lift: off the ground.
      pitch: how much higher the toe is than the heel.
    """

    x: float
    lift: float = 0.0
    pitch: float = 0.0


class Key(NamedTuple):
    """One frame. hands and feet: (viewer's left, right) in front views, (far, near) in side views.

    Attributes:
      hands: two HandKeys.
      feet: two FootKeys.
      pelvis: pixels right and down of rest.
      lean: pixels the neck is right of the pelvis.
      head: pixels of the head right and down of where the neck puts it.
      eyes: "open", "closed" or "fierce".
      sway: pixels loose hair trails to the right.
    """

    hands: tuple[HandKey, HandKey]
    feet: tuple[FootKey, FootKey]
    pelvis: Point = (0.0, 0.0)
    lean: float = 0.0
    head: Point = (0.0, 0.0)
    eyes: str = "open"
    sway: float = 0.0


class Limb(NamedTuple):
    """An arm (shoulder, elbow, hand) or a leg (hip, knee, ankle; its toe `pitch` pixels higher than
    its heel), in pixels of the cell."""

    root: Point
    joint: Point
    tip: Point
    depth: float
    pitch: float = 0.0


class Pose(NamedTuple):
    """The posed figure; side views face right. Points are pixels of the cell, y down."""

    side: bool
    pelvis: Point
    neck: Point
    head: tuple[int, int]
    arms: tuple[Limb, Limb]
    legs: tuple[Limb, Limb]
    eyes: str
    sway: float

    def torso(self, across: float, up: float) -> Point:
        """The point `across` pixels right of the spine, `up` of the way from pelvis to neck."""
        dx, dy = self.neck[0] - self.pelvis[0], self.neck[1] - self.pelvis[1]
        length = math.sqrt(dx * dx + dy * dy)
        return (
            self.pelvis[0] + up * dx - across * dy / length,
            self.pelvis[1] + up * dy + across * dx / length,
        )

    def on_head(self, *points: Point) -> list[Point]:
        """Points given from the middle of the head, in pixels of the cell."""
        return [(self.head[0] + x, self.head[1] + y) for x, y in points]


def mix(a: Point, b: Point, t: float) -> Point:
    """The point t of the way from a to b."""
    return a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])


def _bend(a: Point, b: Point, upper: float, lower: float, side: float) -> Point:
    """The middle joint between a and b; a limb pulled too far is stretched straight."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = max(math.sqrt(dx * dx + dy * dy), 1e-6)
    if length >= upper + lower:
        return mix(a, b, upper / (upper + lower))
    along = (length * length + upper * upper - lower * lower) / (2 * length)
    off = side * math.sqrt(max(upper * upper - along * along, 0.0))
    return a[0] + (along * dx - off * dy) / length, a[1] + (along * dy + off * dx) / length


def _arm(pose: Pose, key: HandKey, sign: int) -> Limb:
    across = (1.0 if sign < 0 else -0.5) if pose.side else sign * 6.6
    across += key.twist
    # Raised arms lift the shoulder with them.
    root = pose.torso(across, 0.84 + (0.08 if key.y < 0 else 0.0))
    out = 1 if pose.side else sign
    tip = root[0] + out * key.x, root[1] + key.y
    bend = key.bend if pose.side else -sign * key.bend
    return Limb(root, _bend(root, tip, _UPPER_ARM, _FOREARM, bend), tip, key.depth)


def _leg(pose: Pose, key: FootKey, sign: int) -> Limb:
    root = pose.torso(0.4 * -sign if pose.side else 3.4 * sign, 0.0)
    x = key.x if pose.side else sign * key.x
    tip = CENTRE_X + x, _ANKLE_Y - key.lift
    depth = NEAR_LEG if sign > 0 else FAR_LEG
    if not pose.side:
        # The foot put forward is the lower one on the screen.
        depth = NEAR_LEG - 0.3 * key.lift - 0.01 * sign
    bend = -1.0 if pose.side else -0.25 * sign
    return Limb(root, _bend(root, tip, _THIGH, _SHIN, bend), tip, depth, key.pitch)


def pose_of(key: Key, *, side: bool) -> Pose:
    """The pose of a key, facing the viewer or (side) to the right."""
    pelvis = CENTRE_X + key.pelvis[0], _PELVIS_Y + key.pelvis[1]
    rise = math.sqrt(max(_SPINE * _SPINE - key.lean * key.lean, 1.0))
    neck = pelvis[0] + key.lean, pelvis[1] - rise
    # Whole pixels, so that face and hair are the same drawing in every frame.
    head = int(neck[0] + key.head[0] + 0.5) + (1 if side else 0), int(neck[1] + key.head[1] - 10.5)
    # Limbs hang from a figure that has none yet.
    none: Any = ()
    bare = Pose(side, pelvis, neck, head, none, none, key.eyes, key.sway)
    left_hand, right_hand = key.hands
    left_foot, right_foot = key.feet
    return bare._replace(
        arms=(_arm(bare, left_hand, -1), _arm(bare, right_hand, 1)),
        legs=(_leg(bare, left_foot, -1), _leg(bare, right_foot, 1)),
    )
