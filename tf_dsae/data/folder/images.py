"""Frames from image files and GIFs, and frames fitted to a size."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from tf_dsae.data.folder.bounds import bounded, check_size
from tf_dsae.data.folder.clip_settings import ClipSettings

MAX_GIF_PIXELS = 2**32  # Of all frames of a GIF; a small file can claim any number.

_GREYS = ("1", "L", "LA", "La")


def folder_frames(
    files: Sequence[Path], wanted: Callable[[int], bool]
) -> Iterator[Image.Image | None]:
    """Yields an image, grey or colour, a file, and None for those that are not wanted.

    Raises:
      Exception: of many kinds, where a file is damaged.
    """
    for index, path in enumerate(files):
        yield _read_image(path) if wanted(index) else None


def gif_frames(path: Path, wanted: Callable[[int], bool]) -> Iterator[Image.Image | None]:
    """Yields the composited frames of a GIF, and None for those that are not wanted.

    What a frame clears when it goes is black if the first frame has a clear colour; else pillow
    fills it with the colour that the file calls clear or background.

    Raises:
      Exception: of many kinds, where the file is damaged.
    """
    pixels = 0
    with bounded():
        image = Image.open(path, formats=("GIF",))
    with image:
        index = 0
        while True:
            with bounded():
                check_size(*image.size)
                pixels += image.width * image.height
                if pixels > MAX_GIF_PIXELS:
                    raise ValueError(f"more than {MAX_GIF_PIXELS} pixels in all frames")
                image.load()  # A frame is drawn over the one before it.
                frame = plain(image) if wanted(index) else None
            yield frame
            index += 1
            try:
                with bounded():
                    image.seek(index)
            except EOFError:
                return


def plain(image: Image.Image) -> Image.Image:
    """Returns a grey (L) or colour (RGB) image of 8 bits; what is clear is black."""
    if image.mode.startswith("I"):  # 16 bits of grey.
        # Where pillow has no type of 16 bits for a file, it gives the values in 32.
        values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray((values >> 8).astype(np.uint8))
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        colours = image.convert("RGBA")
        black = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(black, colours).convert("RGB")
    return image.convert("L" if image.mode in _GREYS else "RGB")


def fitted(image: Image.Image, settings: ClipSettings) -> np.ndarray:
    """Returns a plain image as a frame, uint8 [H, W, C], with its aspect ratio kept."""
    height, width = settings.frame_size
    image = image.convert("L" if settings.channels == 1 else "RGB")
    scales = width / image.width, height / image.height
    if settings.fit == "crop":
        scale = max(scales)
        kept = width / scale, height / scale
        left, top = (image.width - kept[0]) / 2, (image.height - kept[1]) / 2
        box = max(left, 0), max(top, 0), min(left + kept[0], image.width), top + kept[1]
        box = (*box[:3], min(box[3], image.height))
        frame = _resized(image, (width, height), box, scale)
    else:
        scale = min(scales)
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        frame = Image.new(image.mode, (width, height))
        whole = (0.0, 0.0, float(image.width), float(image.height))
        place = (width - size[0]) // 2, (height - size[1]) // 2
        frame.paste(_resized(image, size, whole, scale), place)
    return np.asarray(frame).reshape(height, width, settings.channels)


def _resized(
    image: Image.Image,
    size: tuple[int, int],
    box: tuple[float, float, float, float],
    scale: float,
) -> Image.Image:
    # Pixel art stays sharp when every pixel becomes a square; all else is smoothed.
    is_whole = scale >= 1 and scale == int(scale)
    kind = Image.Resampling.BOX if is_whole else Image.Resampling.LANCZOS
    return image.resize(size, kind, box, reducing_gap=3.0)


def _read_image(path: Path) -> Image.Image:
    """Returns one image file, upright."""
    with bounded(), Image.open(path, formats=("PNG", "JPEG")) as image:
        check_size(*image.size)
        image.load()
        return plain(ImageOps.exif_transpose(image))
