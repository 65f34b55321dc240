"""Traces: between samples, before the first, after the last, over gaps."""

import numpy as np
import pytest

from netgen.mobility.trace import Trace, TraceSamples


def samples(rows, names=("a", "b")):
    """Rows of user, time, x, y."""
    user, time_s, x_m, y_m = np.array(rows, dtype=float).T
    return TraceSamples(tuple(names), user.astype(np.int64), time_s, x_m, y_m)


TWO = [(0, 10, 0, 0), (1, 12, 5, 5), (0, 20, 100, 50), (0, 40, 100, 50), (0, 41, 103, 54)]


def test_positions_are_linear_between_samples_and_wait_outside():
    model = Trace(samples(TWO))
    assert model.names == ("a", "b")
    assert model.max_speed_mps == pytest.approx(np.hypot(100, 50) / 10)
    assert model.moving.tolist() == [True, False]
    for time_s, expected, present in (
        (0.0, (0, 0), [False, False]),
        (9.999, (0, 0), [False, False]),
        (10.0, (0, 0), [True, False]),
        (12.0, (20, 10), [True, True]),
        (13.0, (30, 15), [True, False]),
        (20.0, (100, 50), [True, False]),
        (30.0, (100, 50), [True, False]),
        (40.5, (101.5, 52), [True, False]),
        (41.0, (103, 54), [True, False]),
        (41.001, (103, 54), [False, False]),
        (99.0, (103, 54), [False, False]),
    ):
        x_m, y_m = model.positions_at(time_s)
        np.testing.assert_allclose([x_m[0], y_m[0]], expected, atol=1e-9)
        assert (x_m[1], y_m[1]) == (5, 5)
        assert model.present.tolist() == present, time_s


def test_a_long_gap_is_an_absence():
    model = Trace(samples(TWO), longest_gap_s=10.0)
    there = []
    for time_s in (15.0, 20.0, 20.1, 39.0, 40.0, 40.5):
        x_m, _ = model.positions_at(time_s)
        there.append((x_m[0], model.present[0]))
    assert there == [(50, True), (100, True), (100, False), (100, False), (100, True), (101.5, True)]
    fast = [(0, 0, 0, 0), (0, 1, 1, 0), (0, 2, 900, 0), (0, 7, 905, 0)]
    assert Trace(samples(fast, "a"), longest_gap_s=0.9).max_speed_mps == 0.0
    assert Trace(samples(fast, "a")).max_speed_mps == 899.0


def test_the_order_of_samples_does_not_matter():
    one, other = Trace(samples(TWO)), Trace(samples(TWO[::-1]))
    for time_s in (5.0, 17.3, 40.2):
        np.testing.assert_array_equal(one.positions_at(time_s), other.positions_at(time_s))


def test_a_trace_that_begins_at_zero_is_there_at_once():
    model = Trace(samples([(0, 0, 1, 2), (0, 5, 6, 2)], "a"))
    x_m, _ = model.positions_at(0.0)
    assert x_m[0] == 1.0
    assert model.present[0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(0, 1, 0, 0), (0, 1, 5, 5), (1, 2, 0, 0)], "the user a is in two places at 1.0 s"),
        ([(0, 1, 0, 0)], "the user b has no sample"),
        ([(0, -1, 0, 0), (1, 2, 0, 0)], r"time_s\[0\] = -1.0 s"),
        ([(0, 1, np.nan, 0), (1, 2, 0, 0)], r"x_m\[0\] = nan is not finite"),
        ([(0, 1, 0, 0), (2, 2, 0, 0)], "without a name"),
    ],
)
def test_samples_that_contradict_are_refused(rows, message):
    with pytest.raises(ValueError, match=message):
        samples(rows)


def test_lengths_and_gaps_are_checked():
    with pytest.raises(ValueError, match="2 values of x_m for 1 samples"):
        TraceSamples(("a",), np.array([0]), np.array([0.0]), np.array([0.0, 1.0]), np.array([0.0]))
    with pytest.raises(ValueError, match="longest_gap_s"):
        Trace(samples(TWO), longest_gap_s=0.0)
