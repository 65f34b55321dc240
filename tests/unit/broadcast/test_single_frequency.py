import numpy as np
import pytest

from netgen.broadcast import single_frequency
from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.broadcast.single_frequency import (
    EchoRule,
    SymbolTiming,
    WindowStrategy,
    arrival_delay_s,
    echo_weight,
    median_power_dbm,
    sfn_sinr,
    window_begin_s,
)
from netgen.broadcast.transmitter import Transmitter
from netgen.propagation.tower_loss import hata_tower_loss

TIMING = SymbolTiming(useful_s=1e-3, guard_s=1e-4)


def test_weights_of_early_and_late_echoes():
    delay_s = np.array([-1.1e-3, -5e-4, -1e-4, 0.0, 1e-4, 2e-4, 6e-4, 1.2e-3])
    np.testing.assert_allclose(
        echo_weight(delay_s, TIMING), [0.0, 0.25, 0.81, 1.0, 1.0, 0.81, 0.25, 0.0], atol=1e-12
    )
    hard = SymbolTiming(1e-3, 1e-4, rule=EchoRule.HARD)
    np.testing.assert_array_equal(echo_weight(delay_s, hard), [0, 0, 0, 1, 1, 0, 0, 0])


def test_echoes_beyond_the_channel_estimate_are_lost():
    timing = SymbolTiming(1e-3, 1e-4, equalised_s=3e-4)
    np.testing.assert_allclose(
        echo_weight([-1.01e-4, -0.99e-4, 1.99e-4, 2.01e-4], timing), [0.0, 0.901**2, 0.901**2, 0.0], atol=1e-9
    )


@pytest.mark.parametrize(
    ("strategy", "expected_s"),
    [
        (WindowStrategy.FIRST_ARRIVAL, 10e-6),
        (WindowStrategy.STRONGEST, 50e-6),
        # A window that ends with the last signal holds all but the one at 0.
        (WindowStrategy.OPTIMUM, 10e-6),
    ],
)
def test_where_the_window_begins(strategy, expected_s):
    power_w = np.array([[1e-13, 1e-10, 1e-9, 5e-10]])
    delay_s = np.array([[0.0, 10e-6, 50e-6, 110e-6]])
    timing = SymbolTiming(1e-3, 1e-4, strategy, EchoRule.HARD)
    assert window_begin_s(power_w, delay_s, timing=timing)[0] == pytest.approx(expected_s)


def test_the_optimum_window_gives_up_a_weak_signal():
    power_w, delay_s = np.array([[1e-10, 1e-9, 8e-10]]), np.array([[0.0, 80e-6, 170e-6]])
    first, optimum = (
        sfn_sinr(power_w, delay_s, 1e-12, timing=SymbolTiming(1e-3, 1e-4, strategy, EchoRule.HARD))[0]
        for strategy in (WindowStrategy.FIRST_ARRIVAL, WindowStrategy.OPTIMUM)
    )
    assert first == pytest.approx(1.1e-9 / 0.801e-9)
    assert optimum == pytest.approx(1.8e-9 / 0.101e-9)


def test_the_optimum_window_may_end_with_a_signal():
    """Starting with the first, 0.9025 of the second is useful; ending with the second, 0.9025 of the first is."""
    power_w, delay_s = np.array([[0.5e-9, 1e-9]]), np.array([[0.0, 150e-6]])
    timing = SymbolTiming(1e-3, 1e-4, WindowStrategy.OPTIMUM)
    assert window_begin_s(power_w, delay_s, timing=timing)[0] == pytest.approx(50e-6)
    expected = (0.9025 * 0.5 + 1.0) / (0.0975 * 0.5 + 0.001)
    assert sfn_sinr(power_w, delay_s, 1e-12, timing=timing)[0] == pytest.approx(expected)


def test_users_in_many_chunks_are_the_same(monkeypatch):
    rng = np.random.default_rng(1)
    power_w, delay_s = 10.0 ** rng.uniform(-12, -8, (101, 3)), rng.uniform(0, 4e-4, (101, 3))
    noise_w = rng.uniform(1e-12, 1e-11, 101)
    whole = sfn_sinr(power_w, delay_s, noise_w, timing=TIMING)
    monkeypatch.setattr(single_frequency, "_VALUES_PER_CHUNK", 7)
    np.testing.assert_array_equal(whole, sfn_sinr(power_w, delay_s, noise_w, timing=TIMING))


def test_a_receiver_that_hears_nothing_has_no_sinr():
    assert sfn_sinr([[0.0, 0.0]], [[0.0, 1e-5]], 1e-12, timing=TIMING)[0] == 0.0


def test_a_roof_top_antenna_looks_at_the_best_tower():
    towers = [Transmitter(0.0, 0.0, 100.0, 60.0), Transmitter(40e3, 0.0, 100.0, 60.0)]
    receiver = receiver_class(Reception.ROOF_TOP)
    losses = [hata_tower_loss(600e6, base_height_m=100.0, mobile_height_m=10.0)] * 2
    both = median_power_dbm(towers, [10e3, 35e3], [0.0, 0.0], receiver=receiver, losses=losses)
    alone = [
        median_power_dbm([tower], [10e3, 35e3], [0.0, 0.0], receiver=receiver, losses=losses[:1])[:, 0]
        for tower in towers
    ]
    np.testing.assert_allclose(both[:, 0] - alone[0], [0.0, -16.0], atol=1e-9)
    np.testing.assert_allclose(both[:, 1] - alone[1], [-16.0, 0.0], atol=1e-9)
    expected_dbm = 60.0 - float(losses[0].loss_db(10e3)) + receiver.net_gain_db
    assert both[0, 0] == pytest.approx(expected_dbm)


def test_static_delays_add_to_the_way():
    towers = [Transmitter(0.0, 0.0, 100.0, 60.0, delay_s=20e-6), Transmitter(3e3, 4e3, 100.0, 60.0)]
    np.testing.assert_allclose(arrival_delay_s(towers, [0.0], [0.0]), [[20e-6, 5e3 / 299792458.0]])


@pytest.mark.parametrize(
    ("power_w", "delay_s", "noise_w", "message"),
    [
        ([1.0], [1.0], 1.0, "one shape"),
        ([[1.0, 2.0]], [[1.0]], 1.0, "one shape"),
        ([[]], [[]], 1.0, "one shape"),
        ([[1.0], [-1.0]], [[0.0], [0.0]], 1.0, r"power \(1, 0\) = -1.0"),
        ([[1.0]], [[np.nan]], 1.0, r"delay \(0, 0\)"),
        ([[1.0]], [[0.0]], 0.0, r"noise \(0,\) = 0.0"),
    ],
)
def test_bad_receptions_are_refused(power_w, delay_s, noise_w, message):
    with pytest.raises(ValueError, match=message):
        sfn_sinr(power_w, delay_s, noise_w, timing=TIMING)


@pytest.mark.parametrize(
    "change",
    [{"useful_s": 0.0}, {"guard_s": -1e-6}, {"guard_s": np.nan}, {"equalised_s": 1e-5}, {"trigger_db": 0.0}],
)
def test_bad_timings_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        SymbolTiming(**({"useful_s": 1e-3, "guard_s": 1e-4} | change))


def test_losses_must_fit_the_towers():
    tower = Transmitter(0.0, 0.0, 100.0, 60.0)
    receiver = receiver_class(Reception.HANDHELD)
    for_roof_tops = hata_tower_loss(600e6, base_height_m=100.0, mobile_height_m=10.0)
    with pytest.raises(ValueError, match=r"loss 0 is for heights 100 and 10 m"):
        median_power_dbm([tower], [1e3], [0.0], receiver=receiver, losses=[for_roof_tops])
    with pytest.raises(ValueError, match="one loss for each transmitter"):
        median_power_dbm([tower], [1e3], [0.0], receiver=receiver, losses=[])
