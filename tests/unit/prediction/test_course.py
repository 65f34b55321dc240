"""Where users are going by their reports."""

import numpy as np
import pytest

from netgen.prediction.course import Course


def array(*values):
    return np.array(values, dtype=float)


def test_straight_on_from_the_last_two_reports():
    course, users = Course(3), np.array([0, 2])
    course.report(users, array(0, 100), array(0, 0), time_s=1.0)
    x_m, y_m = course.place(np.arange(3), at_s=5.0)
    assert x_m.tolist() == pytest.approx([0, np.nan, 100], nan_ok=True)
    course.report(users, array(10, 100), array(-4, 6), time_s=3.0)
    x_m, y_m = course.place(users, at_s=5.0)
    assert (x_m.tolist(), y_m.tolist()) == ([20.0, 100.0], [-8.0, 12.0])
    course.report(users[:1], array(10), array(-4), time_s=4.0)
    x_m, y_m = course.place(users, at_s=5.0)
    assert (x_m.tolist(), y_m.tolist()) == ([10.0, 100.0], [-4.0, 12.0])


def test_two_reports_of_one_instant_are_one():
    """Two services of a user report at once."""
    course, user = Course(1), np.array([0, 0])
    for time_s in (0.0, 0.0, 2.0, 2.0):
        course.report(user, array(5, 5) * time_s, array(0, 0), time_s=time_s)
    assert course.place(user[:1], at_s=3.0)[0].tolist() == [15.0]


def test_reports_do_not_go_back():
    course, user = Course(1), np.array([0])
    course.report(user, array(0), array(0), time_s=2.0)
    with pytest.raises(ValueError, match="came after"):
        course.report(user, array(0), array(0), time_s=1.0)
