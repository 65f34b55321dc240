import numpy as np
import pytest
from scipy import stats

from netgen.broadcast.coverage_map import (
    Cells,
    Demand,
    PowerSum,
    cell_coverage,
    cell_probability,
    network_probability,
    tower_coverage,
)
from netgen.broadcast.receiver_class import Reception, receiver_class
from netgen.broadcast.single_frequency import SymbolTiming
from netgen.broadcast.transmitter import SiteClass, transmitter_of
from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.line_of_sight import los_probability
from netgen.propagation.path_loss import Environment, los_path_loss_db, nlos_path_loss_db
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


def cells(**change) -> Cells:
    arguments = {
        "environment": Environment.UMA,
        "carrier_hz": 2e9,
        "site_x_m": np.array([0.0, 500.0]),
        "site_y_m": np.array([0.0, 0.0]),
        "site_height_m": np.array([25.0, 25.0]),
        "site": np.array([0, 0, 0, 1, 1, 1]),
        "azimuth_deg": np.array([30.0, 150.0, 270.0] * 2),
        "power_dbm": np.full(6, 46.0),
        "antenna": SectorAntenna(elements=10, spacing_wavelengths=0.5, tilt_deg=12.0),
    }
    return Cells(**(arguments | change))


def test_one_sector_without_interference_has_the_closed_form():
    """With p of line of sight it is p Phi(margin / 4 dB) + (1 - p) Phi(margin / 6 dB) over the margins of TR 38.901."""
    alone = cells(
        site_x_m=np.zeros(1),
        site_y_m=np.zeros(1),
        site_height_m=np.array([25.0]),
        site=np.zeros(1, dtype=np.int64),
        azimuth_deg=np.zeros(1),
        power_dbm=np.array([46.0]),
    )
    x_m, draws = np.array([300.0, 600.0, 900.0]), 8000
    found = cell_coverage(
        alone,
        x_m=x_m,
        y_m=np.array([0.0, 1.0]),
        user_height_m=1.5,
        noise_dbm=-95.0,
        threshold_db=30.0,
        rng=np.random.default_rng(4),
        draws=draws,
    )
    zenith = 90.0 + np.degrees(np.arctan(23.5 / x_m))
    budget = 46.0 + alone.antenna.gain_dbi(zenith, 0.0) + 95.0 - 30.0
    heights = {"distance_2d_m": x_m, "base_height_m": 25.0, "user_height_m": 1.5, "carrier_hz": 2e9}
    sees = los_probability(Environment.UMA, distance_2d_m=x_m, user_height_m=1.5)
    expected = sees * stats.norm.cdf((budget - los_path_loss_db(Environment.UMA, **heights)) / 4.0)
    expected += (1.0 - sees) * stats.norm.cdf((budget - nlos_path_loss_db(Environment.UMA, **heights)) / 6.0)
    assert np.ptp(expected) > 0.2
    np.testing.assert_allclose(found.probability[0], expected, atol=4.0 * 0.5 / np.sqrt(draws))


def test_a_sector_serves_the_side_that_it_looks_to():
    north = cells(site=np.array([0]), azimuth_deg=np.array([90.0]), power_dbm=np.array([30.0]))
    found = cell_coverage(
        north,
        x_m=np.array([-100.0, 100.0]),
        y_m=np.array([-400.0, 400.0]),
        user_height_m=1.5,
        noise_dbm=-95.0,
        threshold_db=15.0,
        rng=np.random.default_rng(4),
    )
    assert found.probability[1].min() > found.probability[0].max() + 0.2


def test_interference_costs_coverage_and_idle_neighbours_do_not():
    arguments = {
        "x_m": np.linspace(-200.0, 700.0, 13),
        "y_m": np.linspace(-300.0, 300.0, 9),
        "user_height_m": 1.5,
        "noise_dbm": -95.0,
        "threshold_db": 3.0,
        "draws": 100,
    }
    busy, idle = (
        cell_coverage(cells(), activity=activity, rng=np.random.default_rng(6), **arguments)
        for activity in (1.0, 0.0)
    )
    assert np.all(busy.probability <= idle.probability)
    assert busy.probability.mean() < 0.95 < idle.probability.mean()
    assert busy.sites_m == ((0.0, 0.0), (500.0, 0.0))


def test_a_place_does_not_depend_on_the_others():
    rng = np.random.default_rng(9)
    los_dbm, more_db, sees = rng.uniform(-100, -60, (7, 6)), rng.uniform(5, 30, (7, 6)), rng.random((7, 2))
    arguments = {
        "los_sigma_db": 4.0,
        "nlos_sigma_db": 6.0,
        "site": [0, 0, 0, 1, 1, 1],
        "noise_dbm": -95.0,
        "threshold_db": 0.0,
        "activity": np.linspace(0.0, 1.0, 6),
    }
    together = cell_probability(
        los_dbm, los_dbm - more_db, los_probability=sees, rng=np.random.default_rng(1), **arguments
    )
    for place in range(7):
        row = slice(place, place + 1)
        alone = cell_probability(
            los_dbm[row],
            (los_dbm - more_db)[row],
            los_probability=sees[row],
            rng=np.random.default_rng(1),
            **arguments,
        )
        assert alone[0] == pytest.approx(together[place], abs=1e-12)
    assert 0.0 < together.mean() < 1.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"site_y_m": np.zeros(1)}, "every site"),
        ({"azimuth_deg": np.zeros(5)}, "every sector"),
        ({"site": np.array([0, 0, 0, 1, 1, 2])}, r"within 0\.\.1"),
    ],
)
def test_bad_networks_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        cells(**change)


def test_bad_cell_powers_are_refused():
    arguments = {"los_sigma_db": 4.0, "nlos_sigma_db": 6.0, "noise_dbm": -95.0, "threshold_db": 0.0}
    powers, sees, rng = np.zeros((2, 3)), np.zeros((2, 1)), np.random.default_rng(0)
    with pytest.raises(ValueError, match="differ in shape"):
        cell_probability(powers, powers[:1], los_probability=sees, site=[0, 0, 0], rng=rng, **arguments)
    with pytest.raises(ValueError, match="draws >= 1"):
        cell_probability(powers, powers, los_probability=sees, site=[0, 0, 1], rng=rng, **arguments)
