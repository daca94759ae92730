"""Where a curve over one parameter is highest."""

from collections.abc import Callable

import numpy as np

from tf_dsae.linear_gaussian.settings import Parameters

_POINTS = 513


def peak(
    curve: Callable[[Parameters], np.ndarray], truth: Parameters, name: str, num_frames: int
) -> float:
    """The best value of one parameter, the others at the truth, to 1e-5 of it.

    The curve is looked at on a logarithmic grid over all that the data could mean, then between
    the neighbours of the best place, again and again: it may have more than one maximum.

    Args:
      curve: values [n] at parameters, that of `name` [n].
      truth: where the data come from.
      name: the parameter.
      num_frames: T.

    Returns:
      The place, 0 where the curve falls from less than 1e-4 of the truth on.
    """
    # No standard deviation above that of the data's sum explains anything.
    low, high = np.log(1e-4 * getattr(truth, name)), np.log(10 * num_frames * sum(truth))
    first = True
    while first or high - low > 1e-5:
        places = np.linspace(low, high, _POINTS)
        best = int(np.argmax(curve(truth._replace(**{name: np.exp(places)}))))
        if first and best == 0:
            return 0.0
        first = False
        low, high = places[max(best - 1, 0)], places[min(best + 1, _POINTS - 1)]
    return float(np.exp((low + high) / 2))
