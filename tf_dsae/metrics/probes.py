"""Linear probes: what a classifier can read from a code alone."""

import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from tf_dsae.metrics.array_checks import as_factors, as_floats, as_labels
from tf_dsae.metrics.latent_scores import LabelledCodes

PROBE_STEPS = 1000


def chance_accuracy(labels: Any) -> float:
    """Share of the commonest class of labels [N]: the accuracy of always naming it.

    Example:
      >>> tf_dsae.metrics.chance_accuracy([0, 0, 0, 1])
      0.75
    """
    _, counts = np.unique(as_labels("labels", labels), return_counts=True)
    return float(counts.max() / counts.sum())


def linear_probe(train_code: Any, train_labels: Any, test_code: Any, test_labels: Any) -> float:
    """Test accuracy of multinomial logistic regression on codes [N, D], standardised by training.

    L2-regularised as scikit-learn does by default.

    Args:
      train_code, test_code: [N, D], of any N each.
      train_labels, test_labels: int [N].

    Raises:
      UserError: shapes that differ, no videos, NaN, or training labels of one class.

    Example:
      >>> labels = np.array([0, 1, 0, 1])
      >>> tf_dsae.metrics.linear_probe(labels[:, np.newaxis], labels, [[0.0], [1.0]], [0, 1])
      1.0
    """
    train_code = as_floats("train_code", train_code, ("N", "D"))
    test_code = as_floats("test_code", test_code, ("N", train_code.shape[1]))
    labels = as_factors("train_labels", {"labels": train_labels}, len(train_code))["labels"]
    test_labels = as_labels("test_labels", test_labels, len(test_code))
    scaler = StandardScaler().fit(train_code)
    probe = LogisticRegression(max_iter=PROBE_STEPS)
    # So small a problem is solved fastest by one thread, many times so where cores are busy.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # Accuracy settles before weights do.
        probe.fit(scaler.transform(train_code), labels)
    return float(probe.score(scaler.transform(test_code), test_labels))


def probe_matrix(train: LabelledCodes, test: LabelledCodes) -> dict[str, dict[str, float]]:
    """Code -> factor -> linear probe's test accuracy, and under "chance" factor -> chance.

    Shows which of f and z holds which factor: where they are well split, f alone tells the
    attributes, z alone tells the motion, and all else is at chance.

    Args:
      train, test: of the same codes and factors.

    Example:
      >>> split = tf_dsae.metrics.LabelledCodes({"static": np.eye(2)}, {"skin": np.arange(2)})
      >>> tf_dsae.metrics.probe_matrix(split, split)
      {'static': {'skin': 1.0}, 'chance': {'skin': 0.5}}
    """
    matrix = {
        code: {
            factor: linear_probe(train.codes[code], labels, test.codes[code], test.factors[factor])
            for factor, labels in train.factors.items()
        }
        for code in train.codes
    }
    return matrix | {
        "chance": {name: chance_accuracy(test.factors[name]) for name in train.factors}
    }
