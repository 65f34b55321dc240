import numpy as np
import pytest
from scipy import stats

from netgen.broadcast.coverage_map import Demand, PowerSum, network_probability, tower_coverage
from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.broadcast.single_frequency import SymbolTiming
from netgen.broadcast.transmitter import SiteClass, transmitter_of
from netgen.propagation.tower_loss import hata_tower_loss

TIMING = SymbolTiming(1e-3, 1e-4)
AXIS_M = np.linspace(-40e3, 40e3, 17)


def one_tower(reception: Reception, **change):
    receiver = receiver_class(reception)
    loss = hata_tower_loss(600e6, base_height_m=100.0, mobile_height_m=receiver.height_m)
    arguments = {
        "x_m": AXIS_M,
        "y_m": AXIS_M[:9],
        "receiver": receiver,
        "bandwidth_hz": 6e6,
        "threshold_db": 15.0,
        "timing": TIMING,
    }
    return tower_coverage([transmitter_of(SiteClass.MPMT, x_m=0.0, y_m=0.0)], [loss], **(arguments | change))


def test_one_tower_covers_what_the_normal_distribution_says():
    found = one_tower(Reception.PORTABLE_INDOOR, crs="EPSG:32632", origin_m=(5e5, 5e6))
    assert found.probability.shape == (9, 17)
    assert found.sites_m == ((0.0, 0.0),)
    assert (found.crs, found.origin_m) == ("EPSG:32632", (5e5, 5e6))
    receiver = receiver_class(Reception.PORTABLE_INDOOR)
    loss = hata_tower_loss(600e6, base_height_m=100.0, mobile_height_m=1.5)
    x, y = np.meshgrid(AXIS_M, AXIS_M[:9])
    level = 60.0 + 2.15 - 11.0 - loss.loss_db(np.hypot(x, y)) - receiver.noise_dbm(6e6)
    np.testing.assert_allclose(
        found.probability, stats.norm.cdf((level - 15.0) / np.hypot(5.5, 6.0)), atol=1e-6
    )
    assert found.probability.max() > 0.9
    assert found.probability.min() < 0.1


def test_a_given_deviation_replaces_the_usual_one():
    certain = one_tower(Reception.PORTABLE_OUTDOOR, sigma_db=0.0).probability
    assert set(np.unique(certain)) == {0.0, 1.0}
    usual, wide = (one_tower(Reception.PORTABLE_OUTDOOR, **change) for change in ({}, {"sigma_db": 11.0}))
    margins = [np.clip(stats.norm.ppf(found.probability), -5.0, 5.0) for found in (usual, wide)]
    inside = np.abs(margins[0]) < 5.0
    assert 20 < inside.sum() < inside.size
    np.testing.assert_allclose(margins[0][inside] / 2.0, margins[1][inside], atol=1e-6)


def test_a_roof_top_is_covered_farther_than_a_hand():
    shares = [
        one_tower(kind).probability.mean()
        for kind in (Reception.ROOF_TOP, Reception.PORTABLE_OUTDOOR, Reception.HANDHELD, Reception.IN_CAR)
    ]
    assert np.all(np.diff(shares) < 0)


def test_draws_agree_with_the_closed_form_and_do_not_depend_on_other_places():
    arguments = {"method": PowerSum.MONTE_CARLO, "draws": 4000}
    drawn = one_tower(Reception.PORTABLE_INDOOR, rng=np.random.default_rng(8), **arguments)
    exact = one_tower(Reception.PORTABLE_INDOOR)
    assert np.abs(drawn.probability - exact.probability).max() < 4.0 * 0.5 / np.sqrt(4000)
    part = one_tower(Reception.PORTABLE_INDOOR, rng=np.random.default_rng(8), x_m=AXIS_M[3:7], **arguments)
    np.testing.assert_array_equal(part.probability, drawn.probability[:, 3:7])


def test_certain_levels_and_silence_are_decided():
    demand = Demand(10.0, -100.0, sigma_db=0.0)
    power_dbm = np.array([[-89.0], [-91.0], [-np.inf]])
    found = network_probability(power_dbm, np.zeros((3, 1)), demand=demand, timing=TIMING)
    np.testing.assert_array_equal(found, [1.0, 0.0, 0.0])


def test_an_echo_outside_the_guard_interval_costs_coverage():
    power_dbm = np.array([[-80.0, -85.0]])
    demand = Demand(15.0, -100.0)
    inside, outside = (
        network_probability(power_dbm, np.array([[0.0, delay_s]]), demand=demand, timing=TIMING)[0]
        for delay_s in (50e-6, 600e-6)
    )
    assert inside > 0.8
    assert outside < 0.3


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="needs a generator"):
        one_tower(Reception.HANDHELD, method=PowerSum.MONTE_CARLO)
    with pytest.raises(ValueError, match="one shape"):
        network_probability(np.zeros((2, 2)), np.zeros((2, 1)), demand=Demand(0.0, -100.0), timing=TIMING)
    for change in ({"sigma_db": -1.0}, {"entry_sigma_db": -1.0}, {"threshold_db": np.nan}):
        with pytest.raises(ValueError, match="finite numbers"):
            Demand(**({"threshold_db": 0.0, "noise_dbm": -100.0} | change))
