"""The figures of a run: reconstructions, swaps and samples for a few videos."""

from pathlib import Path

import numpy as np

from tf_dsae.data.sequence_data import SequenceData
from tf_dsae.models.dsae import DSAE
from tf_dsae.reports import figures
from tf_dsae.reports.scenes import Pictures, scenes

_ROWS = 4
_CANDIDATES = 200


def choose(data: SequenceData, count: int = _ROWS) -> np.ndarray:
    """Chooses held-out videos [N, T, H, W, C] that differ in many factors; deterministic."""
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
    """Makes all videos of the figures from videos [N, T, H, W, C] and a seed."""
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
    pictures: Pictures, folder: Path, metrics: list[dict[str, str]], show_source: bool = True
) -> None:
    """Writes reconstruction, swap, prior_f, prior_z, sample and curves (PNG) and swap (GIF).

    Args:
      pictures: what to show.
      folder: to write to.
      metrics: rows of the run's metrics.csv.
      show_source: False shows reconstructions in place of source videos.
    """
    for scene in scenes(pictures, show_source):
        figures.save_strips(folder / f"{scene.name}.png", scene.title, scene.groups)
        if scene.name == "swap":
            figures.save_animated_strips(folder / "swap.gif", scene.title, scene.columns)
    figures.save_curves(folder / "curves.png", metrics)
