"""The bootstrap over clusters: intervals of means over correlated sequences.

The sequences of a character, a speaker or a person are alike, so that resampling single sequences
would give intervals that are too narrow (hierarchical data in Davison and Hinkley 1997).
"""

from typing import Any

import numpy as np

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.metrics.array_checks import as_floats, as_labels

# Counts of clusters drawn at once: 8 bytes each.
_DRAWS_AT_ONCE = 2_000_000


def resample_means(
    values: Any, clusters: Any, num_resamples: int = 2000, seed: int = 0
) -> np.ndarray:
    """Means [R, M] of `values` [N, M], each over clusters drawn with replacement.

    Args:
      values: one row for each sequence.
      clusters: int [N], the cluster of each sequence.
      num_resamples: R.
      seed: of the draws.

    Raises:
      UserError: shapes that differ, no sequences, NaN, or not whole numbers.

    Example:
      >>> tf_dsae.metrics.resample_means([[1.0], [1.0]], [0, 1], num_resamples=3).shape
      (3, 1)
    """
    values = as_floats("values", values, ("N", "M"))
    check_whole("num_resamples", num_resamples, 1)
    check_whole("seed", seed, 0)
    _, index = np.unique(as_labels("clusters", clusters, len(values)), return_inverse=True)
    number = int(index.max()) + 1
    sums = np.zeros((number, 1 + values.shape[1]))
    np.add.at(sums, index, np.column_stack([np.ones(len(values)), values]))
    rng = np.random.default_rng(seed)
    totals, rows = [], max(1, _DRAWS_AT_ONCE // number)
    for start in range(0, num_resamples, rows):
        size = min(rows, num_resamples - start)
        totals.append(rng.multinomial(number, np.full(number, 1 / number), size) @ sums)
    drawn = np.concatenate(totals)
    return drawn[:, 1:] / drawn[:, :1]


def bootstrap_intervals(
    values: Any, clusters: Any, num_resamples: int = 2000, seed: int = 0
) -> np.ndarray:
    """95% percentile intervals [M, 2] of the means of `values` [N, M], resampling whole clusters.

    If all values are equal, the interval has no width: a bootstrap only resamples what it has.

    Args:
      values, clusters, num_resamples, seed: as `resample_means` takes them.

    Raises:
      UserError: as `resample_means` does, or fewer than 2 clusters.

    Example:
      >>> tf_dsae.metrics.bootstrap_intervals([[3.0], [3.0], [3.0]], [0, 1, 1]).tolist()
      [[3.0, 3.0]]
    """
    means = resample_means(values, clusters, num_resamples, seed)
    if np.unique(np.asarray(clusters)).size < 2:
        raise UserError(
            "clusters: expected at least 2, as intervals resample clusters, received 1; "
            "evaluate sequences of more characters, speakers or persons"
        )
    return np.quantile(means, [0.025, 0.975], axis=0).T
