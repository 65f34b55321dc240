import numpy as np
import pytest

from netgen.errors import ModelRangeError
from netgen.propagation.hata import City, Surroundings, cost231_hata_loss_db, okumura_hata_loss_db

HEIGHTS = {"base_height_m": 100.0, "mobile_height_m": 1.5}


def test_arrays_broadcast():
    loss = okumura_hata_loss_db(
        np.array([[1e3], [10e3]]), 600e6, base_height_m=[50.0, 100.0, 200.0], mobile_height_m=1.5
    )
    assert loss.shape == (2, 3)
    assert np.all(loss[1] > loss[0])
    assert np.all(np.diff(loss, axis=1) < 0)


def test_fewer_houses_give_less_loss():
    urban, suburban, rural = (
        float(okumura_hata_loss_db(5e3, 600e6, surroundings=kind, **HEIGHTS))
        for kind in (Surroundings.URBAN, Surroundings.SUBURBAN, Surroundings.OPEN)
    )
    assert urban > suburban > rural


def test_from_10_m_down_to_a_hand_the_loss_grows_by_about_the_planned_height_loss():
    """GE06 plans 16 to 18 dB at UHF for suburban areas; Hata's small city gives 20.2 dB at 600 MHz."""
    low = okumura_hata_loss_db(5e3, 600e6, base_height_m=100.0, mobile_height_m=1.5)
    high = okumura_hata_loss_db(5e3, 600e6, base_height_m=100.0, mobile_height_m=10.0)
    assert float(low - high) == pytest.approx((1.1 * np.log10(600) - 0.7) * 8.5)


def test_a_large_city_has_another_height_gain_below_300_mhz():
    below, above = (
        float(okumura_hata_loss_db(5e3, hz, base_height_m=100.0, mobile_height_m=1.5, city=City.LARGE))
        for hz in (300e6, 300.001e6)
    )
    gain_below = 8.29 * np.log10(1.54 * 1.5) ** 2 - 1.1
    gain_above = 3.2 * np.log10(11.75 * 1.5) ** 2 - 4.97
    assert below - above == pytest.approx(gain_above - gain_below, abs=1e-3)


def test_a_metropolitan_centre_adds_3_db_beside_the_height_gain():
    small = float(cost231_hata_loss_db(5e3, 1800e6, city=City.SMALL_MEDIUM, **HEIGHTS))
    large = float(cost231_hata_loss_db(5e3, 1800e6, city=City.LARGE, **HEIGHTS))
    small_gain = (1.1 * np.log10(1800) - 0.7) * 1.5 - (1.56 * np.log10(1800) - 0.8)
    large_gain = 3.2 * np.log10(11.75 * 1.5) ** 2 - 4.97
    assert large - small == pytest.approx(3.0 + small_gain - large_gain)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"carrier_hz": 149e6}, "the carrier 1.49e"),
        ({"carrier_hz": 1501e6}, "okumura-hata range 1.5e"),
        ({"distance_m": [5e3, 999.0]}, "distance 1 = 999 m"),
        ({"distance_m": 20.1e3}, r"range 1000\.\.20000 m \(100 km with extended=True\)"),
        ({"distance_m": 101e3, "extended": True}, r"range 1000\.\.100000 m$"),
        ({"distance_m": np.nan}, "distance 0 = nan"),
        ({"base_height_m": 29.0}, "base height 0 = 29 m"),
        ({"base_height_m": 201.0}, r"range 30\.\.200 m"),
        ({"mobile_height_m": 0.9}, "mobile height 0"),
        ({"mobile_height_m": 10.1}, r"range 1\.\.10 m"),
    ],
)
def test_what_is_outside_the_ranges_is_named(change, message):
    arguments = {"distance_m": 5e3, "carrier_hz": 600e6, **HEIGHTS} | change
    with pytest.raises(ModelRangeError, match=message):
        okumura_hata_loss_db(arguments.pop("distance_m"), arguments.pop("carrier_hz"), **arguments)


@pytest.mark.parametrize("carrier_hz", [1499e6, 2001e6])
def test_cost231_checks_its_carrier(carrier_hz):
    with pytest.raises(ModelRangeError, match="cost231-hata range"):
        cost231_hata_loss_db(5e3, carrier_hz, **HEIGHTS)
