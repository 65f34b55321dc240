"""The averaged throughput behind proportional fair: decay, rise, and what it counts for."""

import numpy as np
import pytest

from netgen.scheduling.past_throughput import PastThroughput


def test_the_average_rises_with_the_window_and_decays_without_service():
    past = PastThroughput(3, window_s=2.0)
    rows = np.array([0, 2])
    for k in range(10):
        past.record(rows, [1e6, 3e6], now_s=0.1 * k, epoch_s=0.1)
    np.testing.assert_allclose(past.average_bps(rows, 1.0), np.array([1e6, 3e6]) * (1 - np.exp(-0.5)))
    np.testing.assert_allclose(
        past.average_bps(rows, 3.0), np.array([1e6, 3e6]) * (1 - np.exp(-0.5)) * np.exp(-1)
    )
    assert past.average_bps(np.array([1]), 3.0)[0] == 0


def test_a_gap_is_the_same_as_epochs_without_service():
    gap, epochs = PastThroughput(1), PastThroughput(1)
    row = np.array([0])
    for past in (gap, epochs):
        past.record(row, [1e6], now_s=0.0, epoch_s=0.1)
    for k in range(1, 8):
        epochs.record(row, [0.0], now_s=0.1 * k, epoch_s=0.1)
    gap.record(row, [5e5], now_s=0.8, epoch_s=0.1)
    epochs.record(row, [5e5], now_s=0.8, epoch_s=0.1)
    np.testing.assert_allclose(gap.average_bps(row, 0.9), epochs.average_bps(row, 0.9))


def test_a_steady_share_counts_for_itself_over_what_an_epoch_adds():
    """A user always served with b blocks has a head start of b / (exp(E / window) - 1) blocks."""
    past = PastThroughput(2, window_s=1.0)
    rows = np.arange(2)
    past.record(rows, [5e6, 1e6], now_s=0.0, epoch_s=200.0)
    head = past.head_start_blocks(rows, [1e6, 0.0], now_s=200.0, epoch_s=0.1)
    np.testing.assert_allclose(head, [5 / np.expm1(0.1), 0.0])


def test_wrong_input_is_named():
    with pytest.raises(ValueError, match="window_s = 0 s"):
        PastThroughput(1, window_s=0)
    with pytest.raises(ValueError, match="number of users -1"):
        PastThroughput(-1)
    past = PastThroughput(2)
    past.record(np.array([1]), [1.0], now_s=0.0, epoch_s=1.0)
    with pytest.raises(ValueError, match=r"user 1 is already recorded until 1.0 s, after 0.5 s"):
        past.average_bps(np.array([0, 1]), 0.5)
