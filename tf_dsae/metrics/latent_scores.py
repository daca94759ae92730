"""What the scores of codes take and give; scikit-learn is not needed to read them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np


class LabelledCodes(NamedTuple):
    """Codes of N videos, code -> float [N, D], and their labels, `factors`: factor -> int [N].

    Example:
      >>> codes = {"static": np.zeros((4, 2))}
      >>> tf_dsae.metrics.LabelledCodes(codes, {"skin": [0, 1, 0, 1]}).factors
      {'skin': [0, 1, 0, 1]}
    """

    codes: Mapping[str, np.ndarray]
    factors: Mapping[str, np.ndarray]


class DCI(NamedTuple):
    """Three scores in [0, 1] (Eastwood and Williams 2018); higher is better.

    Attributes:
      disentanglement: whether a dimension tells one factor only.
      completeness: whether one dimension tells a factor.
      informativeness: mean test accuracy over factors.

    Example:
      >>> tf_dsae.metrics.DCI(1.0, 1.0, 0.9).informativeness
      0.9
    """

    disentanglement: float
    completeness: float
    informativeness: float


class LatentScores(NamedTuple):
    """What `measure_latents` finds: mig and sap, means over factors, and dci, None of one factor.

    probe: code -> factor -> a linear probe's test accuracy, and "chance" -> factor -> chance.

    Example:
      >>> scores = tf_dsae.metrics.DCI(1.0, 1.0, 1.0)
      >>> tf_dsae.metrics.LatentScores(0.9, scores, 0.8, {"static": {"skin": 1.0}}).probe["static"]
      {'skin': 1.0}
    """

    mig: float
    dci: DCI | None
    sap: float
    probe: dict[str, dict[str, float]]
