"""Okumura-Hata and COST-231-Hata: measured medians for base stations above the roofs."""

from __future__ import annotations

import math
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import ModelRangeError

Floats = NDArray[np.float64]

BASE_HEIGHT_M = (30.0, 200.0)
MOBILE_HEIGHT_M = (1.0, 10.0)
DISTANCE_M = (1e3, 20e3)
EXTENDED_DISTANCE_M = (1e3, 100e3)
OKUMURA_HATA_HZ = (150e6, 1500e6)
COST231_HATA_HZ = (1500e6, 2000e6)
_LOW_BAND_HZ = 300e6


class Surroundings(StrEnum):
    """What stands around the receiver."""

    URBAN = "urban"
    SUBURBAN = "suburban"
    OPEN = "open"


class City(StrEnum):
    """Size of the city: it decides the gain of the receiver's height."""

    SMALL_MEDIUM = "small/medium"
    LARGE = "large"


def okumura_hata_loss_db(
    distance_m: ArrayLike,
    carrier_hz: float,
    *,
    base_height_m: ArrayLike,
    mobile_height_m: ArrayLike,
    surroundings: Surroundings = Surroundings.URBAN,
    city: City = City.SMALL_MEDIUM,
    extended: bool = False,
) -> Floats:
    """Median basic transmission loss of Hata's formulas for Okumura's curves.

    Parameters
    ----------
    distance_m : (...) float, m         Distance along the ground, 1 to 20 km (100 km when `extended`).
    carrier_hz : float, Hz              Carrier, 150 to 1500 MHz.
    base_height_m : (...) float, m      Effective height of the base antenna, 30 to 200 m.
    mobile_height_m : (...) float, m    Height of the receiving antenna, 1 to 10 m.
    surroundings : Surroundings         Urban, suburban or open.
    city : City                         Size of the city around an urban receiver; the correction of
                                        suburban and open areas starts from the same urban loss.
    extended : bool                     Go on to 100 km with the exponent of the distance term.

    Returns
    -------
    (...) float, dB                     Broadcast of the three arrays. May lie below free space near the
                                        edges of the range; `netgen.propagation.tower_loss` prevents that.

    Raises
    ------
    ModelRangeError                     Anything outside the ranges above; names index, value and range.

    Valid for                           Quasi-smooth terrain. Between 200 and 400 MHz Hata gives no gain of
                                        the receiver's height in a large city; ASSUMED: the change from the
                                        one to the other formula is at 300 MHz.
    Source                              Hata, IEEE Trans. Veh. Technol. 29 (1980) 317, and COST 231 final
                                        report, equations 4.4.1 and 4.4.2; beyond 20 km the exponent of Report
                                        ITU-R SM.2028, read in an open implementation of that report
                                        (Recommendation ITU-R P.529 itself was not readable).
    """
    _check_hz("okumura-hata", carrier_hz, OKUMURA_HATA_HZ)
    distance, base, mobile = _checked("okumura-hata", distance_m, base_height_m, mobile_height_m, extended)
    log_mhz = math.log10(carrier_hz / 1e6)
    loss: Floats = 69.55 + 26.16 * log_mhz - _mobile_gain_db(mobile, carrier_hz, city)
    loss = loss + _base_terms_db(distance, base, carrier_hz)
    if surroundings is Surroundings.SUBURBAN:
        loss -= 2.0 * (log_mhz - math.log10(28.0)) ** 2 + 5.4
    elif surroundings is Surroundings.OPEN:
        loss -= 4.78 * log_mhz**2 - 18.33 * log_mhz + 40.94
    return loss


def cost231_hata_loss_db(
    distance_m: ArrayLike,
    carrier_hz: float,
    *,
    base_height_m: ArrayLike,
    mobile_height_m: ArrayLike,
    city: City = City.SMALL_MEDIUM,
    extended: bool = False,
) -> Floats:
    """Median basic transmission loss of the COST 231 extension of Hata's formula to 2 GHz.

    Parameters
    ----------
    distance_m : (...) float, m         Distance along the ground, 1 to 20 km (100 km when `extended`).
    carrier_hz : float, Hz              Carrier, 1500 to 2000 MHz.
    base_height_m : (...) float, m      Effective height of the base antenna, 30 to 200 m.
    mobile_height_m : (...) float, m    Height of the receiving antenna, 1 to 10 m.
    city : City                         A large city adds 3 dB (metropolitan centre); small and medium cities
                                        and suburban centres with some trees add nothing.
    extended : bool                     Go on to 100 km with the exponent of the distance term.

    Returns
    -------
    (...) float, dB                     Broadcast of the three arrays.

    Raises
    ------
    ModelRangeError                     Anything outside the ranges above; names index, value and range.

    Valid for                           Base antennas above the roofs around them. In a large city the gain of
                                        the receiver's height has its -4.97 dB, as in Hata's own formula; ns-3
                                        3.44 leaves it out there, so its loss is 4.97 dB lower.
    Source                              COST 231 final report, equation 4.4.3; distance beyond 20 km as in
                                        `okumura_hata_loss_db`.
    """
    _check_hz("cost231-hata", carrier_hz, COST231_HATA_HZ)
    distance, base, mobile = _checked("cost231-hata", distance_m, base_height_m, mobile_height_m, extended)
    metropolitan_db = 3.0 if city is City.LARGE else 0.0
    loss: Floats = 46.3 + 33.9 * math.log10(carrier_hz / 1e6) - _mobile_gain_db(mobile, carrier_hz, city)
    return loss + _base_terms_db(distance, base, carrier_hz) + metropolitan_db


def _mobile_gain_db(mobile_height_m: Floats, carrier_hz: float, city: City) -> Floats:
    """Gain of the receiver's height over 1.5 m, a(h_m)."""
    gain: Floats
    if city is City.SMALL_MEDIUM:
        log_mhz = math.log10(carrier_hz / 1e6)
        gain = (1.1 * log_mhz - 0.7) * mobile_height_m - (1.56 * log_mhz - 0.8)
    elif carrier_hz <= _LOW_BAND_HZ:
        gain = 8.29 * np.log10(1.54 * mobile_height_m) ** 2 - 1.1
    else:
        gain = 3.2 * np.log10(11.75 * mobile_height_m) ** 2 - 4.97
    return gain


def _base_terms_db(distance_m: Floats, base_height_m: Floats, carrier_hz: float) -> Floats:
    """Terms of the base height and the distance; beyond 20 km with the extended exponent."""
    log_base = np.log10(base_height_m)
    log_km = np.log10(distance_m / 1e3)
    beyond = np.maximum(np.log10(distance_m / DISTANCE_M[1]), 0.0)
    exponent = 1.0 + (0.14 + 1.87e-4 * carrier_hz / 1e6 + 1.07e-3 * base_height_m) * beyond**0.8
    terms: Floats = -13.82 * log_base + (44.9 - 6.55 * log_base) * log_km**exponent
    return terms


def _check_hz(model: str, carrier_hz: float, limits_hz: tuple[float, float]) -> None:
    """Raise ModelRangeError when the carrier is outside the model's range."""
    low, high = limits_hz
    if not low <= carrier_hz <= high:
        raise ModelRangeError(
            f"the carrier {carrier_hz:g} Hz is outside the {model} range {low:g}..{high:g} Hz; "
            "use the irregular terrain model (itm) from 20 MHz to 20 GHz, or TR 38.901 for cells"
        )


def _checked(
    model: str, distance_m: ArrayLike, base_height_m: ArrayLike, mobile_height_m: ArrayLike, extended: bool
) -> tuple[Floats, Floats, Floats]:
    """Return the arrays as floats, or raise ModelRangeError for the first value outside its range."""
    arrays = []
    for name, value, (low, high) in (
        ("distance", distance_m, EXTENDED_DISTANCE_M if extended else DISTANCE_M),
        ("base height", base_height_m, BASE_HEIGHT_M),
        ("mobile height", mobile_height_m, MOBILE_HEIGHT_M),
    ):
        array = np.asarray(value, dtype=np.float64)
        wrong = np.flatnonzero(~((array >= low) & (array <= high)))
        if wrong.size:
            raise ModelRangeError(
                f"{name} {wrong[0]} = {array.ravel()[wrong[0]]:g} m is outside the {model} range {low:g}..{high:g} m"
                + (" (100 km with extended=True)" if name == "distance" and not extended else "")
            )
        arrays.append(array)
    return arrays[0], arrays[1], arrays[2]
