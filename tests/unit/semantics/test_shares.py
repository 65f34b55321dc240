"""Shares with Wilson's interval."""

import math

import pytest

from netgen.semantics.shares import Share


def test_the_interval_is_that_of_scipy():
    stats = pytest.importorskip("scipy.stats", reason="the reference is scipy's")
    for found, of in ((0, 10), (3, 10), (10, 10), (57, 400)):
        expected = stats.binomtest(found, of).proportion_ci(0.95, method="wilson")
        assert Share(found, of).interval == pytest.approx((expected.low, expected.high), abs=1e-6)


def test_of_nothing_nothing_is_known():
    assert math.isnan(Share(0, 0).value)
    assert Share(0, 0).interval == (0.0, 1.0)


@pytest.mark.parametrize(("found", "of"), [(-1, 3), (4, 3)])
def test_impossible_counts(found, of):
    with pytest.raises(ValueError, match="0 <= found <= of"):
        Share(found, of)
