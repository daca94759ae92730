"""The paper's table: how often, and by how much, a judge changes its mind about a generated video.

Definitions: Li and Mandt 2018; Leplae-Arthur and Nichani 2019, Section 4 and Section 5.4. The judge
sees a reference video (p_reference; p_data in the paper) and the one generated from it
(p_generated; p_recon in the paper). Fractions in [0, 1], KLs in nats.
"""

from typing import Any, NamedTuple

import numpy as np

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.metrics.array_checks import as_floats, as_labels, log_softmax

# Counts of characters drawn at once in the bootstrap: 8 bytes each.
_DRAWS_AT_ONCE = 2_000_000


class VideoDisagreement(NamedTuple):
    """Of each video, float64 [N].

    disagreement: 1 where the most probable class differs, otherwise 0.
    kl_recon: KL(p_generated || p_reference), nats. kl_random: KL(uniform || p_reference), nats.
    """

    disagreement: np.ndarray
    kl_recon: np.ndarray
    kl_random: np.ndarray


class Disagreement(NamedTuple):
    """A row of the table: means over videos, and 95% intervals [lo, hi]."""

    disagreement: float
    kl_recon: float
    kl_random: float
    disagreement_ci: list[float]
    kl_recon_ci: list[float]


def disagreement_per_video(reference_logits: Any, generated_logits: Any) -> VideoDisagreement:
    """Compares a judge's logits [N, K] of the reference videos and of the generated ones.

    KLs come from log-probabilities, never from clipped probabilities, so that a confident judge
    gives finite figures. Of classes that tie, the first is the most probable.

    Raises:
      UserError: shapes that differ, no videos, fewer than 2 classes, NaN or infinite logits.
    """
    reference = as_floats("reference_logits", reference_logits, ("N", "K"))
    generated = as_floats("generated_logits", generated_logits, reference.shape)
    classes = reference.shape[1]
    if classes < 2:
        raise UserError(
            f"reference_logits: expected at least 2 classes, received {classes}; "
            "judge a factor that varies"
        )
    log_reference, log_generated = log_softmax(reference), log_softmax(generated)
    kl_recon = (np.exp(log_generated) * (log_generated - log_reference)).sum(1)
    kl_random = -np.log(classes) - log_reference.mean(1)
    return VideoDisagreement(
        (reference.argmax(1) != generated.argmax(1)).astype(np.float64),
        np.maximum(kl_recon, 0.0),  # Rounding may leave a KL of 0 a little below it.
        np.maximum(kl_random, 0.0),
    )


def bootstrap_intervals(
    values: Any, characters: Any, num_resamples: int = 2000, seed: int = 0
) -> np.ndarray:
    """95% percentile intervals of the means of `values` [N, M], resampling whole characters.

    The videos of a character go right and wrong together, so that resampling videos would give
    intervals that are too narrow (hierarchical data in Davison and Hinkley 1997).
    Where no value differs, the interval has no width: a bootstrap knows only what it has seen.

    Args:
      characters: int [N], the character of each video.

    Returns:
      [M, 2]: lo and hi of each column.

    Raises:
      UserError: shapes that differ, no videos, or fewer than 2 characters.
    """
    values = as_floats("values", values, ("N", "M"))
    check_whole("num_resamples", num_resamples, 1)
    check_whole("seed", seed, 0)
    _, index = np.unique(as_labels("characters", characters, len(values)), return_inverse=True)
    number = int(index.max()) + 1
    if number < 2:
        raise UserError(
            "characters: expected at least 2, as intervals resample characters, received 1; "
            "evaluate videos of more characters"
        )
    sums = np.zeros((number, 1 + values.shape[1]))
    np.add.at(sums, index, np.column_stack([np.ones(len(values)), values]))
    rng = np.random.default_rng(seed)
    totals, rows = [], max(1, _DRAWS_AT_ONCE // number)
    for start in range(0, num_resamples, rows):
        size = min(rows, num_resamples - start)
        totals.append(rng.multinomial(number, np.full(number, 1 / number), size) @ sums)
    drawn = np.concatenate(totals)
    return np.quantile(drawn[:, 1:] / drawn[:, :1], [0.025, 0.975], axis=0).T


def measure_disagreement(
    reference_logits: Any,
    generated_logits: Any,
    characters: Any,
    num_resamples: int = 2000,
    seed: int = 0,
) -> Disagreement:
    """A row of the paper's table from a judge's logits [N, K] and characters [N].

    Raises:
      UserError: shapes that differ, no videos, NaN or infinite logits, or fewer than 2 characters.
    """
    videos = disagreement_per_video(reference_logits, generated_logits)
    columns = np.column_stack([videos.disagreement, videos.kl_recon])
    disagreement_ci, kl_recon_ci = bootstrap_intervals(columns, characters, num_resamples, seed)
    return Disagreement(
        float(videos.disagreement.mean()),
        float(videos.kl_recon.mean()),
        float(videos.kl_random.mean()),
        disagreement_ci.tolist(),
        kl_recon_ci.tolist(),
    )
