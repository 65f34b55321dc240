import numpy as np
import pytest

from netgen.broadcast.receiver_class import Reception, receiver_class


@pytest.mark.parametrize("reception", list(Reception))
def test_every_class_is_in_the_table(reception):
    receiver = receiver_class(reception)
    assert receiver.reception is reception
    assert receiver.directional == (reception is Reception.ROOF_TOP)
    assert receiver.height_m in (1.5, 10.0)
    assert receiver.sigma_db >= 5.5
    assert receiver is receiver_class(reception)


def test_noise_is_thermal_noise_figure_and_man_made_noise():
    """Thermal noise k T0 at 290 K is -173.975 dBm/Hz; 6 MHz add 67.782 dB; a roof-top receiver adds 7 dB."""
    assert receiver_class(Reception.ROOF_TOP).noise_dbm(6e6) == pytest.approx(
        -173.975 + 67.782 + 7.0, abs=1e-3
    )
    portable = receiver_class(Reception.PORTABLE_OUTDOOR)
    assert portable.noise_dbm(6e6) == pytest.approx(-173.975 + 67.782 + 8.0, abs=1e-3)
    for bandwidth_hz in (0.0, np.nan):
        with pytest.raises(ValueError, match="bandwidth"):
            portable.noise_dbm(bandwidth_hz)


def test_entry_loss_lowers_the_level_and_widens_its_variation():
    outdoor, indoor = receiver_class(Reception.PORTABLE_OUTDOOR), receiver_class(Reception.PORTABLE_INDOOR)
    assert outdoor.net_gain_db - indoor.net_gain_db == pytest.approx(11.0)
    assert indoor.sigma_db == pytest.approx(np.hypot(5.5, 6.0))
    assert receiver_class(Reception.ROOF_TOP).net_gain_db == pytest.approx(11.0 + 2.15 - 4.0)


def test_the_roof_top_antenna_discriminates_as_bt_419():
    receiver = receiver_class(Reception.ROOF_TOP)
    angles = np.array([0.0, 20.0, -20.0, 40.0, -40.0, 60.0, 180.0, 340.0, 320.0, 400.0])
    expected = [0.0, 0.0, 0.0, -8.0, -8.0, -16.0, -16.0, 0.0, -8.0, -8.0]
    np.testing.assert_allclose(receiver.discrimination_db(angles), expected, atol=1e-9)
    np.testing.assert_array_equal(receiver_class(Reception.MOBILE).discrimination_db(angles), 0.0)
