"""The sector antenna: element, column, tilts, refusals."""

import numpy as np
import pytest

from netgen.propagation.antenna import SectorAntenna, array_factor_db, element_gain_dbi, local_angles


def test_element_by_hand():
    assert element_gain_dbi(90.0, 0.0) == 8.0
    assert element_gain_dbi(90.0, 32.5) == pytest.approx(8 - 3)
    assert element_gain_dbi(90.0 + 32.5, 0.0) == pytest.approx(8 - 3)
    assert element_gain_dbi(90.0 - 32.5, -32.5) == pytest.approx(8 - 6)
    assert element_gain_dbi(90.0, 180.0) == 8 - 30
    assert element_gain_dbi(0.0, 180.0) == 8 - 30


def test_azimuth_turns():
    azimuth = np.array([10.0, 100.0, 179.0])
    for turns in (-720.0, -360.0, 360.0):
        assert element_gain_dbi(80.0, azimuth + turns) == pytest.approx(element_gain_dbi(80.0, azimuth))


@pytest.mark.parametrize("elements", [1, 2, 4, 8, 10])
@pytest.mark.parametrize("spacing", [0.5, 0.8])
@pytest.mark.parametrize("tilt_deg", [0.0, 6.0, 12.0])
def test_column_is_the_sum_of_its_elements(elements, spacing, tilt_deg):
    zenith = np.linspace(0, 180, 721)
    rise = np.cos(np.deg2rad(zenith)) - np.cos(np.deg2rad(90 + tilt_deg))
    phases = 2j * np.pi * spacing * np.arange(elements)[:, np.newaxis] * rise
    power = np.abs(np.exp(phases).sum(axis=0)) ** 2 / elements
    found = array_factor_db(zenith, elements=elements, spacing_wavelengths=spacing, tilt_deg=tilt_deg)
    shown = power > 1e-9
    assert shown.sum() > 700
    assert found[shown] == pytest.approx(10 * np.log10(power[shown]), abs=1e-4)
    assert (found[~shown] < -80).all()


def test_column_points_down_by_its_tilt():
    for tilt_deg in (0.0, 3.0, 12.0, -5.0):
        assert array_factor_db(90 + tilt_deg, elements=10, tilt_deg=tilt_deg) == pytest.approx(10.0)
        zenith = np.linspace(60, 120, 6001)
        beam = zenith[array_factor_db(zenith, elements=10, tilt_deg=tilt_deg).argmax()]
        assert beam == pytest.approx(90 + tilt_deg, abs=0.011)


def test_nulls_are_deep_and_finite():
    # Two elements half a wavelength apart cancel straight up.
    assert array_factor_db(0.0, elements=2) == pytest.approx(-120.0, abs=1e-9)


def test_grating_lobe_at_a_whole_wavelength_is_as_strong_as_the_beam():
    assert array_factor_db([0.0, 90.0, 180.0], elements=8, spacing_wavelengths=1.0) == pytest.approx(
        10 * np.log10(8), abs=1e-6
    )


def test_one_element_has_no_factor():
    antenna = SectorAntenna(elements=1)
    zenith, azimuth = np.linspace(0, 180, 19), np.linspace(-180, 180, 19)
    assert antenna.gain_dbi(zenith, azimuth) == pytest.approx(element_gain_dbi(zenith, azimuth))


def test_largest_gain_is_reached_without_tilt_and_never_exceeded():
    upright = SectorAntenna()
    assert upright.largest_gain_dbi == pytest.approx(18.0)
    assert upright.gain_dbi(90.0, 0.0) == pytest.approx(18.0)
    zenith, azimuth = np.meshgrid(np.linspace(0, 180, 361), np.linspace(-180, 180, 181))
    for antenna in (upright, SectorAntenna(tilt_deg=12.0), SectorAntenna(tilt_deg=6, mechanical_tilt_deg=9)):
        assert antenna.gain_dbi(zenith, azimuth).max() <= antenna.largest_gain_dbi + 1e-9


def test_mechanical_tilt_moves_the_whole_pattern_ahead():
    # In the vertical plane ahead a mechanical tilt is a shift of the zenith angle.
    zenith = np.linspace(30, 150, 241)
    tilted = SectorAntenna(tilt_deg=4.0, mechanical_tilt_deg=7.0).gain_dbi(zenith, 0.0)
    assert tilted == pytest.approx(SectorAntenna(tilt_deg=4.0).gain_dbi(zenith - 7.0, 0.0), abs=1e-6)
    assert SectorAntenna(mechanical_tilt_deg=7.0).gain_dbi(97.0, 0.0) == pytest.approx(18.0)


def test_local_angles_by_hand():
    assert local_angles(90.0, 30.0, bearing_deg=30.0) == pytest.approx((90.0, 0.0))
    assert local_angles(102.0, 30.0, bearing_deg=30.0, tilt_deg=12.0) == pytest.approx((90.0, 0.0), abs=1e-9)
    # Behind the panel the tilt lifts the view; at the side it does not.
    assert local_angles(90.0, 180.0, tilt_deg=12.0)[0] == pytest.approx(102.0)
    assert local_angles(90.0, 90.0, tilt_deg=12.0) == pytest.approx((90.0, 90.0))
    assert local_angles(90.0, 0.0, tilt_deg=12.0)[0] == pytest.approx(78.0)


def test_local_angles_are_a_rotation():
    rng = np.random.default_rng(5)
    zenith, azimuth = rng.uniform(0, 180, 500), rng.uniform(-180, 180, 500)

    def direction(zenith_deg, azimuth_deg):
        theta, phi = np.deg2rad(zenith_deg), np.deg2rad(azimuth_deg)
        return np.array([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)])

    bearing, tilt = np.deg2rad(40.0), np.deg2rad(9.0)
    turn = np.array(
        [[np.cos(bearing), -np.sin(bearing), 0], [np.sin(bearing), np.cos(bearing), 0], [0, 0, 1]]
    )
    lean = np.array([[np.cos(tilt), 0, np.sin(tilt)], [0, 1, 0], [-np.sin(tilt), 0, np.cos(tilt)]])
    own = direction(*local_angles(zenith, azimuth, bearing_deg=40.0, tilt_deg=9.0))
    assert own == pytest.approx((turn @ lean).T @ direction(zenith, azimuth), abs=1e-9)


def test_refusals():
    with pytest.raises(ValueError, match="elements = 0"):
        SectorAntenna(elements=0)
    with pytest.raises(ValueError, match="spacing_wavelengths"):
        SectorAntenna(spacing_wavelengths=0.0)
    with pytest.raises(ValueError, match="tilt_deg = 91"):
        SectorAntenna(tilt_deg=91.0)
    with pytest.raises(ValueError, match=r"mechanical_tilt_deg = nan"):
        SectorAntenna(mechanical_tilt_deg=float("nan"))
    with pytest.raises(ValueError, match="a column needs"):
        array_factor_db(90.0, elements=0)
