"""What the pictures of an evaluation show, and their files."""

import dataclasses

import numpy as np
import pytest
from PIL import Image

from tests.conftest import C, H, T, W, small_config
from tests.training import conftest as training
from tf_dsae.evaluation import evaluation_pictures as pictures
from tf_dsae.evaluation.collect import encode_means
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports import figures

squares = training.squares

NAMES = [
    *("data_sample", "reconstruction", "swap", "prior_f", "sample", "prior_z"),
    *("interpolate_f", "interpolate_z", "latent_map_f", "latent_map_z"),
]


@pytest.fixture(scope="module", params=["factorised", "full"])
def model(request):
    return DSAE(small_config(dynamic_posterior=request.param), seed=3)


@pytest.fixture(scope="module")
def written(squares, tmp_path_factory):
    """The pictures of an untrained model."""
    model = DSAE(small_config(), seed=3)
    return pictures.write_pictures(model, squares, tmp_path_factory.mktemp("pictures"), seed=1)


def frames(path) -> np.ndarray:
    """uint8 [T, H, W, 3] of a GIF."""
    with Image.open(path) as picture:
        found = []
        for index in range(picture.n_frames):
            picture.seek(index)
            found.append(np.asarray(picture.convert("RGB")))
    return np.stack(found)


def test_every_picture_is_written_with_its_words(written):
    assert [picture.path.stem for picture in written] == NAMES
    for picture in written:
        assert picture.caption and picture.alt
        with Image.open(picture.path) as opened:
            assert opened.format == "PNG" and min(opened.size) > 100
    assert [picture.path.stem for picture in written if picture.moving is None] == NAMES[-2:]
    assert len({picture.alt for picture in written}) == len(NAMES)


def test_moving_pictures_have_every_frame_and_move(written):
    for picture in written[:-2]:
        with Image.open(picture.moving) as opened:
            assert (
                opened.info["loop"] == 0 and opened.info["duration"] == 120
            )  # Hundredths, floored.
        assert picture.moving.stat().st_size < 400_000
        if picture.path.stem == "sample":  # Of an untrained model, hardly moves.
            continue
        found = frames(picture.moving)
        assert len(found) == T
        assert all(np.any(one != other) for one, other in zip(found[1:], found, strict=False))


def test_the_models_own_pixels(squares, tmp_path, monkeypatch):
    """With show_source, clips of the data are shown; without, none is."""
    clips, titles = [], {}
    draw = figures.save_animated_strips

    def spy(path, title, groups):
        titles[path.stem] = title
        clips.extend(clip for group in groups for _, clip in group if clip is not None)
        draw(path, title, groups)

    monkeypatch.setattr(figures, "save_animated_strips", spy)
    test = squares.examples("test", range(squares.num_test))["video"]
    for show_source in (True, False):
        clips.clear()
        model = DSAE(small_config(), seed=3)
        pictures.write_pictures(model, squares, tmp_path, show_source=show_source)
        shown = [any(np.array_equal(figures.as_uint8(c), video) for video in test) for c in clips]
        assert any(shown) == show_source and not all(shown)
        assert titles["reconstruction"].startswith("Held-out") == show_source
        assert ("as the model shows" in titles["data_sample"]) != show_source


def test_a_single_video_and_no_factor_will_do(squares, tmp_path):
    videos = squares.load_split("test").videos
    one = dataclasses.replace(
        squares,
        num_test=1,
        factors={},
        load_split=lambda split: dataclasses.replace(
            squares.load_split(split), videos=videos[:1], labels={}
        ),
    )
    found = pictures.write_pictures(DSAE(small_config(), seed=3), one, tmp_path)
    assert [picture.path.stem for picture in found] == NAMES


def test_interpolations_end_where_they_should(model, videos):
    f_path, z_path = pictures.interpolate(model, videos[0], videos[1], steps=5)
    assert f_path.shape == z_path.shape == (5, T, H, W, C)
    both = model.reconstruct(videos[:2])
    swaps = model.swap(videos[[1, 0]], videos[[0, 1]])
    tolerance = {"rtol": 0, "atol": 1e-5}
    for path, end in ((f_path, swaps[0]), (z_path, swaps[1])):
        np.testing.assert_allclose(path[0], both[0], **tolerance)
        np.testing.assert_allclose(path[-1], end, **tolerance)
        assert np.abs(path[0] - path[-1]).max() > 1e-3
    posterior = model.encode(videos[:2])
    f, z = posterior.static.mean().numpy(), posterior.dynamic.mean().numpy()
    middle = model.decode(f.mean(0, keepdims=True), z[:1]).mean()[0]
    np.testing.assert_allclose(f_path[2], middle, **tolerance)
    middle = model.decode(f[:1], z.mean(0, keepdims=True)).mean()[0]
    np.testing.assert_allclose(z_path[2], middle, **tolerance)


def test_latents_are_those_of_their_videos(model, squares):
    chosen = np.array([5, 0, 3, 1, 2])
    f, z = encode_means(model, squares, "test", chosen, batch_size=2)  # The last batch is smaller.
    posterior = model.encode(squares.examples("test", chosen)["video"])
    np.testing.assert_allclose(f, posterior.static.mean(), atol=1e-5)
    np.testing.assert_allclose(z, posterior.dynamic.mean().numpy().mean(1), atol=1e-5)


def test_principal_components_are_those_of_the_singular_values():
    values = np.random.default_rng(0).normal(size=(40, 6)) * np.arange(1, 7) + 100
    scores, shares = pictures.principal_components(values)
    left, sizes, right = np.linalg.svd(values - values.mean(0), full_matrices=False)
    np.testing.assert_allclose(np.abs(scores), np.abs(left[:, :2] * sizes[:2]), atol=1e-9)
    np.testing.assert_allclose(shares, sizes[:2] ** 2 / (sizes**2).sum())
    again, _ = pictures.principal_components(-values)
    np.testing.assert_allclose(again, -scores)  # Directions stay as they are.
    line, shares = pictures.principal_components(values[:, :1])
    assert line.shape == (40, 2) and not line[:, 1].any() and shares.tolist() == [1, 0]
    constant, shares = pictures.principal_components(np.ones((3, 4)))
    assert not constant.any() and not shares.any()


# --- Drawing.


def test_strips_show_the_frames_beside_their_labels(tmp_path):
    """A colour for each frame and row, found again where it should stand."""
    colours = np.random.default_rng(0).integers(0, 256, (3, T, 3), np.uint8)
    clips = np.broadcast_to(colours[:, :, np.newaxis, np.newaxis], (3, T, H, W, 3))
    figures.save_strips(
        tmp_path / "a.png", "A title", [[("a", clips[0])], [("b", clips[1]), ("c", clips[2])]]
    )
    with Image.open(tmp_path / "a.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    left, width = 150, 800 / T
    height = width * H / W
    middles = 50 + height * np.array([0.5, 1.5, 2.5]) + np.array([0, 22, 22])
    for row, middle in enumerate(middles):
        for t in range(T):
            seen = pixels[int(middle), int(left + (t + 0.5) * width)]
            np.testing.assert_array_equal(seen, colours[row, t])


@pytest.mark.parametrize("title", ["", "A title that is wider than all of the clips together are"])
def test_moving_strips_show_each_clip_below_its_label(tmp_path, title):
    rng = np.random.default_rng(0)
    clips = [rng.integers(0, 256, (T, 1, 1, 3), np.uint8).repeat(H, 1).repeat(W, 2) for _ in "abc"]
    path = tmp_path / "a.gif"
    figures.save_animated_strips(
        path, title, [[("", None), ("a", clips[0])], [("b", clips[1]), ("c", clips[2])]], scale=3
    )
    found = frames(path)
    top, line, gap = (26 if title else 2), 18, 8
    assert found.shape[0] == T
    assert found.shape[1] == top + 2 * (3 * H + line) + gap
    assert found.shape[2] >= 2 * (3 * W + gap) + gap
    for clip, row, column in ((clips[0], 1, 0), (clips[1], 0, 1), (clips[2], 1, 1)):
        above, left = top + row * (3 * H + line), gap + column * (3 * W + gap)
        inside = found[:, above + line : above + line + 3 * H, left : left + 3 * W]
        error = np.abs(inside.astype(int) - clip[:, :1, :1])  # Of the palette.
        assert error.max() <= 8
        label = found[:, above + 2 : above + line, left : left + 3 * W]
        assert label.min() < 128  # Ink.
    empty = found[:, top : top + line + 3 * H, gap : gap + 3 * W]
    assert (empty == 255).all()


def test_maps_colour_points_by_class(tmp_path):
    points = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 0.0]])
    labels = np.array([0, 1, 1])
    path = tmp_path / "a.png"
    for names in (("first", "$x_{ \\second"), tuple(map(str, range(50)))):
        figures.save_scatter(path, "Title", points, ("x", "y"), {"$fa_{ctor": (labels, names)})
        with Image.open(path) as picture:
            seen = set(map(tuple, np.asarray(picture.convert("RGB")).reshape(-1, 3)))
        # Opaque only in the legend; points let the paper through a little.
        assert {(0, 114, 178), (230, 159, 0)} <= seen or len(names) == 50
