"""Joint learning against the surfaces that it climbs."""

import numpy as np
import pytest
import tensorflow as tf

from tf_dsae.linear_gaussian import families
from tf_dsae.linear_gaussian import study_report as report
from tf_dsae.linear_gaussian.joint import (
    PRUNED,
    ascend_optimal,
    find_pruned,
    learn_jointly,
    variance_shares,
)
from tf_dsae.linear_gaussian.process import LinearGaussianProcess
from tf_dsae.linear_gaussian.study_results import Joint
from tf_dsae.linear_gaussian.study_settings import FAMILIES, TRUE_PARAMETERS, Parameters


@pytest.fixture(scope="module")
def joint() -> Joint:
    return learn_jointly(num_sequences=40, steps=800)


def test_no_family_ends_below_where_it_began(joint):
    x = LinearGaussianProcess(TRUE_PARAMETERS, 3, 2).sample(40, seed=(0, 1))
    moments = families.sample_moments(x)
    assert tuple(joint.families) == FAMILIES
    for family, end in joint.families.items():
        start = families.optimal_elbo(family, TRUE_PARAMETERS, moments)
        fitted = Parameters(*end.fitted)
        best = families.optimal_elbo(family, fitted, moments)
        assert start < end.elbo < best + 1e-9
        assert best - end.elbo < 0.05
        gap = families.optimal_gap(family, fitted, moments)
        assert end.log_likelihood == pytest.approx(float(best + gap), abs=1e-9)


def test_what_is_pruned_is_what_the_structures_cannot_hold(joint):
    """With three frames families in which z cannot follow f give z up; the others do not."""
    found = {family: end.pruned for family, end in joint.families.items()}
    assert found["structured"] == ("z",) and found["exact"] == found["full"] == ()
    share = variance_shares(TRUE_PARAMETERS, 3)["z"]
    for end in joint.families.values():
        assert (end.share["z"] < PRUNED * share) == ("z" in end.pruned)
        assert sum(end.share.values()) == pytest.approx(1)


def test_nothing_is_pruned_where_it_began():
    assert find_pruned(Parameters(10.0, 0.5, 0.5), Parameters(10.0, 0.5, 0.5), 3) == []
    assert find_pruned(Parameters(0.1, 0.5, 0.5), TRUE_PARAMETERS, 3) == ["f"]


def test_paths_begin_at_the_truth_and_end_at_the_fit(joint):
    for end in joint.families.values():
        assert end.path.step[0] == 1 and end.path.step[-1] == 800
        for name, truth in TRUE_PARAMETERS._asdict().items():
            assert getattr(end.path, name)[0] == pytest.approx(truth)
            assert getattr(end.path, name)[-1] == pytest.approx(getattr(end.fitted, name))


def test_the_limit_of_the_exact_family_is_the_truth(joint):
    limit = joint.families["exact"].limit
    assert limit == pytest.approx(TRUE_PARAMETERS, abs=1e-4)


def test_ascent_ends_where_the_slope_does():
    moments = families.expected_moments(TRUE_PARAMETERS, 4, 2)
    found = ascend_optimal(TRUE_PARAMETERS, moments, 1500)
    logs = tf.constant(np.log(np.array(found["full"])))
    with tf.GradientTape() as tape:
        tape.watch(logs)
        value = families.optimal_elbo("full", Parameters(*tf.unstack(tf.exp(logs))), moments)
    np.testing.assert_allclose(tape.gradient(value, logs), 0, atol=1e-3)
    assert value > families.optimal_elbo("full", TRUE_PARAMETERS, moments)


def test_shares_are_those_of_samples():
    parameters = Parameters(1.5, 0.7, 0.4)
    drawn = LinearGaussianProcess(parameters, 5, 2).joint.sample(100_000, seed=(0, 1))
    total = np.var(drawn["x"])
    share = variance_shares(parameters, 5)
    assert share["f"] == pytest.approx(np.var(drawn["f"]) / total, rel=0.02)
    assert share["z"] == pytest.approx(np.var(drawn["z"]) / total, rel=0.02)


def test_limits_are_ends_whatever_the_steps_of_training(joint):
    """sigma_z on its way to zero is 0, and a limit is higher than the truth."""
    limits = {family: Parameters(*end.limit) for family, end in joint.families.items()}
    for family in ("mean_field", "amortised", "structured"):
        assert limits[family].sigma_z == 0.0
    assert limits["full"].sigma_z > TRUE_PARAMETERS.sigma_z
    short = learn_jointly(num_sequences=3, steps=2)
    assert short.families["full"].limit == limits["full"]
    assert not any(end.converged for end in short.families.values())
    assert all(end.converged for end in joint.families.values())
    assert "NO, by" in report.joint_table(short).rows[1][9]


def test_the_table_names_every_family_and_what_it_lost(joint):
    table = report.joint_table(joint)
    assert {len(row) for row in table.rows} == {len(table.head)}
    rows = {row[0]: row for row in table.rows}
    assert rows["structured"][4] == "z" and rows["exact"][4] == "none"
    assert rows["truth"][1:4] == ["2.00", "0.50", "0.50"]
