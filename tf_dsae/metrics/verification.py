"""Verification: from their codes alone, whether two sequences are of the same person.

As on TIMIT (Hsu et al. 2017, Section 5.1), the score is the cosine similarity of two codes, and the
figure is the equal error rate. It should be small for f and near 1/2 for the mean of z.
"""

from typing import Any

import numpy as np
from sklearn.metrics import roc_curve

from tf_dsae.core.errors import UserError
from tf_dsae.metrics.array_checks import as_floats, as_labels

_MOST_CODES = 5000  # All their pairs are scored: 12.5 million.


def equal_error_rate(scores: Any, same: Any) -> float:
    """The error rate at the threshold where false acceptance and false rejection are equal.

    A fraction: 0 for perfect scores, 1/2 for uninformative ones. Between two thresholds both rates
    are interpolated linearly.

    Args:
      scores: [N], higher for pairs that are more alike.
      same: [N], true (or 1) for pairs of the same person, else false.

    Raises:
      UserError: shapes that differ, no pairs, NaN, or pairs of one kind only.

    Example:
      >>> tf_dsae.metrics.equal_error_rate([0.9, 0.8, 0.7, 0.1], [True, False, True, False])
      0.5
    """
    scores = as_floats("scores", scores, ("N",))
    same = as_labels("same", np.asarray(same).astype(np.int64, copy=False), len(scores))
    if set(np.unique(same)) != {0, 1}:
        raise UserError(
            "same: expected pairs that are the same and pairs that are not, received "
            f"{np.unique(same)[:5].tolist()}; pass both kinds, as 0 and 1"
        )
    accepted_false, accepted_true, _ = roc_curve(same, scores)
    # From -1, nothing is accepted, to 1, everything is.
    return float(np.interp(0.0, accepted_false + accepted_true - 1, accepted_false))


def verification_error(codes: Any, identities: Any) -> float:
    """The equal error rate of cosine similarities over all pairs of codes.

    Args:
      codes: [N, D], none of them all zero.
      identities: int [N], the person of each code.

    Raises:
      UserError: shapes that differ, a code without direction, or pairs of one kind only.

    Example:
      >>> codes = [[1.0, 0.0], [2.0, 0.1], [0.0, 1.0], [0.1, 3.0]]
      >>> tf_dsae.metrics.verification_error(codes, [7, 7, 8, 8])
      0.0
    """
    codes = as_floats("codes", codes, ("N", "D"))
    identities = as_labels("identities", identities, len(codes))
    lengths = np.linalg.norm(codes, axis=1, keepdims=True)
    if len(codes) > _MOST_CODES or lengths.min() == 0:
        raise UserError(
            f"codes: expected at most {_MOST_CODES} codes with a direction each, received "
            f"{len(codes)}, {np.count_nonzero(lengths == 0)} of them all zero; pass fewer, or a "
            "model whose code varies"
        )
    first, second = np.triu_indices(len(codes), 1)
    directions = codes / lengths
    scores = (directions @ directions.T)[first, second]
    return equal_error_rate(scores, identities[first] == identities[second])
