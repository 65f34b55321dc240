"""The compiled handover against the numpy one: the same bits for the same levels, on any number of threads."""

import builtins
import importlib
import importlib.util

import numpy as np
import pytest

from netgen.errors import InputError, MissingDependencyError
from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.handover import A3Handover, HandoverSettings, make_handover
from netgen.radio.sectors import Sectors
from netgen.radio.signals import make_signals

EPOCH_S = 0.1
COMPILED = pytest.mark.skipif(
    importlib.util.find_spec("numba") is None, reason="numba is not installed (an optional extra)"
)
SETTINGS = [
    pytest.param(HandoverSettings(), id="defaults"),
    pytest.param(HandoverSettings(hysteresis_db=0.0, time_to_trigger_s=0.1), id="no-hysteresis"),
    pytest.param(HandoverSettings(time_to_trigger_s=0.0, settled_db=0.0), id="at-once"),
    pytest.param(
        HandoverSettings(
            offset_db=-1.0, hysteresis_db=2.0, filter_coefficient=0, time_to_trigger_s=0.25, settled_db=1.0
        ),
        id="no-filter",
    ),
]


def same(one, other):
    """Whether two changes are the same, and of the same types."""
    return all(
        np.array_equal(getattr(one, name), getattr(other, name))
        and getattr(one, name).dtype == getattr(other, name).dtype
        for name in ("rows", "from_sector", "to_sector", "ping_pong")
    )


def same_state(one, other):
    """Whether all users are in the same state, to the last bit."""
    everybody = np.arange(len(one.serving))
    return (
        np.array_equal(one.serving, other.serving)
        and np.array_equal(one.filtered_dbm, other.filtered_dbm)
        and np.array_equal(one.unsettled(), other.unsettled())
        and np.array_equal(
            one.available(everybody, 1.0, epoch_s=EPOCH_S), other.available(everybody, 1.0, epoch_s=EPOCH_S)
        )
    )


def crossing(users, sectors, rng, *, step_db=3.0, rounded=False):
    """Levels that wander around each other for ever, and who is stepped: those with a new level, and others."""
    levels = rng.normal(-85.0, 4.0, (users, sectors)).astype(np.float32)
    while True:
        moved = rng.random(users) < 0.4
        levels[moved] += rng.normal(0.0, step_db, (int(moved.sum()), sectors)).astype(np.float32)
        levels += (np.float32(-85.0) - levels) * np.float32(0.05)
        yield moved, np.round(levels) if rounded else levels.copy()


@COMPILED
@pytest.mark.parametrize("settings", SETTINGS)
@pytest.mark.parametrize("rounded", [False, True], ids=["any-levels", "whole-levels"])
@pytest.mark.parametrize("sectors", [1, 2, 57])
def test_the_twin_hands_over_the_same_users_at_the_same_time(settings, rounded, sectors):
    rng = np.random.default_rng(4)
    users, handovers, back = 400, 0, 0
    plain, twin = (make_handover(users, sectors, settings=settings, compute=c) for c in ("numpy", "numba"))
    world = crossing(users, sectors, rng, rounded=rounded)
    for epoch in range(60):
        moved, levels = next(world)
        rows = np.flatnonzero(moved | plain.unsettled()) if epoch % 3 else rng.permutation(users)
        changes, others = (
            each.step(epoch * EPOCH_S, EPOCH_S, rows=rows, measured_dbm=levels[rows])
            for each in (plain, twin)
        )
        assert same(changes, others)
        assert same_state(plain, twin)
        handovers += int((changes.from_sector >= 0).sum())
        back += int(changes.ping_pong.sum())
    assert (handovers > users / 2 and 0 < back < handovers) or sectors == 1


@COMPILED
def test_on_all_threads_and_on_one_the_twin_does_the_same(monkeypatch):
    monkeypatch.setattr("netgen.radio.handover_numba._SERIAL_ROWS", 3000)
    numba = importlib.import_module("numba")
    before, users = numba.get_num_threads(), 5000
    twins = [make_handover(users, 5, compute="numba") for _ in range(2)]
    plain = A3Handover(users, 5)
    world = crossing(users, 5, np.random.default_rng(6), step_db=5.0)
    handovers = 0
    try:
        for epoch in range(12):
            _, levels = next(world)
            rows = np.arange(users) if epoch < 8 else np.arange(0, users, 2)
            expected = plain.step(epoch * EPOCH_S, EPOCH_S, rows=rows, measured_dbm=levels[rows])
            for twin, threads in zip(twins, (1, before), strict=True):
                numba.set_num_threads(threads)
                got = twin.step(epoch * EPOCH_S, EPOCH_S, rows=rows, measured_dbm=levels[rows])
                assert same(expected, got)
                assert same_state(plain, twin)
            handovers += int((expected.from_sector >= 0).sum())
    finally:
        numba.set_num_threads(before)
    assert handovers > 200


@COMPILED
def test_levels_of_any_type_and_order_in_memory_are_taken():
    rng = np.random.default_rng(8)
    plain, twin = (make_handover(9, 4, compute=compute) for compute in ("numpy", "numba"))
    rows = np.arange(18, dtype=np.int32)[::2] // 2
    for epoch in range(5):
        levels = np.asfortranarray(rng.normal(-80.0, 9.0, (9, 4)))
        one, other = (
            each.step(epoch * EPOCH_S, EPOCH_S, rows=rows, measured_dbm=levels) for each in (plain, twin)
        )
        assert np.array_equal(one.to_sector, other.to_sector)
        assert same_state(plain, twin)
    nobody = np.empty(0, dtype=np.int64)
    assert len(twin.step(1.0, EPOCH_S, rows=nobody, measured_dbm=np.empty((0, 4))).rows) == 0


def city(users, compute):
    """Signals of three sites in a row, and a walk of its users across them."""
    rng = np.random.default_rng(11)
    site = np.repeat(np.arange(3), 3)
    sectors = Sectors(
        300.0 * site,
        np.zeros(9),
        height_m=25.0,
        site=site,
        azimuth_deg=np.tile([30.0, 150.0, 270.0], 3),
        power_dbm=40.0,
        antennas=SectorAntenna(tilt_deg=8.0),
    )
    terminals = Terminals(
        np.full(users, 1.5),
        indoor=np.zeros(users, dtype=bool),
        entry_loss_db=np.zeros(users),
        inside_m=np.zeros(users),
    )
    field = CorrelatedField.drawn(rng, 100, samples_per_distance=4)
    channel = Channel.drawn(Environment.UMA, 2e9, sites=3, rng=rng, field=field, shadowing=True)
    return make_signals(sectors, terminals, channel, noise_dbm=-95.0, compute=compute)


@pytest.mark.parametrize(
    ("signals_by", "handover_by"),
    [
        ("numpy", "numpy"),
        pytest.param("numba", "numpy", marks=COMPILED),
        pytest.param("numpy", "numba", marks=COMPILED),
        pytest.param("numba", "numba", marks=COMPILED),
    ],
)
def test_following_signals_is_stepping_with_their_levels(signals_by, handover_by):
    """Read in place or through an array: levels within 2e-5 dB, and the same handovers of nearly all users."""
    users, rng = 300, np.random.default_rng(12)
    signals = city(users, signals_by)
    straight, through = make_handover(users, 9, compute=handover_by), A3Handover(users, 9)
    x_m, y_m = rng.uniform(-200.0, 800.0, users), rng.uniform(-150.0, 150.0, users)
    handovers = differ = 0
    for epoch in range(40):
        x_m += rng.uniform(-25.0, 25.0, users)
        signals.move(x_m, y_m)
        rows = rng.permutation(users)[:250] if epoch else np.arange(users)
        got = straight.follow(epoch * EPOCH_S, EPOCH_S, rows=rows, signals=signals)
        expected = through.step(epoch * EPOCH_S, EPOCH_S, rows=rows, measured_dbm=signals.received_dbm(rows))
        handovers += int((expected.from_sector >= 0).sum())
        differ += len(set(got.rows.tolist()) ^ set(expected.rows.tolist()))
        if not (signals_by == handover_by == "numba"):
            assert same(expected, got)
            assert same_state(straight, through)
    assert handovers > 100
    assert differ <= 0.01 * handovers
    # A filter within 0.1 dB of its measurements may be set to them in one and not yet in the other.
    apart_db = np.abs(straight.filtered_dbm - through.filtered_dbm)
    assert np.quantile(apart_db, 0.99) < 2e-5
    assert apart_db.max() < 0.1


@pytest.mark.parametrize("compute", ["numpy", pytest.param("numba", marks=COMPILED)])
def test_wrong_input_is_named(compute):
    handover, rows = make_handover(3, 2, compute=compute), np.array([0, 2])
    levels = np.full((2, 2), -80.0, dtype=np.float32)
    for bad in (np.nan, np.inf, -np.inf):
        wrong = levels.copy()
        wrong[1, 0] = bad
        for _ in range(2):  # whether already attached or not
            with pytest.raises(ValueError, match=rf"measured_dbm\[1, 0\] = {bad} dBm is not finite"):
                make_handover(3, 2, compute=compute).step(0.0, EPOCH_S, rows=rows, measured_dbm=wrong)
    handover.step(0.0, EPOCH_S, rows=rows, measured_dbm=levels)
    for bad in (np.nan, np.inf, -np.inf):
        wrong[1, 0] = bad
        with pytest.raises(ValueError, match=rf"measured_dbm\[1, 0\] = {bad} dBm is not finite"):
            handover.step(0.1, EPOCH_S, rows=rows, measured_dbm=wrong)
    for row in (-1, 3):
        with pytest.raises(ValueError, match=rf"rows\[1\] = {row} is no user; there are 3"):
            handover.step(0.1, EPOCH_S, rows=np.array([0, row]), measured_dbm=levels)
    with pytest.raises(ValueError, match=r"measured_dbm has shape \(2, 3\)"):
        handover.step(0.1, EPOCH_S, rows=rows, measured_dbm=np.zeros((2, 3)))
    with pytest.raises(ValueError, match="epoch_s = 0 s"):
        handover.step(0.1, 0, rows=rows, measured_dbm=levels)


@COMPILED
def test_signals_of_others_and_of_nobody_are_refused():
    signals = city(4, "numba")
    with pytest.raises(
        ValueError, match=r"signals are of users and sectors \(4, 9\), the handover of \(5, 9\)"
    ):
        make_handover(5, 9, compute="numba").follow(0.0, EPOCH_S, rows=np.arange(4), signals=signals)
    with pytest.raises(ValueError, match=r"measured_dbm\[0, 0\] = -inf dBm"):  # nobody has been placed
        make_handover(4, 9, compute="numba").follow(0.0, EPOCH_S, rows=np.arange(4), signals=signals)


def test_implementations_are_called_by_name(monkeypatch):
    assert type(make_handover(1, 1)) is A3Handover
    with pytest.raises(InputError, match='compute = "torch" is not known; accepted: numpy, numba'):
        make_handover(1, 1, compute="torch")
    real = builtins.__import__

    def without_numba(name, *rest, **more):
        if name == "numba":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without_numba)
    with pytest.raises(MissingDependencyError, match=r"netgen\[fast\]"):
        make_handover(1, 1, compute="numba")
