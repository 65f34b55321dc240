"""The expected rating: five levels from three dimensions, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netgen.metrics.utility import LEVELS, expected_rating, level_probabilities

SHARES = hnp.arrays(np.float64, st.integers(1, 20), elements=st.floats(0, 1))


def levels(*dimensions):
    return level_probabilities(*(np.array([value]) for value in dimensions))[0].tolist()


@pytest.mark.parametrize(
    ("dimensions", "probabilities"),
    [
        ((1.0, 1.0, 1.0), [0, 0, 0, 0, 1]),
        ((0.0, 0.0, 0.0), [1, 0, 0, 0, 0]),
        ((0.5, 0.5, 0.5), [0, 0, 1, 0, 0]),
        ((0.0, 0.75, 0.75), [0, 0, 1, 0, 0]),  # mean 0.5: position 2 of 0..4
        ((1.0, 1.0, 0.0), [0, 0, 1 / 3, 2 / 3, 0]),  # mean 2/3: position 8/3
        ((0.9, 0.9, 0.9), [0, 0, 0, 0.4, 0.6]),
        ((0.2, np.nan, 0.4), [0, 0.8, 0.2, 0, 0]),  # what nobody measured is left out: mean 0.3
    ],
)
def test_by_hand(dimensions, probabilities):
    assert levels(*dimensions) == pytest.approx(probabilities, abs=1e-12)


def test_ratings_run_from_1_to_5():
    assert len(LEVELS) == 5
    assert expected_rating(np.eye(5)).tolist() == [1, 2, 3, 4, 5]


@given(SHARES)
def test_the_expectation_is_linear_in_the_mean_of_the_dimensions(shares):
    probabilities = level_probabilities(shares, shares[::-1], np.ones_like(shares))
    assert (probabilities >= 0).all()
    assert probabilities.sum(axis=1) == pytest.approx(np.ones(len(shares)))
    mean = (shares + shares[::-1] + 1) / 3
    assert expected_rating(probabilities) == pytest.approx(1 + 4 * mean)
    assert ((probabilities > 0).sum(axis=1) <= 2).all()
