"""Characters, splits, cells, and composition against pillow."""

import numpy as np
import pytest
from PIL import Image

from tf_dsae.data.sprites import characters, sheets


def composed_by_pillow(art: characters.Sheets, character: int, motion: int) -> np.ndarray:
    """Crops and composites with pillow, from the published numbers alone."""
    rows = [10, 9, 11, 2, 1, 3, 14, 13, 15]  # walk, spellcast, slash: front, left, right.
    columns = [[8, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 3, 4, 5, 4, 6], [0, 1, 2, 3, 4, 5, 4, 0]]
    layers = [
        art.body[character // 216],
        art.bottomwear[(character // 36) % 6],
        art.topwear[(character // 6) % 6],
        art.hair[character % 6],
        art.shoes,
    ]
    frames = []
    for column in columns[motion // 3]:
        frame = Image.new("RGBA", (64, 64), (0, 0, 0, 255))
        left, top = 64 * column, 64 * rows[motion]
        for layer in layers:
            cell = Image.fromarray(layer).crop((left, top, left + 64, top + 64))
            frame = Image.alpha_composite(frame, cell)
        frames.append(np.asarray(frame)[..., :3])
    return np.stack(frames)


def test_attributes_are_the_digits_of_the_character():
    for character in range(1296):
        assert characters.attributes(character) == {
            "skin": character // 216,
            "pants": (character // 36) % 6,
            "top": (character // 6) % 6,
            "hair": character % 6,
        }


@pytest.mark.parametrize("character", [-1, 1296])
def test_unknown_character(character):
    with pytest.raises(ValueError, match="0..1295"):
        characters.attributes(character)


@pytest.mark.parametrize("motion", [-1, 9])
def test_unknown_motion(motion):
    with pytest.raises(ValueError, match="0..8"):
        characters.motion_cells(motion)


def test_splits_share_no_character_and_keep_the_published_order():
    split = characters.split_characters()
    assert {name: len(members) for name, members in split.items()} == {"train": 1000, "test": 296}
    order = np.concatenate([split["train"], split["test"]])
    np.testing.assert_array_equal(order, np.random.RandomState(423).permutation(1296))
    assert sorted(order) == list(range(1296))


def test_factors_and_motions():
    assert characters.FACTORS == {"skin": 6, "pants": 6, "top": 6, "hair": 6, "action": 9}
    assert characters.MOTIONS[:4] == ("walk front", "walk left", "walk right", "spellcast front")


def test_every_pair_of_action_and_direction_has_cells_of_its_own():
    cells = [characters.motion_cells(motion) for motion in range(9)]
    assert len({frames[0][0] for frames in cells}) == 9
    assert cells[1] == ((9, 8), (9, 1), (9, 2), (9, 3), (9, 4), (9, 5), (9, 6), (9, 7))
    assert [row for row, _ in cells[3]] == [2] * 8
    assert [column for _, column in cells[8]] == [0, 1, 2, 3, 4, 5, 4, 0]


@pytest.mark.parametrize("character", [0, 1, 43, 700, 1295])
def test_composition_equals_pillow_to_the_byte(stand_ins, character):
    videos = characters.VideoComposer(stand_ins).compose(character)
    assert videos.shape == (9, 8, 64, 64, 3)
    assert videos.dtype == np.uint8
    for motion in range(9):
        expected = composed_by_pillow(stand_ins, character, motion)
        np.testing.assert_array_equal(videos[motion], expected)
    np.testing.assert_array_equal(characters.compose_video(stand_ins, character, 5), videos[5])


def test_every_blend_equals_pillow_to_the_byte():
    """Each colour with each alpha, over every fifth colour."""
    source, alpha = np.meshgrid(np.arange(256), np.arange(256))
    shape = (256, 256)
    over = np.stack([source, 255 - source, source, alpha], axis=-1).astype(np.uint8)
    for below in range(0, 256, 5):
        canvas = np.full((*shape, 3), below, np.uint8)
        expected = Image.alpha_composite(
            Image.fromarray(np.dstack([canvas, np.full(shape, 255, np.uint8)])),
            Image.fromarray(over),
        )
        flat = canvas.reshape(-1, 3)
        characters._Paint.of(over).onto(flat)
        np.testing.assert_array_equal(flat, np.asarray(expected)[..., :3].reshape(-1, 3))


def test_composition_of_published_sheets_equals_pillow(published_sheets_dir):
    art = sheets.read_sheets(published_sheets_dir)
    composer = characters.VideoComposer(art)
    for character in (0, 217, 822, 1295):
        videos = composer.compose(character)
        for motion in range(9):
            expected = composed_by_pillow(art, character, motion)
            np.testing.assert_array_equal(videos[motion], expected)
