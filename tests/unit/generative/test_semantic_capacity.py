"""The most semantic bits that a link can carry: a fractional knapsack."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from netgen.generative.semantic_capacity import Candidate, semantic_capacity_bits


def capacity(bits, candidates, length_s=1.0):
    return float(semantic_capacity_bits(np.array([bits]), np.array([length_s]), candidates)[0])


def test_the_example_of_the_docstring():
    assert capacity(100.0, [Candidate(0.1, math.inf), Candidate(0.5, 40.0)]) == pytest.approx(26.0)


def test_nothing_to_carry():
    assert capacity(100.0, []) == 0.0
    assert capacity(0.0, [Candidate(0.5, math.inf)]) == 0.0


def test_what_the_gpus_sustain_is_per_second():
    slow = [Candidate(0.5, 10.0), Candidate(0.1, math.inf)]
    assert capacity(100.0, slow, length_s=2.0) == pytest.approx(20 * 0.5 + 80 * 0.1)


def test_intervals_are_apart_and_the_input_is_left_alone():
    bits = np.array([100.0, 10.0])
    found = semantic_capacity_bits(bits, np.array([1.0, 0.5]), [Candidate(0.5, 40.0)])
    assert found.tolist() == [20.0, 5.0]
    assert bits.tolist() == [100.0, 10.0]


@given(
    bits=st.floats(0, 1e6),
    candidates=st.lists(st.tuples(st.floats(0, 10), st.floats(0, 1e6)), min_size=1, max_size=6),
)
def test_it_is_the_optimum_of_the_linear_programme(bits, candidates):
    found = capacity(bits, [Candidate(density, limit) for density, limit in candidates])
    best = linprog(
        [-density for density, _ in candidates],
        A_ub=[[1.0] * len(candidates)],
        b_ub=[bits],
        bounds=[(0, limit) for _, limit in candidates],
    )
    assert found == pytest.approx(-best.fun, rel=1e-6, abs=1e-6)
