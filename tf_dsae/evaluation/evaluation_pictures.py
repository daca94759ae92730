"""The pictures of an evaluation: held-out videos through the model, and samples from its priors.

Each picture is a PNG of film strips and an animated GIF; maps of the latents are PNGs only.
"""

import os
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA

from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.evaluation.collect import encode_means
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports import figures
from tf_dsae.reports.blocks import Figure
from tf_dsae.reports.model_pictures import choose, make_pictures
from tf_dsae.reports.scenes import data_scene, interpolation_scenes, scenes

_ROWS, _SAMPLE, _STEPS = 4, 8, 6
_MAPPED = 900  # Videos in a map of the latents.
_BATCH = 50


def write_pictures(
    model: DSAE,
    data: SequenceData,
    folder: str | os.PathLike,
    seed: int = 0,
    show_source: bool = True,
) -> list[Figure]:
    """Writes the pictures of a model in the paper's order: PNGs and, where they move, GIFs.

    `seed` is of what is drawn from the priors. `show_source` False shows a source video as its
    reconstruction, so that every pixel is the model's.
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
        written.append(Figure(png, scene.alt, scene.caption, gif))
    return written + _write_maps(model, data, folder)


def interpolate(
    model: DSAE, first: np.ndarray, second: np.ndarray, steps: int = _STEPS
) -> tuple[np.ndarray, np.ndarray]:
    """Straight lines between the posterior means of two videos [T, H, W, C], in `steps` videos.

    Returns:
      float32 [steps, T, H, W, C] in [0, 1], twice: f moves from the first to the second and z is
      that of the first; and every z_t moves and f is that of the first. Both begin at the first's
      reconstruction and end at a swap.
    """
    posterior = model.encode(np.stack([first, second]))
    f, z = posterior.static.mean().numpy(), posterior.dynamic.mean().numpy()
    # This form is exact at both ends.
    weights = np.linspace(0, 1, steps, dtype=np.float32)[:, np.newaxis]
    f_path = (1 - weights) * f[0] + weights * f[1]
    weights = weights[..., np.newaxis]
    z_path = (1 - weights) * z[0] + weights * z[1]
    return (
        model.decode(f_path, np.repeat(z[:1], steps, axis=0)).mean().numpy(),
        model.decode(np.repeat(f[:1], steps, axis=0), z_path).mean().numpy(),
    )


# --- Maps of the latents.


def principal_components(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores [N, 2] of values [N, D] in two directions of largest variance, and their shares of it.

    Both are zeros where there are no two directions. A direction's largest weight is positive.
    """
    scores, shares = np.zeros((len(values), 2)), np.zeros(2)
    count = min(2, *values.shape)
    if len(values) > 1:
        with np.errstate(invalid="ignore"):  # No variance at all gives shares of 0 / 0.
            pca = PCA(count, svd_solver="full").fit(np.asarray(values, np.float64))
        scores[:, :count] = pca.transform(values)
        shares[:count] = np.nan_to_num(pca.explained_variance_ratio_)
    return scores, shares


def _write_maps(model: DSAE, data: SequenceData, folder: Path) -> list[Figure]:
    chosen = np.sort(np.random.RandomState(0).permutation(data.num_test)[:_MAPPED])
    f, z = encode_means(model, data, "test", chosen, _BATCH)
    labels = data.labels("test", chosen)
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
        written.append(Figure(path, f"{title}. {alt}.", caption))
    return written
