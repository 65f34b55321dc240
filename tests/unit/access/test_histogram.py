"""Counts in bins."""

import numpy as np
import pytest

from netgen.access.histogram import Histogram


def test_values_fall_into_equal_bins():
    counted = Histogram(0.0, 10.0, 5)
    counted.add(np.array([0.0, 1.9, 2.0, 9.99]))
    assert counted.edges.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0, 10.0]
    assert counted.counts.tolist() == [2, 1, 0, 0, 1]


def test_what_lies_outside_is_in_the_first_or_last_bin():
    counted = Histogram(0.0, 10.0, 5)
    counted.add(np.array([-3.0, -np.inf, 10.0, 1e9, np.inf]))
    assert counted.counts.tolist() == [2, 0, 0, 0, 3]


def test_counts_add_up_over_calls():
    counted = Histogram(-40.0, 60.0, 400)
    values = np.random.default_rng(3).normal(10, 15, size=1000)
    for part in np.array_split(values, 7):
        counted.add(part)
    counted.add(np.empty(0))
    assert counted.counts.sum() == 1000
    together = Histogram(-40.0, 60.0, 400)
    together.add(values)
    assert counted.counts.tolist() == together.counts.tolist()
    wanted, _ = np.histogram(np.clip(values, -40, 59.999), bins=400, range=(-40, 60))
    assert together.counts.tolist() == wanted.tolist()


def test_decades_are_equal_bins_of_the_logarithm():
    counted = Histogram(1e3, 1e6, 3, decades=True)
    counted.add(np.array([2e3, 9e3, 2e4, 5e5, 2e6]))
    assert counted.edges == pytest.approx([1e3, 1e4, 1e5, 1e6])
    assert counted.counts.tolist() == [2, 1, 2]


def test_nothing_has_no_logarithm_and_is_in_the_first_bin():
    counted = Histogram(1e3, 1e6, 3, decades=True)
    counted.add(np.array([0.0, -1.0, 500.0]))
    assert counted.counts.tolist() == [3, 0, 0]
