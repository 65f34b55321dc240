"""Laws of the radio epoch, on random networks: users do not see each other, and load only hurts."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.sectors import Sectors
from netgen.radio.signals import make_signals

FIELD = CorrelatedField.drawn(np.random.default_rng(9), 96, samples_per_distance=3)


def world(seed: int, users: int):
    """A random network and its users; the first users are the same whatever their number."""
    rng = np.random.default_rng(seed)
    environment = list(Environment)[seed % 3]
    site = np.repeat(np.arange(4), 2)
    place = rng.uniform(-800.0, 800.0, (2, 4))
    sectors = Sectors(
        place[0][site],
        place[1][site],
        height_m=30.0,
        site=site,
        azimuth_deg=rng.uniform(0.0, 360.0, 8),
        power_dbm=rng.uniform(30.0, 50.0, 8),
        antennas=SectorAntenna(tilt_deg=6.0),
    )
    channel = Channel.drawn(environment, 1e9, sites=4, rng=rng, field=FIELD)
    each = rng.random((users, 4))
    most_m = 9.0 if environment is Environment.RMA else 22.0
    terminals = Terminals(
        1.5 + each[:, 0] * (most_m - 1.5), indoor=each[:, 1] < 0.5, entry_loss_db=20.0 * (each[:, 1] < 0.5)
    )
    signals = make_signals(sectors, terminals, channel, noise_dbm=-100.0)
    return signals, 2000.0 * each[:, 2] - 1000.0, 2000.0 * each[:, 3] - 1000.0


@given(seed=st.integers(0, 10**6), few=st.integers(1, 20), more=st.integers(1, 40))
@settings(max_examples=30, deadline=None)
def test_other_users_change_nothing(seed, few, more):
    small, x_m, y_m = world(seed, few)
    small.move(x_m, y_m)
    large, wide_x_m, wide_y_m = world(seed, few + more)
    large.move(wide_x_m, wide_y_m)
    assert np.array_equal(small.snr, large.snr[:few])


@given(seed=st.integers(0, 10**6), order=st.permutations(range(12)), cut=st.integers(1, 11))
@settings(max_examples=30, deadline=None)
def test_batching_changes_nothing(seed, order, cut):
    together, x_m, y_m = world(seed, 12)
    together.move(x_m, y_m)
    apart, _, _ = world(seed, 12)
    apart.move(np.zeros(12), np.zeros(12))
    for group in (order[:cut], order[cut:]):
        here = np.isin(np.arange(12), group)
        apart.move(np.where(here, x_m, apart._x_m), np.where(here, y_m, apart._y_m))
    assert np.array_equal(together.snr, apart.snr)
    serving, activity = together.strongest(np.arange(12)), np.linspace(0.2, 1.0, 8)
    whole = together.sinr(np.arange(12), serving, activity)
    parts = [together.sinr(np.array([row]), serving[[row]], activity)[0] for row in range(12)]
    assert np.array_equal(whole, parts)


@given(
    seed=st.integers(0, 10**6),
    step_m=st.floats(0.0, 20.0),
    angle=st.floats(0.0, 6.28),
    tolerance_m=st.floats(0.1, 20.0),
)
@settings(max_examples=40, deadline=None)
def test_users_within_the_tolerance_are_left_alone(seed, step_m, angle, tolerance_m):
    signals, x_m, y_m = world(seed, 6)
    signals.move(x_m, y_m)
    before = signals.snr.copy()
    moves = np.arange(6) % 2 == 0
    rows = signals.move(
        x_m + moves * step_m * np.cos(angle), y_m + moves * step_m * np.sin(angle), tolerance_m
    )
    assert set(rows) <= set(np.flatnonzero(moves))
    assert rows.size == (3 if step_m > tolerance_m * (1 + 1e-9) else 0) or abs(step_m - tolerance_m) < 1e-6
    still = np.setdiff1d(np.arange(6), rows)
    assert np.array_equal(signals.snr[still], before[still])


@given(
    seed=st.integers(0, 10**6),
    shares=st.lists(st.floats(0.0, 1.0), min_size=8, max_size=8),
    more=st.integers(0, 7),
)
@settings(max_examples=40, deadline=None)
def test_more_activity_never_helps(seed, shares, more):
    signals, x_m, y_m = world(seed, 10)
    signals.move(x_m, y_m)
    rows, activity = np.arange(10), np.array(shares)
    serving = signals.strongest(rows)
    busier = activity.copy()
    busier[more] = 1.0
    before, after = signals.sinr(rows, serving, activity), signals.sinr(rows, serving, busier)
    assert (after <= before).all()
    alone = signals.sinr(rows, serving, np.zeros(8))
    assert np.array_equal(alone, signals.snr[rows, serving])
    own = serving == more
    assert np.array_equal(after[own], before[own])
