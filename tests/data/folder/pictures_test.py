"""From pictures to frames: geometry, modes, orientation, and composited GIFs."""

import numpy as np
from PIL import Image

from tests.data.folder.conftest import assert_same, only
from tf_dsae.data.folder import ClipSettings, read_clip


def frame_of(tmp_path, image: np.ndarray, **settings) -> np.ndarray:
    path = tmp_path / "image.png"
    Image.fromarray(image).save(path)
    return read_clip(only(path), ClipSettings(**settings))[0]


def striped(height: int, width: int) -> np.ndarray:
    """Columns of 4 pixels in colours of their own; rows of 4 in another channel."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = 10 * (np.arange(width) // 4)
    image[..., 1] = 10 * (np.arange(height) // 4)[:, np.newaxis]
    return image


def test_crop_of_the_centre(tmp_path):
    image = striped(16, 64)
    assert_same(frame_of(tmp_path, image, frame_size=(16, 24)), image[:, 20:44])
    assert_same(
        frame_of(tmp_path, image.swapaxes(0, 1), frame_size=(24, 16)), image.swapaxes(0, 1)[20:44]
    )
    # Four by four pixels of one colour each, far from others of the same row and column.
    flat = np.full((40, 80, 3), (9, 200, 77), np.uint8)
    assert_same(frame_of(tmp_path, flat, frame_size=(5, 7)), np.full((5, 7, 3), (9, 200, 77)))


def test_pad_with_black(tmp_path):
    image = striped(16, 24)
    padded = frame_of(tmp_path, image, frame_size=(20, 24), resize_mode="pad")
    assert_same(padded[2:18], image)
    assert not padded[:2].any() and not padded[18:].any()
    padded = frame_of(
        tmp_path, np.full((30, 60, 3), 99, np.uint8), frame_size=(20, 20), resize_mode="pad"
    )
    assert_same(padded[5:15], np.full((10, 20, 3), 99))
    assert not padded[:5].any() and not padded[15:].any()
    thin = frame_of(
        tmp_path, np.full((1, 900, 3), 99, np.uint8), frame_size=(9, 9), resize_mode="pad"
    )
    assert np.count_nonzero(thin.any(-1).any(-1)) == 1


def test_pixel_art_stays_sharp(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    enlarged = frame_of(tmp_path, image, frame_size=(15, 21))
    assert_same(enlarged, image.repeat(3, 0).repeat(3, 1))


def test_shrinking_is_antialiased(tmp_path):
    board = 255 * (np.indices((64, 96)).sum(0) % 2).astype(np.uint8)
    small = frame_of(tmp_path, np.dstack([board] * 3), frame_size=(16, 24))
    assert 110 < small[2:-2, 2:-2].min() and small[2:-2, 2:-2].max() < 145


def test_shrinking_keeps_places(tmp_path):
    """Blocks shrunk to a pixel each: smooth pictures keep their values."""
    ramp = np.tile(np.linspace(20, 220, 96), (64, 1)).astype(np.uint8)
    small = frame_of(tmp_path, np.dstack([ramp] * 3), frame_size=(8, 12))[..., 0].astype(float)
    blocks = ramp.reshape(8, 8, 12, 8).mean((1, 3))
    np.testing.assert_allclose(small[:, 1:-1], blocks[:, 1:-1], atol=1.5)


def test_grey_is_luma(tmp_path):
    image = np.random.default_rng(1).integers(0, 256, (6, 9, 3), np.uint8)
    grey = frame_of(tmp_path, image, frame_size=(6, 9), channels=1)
    assert grey.shape == (6, 9, 1)
    np.testing.assert_allclose(grey[..., 0], image @ [0.299, 0.587, 0.114], atol=0.51)


def test_modes_of_images(tmp_path):
    grey = np.arange(24, dtype=np.uint8).reshape(4, 6) * 10
    path, settings = tmp_path / "a.png", ClipSettings((4, 6))
    colour = np.dstack([grey] * 3)

    def saved(image):
        image.save(path)
        return read_clip(only(path), settings)[0]

    assert_same(saved(Image.fromarray(grey)), colour)
    assert_same(saved(Image.fromarray(grey.astype(np.uint16) * 257)), colour)
    alpha = np.dstack([colour, np.full((4, 6), 255)]).astype(np.uint8)
    alpha[1] = (250, 250, 250, 0)
    alpha[2, :, 3] = 128
    expected = colour.astype(float)
    expected[1], expected[2] = 0, np.rint(expected[2] * 128 / 255)
    np.testing.assert_allclose(saved(Image.fromarray(alpha)).astype(float), expected, atol=1)
    assert_same(saved(Image.fromarray(colour).quantize(64)), colour)
    assert_same(saved(Image.fromarray(grey > 100)), np.where(colour > 100, 255, 0))
    palette = Image.fromarray((grey > 100).astype(np.uint8), "P")
    palette.putpalette([255, 0, 0, 0, 0, 255])
    palette.info["transparency"] = 0
    assert_same(saved(palette), np.where(grey[..., None] > 100, (0, 0, 255), (0, 0, 0)))
    la = Image.merge("LA", [Image.fromarray(grey), Image.fromarray(grey * 0)])
    assert_same(saved(la), 0 * colour)
    path = tmp_path / "a.jpg"
    cmyk = saved(Image.new("CMYK", (6, 4), (0, 255, 255, 0)))
    assert cmyk[0, 0, 0] > 240 and cmyk[0, 0, 1] < 15


def test_images_are_upright(tmp_path):
    image = np.zeros((16, 24, 3), np.uint8)
    image[:8, :12] = (255, 255, 255)
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by a quarter, clockwise to see.
    path = tmp_path / "a.jpg"
    Image.fromarray(image).save(path, exif=exif, quality=95)
    frame = read_clip(only(path), ClipSettings((24, 16)))[0]
    np.testing.assert_allclose(frame.astype(float), np.rot90(image, -1), atol=12)


def test_gifs_are_composited(tmp_path):
    """A small frame with holes, disposed of in each way, against the rules of GIF89a."""
    path = tmp_path / "a.gif"
    path.write_bytes(hand_made_gif())
    frames = read_clip(only(path), ClipSettings((4, 6)))
    red, blue = (255, 0, 0), (0, 0, 255)
    first = np.full((4, 6, 3), red)
    second = first.copy()
    second[1:3, 2:4] = [[blue, red], [red, blue]]  # Kept.
    third = second.copy()
    third[0:2, 0:2] = [[blue, red], [red, blue]]  # Put back as it was before.
    fourth = second.copy()
    fourth[2:4, 4:6] = [[blue, red], [red, blue]]  # Cleared.
    fifth = second.copy()
    fifth[2:4, 4:6] = 0
    fifth[0:2, 4:6] = [[blue, red], [red, blue]]
    for number, expected in enumerate((first, second, third, fourth, fifth)):
        np.testing.assert_array_equal(frames[number], expected, err_msg=f"frame {number}")


def hand_made_gif() -> bytes:
    """A red screen of 6 x 4, of a GIF with clear pixels, then a checked square here and there."""

    def codes(pixels: list[int]) -> bytes:
        # Two bits a pixel, three a code, cleared before every other pixel: no code grows.
        bits, size = [], 0
        for index, pixel in enumerate(pixels):
            if index % 2 == 0:
                bits.append(4)
            bits.append(pixel)
        bits.append(5)
        value = 0
        for code in bits:
            value |= code << size
            size += 3
        data = value.to_bytes(-(-size // 8), "little")
        return bytes([2, len(data)]) + data + b"\0"

    def frame(left, top, width, height, pixels, disposal, clear=None) -> bytes:
        control = bytes([disposal << 2 | (clear is not None), 1, 0, clear or 0, 0])
        place = b"".join(side.to_bytes(2, "little") for side in (left, top, width, height))
        return b"\x21\xf9\x04" + control + b"\x2c" + place + b"\0" + codes(pixels)

    palette = bytes([0, 0, 0, 255, 0, 0, 0, 0, 255, 9, 9, 9])
    screen = b"GIF89a" + b"\x06\0\x04\0" + bytes([0b10000001, 0, 0]) + palette
    square = [2, 3, 3, 2]
    return b"".join(
        [
            screen,
            frame(0, 0, 6, 4, [1] * 24, 1, clear=3),
            frame(2, 1, 2, 2, square, 1, clear=3),
            frame(0, 0, 2, 2, square, 3, clear=3),
            frame(4, 2, 2, 2, square, 2, clear=3),
            frame(4, 0, 2, 2, square, 1, clear=3),
            b";",
        ]
    )
