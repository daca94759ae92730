"""The figures of a run: what its model makes of a few videos."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_dsae import figures
from tf_dsae.data.prepared import PreparedDataset
from tf_dsae.model import DSAE
from tf_dsae.training.callbacks import read_metrics

_ROWS = 4
_CANDIDATES = 200


class Pictures(NamedTuple):
    """Videos float32 [N, T, H, W, C] in [0, 1] that one model made for the figures.

    source, reconstruction: the same N videos. swaps [N, N, ...]: content i with motion j.
    prior_f: z of the source, f drawn anew. prior_z: f of the source, z rolled out anew.
    sample: both drawn anew.
    """

    source: np.ndarray
    reconstruction: np.ndarray
    swaps: np.ndarray
    prior_f: np.ndarray
    prior_z: np.ndarray
    sample: np.ndarray


def choose(data: PreparedDataset, count: int = _ROWS) -> np.ndarray:
    """Held-out videos [N, T, H, W, C] that differ in as many factors as can be; always the same."""
    candidates = np.random.RandomState(0).permutation(data.num_test)[:_CANDIDATES]
    labels = data.labels("test", candidates)
    factors = np.stack(list(labels.values()), 1) if labels else candidates[:, np.newaxis]
    chosen = [0]
    for _ in range(min(count, len(candidates)) - 1):
        differences = np.count_nonzero(factors[:, np.newaxis] != factors[chosen], axis=-1)
        differences[chosen] = -1
        # Far from the nearest one chosen; of those, far from all.
        chosen.append(int(np.lexsort((differences.sum(1), differences.min(1)))[-1]))
    return data.examples("test", candidates[chosen])["video"]


def make_pictures(model: DSAE, videos: np.ndarray, seed: int) -> Pictures:
    """Everything the figures show, from videos [N, T, H, W, C] and a seed."""
    count, frames = videos.shape[:2]
    posterior = model.encode(videos)
    f, z = posterior.static.mean(), posterior.dynamic.mean()
    prior = model.sample_prior(count, frames, seed)
    contents = np.repeat(videos, count, axis=0)
    motions = np.tile(videos, (count, 1, 1, 1, 1))
    swaps = model.swap(contents, motions).numpy()
    return Pictures(
        source=videos.astype(np.float32) / 255,
        reconstruction=model.decode(f, z).mean().numpy(),
        swaps=swaps.reshape(count, count, *videos.shape[1:]),
        prior_f=model.decode(prior.static, z).mean().numpy(),
        prior_z=model.decode(f, prior.dynamic).mean().numpy(),
        sample=model.decode(*prior).mean().numpy(),
    )


def write_figures(
    pictures: Pictures, folder: Path, metrics: Path, show_source: bool = True
) -> None:
    """Writes reconstruction, swap, prior_f, prior_z, sample and curves (PNG) and swap (GIF).

    Args:
      pictures: what to show.
      folder: to write to.
      metrics: the run's metrics.csv.
      show_source: False shows a source video as its reconstruction, so that every pixel is the
        model's.
    """
    source = pictures.source if show_source else pictures.reconstruction
    video = "video" if show_source else "reconstruction"
    reconstructed = [("reconstruction", made) for made in pictures.reconstruction]
    for name, title, made in (
        ("reconstruction", "Held-out videos and their reconstructions", reconstructed),
        (
            "prior_f",
            "z kept, f drawn from its prior: the same motion, a new character",
            [("new f", made) for made in pictures.prior_f],
        ),
        (
            "prior_z",
            "f kept, z drawn from its prior: the same character, a new motion",
            [("new z", made) for made in pictures.prior_z],
        ),
    ):
        groups = [[(video, clip), row] for clip, row in zip(source, made, strict=True)]
        if name == "reconstruction" and not show_source:
            groups = [[row] for row in made]
        figures.save_strips(folder / f"{name}.png", title, groups)
    samples = [[(f"sample {k + 1}", clip)] for k, clip in enumerate(pictures.sample)]
    figures.save_strips(folder / "sample.png", "f and z drawn from their priors", samples)
    _write_swaps(source, pictures.swaps, folder)
    figures.save_curves(folder / "curves.png", read_metrics(metrics))


def _write_swaps(source: np.ndarray, swaps: np.ndarray, folder: Path) -> None:
    following = [(k, (k + 1) % len(source)) for k in range(len(source))]
    groups = [
        [("f from", source[a]), ("z from", source[b]), ("swap", swaps[a, b])] for a, b in following
    ]
    title = "Swaps: the character of the first video, the motion of the second"
    figures.save_strips(folder / "swap.png", title, groups)
    grid = [[None, *source], *([clip, *row] for clip, row in zip(source, swaps, strict=True))]
    figures.save_animated_grid(folder / "swap.gif", grid)
