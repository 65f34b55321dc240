"""Single-frequency networks against hand calculations, a symbol-level simulation, and drawn probabilities."""

import numpy as np
import pytest
from scipy import integrate, stats

from netgen.broadcast.coverage_map import Demand, PowerSum, network_probability
from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.broadcast.single_frequency import (
    EchoRule,
    SymbolTiming,
    WindowStrategy,
    arrival_delay_s,
    echo_weight,
    median_power_dbm,
    sfn_sinr,
)
from netgen.broadcast.transmitter import Transmitter, transmitter_of
from netgen.propagation.tower_loss import TowerLoss, hata_tower_loss

USEFUL_S, GUARD_S = 1e-3, 1e-4
TWO_POWERS_W, NOISE_W = np.array([[1e-9, 4e-10]]), 1e-11


@pytest.mark.parametrize(
    ("second_arrives_s", "rule", "expected"),
    [
        # Inside the guard interval both add: (1 + 0.4) / 0.01.
        (80e-6, EchoRule.HARD, 140.0),
        (80e-6, EchoRule.QUADRATIC, 140.0),
        # 200 us outside, hard: 1 / (0.4 + 0.01).
        (300e-6, EchoRule.HARD, 1.0 / 0.41),
        # 200 us outside of 1000 us: 0.64 of the second is useful, (1 + 0.256) / (0.144 + 0.01).
        (300e-6, EchoRule.QUADRATIC, 1.256 / 0.154),
        # The second 50 us early is the first arrival, so the strong one is inside again.
        (-50e-6, EchoRule.QUADRATIC, 140.0),
        # More than a useful symbol outside: all interferes.
        (1.2e-3, EchoRule.QUADRATIC, 1.0 / 0.41),
    ],
)
def test_two_transmitters_equal_the_hand_calculation(second_arrives_s, rule, expected):
    timing = SymbolTiming(USEFUL_S, GUARD_S, WindowStrategy.FIRST_ARRIVAL, rule)
    sinr = sfn_sinr(TWO_POWERS_W, np.array([[0.0, second_arrives_s]]), NOISE_W, timing=timing)
    assert sinr[0] == pytest.approx(expected, rel=1e-12)


def test_two_towers_in_the_plane_equal_the_hand_calculation():
    """Towers at 0 and 50 km, receiver at 10 km: 30 km more is 100.07 us, in free space 12.04 dB less.

    With a guard interval of 101 us they add; with 90 us the second is 10.07 us outside of 1000 us, so that
    0.97996 of it is useful.
    """
    towers = [Transmitter(0.0, 0.0, 100.0, 60.0), Transmitter(50e3, 0.0, 100.0, 60.0)]
    free = TowerLoss("free space", 600e6, 100.0, 1.5, np.array([1e3, 100e3]), np.zeros(2))
    receiver = receiver_class(Reception.PORTABLE_OUTDOOR)
    power_dbm = median_power_dbm(towers, [10e3], [0.0], receiver=receiver, losses=[free, free])
    slants_m = np.hypot([10e3, 40e3], 98.5)
    by_hand_dbm = 60.0 + 2.15 - 20.0 * np.log10(4.0 * np.pi * slants_m * 600e6 / 299792458.0)
    np.testing.assert_allclose(power_dbm[0], by_hand_dbm, rtol=0, atol=1e-9)
    delay_s = arrival_delay_s(towers, [10e3], [0.0])
    assert delay_s[0, 1] - delay_s[0, 0] == pytest.approx(30e3 / 299792458.0)
    noise_mw = 10.0 ** (receiver.noise_dbm(6e6) / 10.0)
    power_mw = 10.0 ** (by_hand_dbm / 10.0)
    inside = sfn_sinr(10.0 ** (power_dbm / 10.0), delay_s, noise_mw, timing=SymbolTiming(1e-3, 101e-6))
    assert inside[0] == pytest.approx(power_mw.sum() / noise_mw, rel=1e-9)
    outside = sfn_sinr(10.0 ** (power_dbm / 10.0), delay_s, noise_mw, timing=SymbolTiming(1e-3, 90e-6))
    share = (1.0 - (30e3 / 299792458.0 - 90e-6) / 1e-3) ** 2
    expected = (power_mw[0] + share * power_mw[1]) / (noise_mw + (1.0 - share) * power_mw[1])
    assert outside[0] == pytest.approx(expected, rel=1e-6)


def test_the_limits_are_the_power_sum_and_the_plain_ratio():
    rng = np.random.default_rng(5)
    power_w, delay_s = 10.0 ** rng.uniform(-12, -8, (50, 6)), rng.uniform(0.0, 1e-3, (50, 6))
    for strategy in (WindowStrategy.FIRST_ARRIVAL, WindowStrategy.OPTIMUM):
        endless = SymbolTiming(USEFUL_S, np.inf, strategy, trigger_db=np.inf)
        np.testing.assert_allclose(
            sfn_sinr(power_w, delay_s, NOISE_W, timing=endless), power_w.sum(axis=1) / NOISE_W, rtol=1e-12
        )
    alone = sfn_sinr(power_w[:, :1], delay_s[:, :1], NOISE_W, timing=SymbolTiming(USEFUL_S, 0.0))
    np.testing.assert_allclose(alone, power_w[:, 0] / NOISE_W, rtol=1e-12)


@pytest.mark.parametrize("delay", [96, 288, -64, -128])
def test_the_quadratic_weight_is_what_a_fourier_transform_of_real_symbols_leaves(delay):
    """Symbols of 256 carriers with a guard of 32: correlate what an echo alone gives with what was sent."""
    carriers, guard, count = 256, 32, 6000
    rng = np.random.default_rng(11)
    symbols = (
        rng.choice([-1, 1], (count, carriers)) + 1j * rng.choice([-1, 1], (count, carriers))
    ) / np.sqrt(2)
    body = np.fft.ifft(symbols, axis=1) * np.sqrt(carriers)
    sent = np.concatenate([body[:, -guard:], body], axis=1).ravel()
    received = np.roll(sent, delay).reshape(count, carriers + guard)[2:-2, guard:]
    spectrum = np.fft.fft(received, axis=1) / np.sqrt(carriers)
    coherent = np.mean(spectrum * symbols[2:-2].conj(), axis=0)
    useful = np.mean(np.abs(coherent) ** 2)
    total = np.mean(np.abs(spectrum) ** 2)
    expected = float(echo_weight(delay * 1e-6, SymbolTiming(carriers * 1e-6, guard * 1e-6)))
    assert total == pytest.approx(1.0, abs=0.01)
    assert expected < 0.6
    assert useful == pytest.approx(expected, abs=0.005)


def test_one_transmitter_has_the_closed_form_of_the_normal_distribution():
    demand = Demand(threshold_db=15.0, noise_dbm=-98.0, sigma_db=5.5, entry_sigma_db=6.0)
    power_dbm = np.linspace(-110.0, -50.0, 61)[:, None]
    found = network_probability(power_dbm, 0.0 * power_dbm, demand=demand, timing=SymbolTiming(1e-3, 1e-4))
    expected = stats.norm.cdf((power_dbm[:, 0] + 98.0 - 15.0) / np.hypot(5.5, 6.0))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-7)


def test_two_transmitters_equal_the_integral_over_both_levels():
    """P(X + Y >= t) of two lognormals in the guard interval, by quadrature; drawn and by moments."""
    demand = Demand(threshold_db=10.0, noise_dbm=-98.0, sigma_db=5.5)
    power_dbm = np.array([[-88.0, -90.0], [-92.0, -92.0], [-84.0, -95.0]])
    exact = []
    for first, second in power_dbm + 98.0:

        def missing(z, first=first, second=second):
            rest = 10.0 - 10.0 ** ((first + 5.5 * z) / 10.0)
            return stats.norm.pdf(z) * stats.norm.cdf((10.0 * np.log10(rest) - second) / 5.5)

        limit = (10.0 - first) / 5.5
        exact.append(1.0 - integrate.quad(missing, -9.0, limit, limit=200)[0])
    arguments = {"demand": demand, "timing": SymbolTiming(1e-3, 1e-4)}
    zeros = np.zeros_like(power_dbm)
    drawn = network_probability(
        power_dbm, zeros, method=PowerSum.MONTE_CARLO, rng=np.random.default_rng(2), draws=20_000, **arguments
    )
    np.testing.assert_allclose(drawn, exact, rtol=0, atol=3.9 * 0.5 / np.sqrt(20_000))
    by_moments = network_probability(power_dbm, zeros, **arguments)
    np.testing.assert_allclose(by_moments, exact, rtol=0, atol=0.05)


def test_an_echo_that_is_both_useful_and_interfering_is_counted_as_one_signal():
    """Ten times stronger, 0.3 symbols outside: 0.49 of it helps, 0.51 interferes, the noise is far below.

    (P1 + 0.49 P2) / (0.51 P2) reaches 2 dB where P1 / P2 reaches 0.318: Phi((-10 + 4.97) / (5.5 sqrt 2)). The
    moments give 0.16 where 0.26 is exact, the worst case known; without the covariance of both parts of the echo
    they would give 0.46.
    """
    power_dbm, delay_s = np.array([[-80.0, -70.0]]), np.array([[0.0, 0.4e-3]])
    demand, timing = Demand(2.0, -160.0, sigma_db=5.5), SymbolTiming(1e-3, 1e-4, trigger_db=np.inf)
    needed_db = 10.0 * np.log10(0.51 * 10.0**0.2 - 0.49)
    exact = stats.norm.cdf((-10.0 - needed_db) / (5.5 * np.sqrt(2.0)))
    drawn = network_probability(
        power_dbm,
        delay_s,
        demand=demand,
        timing=timing,
        method=PowerSum.MONTE_CARLO,
        rng=np.random.default_rng(7),
        draws=10_000,
    )
    assert drawn[0] == pytest.approx(exact, abs=3.9 * 0.5 / np.sqrt(10_000))
    by_moments = network_probability(power_dbm, delay_s, demand=demand, timing=timing)
    assert by_moments[0] == pytest.approx(exact, abs=0.1)


def test_moments_and_draws_agree_over_a_network_of_three_towers():
    """The figures in the docstring: within 0.09 everywhere, 0.02 on average, echoes outside the guard included."""
    towers = [transmitter_of("mpmt", x_m=x, y_m=y) for x, y in ((0.0, 0.0), (50e3, 0.0), (25e3, 43.3e3))]
    loss = hata_tower_loss(600e6, base_height_m=100.0, mobile_height_m=1.5)
    receiver = receiver_class(Reception.PORTABLE_OUTDOOR)
    axis = np.linspace(-20e3, 70e3, 12)
    x, y = (grid.ravel() for grid in np.meshgrid(axis, axis))
    power_dbm = median_power_dbm(towers, x, y, receiver=receiver, losses=[loss] * 3)
    delay_s = arrival_delay_s(towers, x, y)
    for guard_s in (2e-5, 2e-4):
        arguments = {
            "demand": Demand(10.0, receiver.noise_dbm(7.6e6)),
            "timing": SymbolTiming(8e-4, guard_s),
        }
        drawn = network_probability(
            power_dbm,
            delay_s,
            method=PowerSum.MONTE_CARLO,
            rng=np.random.default_rng(3),
            draws=1000,
            **arguments,
        )
        difference = np.abs(network_probability(power_dbm, delay_s, **arguments) - drawn)
        assert difference.max() < 0.09 + 0.03
        assert difference.mean() < 0.03
        assert 0.2 < drawn.mean() < 0.8
