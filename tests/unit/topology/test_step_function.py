"""Quantities that jump."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.topology.step_function import StepFunction


def test_each_value_holds_from_its_instant_on():
    steps = StepFunction.steps([0, 2, 5], [10, -3, 4])
    assert steps.at(np.array([0, 1.999, 2, 4, 5, 1e6])).tolist() == [10, 10, -3, -3, 4, 4]
    assert steps.at_one(2.0) == -3
    assert StepFunction.constant(7).at(np.array([[0.0, 9.0]])).tolist() == [[7, 7]]


def test_it_repeats_after_its_period():
    steps = StepFunction.steps([0, 2], [1, 2], period_s=3)
    assert steps.at(np.array([0, 2, 3, 4.9, 5, 300])).tolist() == [1, 2, 1, 1, 2, 1]


def test_nobody_can_change_it():
    steps = StepFunction.steps([0, 2], [1, 2])
    with pytest.raises(ValueError, match="read-only"):
        steps.values[0] = 9
    with pytest.raises(ValueError, match="one more"):
        StepFunction(np.array([1.0]), np.array([1.0]))


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(-9, 9)), min_size=1, max_size=8), st.integers(0, 400)
)
def test_it_is_what_a_walk_through_the_steps_finds(pieces, instant):
    """Whole numbers, so that nothing is rounded."""
    starts, values, now = [], [], 0
    for length, value in pieces:
        starts.append(now)
        values.append(value)
        now += length
    wrapped = instant % now
    expected = next(
        value for start, value in zip(starts[::-1], values[::-1], strict=True) if start <= wrapped
    )
    assert StepFunction.steps(starts, values, now).at_one(instant) == expected
