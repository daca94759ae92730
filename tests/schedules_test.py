"""Schedules: text to points, points to values."""

import numpy as np
import pytest

from tf_dsae.core.errors import UserError
from tf_dsae.core.schedules import as_points, check_points
from tf_dsae.methods.presets import PRESETS, preset
from tf_dsae.models.objective import piecewise_linear


def test_number_and_pairs():
    assert as_points("6", "beta", 100) == ((0.0, 6.0),)
    assert as_points("0:0.1,300:1", "beta", 100) == ((0.0, 0.1), (300.0, 1.0))
    assert as_points("0%:4,40%:4,70%:1", "b", 50) == ((0.0, 4.0), (20.0, 4.0), (35.0, 1.0))


def test_the_smaller_of_steps_and_percentage():
    text = "0:1,600/20%:1,610/21%:8,60%:2"
    for total, steps in {10_000: [0, 600, 610, 6000], 1000: [0, 200, 210, 600]}.items():
        expected = tuple(zip(steps, (1, 1, 8, 2), strict=True))
        assert as_points(text, "beta", total) == expected
    for wrong in ("0:1,5/:2", "0:1,/5%:2", "0:1,/:2"):
        with pytest.raises(UserError, match="^beta: expected a number or step:value pairs"):
            as_points(wrong, "beta", 100)


@pytest.mark.parametrize("total", [2, 100, 416, 2500, 36_000, 10**7])
@pytest.mark.parametrize("name", PRESETS)
def test_presets_rise_in_runs_of_any_length(name, total):
    training = preset(name).training
    for text in (training.beta_f, training.beta_z):
        points = as_points(text, "beta", total)
        assert points[-1][0] < total and 0.1 <= points[-1][1] <= 1


def test_values_are_those_of_numpy_interpolation():
    points = ((10.0, 2.0), (20.0, 5.0), (50.0, 0.5))
    for step in (0, 10, 13, 20, 35, 50, 99):
        expected = np.interp(step, *zip(*points, strict=True))
        np.testing.assert_allclose(piecewise_linear(points, step), expected, rtol=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "a", "1:2:3", "5:1,5:2", "9:1,3:1", "-1", "nan", "0:1,2:inf", "0:1,nan:2", "-1:1,3:2"],
)
def test_nonsense_is_refused_by_name(text):
    with pytest.raises(UserError, match="^beta_z: expected .* received"):
        as_points(text, "beta_z", 100)


def test_no_points_are_refused():
    with pytest.raises(UserError):
        check_points((), "beta")


def test_numbers_points_and_texts_are_one_schedule():
    assert as_points(3, "beta") == as_points(((0, 3.0),), "beta") == as_points("3", "beta")
    assert as_points("0%:1,50%:2", "beta", total_steps=40) == ((0.0, 1.0), (20.0, 2.0))
    for wrong in ("0%:1,50%:2", "six", ((0, 1), (0, 2)), -1, None, {"a": 1}):
        with pytest.raises(UserError, match="^beta: expected .*received"):
            as_points(wrong, "beta")
