"""Max-min sharing of a cell's capacity under a peak rate per user."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netgen.scheduling.sharing import max_min_rates_bps

PEAKS = st.lists(st.floats(0, 1e9), max_size=30).map(np.array)


def test_the_example_of_the_docstring():
    assert max_min_rates_bps(np.array([1e6, 4e6, 8e6]), 9e6).tolist() == [1e6, 4e6, 4e6]


def test_order_does_not_matter_and_idle_users_get_nothing():
    assert max_min_rates_bps(np.array([8e6, 0.0, 1e6, 4e6]), 9e6).tolist() == [4e6, 0.0, 1e6, 4e6]


def test_peaks_below_the_capacity_are_all_given():
    peaks = np.array([1e6, 2e6])
    rates = max_min_rates_bps(peaks, 9e6)
    assert rates.tolist() == [1e6, 2e6]
    assert rates is not peaks


@pytest.mark.parametrize(("peaks", "capacity_bps", "rates"), [([], 1e6, []), ([5e6], 0.0, [0.0])])
def test_nobody_and_nothing(peaks, capacity_bps, rates):
    assert max_min_rates_bps(np.array(peaks, dtype=float), capacity_bps).tolist() == rates


def by_filling(peaks, capacity_bps):
    """Progressive filling, one user after another: the definition."""
    rates, left = dict.fromkeys(range(len(peaks)), 0.0), capacity_bps
    open_users = sorted(rates, key=lambda user: peaks[user])
    while open_users:
        share = left / len(open_users)
        user = open_users.pop(0)
        rates[user] = min(peaks[user], share)
        left -= rates[user]
    return [rates[user] for user in range(len(peaks))]


@given(peaks=PEAKS, capacity_bps=st.floats(0, 1e10))
def test_it_is_progressive_filling(peaks, capacity_bps):
    rates = max_min_rates_bps(peaks, capacity_bps)
    assert rates == pytest.approx(by_filling(peaks.tolist(), capacity_bps), rel=1e-9, abs=1e-3)
    assert (rates <= peaks + 1e-6).all()
    assert rates.sum() <= capacity_bps * (1 + 1e-9) + 1e-6
    # Nobody who wants more has less than anybody else.
    hungry = rates[rates < peaks * (1 - 1e-9)]
    if hungry.size:
        assert hungry.min() >= rates.max() * (1 - 1e-9) - 1e-6
