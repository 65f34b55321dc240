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


def served(found, *users, slot=0):
    """Users as (row, sector, bits, time in which something waited)."""
    rows, sector, bits, active_s = (np.array(column) for column in zip(*users, strict=True))
    found.served(slot, rows, sector, bits.astype(float), active_s.astype(float))


def only_bin(histogram):
    """Edges of the one bin that holds all counts."""
    (filled,) = np.flatnonzero(histogram.counts)
    return histogram.edges[filled], histogram.edges[filled + 1]


def test_time_with_something_waiting_counts_by_interval_and_sector():
    """0.1 + 0.3 s in sector 0 and 0.2 s in sector 1 in the first interval, 0.05 s in sector 1 in the last."""
    found = books()
    served(found, (0, 0, 10, 0.1), (1, 1, 20, 0.2), (3, 0, 0, 0.3))
    served(found, (0, 1, 5, 0.05), slot=2)
    assert found.active_s == pytest.approx(np.array([[0.4, 0.2], [0, 0], [0, 0.05]]))
    assert found.served_bits.tolist() == [15, 20, 0, 0]
    assert found.served_s.tolist() == pytest.approx([0.15, 0.2, 0, 0.3])


def test_the_mean_rate_since_the_last_sample_counts_once_for_each_user():
    """User 1: 1 + 2 Mbit in 0.04 + 0.16 s are 15 Mbit/s; user 2 waited in vain; nothing waited for the others."""
    found = books()
    served(found, (1, 0, 1e6, 0.04), (2, 0, 0.0, 0.1))
    served(found, (1, 1, 2e6, 0.16))
    found.sample(np.array([1]), np.array([10.0]), 0)
    low, high = only_bin(found.rate_bps)
    assert low <= 15e6 <= high < 1.1 * low
    found.sample(np.array([0, 2, 3]), np.array([0.0, 20.0, -5.0]), 1)
    assert found.rate_bps.counts.sum() == 2
    assert found.rate_bps.counts[0] == 1
    assert found.served_bits / np.maximum(found.served_s, 0.1) == pytest.approx([0, 15e6, 0, 0])


def test_a_sample_counts_what_came_since_that_user_was_sampled_last():
    """Two of four users are sampled at a time: what the others got is kept until it is their turn."""
    found = books()
    served(found, (0, 0, 1e6, 0.1), (1, 0, 1e6, 0.1))
    found.sample(np.array([0]), np.zeros(1), 0)
    assert found.rate_bps.counts.sum() == 1
    served(found, (1, 0, 7e6, 0.1))
    found.sample(np.array([0]), np.zeros(1), 0)  # nothing waited for user 0 since
    assert found.rate_bps.counts.sum() == 1
    found.rate_bps.counts[:] = 0
    found.sample(np.array([1, 3]), np.zeros(2), 0)  # 8 Mbit in 0.2 s
    low, high = only_bin(found.rate_bps)
    assert found.rate_bps.counts.sum() == 1
    assert low <= 40e6 <= high < 1.1 * low


def test_only_those_sampled_have_an_sinr():
    """User 0 at 0 and 6 dB, users 2 and 3 once each, user 1 never."""
    found = books()
    found.sample(np.array([0, 2]), np.array([0.0, 20.0]), 1)
    found.sample(np.array([0, 3]), np.array([6.0, -5.0]), 2)
    assert (found.samples, found.out_of_range) == (4, 3)
    assert found.sinr_samples.tolist() == [2, 0, 1, 1]
    assert found.sinr_sum_db.tolist() == [6.0, 0.0, 20.0, -5.0]
    assert found.sinr_db.counts.sum() == 4


def test_handovers_count_where_users_arrive():
    """Two users come into one sector in the same step, one of them back again."""
    found = books(sectors=3)
    found.handed_over(1, np.array([0, 3]), np.array([2, 2]), np.array([False, True]))
    found.handed_over(1, np.array([0]), np.array([0]), np.array([False]))
    assert found.handovers.tolist() == [[0, 0, 0], [1, 0, 2], [0, 0, 0]]
    assert found.ping_pongs.tolist() == [[0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert found.user_handovers.tolist() == [2, 0, 0, 1]
