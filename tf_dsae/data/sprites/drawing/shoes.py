"""The one pair of shoes everybody wears."""

from tf_dsae.data.sprites.drawing import raster
from tf_dsae.data.sprites.drawing.raster import Part
from tf_dsae.data.sprites.drawing.skeleton import BASELINE, Limb, Pose

_UPPER, _SOLE = range(2)


def _shoe(leg: Limb, *, side: bool) -> Part:
    x, y = leg.tip
    if side:
        heel, toe = (x - 0.8, y + 0.8), (x + 4.2, y + 1.2 - leg.pitch)
        shape = raster.union(
            raster.capsule(heel, toe, 2.6, 2.2), raster.capsule((x, y - 0.6), heel, 2.9, 2.4)
        )
    else:
        shape = raster.union(
            raster.ellipse((x, y + 1.0), 3.9, 2.9), raster.capsule((x, y - 0.8), (x, y), 3.0)
        )
    shape = raster.cut(shape, BASELINE - raster.ys)
    part = raster.solid(shape, leg.depth + 0.6, _UPPER, clearance=1)
    return raster.decal(part, raster.ys > y + 1.9, _SOLE)


def shoes(pose: Pose) -> list[Part]:
    """Both shoes. Materials: 0 upper, 1 sole."""
    return [_shoe(leg, side=pose.side) for leg in pose.legs]
