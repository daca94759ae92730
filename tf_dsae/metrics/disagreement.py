"""The paper's table: how often, and by how much, a judge's answer changes for a generated video.

Definitions: Li and Mandt 2018; Leplae-Arthur and Nichani 2019, Section 4 and Section 5.4. The judge
sees a reference video (p_reference; p_data in the paper) and the one generated from it
(p_generated; p_recon in the paper). Fractions in [0, 1], KLs in nats.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax

from tf_dsae.core.errors import UserError
from tf_dsae.metrics.array_checks import as_floats
from tf_dsae.metrics.bootstrap import bootstrap_intervals


class VideoDisagreement(NamedTuple):
    """The figures of each video, float64 [N].

    Attributes:
      disagreement: 1 where the most probable class differs, otherwise 0.
      kl_recon: KL(p_generated || p_reference), nats.
      kl_random: KL(uniform || p_reference), nats.

    Example:
      >>> tf_dsae.metrics.VideoDisagreement(np.zeros(2), np.zeros(2), np.ones(2)).kl_random.sum()
      np.float64(2.0)
    """

    disagreement: np.ndarray
    kl_recon: np.ndarray
    kl_random: np.ndarray


class Disagreement(NamedTuple):
    """A row of the table: means over videos, and 95% intervals over clusters.

    Attributes:
      disagreement: a fraction; 0 is best.
      kl_recon, kl_random: nats.
      disagreement_ci, kl_recon_ci: (lo, hi), or None if they were not computed.

    Example:
      >>> tf_dsae.metrics.Disagreement(0.1, 0.5, 9.0).disagreement_ci is None
      True
    """

    disagreement: float
    kl_recon: float
    kl_random: float
    disagreement_ci: tuple[float, float] | None = None
    kl_recon_ci: tuple[float, float] | None = None


def disagreement_per_video(reference_logits: Any, generated_logits: Any) -> VideoDisagreement:
    """Compares a judge's logits of reference videos and of generated ones.

    KLs are computed from log-probabilities without clipping, so that a confident judge gives
    finite figures. If classes tie, the first counts as the most probable.

    Args:
      reference_logits, generated_logits: [N, K].

    Raises:
      UserError: shapes that differ, no videos, fewer than 2 classes, NaN or infinite logits.

    Example:
      >>> logits = [[3.0, 0.0], [0.0, 3.0]]
      >>> tf_dsae.metrics.disagreement_per_video(logits, [[3.0, 0.0], [3.0, 0.0]]).disagreement
      array([0., 1.])
    """
    reference = as_floats("reference_logits", reference_logits, ("N", "K"))
    generated = as_floats("generated_logits", generated_logits, reference.shape)
    classes = reference.shape[1]
    if classes < 2:
        raise UserError(
            f"reference_logits: expected at least 2 classes, received {classes}; "
            "judge a factor that varies"
        )
    log_reference, log_generated = (log_softmax(x, axis=1) for x in (reference, generated))
    kl_recon = (np.exp(log_generated) * (log_generated - log_reference)).sum(1)
    kl_random = -np.log(classes) - log_reference.mean(1)
    return VideoDisagreement(
        (reference.argmax(1) != generated.argmax(1)).astype(np.float64),
        np.maximum(kl_recon, 0.0),  # Rounding may leave a KL of 0 a little below it.
        np.maximum(kl_random, 0.0),
    )


def measure_disagreement(
    reference_logits: Any,
    generated_logits: Any,
    clusters: Any,
    num_resamples: int = 2000,
    seed: int = 0,
) -> Disagreement:
    """A row of the paper's table from a judge's logits [N, K].

    Args:
      reference_logits, generated_logits: of the reference videos and of the generated ones.
      clusters: int [N], such as the character of each video, for the intervals.
      num_resamples: of the bootstrap.
      seed: of the bootstrap.

    Raises:
      UserError: shapes that differ, no videos, NaN or infinite logits, or fewer than 2 clusters.

    Example:
      >>> logits = [[3.0, 0.0], [0.0, 3.0], [3.0, 0.0]]
      >>> tf_dsae.metrics.measure_disagreement(logits, logits, [0, 1, 1]).disagreement
      0.0
    """
    videos = disagreement_per_video(reference_logits, generated_logits)
    columns = np.column_stack([videos.disagreement, videos.kl_recon])
    disagreement_ci, kl_recon_ci = bootstrap_intervals(columns, clusters, num_resamples, seed)
    return Disagreement(
        float(videos.disagreement.mean()),
        float(videos.kl_recon.mean()),
        float(videos.kl_random.mean()),
        tuple(disagreement_ci.tolist()),
        tuple(kl_recon_ci.tolist()),
    )
