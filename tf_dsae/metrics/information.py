"""The information of a latent about the videos, and the gap of aggregate posterior and prior.

Hoffman and Johnson 2016, Chen et al. 2018: with N videos equally likely and the aggregate posterior
q(f) = (1/N) sum_n q(f | x_n),

    (1/N) sum_n KL(q(f | x_n) || p(f)) = I(x; f) + KL(q(f) || p(f)).
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.special import logsumexp

from tf_dsae.core.errors import UserError
from tf_dsae.metrics.array_checks import as_floats

# A posterior with a lower KL, nats per sequence, has collapsed on its prior: it can hardly
# distinguish two sequences.
COLLAPSED_KL = 0.5
# Log densities held at once, 8 bytes each; a few arrays of this size exist together.
_DENSITIES_AT_ONCE = 4_000_000
_LOG_2_PI = float(np.log(2 * np.pi))


class Information(NamedTuple):
    """mean_kl = mutual_information + aggregate_gap, nats a sequence.

    Attributes:
      mutual_information: I(x; f).
      aggregate_gap: KL(q(f) || p(f)).
      mean_kl: mean over sequences of KL(q(f | x) || p(f)).

    Example:
      >>> tf_dsae.metrics.Information(0.5, 0.25, 0.75).mean_kl
      0.75
    """

    mutual_information: float
    aggregate_gap: float
    mean_kl: float


def _log_density(mean: np.ndarray, stddev: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """log N(sample_n; mean_n, stddev_n^2) of each row of [N, F], nats, [N]."""
    squares = ((samples - mean) / stddev) ** 2 + 2 * np.log(stddev) + _LOG_2_PI
    return -0.5 * squares.sum(1)


def _log_aggregate(
    mean: np.ndarray, stddev: np.ndarray, samples: np.ndarray, own: np.ndarray
) -> np.ndarray:
    """log q(f_n) of every sample under the mixture of all N posteriors, in blocks of samples, [N].

    The square in a Gaussian's exponent is multiplied out, so that all pairs are three products of
    matrices; `own`, log q(f_n | x_n), replaces the pairs where rounding would matter most.
    """
    number, size = mean.shape
    centre = mean.mean(0)  # Smaller numbers lose less when the square is multiplied out.
    mean, samples = mean - centre, samples - centre
    precision = stddev**-2.0
    constant = (mean**2 * precision + 2 * np.log(stddev)).sum(1) + size * _LOG_2_PI
    weighted = mean * precision
    log_aggregate = np.empty(number)
    rows = max(1, _DENSITIES_AT_ONCE // number)
    for start in range(0, number, rows):
        block = slice(start, min(start + rows, number))
        pairs = samples[block] ** 2 @ precision.T
        pairs -= 2 * (samples[block] @ weighted.T)
        pairs += constant
        pairs *= -0.5
        pairs[np.arange(len(pairs)), np.arange(block.start, block.stop)] = own[block]
        log_aggregate[block] = logsumexp(pairs, axis=1)
    return log_aggregate - np.log(number)


def measure_information(
    mean: Any, stddev: Any, samples: Any, prior_log_density: Any = None
) -> Information:
    """I(x; f), KL(q(f) || p(f)) and mean KL(q(f|x) || p(f)) of diagonal Gaussian posteriors.

    q(f) is the mixture of all N posteriors, exact for these N videos; the minibatch estimators of
    Chen et al. 2018 approximate it with a bias. On average the estimate is a lower bound of the
    population's I(x; f), and it is at most log N (7.9 nats at N = 2664). A figure near log N means
    only that all videos are distinguishable; the gap is then too large by what I(x; f) lacks.

    For z pass z_1..z_T side by side: mean, stddev, samples [N, T * Z]. If the posterior depends on
    a sampled f (q(z_t | f, x_1:T)), pass it at that f; the figure is then I(x, f; z).

    Args:
      mean, stddev: of q(f | x_n), [N, F].
      samples: f_n ~ q(f | x_n), one a video, [N, F].
      prior_log_density: log p of each sample [N], nats; None: p = N(0, I), whose KL is then the
        closed form.

    Raises:
      UserError: shapes that differ, no videos, NaN, or a standard deviation not above 0.

    Example, four sequences that are clearly distinct:
      >>> mean = np.array([[-3.0], [-1.0], [1.0], [3.0]])
      >>> found = tf_dsae.metrics.measure_information(mean, np.full([4, 1], 0.01), mean)
      >>> bool(np.isclose(found.mutual_information, np.log(4)))
      True
    """
    mean = as_floats("mean", mean, ("N", "F"))
    stddev = as_floats("stddev", stddev, mean.shape)
    samples = as_floats("samples", samples, mean.shape)
    if stddev.min() <= 0:
        raise UserError(
            f"stddev: expected numbers above 0, received {stddev.min():g}; pass standard "
            "deviations, not their logarithms"
        )
    own = _log_density(mean, stddev, samples)
    if prior_log_density is None:
        kl = 0.5 * (mean**2 + stddev**2 - 2 * np.log(stddev) - 1.0).sum(1)
    else:
        kl = own - as_floats("prior_log_density", prior_log_density, (len(mean),))
    mutual_information = float((own - _log_aggregate(mean, stddev, samples, own)).mean())
    mean_kl = float(kl.mean())
    return Information(mutual_information, mean_kl - mutual_information, mean_kl)
