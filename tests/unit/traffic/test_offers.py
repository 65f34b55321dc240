"""Instants at which a source offers segments."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from netgen.traffic.offers import periodic_offers_s, poisson_offers_s


def test_periodic_instants_start_at_the_start_and_stop_before_the_end():
    assert periodic_offers_s(start_s=1.0, stop_s=4.0, period_s=1.0).tolist() == [1.0, 2.0, 3.0]
    assert periodic_offers_s(start_s=1.0, stop_s=4.1, period_s=1.0).tolist() == [1.0, 2.0, 3.0, 4.0]
    assert periodic_offers_s(start_s=5.0, stop_s=5.0, period_s=1.0).tolist() == []


def test_an_hour_of_tenths_is_exactly_36000_and_does_not_drift():
    offers_s = periodic_offers_s(start_s=0.0, stop_s=3600.0, period_s=0.1)
    assert len(offers_s) == 36_000
    assert offers_s[-1] == 35_999 * 0.1


@given(
    start_s=st.floats(0, 100),
    length_s=st.floats(0, 100),
    period_s=st.floats(0.05, 50),
)
def test_periodic_instants_lie_in_the_span(start_s, length_s, period_s):
    offers_s = periodic_offers_s(start_s=start_s, stop_s=start_s + length_s, period_s=period_s)
    assert (offers_s >= start_s).all()
    assert (offers_s <= start_s + length_s + 1e-6).all()
    assert abs(len(offers_s) - length_s / period_s) <= 1 + 1e-6


def test_random_instants_are_a_poisson_process():
    """Counts of 400 spans against the Poisson distribution, gaps against the exponential one."""
    rng = np.random.default_rng(1)
    spans = [poisson_offers_s(start_s=2.0, stop_s=52.0, mean_gap_s=0.5, rng=rng) for _ in range(400)]
    counts = np.array([len(span) for span in spans])
    assert abs(counts.mean() - 100) < 4 * 10 / np.sqrt(400)
    assert 0.8 < counts.var() / 100 < 1.25
    gaps = np.concatenate([np.diff(span) for span in spans])
    assert stats.kstest(gaps, "expon", args=(0, 0.5)).pvalue > 0.001
    assert stats.kstest(gaps, "expon", args=(0, 0.55)).pvalue < 1e-6
    for span in spans:
        assert (np.diff(span) >= 0).all()
        assert span[0] >= 2
        assert span[-1] < 52


@pytest.mark.parametrize("stop_s", [3.0, 1.0])
def test_an_empty_span_offers_nothing(stop_s):
    rng = np.random.default_rng(1)
    assert len(poisson_offers_s(start_s=3.0, stop_s=stop_s, mean_gap_s=0.1, rng=rng)) == 0
