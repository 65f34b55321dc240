import numpy as np
import pytest
from scipy import stats

from netgen.propagation.antenna import SectorAntenna
from netgen.propagation.line_of_sight import los_probability
from netgen.propagation.path_loss import Environment, los_path_loss_db, nlos_path_loss_db
from netgen.radio.cell_coverage import cell_coverage, cell_probability
from netgen.radio.sectors import Sectors

PANEL = SectorAntenna(elements=10, spacing_wavelengths=0.5, tilt_deg=12.0)


def two_sites(**change) -> Sectors:
    """Two sites 500 m apart with three sectors each."""
    arguments = {
        "height_m": np.full(6, 25.0),
        "site": np.array([0, 0, 0, 1, 1, 1]),
        "azimuth_deg": np.array([30.0, 150.0, 270.0] * 2),
        "power_dbm": np.full(6, 46.0),
        "antennas": PANEL,
    }
    return Sectors(np.repeat([0.0, 500.0], 3), np.zeros(6), **(arguments | change))


def one_sector(**change) -> Sectors:
    arguments = {"height_m": 25.0, "site": 0, "azimuth_deg": 0.0, "power_dbm": 46.0, "antennas": PANEL}
    return Sectors([0.0], [0.0], **{key: [value] if np.ndim(value) == 0 and key != "antennas" else value
                                    for key, value in (arguments | change).items()})  # fmt: skip


def coverage(sectors, x_m, y_m, *, seed=6, **change):
    arguments = {
        "environment": Environment.UMA,
        "carrier_hz": 2e9,
        "user_height_m": 1.5,
        "noise_dbm": -95.0,
        "threshold_db": 3.0,
        "draws": 100,
    }
    return cell_coverage(sectors, x_m, y_m, rng=np.random.default_rng(seed), **(arguments | change))


def grid(west, east, south, north, count=12):
    x_m, y_m = np.meshgrid(np.linspace(west, east, count), np.linspace(south, north, count))
    return x_m.ravel(), y_m.ravel()


def levels_db(distance_m):
    """Ratio of signal to noise at 0 deg from one sector in the two states, dB."""
    zenith = 90.0 + np.degrees(np.arctan(23.5 / distance_m))
    heights = {"distance_2d_m": distance_m, "base_height_m": 25.0, "user_height_m": 1.5, "carrier_hz": 2e9}
    budget = 46.0 + PANEL.gain_dbi(zenith, 0.0) + 95.0
    return [budget - formula(Environment.UMA, **heights) for formula in (los_path_loss_db, nlos_path_loss_db)]


def test_one_sector_without_interference_has_the_closed_form():
    """With p of line of sight it is p Phi(margin / 4 dB) + (1 - p) Phi(margin / 6 dB) over the margins of TR 38.901."""
    x_m, draws = np.array([300.0, 600.0, 900.0]), 8000
    found = coverage(one_sector(), x_m, np.zeros(3), threshold_db=30.0, draws=draws)
    seen, hidden = levels_db(x_m)
    sees = los_probability(Environment.UMA, distance_2d_m=x_m, user_height_m=1.5)
    expected = sees * stats.norm.cdf((seen - 30.0) / 4.0) + (1.0 - sees) * stats.norm.cdf(
        (hidden - 30.0) / 6.0
    )
    assert np.ptp(expected) > 0.2
    np.testing.assert_allclose(found, expected, atol=4.0 * 0.5 / np.sqrt(draws))


def test_without_shadow_fading_only_the_line_of_sight_is_drawn():
    between = float(np.mean(levels_db(200.0)))
    found = coverage(
        one_sector(), np.array([200.0]), np.zeros(1), threshold_db=between, draws=8000, shadowing=False
    )
    sees = float(los_probability(Environment.UMA, distance_2d_m=200.0, user_height_m=1.5))
    assert 0.1 < sees < 0.9
    assert found[0] == pytest.approx(sees, abs=4.0 * 0.5 / np.sqrt(8000))


def test_a_sector_serves_the_side_that_it_looks_to():
    north = one_sector(azimuth_deg=90.0, power_dbm=30.0)
    x_m, y_m = np.array([-100.0, 100.0, -100.0, 100.0]), np.array([-400.0, -400.0, 400.0, 400.0])
    behind, ahead = coverage(north, x_m, y_m, threshold_db=15.0).reshape(2, 2)
    assert ahead.min() > behind.max() + 0.2


def test_interference_costs_coverage_and_idle_neighbours_do_not():
    x_m, y_m = grid(-200.0, 700.0, -300.0, 300.0)
    busy, idle = (coverage(two_sites(), x_m, y_m, activity=activity) for activity in (1.0, 0.0))
    assert np.all(busy <= idle)
    assert busy.mean() < 0.95 < idle.mean()


def test_a_place_and_its_image_are_covered_alike():
    """Sites that repeat every 1000 m: so does the map, and images of what is near are not counted besides it."""
    steps = (0.0, -1e3, 1e3, -2e3, 2e3)
    repeated = two_sites(image_offsets_m=[(column, row) for row in steps for column in steps])
    # Not half way between two images, where rounding would choose.
    x_m, y_m = grid(-307.0, 613.0, -303.0, 319.0)
    here = coverage(repeated, x_m, y_m)
    np.testing.assert_allclose(here, coverage(repeated, x_m - 1000.0, y_m + 1000.0), atol=1e-12)
    without = coverage(two_sites(), x_m, y_m)
    assert np.abs(here - without).max() > 0.1
    near = (np.abs(y_m) < 200.0) & (x_m > 0.0) & (x_m < 500.0)
    assert near.sum() > 20
    np.testing.assert_array_equal(here[near], without[near])


def test_every_sector_may_have_an_antenna_of_its_own():
    high, low = (SectorAntenna(elements=10, spacing_wavelengths=0.5, tilt_deg=tilt) for tilt in (2.0, 20.0))
    x_m, y_m = grid(-400.0, 900.0, -400.0, 400.0)
    alike, both, mixed = (
        coverage(two_sites(**change), x_m, y_m)
        for change in (
            {"antennas": high},
            {"antennas": (low, high), "antenna": [1] * 6},
            {"antennas": (low, high), "antenna": [1, 1, 1, 0, 0, 0]},
        )
    )
    np.testing.assert_array_equal(alike, both)
    assert np.abs(mixed - alike).max() > 0.1


def test_rural_shadow_fading_grows_beyond_the_breakpoint():
    """RMa with line of sight: 4 dB before and 6 dB beyond 2 pi h h' f / c; TR 38.901 Table 7.4.1-1."""
    breakpoint_m = 2.0 * np.pi * 35.0 * 1.5 * 7e8 / 3e8
    x_m = np.array([0.98, 1.02]) * breakpoint_m
    arguments = {"environment": Environment.RMA, "carrier_hz": 7e8, "draws": 20_000}
    heights = {"distance_2d_m": x_m, "base_height_m": 35.0, "user_height_m": 1.5, "carrier_hz": 7e8}
    sees = los_probability(Environment.RMA, distance_2d_m=x_m, user_height_m=1.5)
    zenith = 90.0 + np.degrees(np.arctan(33.5 / x_m))
    budget = 46.0 + PANEL.gain_dbi(zenith, 0.0) + 95.0
    margins = [
        budget - formula(Environment.RMA, **heights) for formula in (los_path_loss_db, nlos_path_loss_db)
    ]
    threshold_db = float(margins[0].mean()) + 6.0
    expected = sees * stats.norm.cdf((margins[0] - threshold_db) / [4.0, 6.0]) + (
        1.0 - sees
    ) * stats.norm.cdf((margins[1] - threshold_db) / 8.0)
    assert expected[1] > 1.5 * expected[0]
    found = coverage(one_sector(height_m=35.0), x_m, np.zeros(2), threshold_db=threshold_db, **arguments)
    np.testing.assert_allclose(found, expected, atol=4.0 * 0.5 / np.sqrt(20_000))


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


def test_bad_cell_powers_are_refused():
    arguments = {"los_sigma_db": 4.0, "nlos_sigma_db": 6.0, "noise_dbm": -95.0, "threshold_db": 0.0}
    powers, sees, rng = np.zeros((2, 3)), np.zeros((2, 1)), np.random.default_rng(0)
    with pytest.raises(ValueError, match="differ in shape"):
        cell_probability(powers, powers[:1], los_probability=sees, site=[0, 0, 0], rng=rng, **arguments)
    with pytest.raises(ValueError, match="draws >= 1"):
        cell_probability(powers, powers, los_probability=sees, site=[0, 0, 1], rng=rng, **arguments)
