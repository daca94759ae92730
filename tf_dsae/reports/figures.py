"""Pictures from arrays: film strips, animated grids and curves."""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from tf_dsae.core.files import write_atomically

Row = tuple[str, np.ndarray]
Labels = tuple[np.ndarray, Sequence[str]]
INK, FAINT = "#1a1a1a", "#8a8a8a"
# Okabe and Ito's colours, which colour-blind readers can tell apart, and three more.
COLOURS: tuple[str, ...] = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7")
COLOURS += ("#1a1a1a", "#9c9c9c", "#7a4a1e")
_TERMS = {
    "elbo": "ELBO",
    "log_likelihood": "log-likelihood",
    "static_kl": "KL of f",
    "dynamic_kl": "KL of z",
}
_MOST_NAMES = 18  # That a legend lists.


def as_uint8(video: Any) -> np.ndarray:
    """Videos [..., H, W, C], float in [0, 1] or uint8, as uint8 [..., H, W, 3]."""
    video = np.asarray(video)
    if video.dtype != np.uint8:
        video = np.round(np.clip(video, 0, 1) * 255).astype(np.uint8)
    return np.repeat(video, 3, -1) if video.shape[-1] == 1 else video


def strip(video: Any) -> np.ndarray:
    """A video [T, H, W, C] as one picture, uint8 [H, T W, 3], frames from left to right."""
    return np.concatenate(as_uint8(video), axis=1)


def save_strips(path: str | os.PathLike, title: str, groups: Sequence[Sequence[Row]]) -> None:
    """Writes a PNG of film strips, one under the other, groups set apart.

    `groups` are of (label, video [T, H, W, C]) rows, all of one T, H and W.
    """
    rows = [row for group in groups for row in group]
    height, width = strip(rows[0][1]).shape[:2]
    inches = 8 * height / width
    gaps = 0.22 * (len(groups) - 1)
    figure = Figure(figsize=(9.6, 0.55 + inches * len(rows) + gaps), dpi=100)
    total = figure.get_figheight()
    figure.text(0.01, 1 - 0.12 / total, title, va="top", fontsize=12, weight="bold", color=INK)
    top = total - 0.5
    for group in groups:
        for label, video in group:
            top -= inches
            axes = figure.add_axes((1.5 / 9.6, top / total, 8 / 9.6, inches / total))
            axes.imshow(strip(video), interpolation="nearest", aspect="auto")
            axes.set_axis_off()
            middle = (top + inches / 2) / total
            figure.text(1.42 / 9.6, middle, label, ha="right", va="center", color=INK)
        top -= 0.22
    save_figure(path, figure)


def _enlarge(frames: np.ndarray, scale: int) -> np.ndarray:
    return frames.repeat(scale, axis=1).repeat(scale, axis=2)


def _save_gif(path: str | os.PathLike, canvas: np.ndarray, milliseconds: int) -> None:
    """Writes frames uint8 [T, H, W, 3] as a GIF that loops for ever."""
    # One palette for all frames, so that colours do not flicker; white stays white. One colour is
    # kept for pixels that do not change, which makes files small.
    every = Image.fromarray(np.concatenate(canvas, axis=0))
    colours = every.quantize(250, dither=Image.Dither.NONE).getpalette() or []
    palette = Image.new("P", (1, 1))
    shared = [255] * 3 + colours[: 3 * 250]
    palette.putpalette(shared)
    pictures = []
    for frame in canvas:
        indices = np.array(
            Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        )
        indices[(frame == 255).all(axis=-1)] = 0
        pictures.append(Image.fromarray(indices))
        pictures[-1].putpalette(palette.getpalette() or shared)
    with write_atomically(path) as beside:
        pictures[0].save(
            beside,
            format="GIF",
            save_all=True,
            append_images=pictures[1:],
            duration=milliseconds,
            loop=0,
            optimize=True,
        )


def save_clip(
    path: str | os.PathLike, video: np.ndarray, scale: int = 1, milliseconds: int = 125
) -> None:
    """Writes one video [T, H, W, C] as a GIF, enlarged by `scale`."""
    _save_gif(path, _enlarge(as_uint8(video), scale), milliseconds)


def save_animated_strips(
    path: str | os.PathLike,
    title: str,
    groups: Sequence[Sequence[tuple[str, np.ndarray | None]]],
    scale: int = 2,
    milliseconds: int = 125,
) -> None:
    """Writes an animated GIF of clips, each under its label; groups stand side by side.

    `groups` are of (label, video [T, H, W, C]) rows, one under the other, all of one shape; None in
    place of a video leaves its place empty. `scale` enlarges the videos.
    """
    rows = [row for group in groups for row in group]
    frames, height, width = next(video.shape for _, video in rows if video is not None)[:3]
    height, width = height * scale, width * scale
    fonts = [_font(11, "normal"), _font(13, "bold")]
    cell = max(width, *(round(fonts[0].getlength(label)) for label, _ in rows))
    gap, line, top = 8, 18, 26 if title else 2
    across, down = len(groups), max(map(len, groups))
    page_width = gap + max(across * (cell + gap), round(fonts[1].getlength(title)) + gap)
    page = Image.new("RGB", (page_width, top + down * (height + line) + gap), "white")
    draw = ImageDraw.Draw(page)
    draw.text((gap, 6), title, fill=INK, font=fonts[1])
    places = []
    for column, group in enumerate(groups):
        for row, (label, video) in enumerate(group):
            left, above = gap + column * (cell + gap), top + row * (height + line)
            middle = (left + cell // 2, above + line // 2)
            draw.text(middle, label, fill=INK, font=fonts[0], anchor="mm")
            if video is not None:
                places.append((above + line, left + (cell - width) // 2, video))
    canvas = np.repeat(np.asarray(page)[np.newaxis], frames, axis=0)
    for above, left, video in places:
        clip = _enlarge(as_uint8(video), scale)
        canvas[:, above : above + height, left : left + width] = clip
    _save_gif(path, canvas, milliseconds)


def _font(size: int, weight: str) -> ImageFont.FreeTypeFont:
    """The font that comes with matplotlib, size in pixels."""
    wanted = font_manager.FontProperties("DejaVu Sans", weight=weight)
    return ImageFont.truetype(font_manager.findfont(wanted), size)


def save_scatter(
    path: str | os.PathLike,
    title: str,
    points: np.ndarray,
    axes_labels: Sequence[str],
    panels: Mapping[str, Labels],
) -> None:
    """Writes a PNG of points [N, 2], a panel for each way to colour them, two in a row.

    `panels`: meaning of the colours -> (class of every point [N], names of the classes). Without
    panels, the points have one colour.
    """
    panels = panels or {"": (np.zeros(len(points), int), ())}
    columns = min(len(panels), 2)
    rows = -(-len(panels) // columns)
    legend = max(-(-min(len(names), _MOST_NAMES) // 3) for _, names in panels.values())
    size = (0.2 + 3.4 * columns, 0.4 + (3.4 + 0.2 * legend) * rows)
    figure = Figure(figsize=size, dpi=120, layout="constrained")
    figure.suptitle(title, x=0.02, ha="left", fontsize=11, weight="bold", color=INK)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_axis_off()
    for axes, (name, labels) in zip(grid.flat, panels.items(), strict=False):
        _draw_classes(axes, points, *labels)
        axes.set_title(name, fontsize=10, color=INK, parse_math=False)
        axes.set_xlabel(axes_labels[0], fontsize=9)
        axes.set_ylabel(axes_labels[1], fontsize=9)
    save_figure(path, figure)


def _draw_classes(axes: Axes, points: np.ndarray, labels: np.ndarray, names: Sequence[str]) -> None:
    """Points [N, 2] in the colours of their classes [N], with a legend below."""
    colours = np.array(COLOURS)[labels % len(COLOURS)]
    # A random order, so that no class covers the others.
    order = np.random.RandomState(0).permutation(len(points))
    x, y = points[order].T
    axes.scatter(x, y, c=colours[order], s=9, alpha=0.8, linewidths=0)
    axes.set(xticks=[], yticks=[])
    axes.margins(0.03)
    for spine in axes.spines.values():
        spine.set_color(FAINT)
    if not 0 < len(names) <= _MOST_NAMES:
        return
    handles = [
        axes.scatter([], [], color=COLOURS[k % len(COLOURS)], label=name)
        for k, name in enumerate(names)
    ]
    where = {"loc": "upper center", "bbox_to_anchor": (0.5, -0.1), "ncols": 3, "frameon": False}
    spacing = {"handletextpad": 0, "columnspacing": 0.8, "borderpad": 0}
    legend = axes.legend(handles=handles, fontsize=9, **where, **spacing)
    for text in legend.get_texts():
        text.set_parse_math(False)


def save_figure(path: str | os.PathLike, figure: Figure) -> None:
    """Writes a figure as a PNG, whole or not at all."""
    with write_atomically(path) as beside:
        figure.savefig(beside, facecolor="white")


def tidy_axes(axes: Axes) -> None:
    """A faint grid, and no frame at the top and at the right."""
    axes.grid(color=FAINT, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def save_curves(path: str | os.PathLike, rows: Sequence[Mapping[str, str]]) -> None:
    """Writes a PNG of the bound and its terms over epochs, from the rows of a metrics.csv.

    Every column that has a twin `val_...` has a panel: the terms of the run's own objective.
    """
    names = [name for name in (rows[0] if rows else ()) if f"val_{name}" in rows[0]] or [*_TERMS]
    down = -(-len(names) // 2)
    figure = Figure(figsize=(10, 3 * down), dpi=100, layout="constrained")
    epochs = [int(row["epoch"]) for row in rows]
    grid = figure.subplots(down, 2, squeeze=False).flat
    for name, axes in zip(names, grid, strict=False):
        for prefix, label, colour in (("", "training", "#1f77b4"), ("val_", "held out", "#d95f02")):
            values = [float(row.get(prefix + name) or "nan") for row in rows]
            axes.plot(epochs, values, marker=".", color=colour, label=label)
        title = _TERMS.get(name, name)
        axes.set(xlabel="epoch", ylabel="nats per video" if name in _TERMS else "cost")
        axes.set_title(title, parse_math=False)
        axes.ticklabel_format(axis="y", useOffset=False, style="plain")
        axes.xaxis.get_major_locator().set_params(integer=True)
        tidy_axes(axes)
        axes.legend(frameon=False)
    for axes in grid:  # The panel that an odd number leaves.
        axes.set_axis_off()
    save_figure(path, figure)
