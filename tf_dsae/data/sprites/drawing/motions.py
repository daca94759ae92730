"""The animation: the key of every drawn frame of three actions, from the front and the side."""

from tf_dsae.data.sprites.drawing.skeleton import FAR_ARM, FootKey, HandKey, Key

_BACK, _BESIDE, _BEFORE = 15.0, 24.0, 36.0
_NEAR = 40.0
_PHASES = 8

# One leg through a stride: heel down in front, under the body, toe off behind, swung forward again.
_SIDE_STEP = (
    FootKey(7.0, 0.4, 1.6),
    FootKey(4.5),
    FootKey(0.5),
    FootKey(-3.5),
    FootKey(-6.5, 1.4, -1.4),
    FootKey(-6.0, 4.2, -2.0),
    FootKey(0.0, 4.6, -0.6),
    FootKey(5.0, 2.8, 1.2),
)
_FRONT_LIFT = (0.0, 0.0, 0.7, 1.6, 2.6, 4.6, 4.4, 1.6)
_SIDE_SWING = (-8.0, -6.5, -1.5, 4.5, 8.0, 6.5, 1.5, -4.5)
_BOB = (0.0, 1.0, 0.0, -1.0)


def _side_hand(phase: int, depth: float) -> HandKey:
    x = _SIDE_SWING[phase]
    return HandKey(x, 10.2 - 0.02 * x * x, 1.0, depth)


def _front_hand(phase: int) -> HandKey:
    swing = _SIDE_SWING[phase] / 8.0
    if swing > 0:
        return HandKey(2.0 - 3.6 * swing, 11.8 - 3.8 * swing, 0.3, _BESIDE)
    return HandKey(2.0 - 1.6 * swing, 11.8 + 2.8 * swing, 0.3, _BACK)


def _walk_side(column: int) -> Key:
    if column == 0:
        hands = HandKey(1.0, 11.8, 1.0, FAR_ARM), HandKey(-0.5, 11.8, 1.0, _NEAR)
        return Key(hands, (FootKey(1.4), FootKey(-1.2)))
    near = column % _PHASES
    far = (near + 4) % _PHASES
    return Key(
        hands=(_side_hand(far, FAR_ARM), _side_hand(near, _NEAR)),
        feet=(_SIDE_STEP[far], _SIDE_STEP[near]),
        pelvis=(0.0, _BOB[near % 4]),
        lean=1.0,
        sway=-1.5 - 1.5 * _BOB[(near + 1) % 4],
    )


def _walk_front(column: int) -> Key:
    if column == 0:
        return Key((HandKey(1.8, 11.8, 0.3, _BESIDE),) * 2, (FootKey(3.4),) * 2)
    right = column % _PHASES
    left = (right + 4) % _PHASES
    weight = (0.4, 1.0, 1.0, 0.6, -0.4, -1.0, -1.0, -0.6)[right]
    return Key(
        hands=(_front_hand(left), _front_hand(right)),
        feet=(FootKey(3.2, _FRONT_LIFT[left]), FootKey(3.2, _FRONT_LIFT[right])),
        pelvis=(0.7 * weight, _BOB[right % 4]),
        lean=-0.7 * weight,
        sway=-2.0 * weight,
    )


def _both(x: float, y: float, bend: float, depth: float) -> tuple[HandKey, HandKey]:
    return (HandKey(x, y, bend, depth),) * 2


def _stand(x: float) -> tuple[FootKey, FootKey]:
    return (FootKey(x),) * 2


# Hands meet before the chest, gather low, sweep out and up into a Y, and come down again.
_SPELL_FRONT = (
    Key(_both(-4.4, 4.8, 1.0, _BESIDE), _stand(3.6)),
    Key(_both(-4.0, 8.6, 1.0, _BESIDE), _stand(4.6), (0, 1.6), head=(0, 1), eyes="closed"),
    Key(_both(10.5, 3.5, 1.0, _BESIDE), _stand(4.4), (0, 0.6), eyes="closed", sway=0.5),
    Key(_both(14.0, -5.0, 1.0, _BEFORE), _stand(4.2), eyes="closed", sway=1.0),
    Key(_both(12.4, -14.0, -1.0, _BEFORE), _stand(4.0), (0, -0.8), sway=-1.0),
    Key(_both(15.4, -12.4, -1.0, _BEFORE), _stand(4.0), (0, -1.0), sway=2.0),
    Key(_both(10.4, 9.0, 1.0, _BESIDE), _stand(3.8), (0, 0.6), sway=0.0),
)
_SPELL_STANCE = FootKey(4.0), FootKey(-3.4)
_SPELL_SIDE = (
    Key((HandKey(10.0, 2.6, 1, FAR_ARM), HandKey(10.6, 3.2, 1, _NEAR)), _SPELL_STANCE),
    Key(
        (HandKey(9.4, 7.4, 1, FAR_ARM), HandKey(10.0, 8.0, 1, _NEAR)),
        _SPELL_STANCE,
        (-0.6, 1.6),
        lean=0.8,
        head=(0, 1),
        eyes="closed",
    ),
    Key(
        (HandKey(14.0, 1.5, 1, FAR_ARM), HandKey(8.0, 9.5, 1, _NEAR)),
        _SPELL_STANCE,
        (-0.4, 0.6),
        lean=-0.4,
        eyes="closed",
        sway=0.5,
    ),
    Key(
        (HandKey(17.0, -5.0, 1, FAR_ARM), HandKey(-13.0, 1.0, -1, _NEAR)),
        _SPELL_STANCE,
        (0, 0),
        lean=-1.0,
        eyes="closed",
        sway=1.0,
    ),
    Key(
        (HandKey(18.4, -12.0, 1, FAR_ARM), HandKey(-14.6, -12.6, -1, _NEAR)),
        _SPELL_STANCE,
        (0, -0.8),
        lean=-1.4,
        sway=-1.0,
    ),
    Key(
        (HandKey(20.6, -9.6, 1, FAR_ARM), HandKey(-17.0, -9.6, -1, _NEAR)),
        _SPELL_STANCE,
        (0, -1.0),
        lean=-1.8,
        sway=1.0,
    ),
    Key(
        (HandKey(11.0, 8.5, 1, FAR_ARM), HandKey(-9.0, 10.0, 1, _NEAR)),
        _SPELL_STANCE,
        (0, 0.6),
    ),
)

# Guard, draw the arm back, swing it level across, and let the weight follow through.
_SLASH_FRONT = (
    Key(
        (HandKey(5.0, 2.0, 1, _BEFORE), HandKey(1.0, 8.0, 1, _BESIDE)),
        (FootKey(5.0), FootKey(4.6)),
        (0, 1.0),
        eyes="fierce",
    ),
    Key(
        (HandKey(14.0, -5.0, 1, _BACK, -1.0), HandKey(-5.0, 6.0, 1, _BESIDE)),
        (FootKey(6.0), FootKey(4.6)),
        (-2.0, 1.0),
        lean=-2.2,
        eyes="fierce",
        sway=2.0,
    ),
    Key(
        (HandKey(15.0, 4.4, 1, _BEFORE), HandKey(0.0, 8.0, 1, _BESIDE)),
        (FootKey(6.0), FootKey(5.0, 1.6)),
        (-0.6, 1.0),
        lean=-0.6,
        eyes="fierce",
        sway=0.0,
    ),
    Key(
        (HandKey(-8.0, 6.0, 1, _BEFORE, 2.0), HandKey(2.0, 10.6, 0.3, _BACK)),
        (FootKey(5.6), FootKey(7.0)),
        (1.4, 1.6),
        lean=1.4,
        eyes="fierce",
        sway=-2.5,
    ),
    Key(
        (HandKey(-21.0, 1.6, -1, _BEFORE, 4.0), HandKey(-0.4, 10.8, 0.3, _BACK)),
        (FootKey(5.0), FootKey(8.4)),
        (2.6, 2.0),
        lean=2.6,
        eyes="fierce",
        sway=-3.0,
    ),
    Key(
        (HandKey(-19.4, 8.0, -1, _BEFORE, 5.0), HandKey(-1.6, 10.6, 0.3, _BACK)),
        (FootKey(5.0, 1.2), FootKey(9.0)),
        (3.6, 2.6),
        lean=3.0,
        eyes="fierce",
        sway=-1.0,
    ),
)
_SLASH_SIDE = (
    Key(
        (HandKey(6.0, 6.6, 1, FAR_ARM), HandKey(-2.0, 5.0, 1, _NEAR)),
        (FootKey(4.4), FootKey(-4.4)),
        (0, 1.0),
        eyes="fierce",
    ),
    Key(
        (HandKey(9.0, 6.0, 1, FAR_ARM), HandKey(-14.6, -3.0, -1, _NEAR)),
        (FootKey(3.6, 1.0), FootKey(-6.0)),
        (-2.0, 1.0),
        lean=-2.6,
        eyes="fierce",
        sway=1.0,
    ),
    Key(
        (HandKey(5.0, 8.0, 1, FAR_ARM), HandKey(-11.6, 7.4, 1, _NEAR)),
        (FootKey(6.0, 2.4, 1.0), FootKey(-6.4)),
        (-0.6, 1.0),
        lean=0.0,
        eyes="fierce",
        sway=-1.0,
    ),
    Key(
        (HandKey(-1.0, 10.5, 1, FAR_ARM), HandKey(15.6, 0.4, 1, _NEAR)),
        (FootKey(9.0), FootKey(-7.0, 0.6, -0.6)),
        (1.6, 1.8),
        lean=2.4,
        eyes="fierce",
        sway=-2.5,
    ),
    Key(
        (HandKey(-7.0, 9.0, 1, FAR_ARM), HandKey(15.2, 5.4, 1, _NEAR)),
        (FootKey(9.4), FootKey(-7.6, 1.0, -1.0)),
        (2.2, 2.2),
        lean=3.4,
        eyes="fierce",
        sway=-3.5,
    ),
    Key(
        (HandKey(-9.0, 7.0, 1, FAR_ARM), HandKey(11.6, 10.4, 1, _NEAR)),
        (FootKey(9.6), FootKey(-8.0, 1.6, -1.2)),
        (2.4, 3.0),
        lean=4.2,
        eyes="fierce",
        sway=-4.0,
    ),
)


def motions() -> dict[str, tuple[tuple[Key, ...], tuple[Key, ...]]]:
    """Each action's keys by sheet column: (front view, side view facing right)."""
    columns = range(_PHASES + 1)
    return {
        "spellcast": (_SPELL_FRONT, _SPELL_SIDE),
        "walk": (tuple(map(_walk_front, columns)), tuple(map(_walk_side, columns))),
        "slash": (_SLASH_FRONT, _SLASH_SIDE),
    }
