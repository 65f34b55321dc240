"""Instants at which users join."""

import numpy as np
from scipy import stats

from netgen.traffic.joining import poisson_joins_s, uniform_joins_s


def test_uniform_joins_fill_their_span():
    joins_s = uniform_joins_s(5000, over_s=20.0, rng=np.random.default_rng(1))
    assert len(joins_s) == 5000
    assert stats.kstest(joins_s, "uniform", args=(0, 20)).pvalue > 0.001
    assert stats.kstest(joins_s, "uniform", args=(0, 22)).pvalue < 1e-6


def test_poisson_joins_come_one_after_another_at_the_rate():
    joins_s = poisson_joins_s(5000, rate_hz=4.0, rng=np.random.default_rng(1))
    assert len(joins_s) == 5000
    assert (np.diff(joins_s) > 0).all()
    assert stats.kstest(np.diff(joins_s, prepend=0.0), "expon", args=(0, 0.25)).pvalue > 0.001
    assert abs(joins_s[-1] - 1250) < 4 * np.sqrt(5000) / 4


def test_the_same_stream_gives_the_same_joins():
    once, again = (poisson_joins_s(9, rate_hz=1.0, rng=np.random.default_rng(3)) for _ in range(2))
    assert once.tolist() == again.tolist()
