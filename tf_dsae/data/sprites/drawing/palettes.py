"""The colours: a ramp is four RGB tones (line, shadow, base, light) of one material."""

Ramp = tuple[tuple[int, int, int], ...]


def _ramp(tones: str) -> Ramp:
    return tuple(
        (int(tone[0:2], 16), int(tone[2:4], 16), int(tone[4:6], 16)) for tone in tones.split()
    )


EYES = _ramp("1a1430 3a3a6a d8dcf0 ffffff")

_MOUTH = _ramp("5a1c2c 8a3040 b04a58 d87a80")
_LEATHER = _ramp("40240f 6e4220 96602e c08a48")
_GOLD = _ramp("6a4208 b47a14 ecb62c ffe678")
_CREAM = _ramp("6e6250 c4b494 efe4c8 fffaea")
_WHITE = _ramp("5c6078 aab0c8 e6e8f0 ffffff")

SKINS = tuple(
    (_ramp(skin), EYES, _MOUTH)
    for skin in (
        "7a4038 e0988a fccbb6 ffe8da",
        "70480c bc8028 e8ae50 ffd884",
        "2c1406 4c240e 703e1c 985c30",
        "1e4410 3e8020 68b838 a0e464",
        "143468 2e70c0 56acf4 a0dcff",
        "580818 9c1430 d82c48 ff6c78",
    )
)

BOTTOMWEAR = (
    (_ramp("101c4c 203a80 3456ac 5c80d4"), _ramp("0a1230 14244c 1e3468 30508c")),
    (_ramp("064850 0e8890 1cc4cc 78f4f0"), _WHITE),
    (_ramp("5c5e70 b0b0bc e8e6e0 ffffff"), _WHITE),
    (_ramp("664608 b88a10 eec424 fff07a"), _LEATHER),
    (_ramp("0a3014 165c28 248440 4cb464"), _ramp("0a3014 7c8c20 c4cc40 e8ec80")),
    (_ramp("44104c 862a8c bc48bc e484dc"), _ramp("281830 4c3458 6c4c7c 9070a0")),
)

TOPWEAR = (
    (_ramp("083c30 107458 1caa7c 5cd8a8"), _LEATHER, _GOLD),
    (_ramp("2c1058 54289c 7c44cc a878f0"), _GOLD),
    (_ramp("5c1420 c02c38 ea4c50 ff8478"), _WHITE),
    (_ramp("343c50 707c94 a8b4c8 e6eefc"), _GOLD),
    (_ramp("3c1c0c 74401c a4622c cc8c4c"), _CREAM),
    (_ramp("0a1654 14309c 2450d0 5c84f8"), _GOLD),
)

HAIR = (
    (_ramp("6c4404 c08c10 f4ce2c fff48c"),),
    (_ramp("545c74 a0acc4 d8e2f0 ffffff"),),
    (_ramp("641040 b82c7c f058a8 ff9cd0"),),
    (_ramp("64200a b4441a ee7028 ffa858"), _WHITE),
    (_ramp("084848 108c8c 24ccc4 80f8e8"),),
    (_ramp("301064 5c2ca8 8a50dc b88cff"),),
)

SHOES = (_ramp("34200e 5c3c1e 86592e b07e48"), _ramp("3c3c40 78787c a8a8a8 d0d0d0"))
