"""The pictures of an evaluation: held-out videos through the model, and samples from its priors.

Each picture is a PNG of film strips and an animated GIF; maps of the latents are PNGs only.
"""

import os
from pathlib import Path
from typing import NamedTuple

import numpy as np
import tensorflow as tf
from sklearn.decomposition import PCA

from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports import figures
from tf_dsae.reports.model_pictures import choose, make_pictures
from tf_dsae.reports.scenes import data_scene, interpolation_scenes, scenes

_ROWS, _SAMPLE, _STEPS = 4, 8, 6
_MAPPED = 900  # Videos in a map of the latents.
_BATCH = 50


class Picture(NamedTuple):
    """One picture of an evaluation: its files and its texts.

    title: one line, also in the PNG. caption: how to read it. alt: a description of the picture.
    gif: None if nothing moves.
    """

    name: str
    title: str
    caption: str
    alt: str
    png: Path
    gif: Path | None


class Interpolations(NamedTuple):
    """Videos float32 [S, T, H, W, C] in [0, 1] between two videos, S weights from 0 to 1.

    f: f moves in a straight line from the first to the second, z is that of the first; it ends at
    the swap with the second's content. z: every z_t moves, f is that of the first; it ends at the
    swap with the second's motion. Both begin at the first's reconstruction.
    """

    f: np.ndarray
    z: np.ndarray


def write_pictures(
    model: DSAE,
    data: SequenceData,
    folder: str | os.PathLike,
    seed: int = 0,
    show_source: bool = True,
) -> list[Picture]:
    """Writes every picture of a model: <name>.png and, where it moves, <name>.gif.

    Args:
      model: trained.
      data: whose test videos are shown.
      folder: to write to.
      seed: of what is drawn from the priors.
      show_source: False shows a source video as its reconstruction, so that every pixel is the
        model's.

    Returns:
      the pictures, in the paper's order.
    """
    folder = Path(folder)
    videos = choose(data, _SAMPLE)
    shown = videos if show_source else model.reconstruct(videos).numpy()
    ends = [0, min(1, len(videos) - 1)]
    written = []
    for scene in [
        data_scene(shown, show_source),
        *scenes(make_pictures(model, videos[:_ROWS], seed), show_source),
        *interpolation_scenes(shown[ends], *interpolate(model, *videos[ends])),
    ]:
        png, gif = folder / f"{scene.name}.png", folder / f"{scene.name}.gif"
        figures.save_strips(png, scene.title, scene.groups)
        figures.save_animated_strips(gif, scene.title, scene.columns)
        written.append(Picture(*scene[:4], png, gif))
    return written + _write_maps(model, data, folder)


def interpolate(
    model: DSAE, first: np.ndarray, second: np.ndarray, steps: int = _STEPS
) -> Interpolations:
    """Straight lines between the posterior means of two videos [T, H, W, C], in `steps` videos."""
    posterior = model.encode(np.stack([first, second]))
    f, z = posterior.static.mean().numpy(), posterior.dynamic.mean().numpy()
    # This form is exact at both ends.
    weights = np.linspace(0, 1, steps, dtype=np.float32)[:, np.newaxis]
    f_path = (1 - weights) * f[0] + weights * f[1]
    weights = weights[..., np.newaxis]
    z_path = (1 - weights) * z[0] + weights * z[1]
    return Interpolations(
        f=model.decode(f_path, np.repeat(z[:1], steps, axis=0)).mean().numpy(),
        z=model.decode(np.repeat(f[:1], steps, axis=0), z_path).mean().numpy(),
    )


# --- Maps of the latents.


def principal_components(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two directions of largest variance of values [N, D].

    Returns:
      scores [N, 2] and the two shares of the variance, in [0, 1]; zeros for missing directions.
      Signs are such that a direction's largest weight is positive.
    """
    scores, shares = np.zeros((len(values), 2)), np.zeros(2)
    count = min(2, *values.shape)
    if len(values) > 1:
        with np.errstate(invalid="ignore"):  # No variance at all gives shares of 0 / 0.
            pca = PCA(count, svd_solver="full").fit(np.asarray(values, np.float64))
        scores[:, :count] = pca.transform(values)
        shares[:count] = np.nan_to_num(pca.explained_variance_ratio_)
    return scores, shares


def mean_latents(
    model: DSAE, data: SequenceData, count: int = _MAPPED
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Posterior means of `count` test videos, or all: f [N, F], z over time [N, Z], labels."""
    chosen = np.sort(np.random.RandomState(0).permutation(data.num_test)[:count])

    @tf.function(reduce_retracing=True)
    def encode(video: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        posterior = model.encode(video)
        return posterior.static.mean(), tf.reduce_mean(posterior.dynamic.mean(), axis=1)

    parts = []
    for start in range(0, len(chosen), _BATCH):
        videos = data.examples("test", chosen[start : start + _BATCH])["video"]
        parts.append([part.numpy() for part in encode(videos)])
    f, z = (np.concatenate(part) for part in zip(*parts, strict=True))
    return f, z, data.labels("test", chosen)


def _write_maps(model: DSAE, data: SequenceData, folder: Path) -> list[Picture]:
    f, z, labels = mean_latents(model, data)
    panels = {name: (labels[name], names) for name, names in data.factors.items()}
    caption = (
        f"One point for each of {len(f)} held-out videos, at its posterior mean, in the colour of "
        "its class. Where colours lie apart, the latent holds that factor; where they mix in "
        "these two directions, others may still tell them apart."
    )
    alt = f"Scatter plots of the same {len(f)} points, coloured by {', '.join(panels) or 'nothing'}"
    written = []
    for name, values, title in (
        ("latent_map_f", f, "f: its two principal components"),
        ("latent_map_z", z, "z, mean over time: its two principal components"),
    ):
        points, shares = principal_components(values)
        names = [f"component {k + 1}, {share:.0%} of variance" for k, share in enumerate(shares)]
        path = folder / f"{name}.png"
        figures.save_scatter(path, title, points, names, panels)
        written.append(Picture(name, title, caption, f"{title}. {alt}.", path, None))
    return written
