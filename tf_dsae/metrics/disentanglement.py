"""How a code holds the true factors: MIG, DCI and SAP, after their papers.

A code represents N videos, [N, D], such as the posterior mean of f beside the mean of z over time.
Factors are their labels, factor -> int [N]. Scores are fractions in [0, 1].
"""

from typing import Any, NamedTuple

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import mutual_info_score

from tf_dsae.core.checks import check_whole
from tf_dsae.core.errors import UserError
from tf_dsae.metrics.array_checks import as_factors, as_floats
from tf_dsae.metrics.latent_scores import DCI, LabelledCodes, LatentScores
from tf_dsae.metrics.probes import probe_matrix

MIG_BINS = 20
DCI_TRAINING_VIDEOS = 2000
DCI_TREES = 20


class FactorScore(NamedTuple):
    """A score's mean over factors, and `by_factor`, factor -> its score.

    Example:
      >>> tf_dsae.metrics.FactorScore(0.5, {"skin": 0.75, "hair": 0.25}).mean
      0.5
    """

    mean: float
    by_factor: dict[str, float]


class _Split(NamedTuple):
    code: np.ndarray
    factors: dict[str, np.ndarray]


def _split(name: str, code: Any, factors: Any, dimensions: int | str = "D") -> _Split:
    code = as_floats(f"{name}code", code, ("N", dimensions))
    if code.shape[1] < 2:
        raise UserError(
            f"{name}code: expected at least 2 dimensions to compare, received {code.shape[1]}; "
            "pass f and z side by side"
        )
    return _Split(code, as_factors(f"{name}factors", factors, len(code)))


def _train_and_test(
    train_code: Any, train_factors: Any, test_code: Any, test_factors: Any
) -> tuple[_Split, _Split]:
    """Checks both splits for equal dimensions and factors."""
    train = _split("train_", train_code, train_factors)
    test = _split("test_", test_code, test_factors, train.code.shape[1])
    if set(train.factors) != set(test.factors):
        raise UserError(
            f"test_factors: expected {', '.join(train.factors)} as in training, received "
            f"{', '.join(test.factors)}; pass the same factors"
        )
    return train, test


def _top_two_gap(scores: np.ndarray) -> np.ndarray:
    """Largest minus second largest along the first axis."""
    ordered = np.sort(scores, axis=0)
    return ordered[-1] - ordered[-2]


def _as_scores(names: Any, values: np.ndarray) -> FactorScore:
    by_factor = {name: float(value) for name, value in zip(names, values, strict=True)}
    return FactorScore(float(np.mean(values)), by_factor)


def _bins(code: np.ndarray) -> np.ndarray:
    """The bin 0..MIG_BINS - 1 between each dimension's extremes; 0 where it is constant."""
    low, high = code.min(0), code.max(0)
    width = np.where(high > low, high - low, 1.0)
    return np.minimum((code - low) / width * MIG_BINS, MIG_BINS - 1).astype(np.int64)


def mutual_information_gap(code: Any, factors: Any) -> FactorScore:
    """MIG of Chen et al. 2018 (Section 4): the lead of one dimension in information on a factor.

    (I(c_first; v) - I(c_second; v)) / H(v), the two most informative dimensions of factor v in code
    [N, D], D at least 2, each discretised into 20 equal-width bins as disentanglement_lib does.
    `factors` are factor -> int [N].

    Example, the first dimension alone tells the factor:
      >>> labels = np.array([0, 1, 0, 1])
      >>> code = np.stack([labels, np.zeros(4)], axis=1)
      >>> round(tf_dsae.metrics.mutual_information_gap(code, {"skin": labels}).mean, 6)
      1.0
    """
    split = _split("", code, factors)
    bins, gaps = _bins(split.code), []
    for labels in split.factors.values():
        information = [mutual_info_score(labels, column) for column in bins.T]
        entropy = mutual_info_score(labels, labels)
        gaps.append(_top_two_gap(np.array(information)) / entropy)
    return _as_scores(split.factors, np.array(gaps))


def _one_minus_entropy(weights: np.ndarray) -> np.ndarray:
    """1 - H(weights / their sum) / log(size) of each row, 0 where a row is all zero."""
    total = weights.sum(1, keepdims=True)
    share = np.where(total > 0, weights / np.where(total > 0, total, 1.0), 1 / weights.shape[1])
    entropy = -(share * np.log(np.where(share > 0, share, 1.0))).sum(1)
    return 1.0 - entropy / np.log(weights.shape[1])


def dci_of_importances(importances: Any) -> tuple[float, float]:
    """Disentanglement and completeness of importances R [D, K] (Eastwood and Williams 2018).

    Disentanglement D_i = 1 - H_K(R_i / sum_j R_ij) of each dimension, completeness
    C_j = 1 - H_D(R_j / sum_i R_ij) of each factor, both weighted by their share of all importance.

    Args:
      importances: of D dimensions for K factors, 0 or more.

    Example, a dimension for each factor:
      >>> tf_dsae.metrics.dci_of_importances(np.eye(3))
      (1.0, 1.0)
    """
    importances = as_floats("importances", importances, ("D", "K"))
    total = importances.sum()
    if total == 0:
        return 0.0, 0.0
    of_code, of_factor = importances.sum(1) / total, importances.sum(0) / total
    disentanglement = of_code @ _one_minus_entropy(importances)
    return float(disentanglement), float(of_factor @ _one_minus_entropy(importances.T))


def measure_dci(
    train_code: Any, train_factors: Any, test_code: Any, test_factors: Any, seed: int = 0
) -> DCI:
    """DCI of Eastwood and Williams 2018 (Section 2), with importances of random forests.

    Each factor has a forest of 20 trees, trained on at most 2000 training videos drawn with `seed`;
    each tree draws half as many. Every split considers all dimensions, because a random choice
    would give importance to dimensions without information. Informativeness is the mean accuracy on
    all test videos.

    Args:
      train_code, test_code: [N, D], D at least 2.
      train_factors, test_factors: factor -> int [N], at least two factors.
      seed: of the draws and of the forests.

    Example:
      >>> factors = {"skin": np.arange(40) % 2, "hair": np.arange(40) // 2 % 2}
      >>> code = np.stack(list(factors.values()), axis=1)
      >>> tf_dsae.metrics.measure_dci(code, factors, code, factors).informativeness
      1.0
    """
    train, test = _train_and_test(train_code, train_factors, test_code, test_factors)
    check_whole("seed", seed, 0)
    if len(train.factors) < 2:
        raise UserError(
            f"train_factors: expected at least 2 factors to tell apart, received "
            f"{', '.join(train.factors)}; pass more"
        )
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(train.code))[:DCI_TRAINING_VIDEOS]
    importances, accuracies = [], []
    for name, labels in train.factors.items():
        forest = RandomForestClassifier(
            DCI_TREES, max_features=None, max_samples=0.5, n_jobs=-1, random_state=seed
        )
        forest.fit(train.code[chosen], labels[chosen])
        importances.append(forest.feature_importances_)
        accuracies.append(forest.score(test.code, test.factors[name]))
    return DCI(*dci_of_importances(np.transpose(importances)), float(np.mean(accuracies)))


def _single_dimension_scores(
    train: tuple[np.ndarray, np.ndarray], test: tuple[np.ndarray, np.ndarray]
) -> np.ndarray:
    """Balanced test accuracy [D] of the nearest training class mean in each single dimension.

    A tie, as in a constant dimension, goes to the first class.
    """
    (train_code, train_labels), (test_code, test_labels) = train, test
    classes = np.unique(train_labels)
    means = np.stack([train_code[train_labels == c].mean(0) for c in classes])
    predicted = np.zeros(test_code.shape, np.int64)
    nearest = np.full(test_code.shape, np.inf)
    for index, mean in enumerate(means):
        distance = np.abs(test_code - mean)
        predicted[distance < nearest] = index
        nearest = np.minimum(nearest, distance)
    right = classes[predicted] == test_labels[:, np.newaxis]
    return np.mean([right[test_labels == c].mean(0) for c in np.unique(test_labels)], axis=0)


def separated_attribute_predictability(
    train_code: Any, train_factors: Any, test_code: Any, test_factors: Any
) -> FactorScore:
    """SAP of Kumar et al. 2018 (Section 3): the best single dimension's lead for a factor.

    A dimension's score is the balanced test accuracy of thresholds on it, as they define it for
    classes: here linear discriminant analysis with equal priors, whose thresholds lie halfway
    between the means of neighbouring classes.

    Args:
      train_code, test_code: [N, D], D at least 2.
      train_factors, test_factors: factor -> int [N].

    Example, right always by one dimension and by chance by the other:
      >>> labels = np.array([0, 1, 0, 1])
      >>> code, factors = np.stack([labels, np.zeros(4)], axis=1), {"skin": labels}
      >>> tf_dsae.metrics.separated_attribute_predictability(code, factors, code, factors).mean
      0.5
    """
    train, test = _train_and_test(train_code, train_factors, test_code, test_factors)
    scores = [
        _single_dimension_scores((train.code, labels), (test.code, test.factors[name]))
        for name, labels in train.factors.items()
    ]
    return _as_scores(train.factors, _top_two_gap(np.transpose(scores)))


def measure_latents(train: LabelledCodes, test: LabelledCodes, seed: int = 0) -> LatentScores:
    """All measures of a code: mig, dci, sap (codes side by side), and probe (each alone).

    MIG on the test videos; the others learn from the training videos and are scored on the test
    videos. `train` and `test` are of the same codes and factors; DCI needs two factors or more, and
    is None of one. `seed` is that of DCI's draws and forests.

    Example:
      >>> factors = {"skin": np.arange(40) % 2, "action": np.arange(40) // 2 % 2}
      >>> codes = {"static": np.eye(2)[factors["skin"]], "dynamic": np.eye(2)[factors["action"]]}
      >>> split = tf_dsae.metrics.LabelledCodes(codes, factors)
      >>> tf_dsae.metrics.measure_latents(split, split).probe["dynamic"]["action"]
      1.0
    """
    train_code, test_code = (np.hstack(list(split.codes.values())) for split in (train, test))
    arrays = train_code, train.factors, test_code, test.factors
    return LatentScores(
        mig=mutual_information_gap(test_code, test.factors).mean,
        dci=measure_dci(*arrays, seed=seed) if len(train.factors) > 1 else None,
        sap=separated_attribute_predictability(*arrays).mean,
        probe=probe_matrix(train, test),
    )
