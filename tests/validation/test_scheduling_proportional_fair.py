"""Proportional fair against what we did not write: a general optimiser, and the slot-by-slot scheduler itself."""

import numpy as np
import pytest
from scipy.optimize import minimize

from netgen.scheduling.fairness import proportional_fair
from netgen.scheduling.past_throughput import PastThroughput

BLOCKS = 50.0


def optimum(rate, cap, weight, past):
    """Blocks that maximise sum w log(past + rate * blocks) under the caps, found by SLSQP."""
    users = len(rate)
    scale = rate * BLOCKS / users

    def cost(share):
        return -np.sum(weight * np.log(past / scale + share * users + 1e-12))

    def slope(share):
        return -weight * users / (past / scale + share * users + 1e-12)

    found = minimize(
        cost,
        np.minimum(cap / BLOCKS, 1 / users) * 0.9 + 1e-6,
        jac=slope,
        bounds=[(0, min(each / BLOCKS, 1.0)) for each in cap],
        constraints=[{"type": "ineq", "fun": lambda x: 1 - x.sum(), "jac": lambda x: -np.ones(users)}],
        method="SLSQP",
        options={"ftol": 1e-10, "maxiter": 500},
    )
    assert found.success, found.message
    return found.x * BLOCKS


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("with_past", [False, True])
def test_fluid_optimum_is_what_a_general_optimiser_finds(seed, with_past):
    """Kelly 1997: proportional fair rates maximise the weighted sum of logarithms; 6 users, caps that bind."""
    rng = np.random.default_rng(seed)
    rate = rng.uniform(1e4, 1e6, 6)
    cap = np.where(rng.random(6) < 0.5, rng.uniform(1, 15, 6), np.inf)
    weight = rng.uniform(0.5, 3, 6)
    past = rng.exponential(10, 6) * rate if with_past else np.zeros(6)
    got = proportional_fair(
        rate,
        cap * rate,
        sector=np.zeros(6, dtype=np.int64),
        blocks=[BLOCKS],
        weight=weight,
        head_start_blocks=past / rate,
    )
    np.testing.assert_allclose(got, optimum(rate, cap, weight, past), atol=2e-4 * BLOCKS)
    assert got.sum() == pytest.approx(min(BLOCKS, cap.sum()))


def slot_by_slot(rate_of_epoch, *, slots, window_slots, start_bps):
    """Classic scheduler: all blocks of a slot to the highest rate / average; shares of each epoch (e, n)."""
    average = start_bps.copy()
    shares = np.zeros(rate_of_epoch.shape)
    for epoch, rate in enumerate(rate_of_epoch):
        for _ in range(slots):
            winner = int(np.argmax(rate / average))
            average *= 1 - 1 / window_slots
            average[winner] += rate[winner] * BLOCKS / window_slots
            shares[epoch, winner] += 1 / slots
    return shares


def fluid(rate_of_epoch, *, epoch_s, window_s, start_bps):
    """The same with one decision per epoch and the memory of the package."""
    users = rate_of_epoch.shape[1]
    rows = np.arange(users)
    past = PastThroughput(users, window_s)
    # One epoch that brings the averages to the start values.
    past.record(rows, start_bps / -np.expm1(-epoch_s / window_s), now_s=-epoch_s, epoch_s=epoch_s)
    shares = np.zeros(rate_of_epoch.shape)
    for epoch, rate in enumerate(rate_of_epoch):
        now_s = epoch * epoch_s
        head = past.head_start_blocks(rows, rate, now_s=now_s, epoch_s=epoch_s)
        blocks = proportional_fair(
            rate, np.full(users, np.inf), sector=np.zeros(users, int), blocks=[BLOCKS], head_start_blocks=head
        )
        past.record(rows, blocks * rate, now_s=now_s, epoch_s=epoch_s)
        shares[epoch] = blocks / BLOCKS
    return shares


def test_memory_follows_the_slot_by_slot_scheduler_through_a_change_of_rates():
    """1 ms slots, window 1 s, epochs of 100 ms; after 5 s two users' rates jump by 4 and 1/4.

    The jump upsets the shares for about a window (one user gets nothing, another one nearly everything);
    a scheduler without memory would give everybody 1/5 all the time.
    """
    before = np.array([1e5, 2e5, 3e5, 5e5, 8e5])
    after = before * np.array([4.0, 1.0, 1.0, 1.0, 0.25])
    rates = np.concatenate([np.tile(before, (50, 1)), np.tile(after, (60, 1))])
    start = before * BLOCKS / 5
    slots = slot_by_slot(rates, slots=100, window_slots=1000, start_bps=start)
    epochs = fluid(rates, epoch_s=0.1, window_s=1.0, start_bps=start)
    steady = slots[30:50].mean(axis=0)
    np.testing.assert_allclose(steady, 0.2, atol=0.01)
    np.testing.assert_allclose(epochs[30:50], 0.2, atol=1e-9)
    transient = slots[50:70]
    assert transient.min() == 0.0
    assert transient[:5].max() > 0.9
    # One slot is 1 % of an epoch; without memory the sum since the jump would be off by 2.5 epochs, the mean by 0.066.
    since_jump = np.abs(np.cumsum(slots[50:], axis=0) - np.cumsum(epochs[50:], axis=0))
    assert since_jump.max() < 0.03
    assert np.abs(slots[50:] - epochs[50:]).mean() < 0.002
    np.testing.assert_allclose(epochs[-10:], 0.2, atol=0.01)


def test_shares_converge_to_those_of_the_slot_by_slot_scheduler_from_any_start():
    """Uneven averages at the begin are forgotten with the window by both in the same way."""
    rates = np.tile([1e5, 2e5, 7e5, 9e5], (40, 1))
    start = np.array([3e6, 1e5, 2e6, 4e7])
    slots = slot_by_slot(rates, slots=100, window_slots=1000, start_bps=start)
    epochs = fluid(rates, epoch_s=0.1, window_s=1.0, start_bps=start)
    assert np.abs(np.cumsum(slots, axis=0) - np.cumsum(epochs, axis=0)).max() < 0.03
    np.testing.assert_allclose(epochs[-1], 0.25, atol=0.02)
    np.testing.assert_allclose(slots[-5:].mean(axis=0), 0.25, atol=0.02)
