"""Instants at which users leave."""

import math

import numpy as np
import pytest
from scipy import stats

from netgen.errors import ModelRangeError
from netgen.rng import hashed_uniform
from netgen.traffic.churn import constant_leaves_s, exponential_leaves_s


def test_all_stay_equally_long():
    assert constant_leaves_s([0.0, 2.5], stay_s=4.0).tolist() == [4.0, 6.5]


def test_exponential_stays_by_hand():
    """Half have left after mean x ln 2, whoever draws 0 leaves at once."""
    leaves_s = exponential_leaves_s([1.0, 1.0, 5.0], [0.0, 0.5, 1 - math.exp(-2)], mean_s=10.0)
    assert leaves_s.tolist() == pytest.approx([1, 1 + 10 * math.log(2), 25])


def test_exponential_stays_have_their_distribution():
    users = np.arange(20_000)
    stays_s = exponential_leaves_s(np.zeros(20_000), hashed_uniform(np.uint64(3), users), mean_s=30.0)
    assert stats.kstest(stays_s, "expon", args=(0, 30)).pvalue > 0.001
    assert stats.kstest(stays_s, "expon", args=(0, 32)).pvalue < 1e-6


def test_an_audience_in_balance_by_littles_law():
    """Poisson joins at 10 per s and a mean stay of 20 s: 200 users watch on average."""
    users = np.arange(40_000)
    joins_s = np.cumsum(-np.log1p(-hashed_uniform(np.uint64(1), users)) / 10.0)
    leaves_s = exponential_leaves_s(joins_s, hashed_uniform(np.uint64(2), users), mean_s=20.0)
    sampled_s = np.arange(200.0, 3800.0, 60.0)
    watching = [((joins_s <= time_s) & (leaves_s > time_s)).sum() for time_s in sampled_s]
    assert abs(np.mean(watching) - 200) < 4 * math.sqrt(200 / len(sampled_s))


@pytest.mark.parametrize("time_s", [0.0, -1.0, math.inf, math.nan])
def test_what_is_no_stay_is_an_error(time_s):
    with pytest.raises(ModelRangeError, match=r"stay_s = .* s; accepted: > 0 s"):
        constant_leaves_s([0.0], stay_s=time_s)
    with pytest.raises(ModelRangeError, match=r"mean_s = .* s; accepted: > 0 s"):
        exponential_leaves_s([0.0], [0.5], mean_s=time_s)


def test_numbers_outside_their_range_are_errors():
    with pytest.raises(ModelRangeError, match=r"luck of user 1 = 1\.0; accepted: >= 0 and < 1"):
        exponential_leaves_s([0.0, 0.0], [0.5, 1.0], mean_s=1.0)
