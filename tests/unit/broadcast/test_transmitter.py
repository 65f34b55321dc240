import numpy as np
import pytest

from netgen.broadcast.transmitter import SITE_PLANS, SiteClass, Transmitter, eirp_dbm_of_erp, transmitter_of


def test_an_omnidirectional_transmitter_radiates_evenly():
    station = Transmitter(100.0, -50.0, height_m=200.0, eirp_dbm=70.0)
    power = station.eirp_towards_dbm([0.0, 100.0, 5e3], [0.0, -50.0, 9e3], receiver_height_m=1.5)
    np.testing.assert_array_equal(power, 70.0)


def test_the_horizontal_pattern_is_read_counter_clockwise_from_the_x_axis():
    station = Transmitter(0.0, 0.0, 100.0, 60.0, horizontal_db=(0.0, -3.0, -20.0, -9.0))
    turn = np.radians([0.0, 45.0, 90.0, 180.0, 270.0, 315.0, -0.0001])
    power = station.eirp_towards_dbm(1e3 * np.cos(turn), 1e3 * np.sin(turn), receiver_height_m=1.5)
    np.testing.assert_allclose(power - 60.0, [0.0, -1.5, -3.0, -20.0, -9.0, -4.5, 0.0], atol=1e-4)


def test_the_vertical_beam_is_3_db_down_at_half_its_width_and_filled_below():
    """From 301.5 m to 1.5 m: 1 degree below the horizon is 17187 m away."""
    station = Transmitter(0.0, 0.0, 301.5, 70.0, vertical_beamwidth_deg=2.0, tilt_deg=1.0)
    below_deg = np.array([1.0, 2.0, 1.5, 10.0, 89.9])
    distance_m = 300.0 / np.tan(np.radians(below_deg))
    power = station.eirp_towards_dbm(distance_m, 0.0, receiver_height_m=1.5)
    np.testing.assert_allclose(power - 70.0, [0.0, -3.0, -0.75, -20.0, -20.0], atol=1e-9)


def test_a_megawatt_erp_is_92_dbm():
    assert eirp_dbm_of_erp(1e6) == pytest.approx(92.15)
    for erp_w in (0.0, -1.0, np.inf):
        with pytest.raises(ValueError, match="effective radiated power"):
            eirp_dbm_of_erp(erp_w)


@pytest.mark.parametrize("site_class", list(SiteClass))
def test_every_kind_of_site_has_a_plan(site_class):
    station = transmitter_of(site_class, x_m=1.0, y_m=2.0, delay_s=3e-6)
    plan = SITE_PLANS[site_class]
    assert (station.x_m, station.y_m, station.delay_s) == (1.0, 2.0, 3e-6)
    assert (station.height_m, station.eirp_dbm) == (plan.height_m, plan.eirp_dbm)


def test_higher_power_goes_with_higher_towers_and_wider_spacing():
    high, medium, low = (SITE_PLANS[kind] for kind in (SiteClass.HPHT, SiteClass.MPMT, SiteClass.LPLT))
    assert high.height_m > medium.height_m > low.height_m
    assert high.spacing_m > medium.spacing_m > low.spacing_m


@pytest.mark.parametrize(
    "change",
    [
        {"height_m": 0.0},
        {"x_m": np.nan},
        {"eirp_dbm": np.inf},
        {"delay_s": -1e-6},
        {"null_fill_db": 1.0},
        {"horizontal_db": ()},
        {"horizontal_db": (0.0, 0.5)},
        {"vertical_beamwidth_deg": 0.0},
    ],
)
def test_bad_numbers_are_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        Transmitter(**({"x_m": 0.0, "y_m": 0.0, "height_m": 100.0, "eirp_dbm": 60.0} | change))
