"""The figures of a run: what its model makes of a few videos."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from tf_dsae import figures
from tf_dsae.data.prepared import PreparedDataset
from tf_dsae.model import DSAE
from tf_dsae.training.callbacks import read_metrics

_ROWS = 4


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
    """Held-out videos uint8 [N, T, H, W, C] from all over the split, the same every time."""
    # A stride near the golden section wanders through characters and motions alike.
    stride = max(int(0.381966 * data.num_test) | 1, 1)
    chosen = [(5 + place * stride) % data.num_test for place in range(count)]
    return data.examples("test", chosen)["video"]


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


def write_figures(pictures: Pictures, folder: Path, metrics: Path) -> None:
    """Writes reconstruction, swap, prior_f, prior_z, sample and curves (PNG) and swap (GIF)."""
    source = pictures.source
    beside = {
        "reconstruction": ("Reconstruction of held-out videos", pictures.reconstruction),
        "prior_f": ("z kept, f drawn from its prior: same motion, new character", pictures.prior_f),
        "prior_z": ("f kept, z drawn from its prior: same character, new motion", pictures.prior_z),
    }
    for name, (title, made) in beside.items():
        label = "reconstruction" if name == "reconstruction" else "generated"
        groups = [[("video", video), (label, made[place])] for place, video in enumerate(source)]
        figures.save_strips(folder / f"{name}.png", title, groups)
    figures.save_strips(
        folder / "sample.png",
        "f and z drawn from their priors",
        [[(f"sample {place + 1}", video)] for place, video in enumerate(pictures.sample)],
    )
    pairs = [(place, (place + 1) % len(source)) for place in range(len(source))]
    groups = [
        [("f from", source[a]), ("z from", source[b]), ("swap", pictures.swaps[a, b])]
        for a, b in pairs[:3]
    ]
    title = "Swap: the character of the first video with the motion of the second"
    figures.save_strips(folder / "swap.png", title, groups)
    grid = [[None, *source]] + [
        [video, *pictures.swaps[place]] for place, video in enumerate(source)
    ]
    figures.save_animated_grid(folder / "swap.gif", grid)
    figures.save_curves(folder / "curves.png", read_metrics(metrics))
