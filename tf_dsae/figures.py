"""Arrays to pictures: film strips, animated grids and curves. No model, no data set."""

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from tf_dsae.files import written_whole

Row = tuple[str, np.ndarray]
_INK, _FAINT = "#1a1a1a", "#8a8a8a"


def as_uint8(video) -> np.ndarray:
    """Videos [..., H, W, C], float in [0, 1] or uint8, as uint8 [..., H, W, 3]."""
    video = np.asarray(video)
    if video.dtype != np.uint8:
        video = np.round(np.clip(video, 0, 1) * 255).astype(np.uint8)
    return np.repeat(video, 3, -1) if video.shape[-1] == 1 else video


def strip(video) -> np.ndarray:
    """A video [T, H, W, C] as one picture, uint8 [H, T W, 3], frames from left to right."""
    return np.concatenate(as_uint8(video), axis=1)


def save_strips(path: str | os.PathLike, title: str, groups: Sequence[Sequence[Row]]) -> None:
    """Writes a PNG of labelled film strips, one under the other, groups set apart.

    Args:
      path: of the PNG.
      title: in words.
      groups: of (label, video [T, H, W, C]) rows, all of one T, H and W.
    """
    rows = [row for group in groups for row in group]
    height, width = strip(rows[0][1]).shape[:2]
    inches = 8 * height / width
    gaps = 0.22 * (len(groups) - 1)
    figure = Figure(figsize=(9.6, 0.55 + inches * len(rows) + gaps), dpi=100)
    total = figure.get_figheight()
    figure.text(0.01, 1 - 0.12 / total, title, va="top", fontsize=12, weight="bold", color=_INK)
    top = total - 0.5
    for group in groups:
        for label, video in group:
            top -= inches
            axes = figure.add_axes((1.5 / 9.6, top / total, 8 / 9.6, inches / total))
            axes.imshow(strip(video), interpolation="nearest", aspect="auto")
            axes.set_axis_off()
            middle = (top + inches / 2) / total
            figure.text(1.42 / 9.6, middle, label, ha="right", va="center", color=_INK)
        top -= 0.22
    with written_whole(path) as beside:
        figure.savefig(beside, facecolor="white")


def _scaled(frames: np.ndarray, scale: int) -> np.ndarray:
    return frames.repeat(scale, axis=1).repeat(scale, axis=2)


def save_animated_grid(
    path: str | os.PathLike,
    videos: Sequence[Sequence[np.ndarray | None]],
    scale: int = 2,
    milliseconds: int = 125,
) -> None:
    """Writes an animated GIF of videos side by side, the first row and column set apart.

    Args:
      path: of the GIF.
      videos: rows of videos [T, H, W, C], of one shape; None leaves a place empty.
      scale: picture pixels for a video's pixel.
      milliseconds: that a frame stays.
    """
    shape = next(video.shape for row in videos for video in row if video is not None)
    frames, height, width = shape[:3]
    gap, margin = 2, 8
    background = 255
    rows = []
    for r, row in enumerate(videos):
        cells = []
        for c, video in enumerate(row):
            picture = np.full((frames, height, width, 3), background, np.uint8)
            if video is not None:
                picture = as_uint8(video)
            right = margin if c == 0 else gap
            below = margin if r == 0 else gap
            padding = ((0, 0), (0, below), (0, right), (0, 0))
            cells.append(np.pad(picture, padding, constant_values=background))
        rows.append(np.concatenate(cells, axis=2))
    canvas = _scaled(np.concatenate(rows, axis=1), scale)
    pictures = [Image.fromarray(frame) for frame in canvas]
    # One palette for all frames, or colours flicker.
    palette = Image.fromarray(np.concatenate(canvas, axis=0)).quantize(256, dither=0)
    pictures = [picture.quantize(palette=palette, dither=0) for picture in pictures]
    with written_whole(path) as beside:
        pictures[0].save(
            beside,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            duration=milliseconds,
            loop=0,
        )


def save_curves(path: str | os.PathLike, rows: Sequence[dict[str, str]]) -> None:
    """Writes a PNG of the bound and its terms over epochs, from the rows of a metrics.csv."""
    figure = Figure(figsize=(10, 6), dpi=100, layout="constrained")
    titles = {
        "elbo": "ELBO",
        "log_likelihood": "log-likelihood",
        "static_kl": "KL of f",
        "dynamic_kl": "KL of z",
    }
    epochs = [int(row["epoch"]) for row in rows]
    for axes, (name, title) in zip(figure.subplots(2, 2).flat, titles.items(), strict=True):
        for prefix, label, colour in (("", "training", "#1f77b4"), ("val_", "held out", "#d95f02")):
            values = [float(row[prefix + name]) for row in rows]
            axes.plot(epochs, values, marker=".", color=colour, label=label)
        axes.set(title=title, xlabel="epoch", ylabel="nats per video")
        axes.ticklabel_format(axis="y", useOffset=False, style="plain")
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(color=_FAINT, alpha=0.25)
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False)
    with written_whole(path) as beside:
        figure.savefig(beside, facecolor="white")
