"""Schedules: text to points, points to values."""

import numpy as np
import pytest

from tf_dsae.errors import UserError
from tf_dsae.schedules import check_points, parse_schedule, piecewise_linear


def test_number_and_pairs():
    assert parse_schedule("6", 100, "beta") == ((0.0, 6.0),)
    assert parse_schedule("0:0.1,300:1", 100, "beta") == ((0.0, 0.1), (300.0, 1.0))
    assert parse_schedule("0%:4,40%:4,70%:1", 50, "b") == ((0.0, 4.0), (20.0, 4.0), (35.0, 1.0))


def test_percentages_of_a_short_run_come_after_the_steps_before_them():
    text = "0:1,600:1,610:8,60%:8,80%:2"
    steps = {
        2000: [0, 600, 610, 1200, 1600],
        1000: [0, 600, 610, 611, 800],
        500: [0, 600, 610, 611, 612],
    }
    for total, expected in steps.items():
        found = parse_schedule(text, total, "beta")
        assert found == tuple(zip(expected, (1, 1, 8, 8, 2), strict=True))
    # What is out of order in every run stays an error.
    for wrong in ("0%:1,50%:2,40%:3", "0:1,60%:2,30:3", "0:1,10:2,60%:3,50%:4"):
        with pytest.raises(UserError, match="expected steps that rise"):
            parse_schedule(wrong, 100, "beta")


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
        parse_schedule(text, 100, "beta_z")


def test_no_points_are_refused():
    with pytest.raises(UserError):
        check_points((), "beta")
