"""Where a curve over one parameter is highest."""

from collections.abc import Callable

import numpy as np

from tf_dsae.linear_gaussian.study_settings import Parameters

_POINTS = 257


def peak(
    curve: Callable[[Parameters], np.ndarray], truth: Parameters, name: str, num_frames: int
) -> float:
    """The best value of one parameter, the others at the truth, to 1e-5 of it.

    The curve may have several maxima: it is evaluated on a logarithmic grid, and repeatedly on
    finer grids between the neighbours of the best place.

    Args:
      curve: values [n] at parameters, that of `name` [n].
      truth: where the data come from.
      name: the parameter.
      num_frames: T.

    Returns:
      The parameter at the peak; 0 if the curve is no higher there than next to zero.
    """
    # A deviation of more than ten times T times all of theirs together explains no such data.
    lowest, highest = 1e-4 * getattr(truth, name), 10 * num_frames * sum(truth)

    def at(logs: np.ndarray) -> np.ndarray:
        return curve(truth._replace(**{name: np.exp(logs)}))

    low, high = np.log(lowest), np.log(highest)
    at_zero = at(np.array([low]))[0]
    while high - low > 1e-5:
        places = np.linspace(low, high, _POINTS)
        values = at(places)
        best = int(np.argmax(values))
        # Next to zero the curve is flat, and rounding would decide.
        if places[best] < np.log(100 * lowest) and values[best] - at_zero < 1e-9:
            return 0.0
        low, high = places[max(best - 1, 0)], places[min(best + 1, _POINTS - 1)]
    return float(np.exp((low + high) / 2))
