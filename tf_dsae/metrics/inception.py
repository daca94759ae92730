"""The field's protocol: a judge's answers for videos with f or z kept and the other drawn anew.

As C-DSVAE (Bai et al. 2021) and its successors (SPYL, Naiman et al. 2023) use it: for the motion, z
is kept at its posterior mean and f drawn from its prior; for an attribute, f is kept and z drawn.
A judge of the kept factor gives p(y | x) of each generated video x.

- accuracy: share of videos whose most probable class is the true one, in [0, 1]; higher is better.
- inception score, IS = exp(E_x KL(p(y|x) || p(y))), p(y) = E_x p(y|x); from 1 to K, higher is
  better (Salimans et al. 2016).
- H(y|x) = E_x H(p(y|x)), how unsure the judge is, nats; from 0 to log K, lower is better.
- H(y) = H(p(y)), how diverse the videos are, nats; from 0 to log K, higher is better.

log IS = H(y) - H(y|x). Successors also call H(y|x) inter-entropy and H(y) intra-entropy. As in
C-DSVAE's evaluation, all three are computed on a subset with equally many videos of each true
class, because p(y) would otherwise show the data's imbalance.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import log_softmax

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.metrics.array_checks import as_floats, as_labels


class Inception(NamedTuple):
    """exp(E_x KL(p(y|x) || p(y))), H(y|x) and H(y); entropies in nats.

    Attributes:
      inception_score: from 1 to K, higher is better.
      entropy_y_given_x: nats, lower is better.
      entropy_y: nats, higher is better.

    Example:
      >>> tf_dsae.metrics.Inception(2.0, 0.0, 0.693).entropy_y
      0.693
    """

    inception_score: float
    entropy_y_given_x: float
    entropy_y: float


def accuracy(logits: Any, labels: Any) -> float:
    """Share of videos whose most probable class of logits [N, K] is the true one of labels [N].

    Raises:
      UserError: shapes that differ, no videos, NaN or infinite logits, or labels outside 0..K-1.

    Example:
      >>> tf_dsae.metrics.accuracy([[2.0, 1.0], [0.0, 3.0]], [0, 0])
      0.5
    """
    logits = as_floats("logits", logits, ("N", "K"))
    labels = as_labels("labels", labels, len(logits))
    if labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise UserError(
            f"labels: expected classes 0..{logits.shape[1] - 1}, received {labels.min()}.."
            f"{labels.max()}; use the judge of this data set"
        )
    return float((logits.argmax(1) == labels).mean())


def balance_classes(labels: Any, seed: int = 0) -> np.ndarray:
    """Ascending indices of a subset of labels [N] with equally many videos of each class.

    The subset has as many videos of each class as the rarest class has, drawn without replacement.
    Classes that do not occur are left out.

    Args:
      labels: int [N].
      seed: of the draw.

    Raises:
      UserError: no labels, or not whole numbers.

    Example:
      >>> labels = [0, 1, 1, 0, 1]
      >>> np.array(labels)[tf_dsae.metrics.balance_classes(labels)].tolist().count(1)
      2
    """
    labels = as_labels("labels", labels)
    check_whole("seed", seed, 0)
    classes, counts = np.unique(labels, return_counts=True)
    rng = np.random.default_rng(seed)
    size = counts.min()
    chosen = [rng.choice(np.flatnonzero(labels == c), size, replace=False) for c in classes]
    return np.sort(np.concatenate(chosen))


def measure_inception(logits: Any) -> Inception:
    """IS, H(y|x) and H(y) of a judge's logits [N, K] (Salimans et al. 2016, Section 4).

    Pass a subset with equally many videos of each class, such as `balance_classes` draws.

    Raises:
      UserError: another shape, no videos, NaN or infinite logits.

    Example, a judge that is sure and sees both classes:
      >>> scores = tf_dsae.metrics.measure_inception([[50.0, 0.0], [0.0, 50.0]])
      >>> round(scores.inception_score, 6), round(scores.entropy_y, 6)
      (2.0, 0.693147)
    """
    log_conditional = log_softmax(as_floats("logits", logits, ("N", "K")), axis=1)
    conditional = np.exp(log_conditional)
    marginal = conditional.mean(0)
    entropy_y_given_x = 0.0 - (conditional * log_conditional).sum(1).mean()
    seen = marginal[marginal > 0]  # 0 log 0 = 0.
    entropy_y = 0.0 - (seen * np.log(seen)).sum()
    divergence = max(entropy_y - entropy_y_given_x, 0.0)  # Jensen; rounding may go below 0.
    return Inception(float(np.exp(divergence)), float(entropy_y_given_x), float(entropy_y))
