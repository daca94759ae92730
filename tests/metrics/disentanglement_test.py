"""MIG, DCI, SAP and probes on perfect, useless and redundant codes, and recomputed another way."""

import itertools

import numpy as np
import pytest
import scipy.special
import scipy.stats
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import balanced_accuracy_score

from tf_dsae.core.errors import UserError
from tf_dsae.metrics import disentanglement as latents
from tf_dsae.metrics.disentanglement import (
    dci_of_importances,
    measure_dci,
    measure_latents,
    mutual_information_gap,
    separated_attribute_predictability,
)
from tf_dsae.metrics.latent_scores import DCI, LabelledCodes
from tf_dsae.metrics.probes import chance_accuracy, linear_probe, probe_matrix

CLASSES = {"skin": 4, "top": 5, "action": 3}


def grid(repeats: int) -> dict[str, np.ndarray]:
    """Every combination of classes equally often, so that factors are exactly independent."""
    rows = np.array(list(itertools.product(*map(range, CLASSES.values()))) * repeats)
    return dict(zip(CLASSES, rows.T, strict=True))


TRAIN, TEST = grid(5), grid(2)


def own_dimensions(factors: dict[str, np.ndarray]) -> np.ndarray:
    """A factor a dimension, at other scales, and one constant dimension: [N, 4]."""
    columns = [0.1 * factors["action"], 40.0 * factors["skin"] - 9, -factors["top"]]
    return np.column_stack([*columns, np.full(len(columns[0]), 2.5)])


def noise(videos: int, dimensions: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(videos, dimensions))


def all_scores(train_code, test_code):
    arrays = train_code, TRAIN, test_code, TEST
    return (
        mutual_information_gap(test_code, TEST).mean,
        measure_dci(*arrays),
        separated_attribute_predictability(*arrays).mean,
    )


def test_a_perfect_code():
    mig, dci, sap = all_scores(own_dimensions(TRAIN), own_dimensions(TEST))
    assert mig == pytest.approx(1.0)
    assert dci == pytest.approx(DCI(1.0, 1.0, 1.0))
    # The best dimension is always right, the next is as good as chance.
    assert sap == pytest.approx(np.mean([1 - 1 / classes for classes in CLASSES.values()]))


def test_a_constant_code_is_useless():
    mig, dci, sap = all_scores(np.ones((300, 6)), np.ones((120, 6)))
    assert (mig, sap) == (0.0, 0.0)
    assert dci[:2] == (0.0, 0.0)
    assert dci.informativeness < 0.36


def test_a_code_of_noise_is_useless():
    mig, dci, sap = all_scores(noise(300, 6, seed=0), noise(120, 6, seed=1))
    assert mig < 0.1 and sap < 0.1
    assert max(dci[:2]) < 0.1 and dci.informativeness < 0.4


def test_a_redundant_code_has_no_gap_but_is_disentangled():
    """Every dimension twice: no dimension is ahead; each tells one factor; a factor has two."""
    mig, dci, sap = all_scores(*(np.tile(own_dimensions(of)[:, :3], 2) for of in (TRAIN, TEST)))
    assert (mig, sap) == (pytest.approx(0.0), 0.0)
    assert (dci.disentanglement, dci.informativeness) == pytest.approx((1.0, 1.0))
    assert dci.completeness == pytest.approx(1 - np.log(2) / np.log(6), abs=0.03)


def test_an_entangled_code_is_complete_in_nothing():
    """Rotating the perfect code keeps what it tells, not where."""
    rotation = np.linalg.qr(noise(3, 3, seed=2))[0]
    codes = []
    for factors in (TRAIN, TEST):
        code = own_dimensions(factors)[:, :3] / [0.1, 40, 1]
        codes.append((code - code.mean(0)) @ rotation)
    mig, dci, sap = all_scores(*codes)
    assert mig < 0.5 and max(dci[:2]) < 0.7 and sap < 0.5
    assert linear_probe(codes[0], TRAIN["skin"], codes[1], TEST["skin"]) == 1.0


def clouds(videos: int, seed: int) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Dependent factors with gaps between labels, and a code that holds them in part."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 4, videos)
    second = np.where(rng.random(videos) < 0.4, first % 3, rng.choice([0, 1, 9], videos))
    code = rng.normal(size=(videos, 7)) + np.outer(first, rng.random(7)) - np.outer(second, [1] * 7)
    code[:, 3] = -4.0
    return code.astype(np.float32), {"hair": 10 * first - 5, "pants": second}


def test_mig_is_that_of_histograms():
    code, factors = clouds(611, seed=3)
    expected = {}
    for name, labels in factors.items():
        information = []
        for column in code.T.astype(float):
            bins = np.digitize(column, np.histogram(column, 20)[1][:-1])
            total = 0.0
            for value, label in itertools.product(set(bins), set(labels)):
                joint = np.mean((bins == value) & (labels == label))
                if joint > 0:
                    apart = np.mean(bins == value) * np.mean(labels == label)
                    total += joint * np.log(joint / apart)
            information.append(total)
        second, best = sorted(information)[-2:]
        entropy = scipy.stats.entropy(np.unique(labels, return_counts=True)[1])
        expected[name] = (best - second) / entropy
    found = mutual_information_gap(code, factors)
    assert found.by_factor == pytest.approx(expected)
    assert found.mean == pytest.approx(np.mean(list(expected.values())))


def test_sap_is_that_of_discriminant_analysis():
    (train_code, train), (test_code, test) = clouds(411, seed=3), clouds(203, seed=4)
    expected = {}
    for name, labels in train.items():
        classes = len(set(labels))
        scores = [1 / classes]  # Of the constant dimension.
        for d in (0, 1, 2, 4, 5, 6):
            analysis = LinearDiscriminantAnalysis(priors=np.full(classes, 1 / classes))
            analysis.fit(train_code[:, [d]], labels)
            predicted = analysis.predict(test_code[:, [d]])
            scores.append(balanced_accuracy_score(test[name], predicted))
        second, best = sorted(scores)[-2:]
        expected[name] = best - second
    found = separated_attribute_predictability(train_code, train, test_code, test)
    assert found.by_factor == pytest.approx(expected)
    assert found.mean == pytest.approx(np.mean(list(expected.values())))


def test_dci_is_that_of_entropies():
    importances = np.random.default_rng(5).random((7, 3)) ** 3
    importances[4] = 0.0
    disentanglement = completeness = 0.0
    for row in importances[importances.sum(1) > 0]:
        disentanglement += row.sum() * (1 - scipy.stats.entropy(row, base=3))
    for column in importances.T:
        completeness += column.sum() * (1 - scipy.stats.entropy(column, base=7))
    expected = np.array([disentanglement, completeness]) / importances.sum()
    assert dci_of_importances(importances) == pytest.approx(expected)
    assert dci_of_importances(np.zeros((7, 3))) == (0.0, 0.0)
    assert dci_of_importances(np.eye(7)[:, :3]) == (1.0, 1.0)


def test_dci_draws_its_training_videos_by_seed(monkeypatch):
    (train_code, train), (test_code, test) = clouds(409, seed=6), clouds(203, seed=7)
    monkeypatch.setattr(latents, "DCI_TRAINING_VIDEOS", 87)
    first = measure_dci(train_code, train, test_code, test, seed=1)
    assert measure_dci(train_code, train, test_code, test, seed=1) == first
    assert measure_dci(train_code, train, test_code, test, seed=2) != first


def gradient_descent(code, labels):
    """Softmax regression with scikit-learn's penalty, |W|^2 / 2 beside the summed log loss."""
    code = np.column_stack([code, np.ones(len(code))])
    targets = np.eye(labels.max() + 1)[labels]
    weights = np.zeros((code.shape[1], targets.shape[1]))
    for _ in range(3000):
        slope = code.T @ (scipy.special.softmax(code @ weights, axis=1) - targets)
        slope[:-1] += weights[:-1]
        weights -= slope / len(code)
    return weights


def test_a_probe_is_softmax_regression():
    rng = np.random.default_rng(8)
    labels, test_labels = rng.integers(0, 3, 301), rng.integers(0, 3, 507)
    centres = rng.normal(0, 0.8, (3, 4))
    code, test_code = (
        5 + 100 * (rng.normal(size=(len(of), 4)) + centres[of]) for of in (labels, test_labels)
    )
    mean, stddev = code.mean(0), code.std(0)
    weights = gradient_descent((code - mean) / stddev, labels)
    predicted = ((test_code - mean) / stddev) @ weights[:-1] + weights[-1]
    expected = np.mean(predicted.argmax(1) == test_labels)
    assert 0.5 < expected < 0.9
    assert linear_probe(code, labels, test_code, test_labels) == pytest.approx(expected, abs=0.005)


def test_a_probe_that_sees_nothing_says_the_commonest_class():
    labels = np.repeat([2, 7, 9], [20, 30, 11])
    test_labels = np.repeat([7, 2], [13, 4])
    constant = linear_probe(np.zeros((61, 5)), labels, np.zeros((17, 5)), test_labels)
    assert constant == chance_accuracy(test_labels) == pytest.approx(13 / 17)


def test_probe_matrix_shows_what_leaks():
    """f holds skin and top; z holds the action, and leaks top."""

    def labelled(factors, seed):
        videos = len(factors["skin"])
        static = np.column_stack([np.eye(4)[factors["skin"]], np.eye(5)[factors["top"]]])
        dynamic = np.column_stack([np.eye(3)[factors["action"]], np.eye(5)[factors["top"]]])
        codes = {"static": static, "dynamic": dynamic}
        for code in codes.values():
            code += 0.05 * noise(videos, code.shape[1], seed)
        return LabelledCodes(codes, factors)

    train, test = labelled(TRAIN, 9), labelled(TEST, 10)
    matrix = probe_matrix(train, test)
    assert list(matrix) == ["static", "dynamic", "chance"]
    assert matrix["chance"] == pytest.approx({"skin": 1 / 4, "top": 1 / 5, "action": 1 / 3})
    assert matrix["static"]["skin"] == matrix["static"]["top"] == 1.0
    assert matrix["dynamic"]["action"] == matrix["dynamic"]["top"] == 1.0
    assert matrix["static"]["action"] < 0.5 and matrix["dynamic"]["skin"] < 0.4
    found = measure_latents(train, test)
    assert found._fields == ("mig", "dci", "sap", "probe") and found.probe == matrix
    assert found.dci._fields == ("disentanglement", "completeness", "informativeness")
    side_by_side = np.hstack([test.codes["static"], test.codes["dynamic"]])
    assert found.mig == mutual_information_gap(side_by_side, TEST).mean


def test_data_of_one_factor_have_no_dci():
    train, test = (
        LabelledCodes({"static": own_dimensions(split)}, {"skin": split["skin"]})
        for split in (TRAIN, TEST)
    )
    found = measure_latents(train, test)
    assert found.dci is None and found.mig == pytest.approx(1.0)
    assert found.probe["static"]["skin"] == 1.0


def test_dimensions_of_any_scale_are_told_apart():
    code = own_dimensions(TEST) * [1e-30, 1e30, 1.0, 0.0] + [0, 0, 1e6, 0]
    assert mutual_information_gap(code, TEST).mean == pytest.approx(1.0)
    scaled = own_dimensions(TRAIN) * [1e-30, 1e30, 1.0, 0.0] + [0, 0, 1e6, 0]
    found = separated_attribute_predictability(scaled, TRAIN, code, TEST)
    assert found.by_factor["top"] == pytest.approx(1 - 1 / 5)


ONE = {"skin": np.zeros(120, int)}


@pytest.mark.parametrize(
    ("code", "factors", "message"),
    [
        (noise(120, 3, 0), TEST | ONE, r"factors\['skin'\]: expected at least 2 classes, rec"),
        (noise(119, 3, 0), TEST, r"factors\['skin'\]: expected .*\[119\], received \[120\]"),
        (noise(120, 1, 0), TEST, "code: expected at least 2 dimensions"),
        (noise(0, 3, 0), TEST, "code: expected"),
        (noise(120, 3, 0)[0], TEST, r"code: expected .*\[N, D\]"),
        (noise(120, 3, 0) * np.nan, TEST, "code: expected finite numbers, received 360 NaN"),
        (noise(120, 3, 0), {}, "factors: expected labels by factor"),
        (noise(120, 3, 0), {"skin": TEST["skin"] * 0.5}, "expected whole numbers"),
    ],
)
def test_mistakes_are_named(code, factors, message):
    with pytest.raises(UserError, match=message) as error:
        mutual_information_gap(code, factors)
    assert "\n" not in str(error.value) and ";" in str(error.value)


def test_mistakes_of_two_splits_are_named():
    code, test_code = noise(300, 3, 0), noise(120, 3, 1)
    sap = separated_attribute_predictability
    with pytest.raises(UserError, match=r"test_code: expected .*\[N, 3\], received \[120, 2\]"):
        sap(code, TRAIN, test_code[:, :2], TEST)
    with pytest.raises(UserError, match="test_factors: expected skin, top, action as in training"):
        sap(code, TRAIN, test_code, {"skin": TEST["skin"]})
    with pytest.raises(UserError, match=r"test_factors\['skin'\]: expected at least 2 classes"):
        sap(code, TRAIN, test_code, TEST | ONE)
    with pytest.raises(UserError, match="train_factors: expected at least 2 factors"):
        measure_dci(code, {"top": TRAIN["top"]}, test_code, {"top": TEST["top"]})
    with pytest.raises(UserError, match="expected at least 2 classes"):
        linear_probe(code, np.zeros(300, int), test_code, TEST["skin"])
    with pytest.raises(UserError, match="test_labels: expected"):
        linear_probe(code, TRAIN["skin"], test_code, TEST["skin"][:7])
