"""Sums and distributions of the sectors of a network."""

import numpy as np
import pytest

from netgen.access.sector_books import SectorBooks

S = 10**9


def books(sectors=2, users=4, *, interval_s=1, end_s=3):
    return SectorBooks(sectors, users, interval_ns=interval_s * S, end_ns=round(end_s * S))


def test_a_span_belongs_to_the_interval_in_which_it_ends():
    found = books(end_s=2.5)
    assert found.user_s.shape == (3, 2)
    assert [found.slot(ns) for ns in (0, 1, S, S + 1, 2 * S, round(2.5 * S))] == [0, 0, 0, 1, 1, 2]


def test_the_mean_rate_since_the_last_sample_counts_once_for_each_user():
    """User 1: 3 Mbit in 0.2 s is 15 Mbit/s; user 2 waited and got nothing; the others had nothing to wait for."""
    found = books()
    found.served(np.array([1, 2]), np.array([1e6, 0.0]), 0.1)
    found.served(np.array([1]), np.array([2e6]), 0.1)
    found.sample(np.arange(4), np.array([0.0, 10.0, 20.0, -5.0]), 1)
    assert found.rate_bps.counts.sum() == 2
    filled = np.flatnonzero(found.rate_bps.counts)
    assert found.rate_bps.edges[filled[-1]] <= 15e6 <= found.rate_bps.edges[filled[-1] + 1]
    assert filled[0] == 0
    found.sample(np.arange(4), np.array([0.0, 20.0, 20.0, -5.0]), 2)
    assert found.rate_bps.counts.sum() == 2
    assert (found.samples, found.out_of_range) == (8, 3)
    assert (found.sinr_sum_db / found.sinr_samples).tolist() == [0.0, 15.0, 20.0, -5.0]
    assert found.sinr_db.counts.sum() == 8
    assert found.served_bits / np.maximum(found.served_s, 0.1) == pytest.approx([0, 15e6, 0, 0])


def test_handovers_count_where_users_arrive():
    """Two users come into one sector in the same step, one of them back again."""
    found = books(sectors=3)
    found.handed_over(1, np.array([0, 3]), np.array([2, 2]), np.array([False, True]))
    found.handed_over(1, np.array([0]), np.array([0]), np.array([False]))
    assert found.handovers.tolist() == [[0, 0, 0], [1, 0, 2], [0, 0, 0]]
    assert found.ping_pongs.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert found.user_handovers.tolist() == [2, 0, 0, 1]
