import numpy as np
import pytest

from netgen.propagation.free_space import free_space_path_loss_db


def test_100_m_at_600_mhz():
    assert float(free_space_path_loss_db(100.0, 600e6)) == pytest.approx(68.01, abs=0.005)


def test_twice_the_distance_or_the_carrier_is_6_db_more():
    near, far = free_space_path_loss_db([1e3, 2e3], 700e6)
    assert far - near == pytest.approx(20 * np.log10(2))
    assert float(free_space_path_loss_db(1e3, 1400e6)) == pytest.approx(far)


@pytest.mark.parametrize("distance_m", [0.0, -1.0, np.nan, np.inf])
def test_a_bad_distance_is_named(distance_m):
    with pytest.raises(ValueError, match=r"distance \(1, 0\) = "):
        free_space_path_loss_db([[1.0], [distance_m]], 600e6)


@pytest.mark.parametrize("carrier_hz", [0.0, -1.0, np.nan])
def test_a_bad_carrier_is_refused(carrier_hz):
    with pytest.raises(ValueError, match="the carrier"):
        free_space_path_loss_db(1.0, carrier_hz)
