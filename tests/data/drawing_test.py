"""The drawn sprite sheets: their bytes and layout, and attributes and motions told apart."""

import hashlib
import itertools

import numpy as np
import pytest

from tf_dsae.data.sprites.characters import (
    ACTIONS,
    CELL,
    CHOICES,
    DIRECTIONS,
    MOTIONS,
    SHEET_SHAPE,
    Sheets,
    compose_video,
    motion_cells,
)
from tf_dsae.data.sprites.drawing import draw_sheets

SHA256 = "7dbd330ab9058eae031e922735b8412cb2d40e256453be669753c4f42fb47b56"
LAYERS = ("body", "bottomwear", "topwear", "hair")
COLUMNS = {"walk": 9, "spellcast": 7, "slash": 6}
MARGIN = 2


@pytest.fixture(scope="module")
def sheets() -> Sheets:
    return draw_sheets()


def digest(sheets: Sheets) -> str:
    return hashlib.sha256(b"".join(layer.tobytes() for layer in sheets)).hexdigest()


def drawn_cells() -> list[tuple[int, int]]:
    """Every (row, column) that should be drawn, also the standing column no video shows."""
    rows = {action: set() for action in ACTIONS}
    for motion, name in enumerate(MOTIONS):
        rows[name.split()[0]].add(motion_cells(motion)[0][0])
    return [
        (row, column)
        for action, columns in COLUMNS.items()
        for row in sorted(rows[action])
        for column in range(columns)
    ]


def cut(layer: np.ndarray) -> np.ndarray:
    """The drawn cells of sheets [..., 1344, 832, 4]: [..., cells, 64, 64, 4]."""
    grid = layer.reshape(*layer.shape[:-3], SHEET_SHAPE[0] // CELL, CELL, -1, CELL, 4)
    grid = grid.swapaxes(-4, -3)
    return np.stack([grid[..., row, column, :, :, :] for row, column in drawn_cells()], -4)


def covers(sheets: Sheets) -> list[np.ndarray]:
    """Where each layer is painted, bool: [6, cells, 64, 64], the shoes [cells, 64, 64]."""
    return [cut(layer)[..., 3] > 0 for layer in sheets]


def test_sheets_have_the_promised_shapes(sheets):
    assert isinstance(sheets, Sheets)
    for name in LAYERS:
        layer = getattr(sheets, name)
        assert layer.shape == (CHOICES, *SHEET_SHAPE) and layer.dtype == np.uint8, name
    assert sheets.shoes.shape == SHEET_SHAPE and sheets.shoes.dtype == np.uint8
    for layer in sheets:
        assert set(np.unique(layer[..., 3])) == {0, 255}
        assert not layer[layer[..., 3] == 0].any()


def test_the_same_bytes_every_time(sheets):
    assert digest(sheets) == SHA256
    assert digest(draw_sheets()) == SHA256


def test_only_the_named_cells_are_drawn(sheets):
    for layer in sheets:
        everywhere = np.count_nonzero(layer[..., 3])
        assert everywhere == np.count_nonzero(cut(layer)[..., 3])
        assert (cut(layer)[..., 3] > 0).any((-1, -2)).all()


def test_nothing_is_cut_off_at_a_cell_border(sheets):
    border = np.ones((CELL, CELL), bool)
    border[MARGIN:-MARGIN, MARGIN:-MARGIN] = False
    for cover in covers(sheets):
        assert not (cover & border).any()


def test_somebody_stands_on_the_ground_in_every_frame(sheets):
    lowest = [CELL - 1 - shoe.any(1)[::-1].argmax() for shoe in covers(sheets)[-1]]
    assert set(lowest) <= {59, 60}


@pytest.mark.parametrize("layer", range(len(LAYERS)), ids=LAYERS)
def test_every_choice_is_visible_in_whatever_company(sheets, layer):
    cover = covers(sheets)
    for choice in range(CHOICES):
        own = cover[layer][choice] & ~cover[-1]
        for company in itertools.product(range(CHOICES), repeat=len(LAYERS) - 1 - layer):
            visible = own
            for above, worn in enumerate(company, layer + 1):
                visible = visible & ~cover[above][worn]
            pixels = np.count_nonzero(visible, (1, 2))
            worst = drawn_cells()[pixels.argmin()]
            assert pixels.min() >= 55, (choice, company, worst)


@pytest.mark.parametrize("layer", range(len(LAYERS)), ids=LAYERS)
def test_choices_differ_clearly_in_every_frame(sheets, layer):
    cells = cut(sheets[layer]).astype(np.float64)
    for one, other in itertools.combinations(cells, 2):
        either = (one[..., 3] > 0) | (other[..., 3] > 0)
        # Clear pixels are black, as they are seen.
        difference = np.abs(one - other)[..., :3].mean(-1).sum((1, 2)) / either.sum((1, 2))
        assert difference.min() > 35


@pytest.mark.parametrize("action", ACTIONS)
def test_left_mirrors_right(sheets, action):
    left, right = (MOTIONS.index(f"{action} {direction}") for direction in ("left", "right"))
    for character in (0, 777):
        videos = [compose_video(sheets, character, motion) for motion in (left, right)]
        np.testing.assert_array_equal(videos[0][:, :, ::-1], videos[1])


@pytest.mark.parametrize("motion", range(len(MOTIONS)), ids=MOTIONS)
def test_every_drawn_frame_of_a_motion_is_another(sheets, motion):
    video = compose_video(sheets, 0, motion).astype(np.int64)
    columns = [column for _, column in motion_cells(motion)]
    for a, b in itertools.combinations(range(len(video)), 2):
        moved = np.count_nonzero(np.abs(video[a] - video[b]).sum(-1))
        assert moved == 0 if columns[a] == columns[b] else moved > 100


def test_motions_differ_in_stills_of_the_same_time(sheets):
    videos = [compose_video(sheets, 0, motion).astype(np.int64) for motion in range(len(MOTIONS))]
    assert len(videos) == len(ACTIONS) * len(DIRECTIONS)
    for one, other in itertools.combinations(videos, 2):
        moved = np.count_nonzero(np.abs(one - other).sum(-1), (1, 2))
        assert moved.min() > 100
