"""The Irregular Terrain Model (Longley-Rice) in area mode: transmission loss without a terrain map.

The model itself is the package itmlogic 1.2 (MIT, pure Python, extra `itm`), a port of ITM 1.2.2. Why this one:
pycraf and itur hold other models, crc-covlib and the code for P.1546 are not on the package index, and P.1546
and P.1812 need ITU-R tables whose licence does not allow redistribution. It evaluates one distance at a time in
some ten microseconds to a millisecond, so users are served by interpolation (`netgen.propagation.tower_loss`).
"""

from __future__ import annotations

import cmath
import math
from dataclasses import dataclass
from enum import IntEnum
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import MissingDependencyError, ModelRangeError

Floats = NDArray[np.float64]

CARRIER_HZ = (20e6, 20e9)
HEIGHT_M = (0.5, 3000.0)
DISTANCE_M = (1e3, 2000e3)
_LEAST_SLOPE = 5.0
_EARTH_CURVATURE_PER_M = 157e-9
_WAVE_NUMBER_MHZ = 47.7
_NEPER_DB = 8.685890
_INVALID = 3


class Climate(IntEnum):
    """Radio climates of the model."""

    EQUATORIAL = 1
    CONTINENTAL_SUBTROPICAL = 2
    MARITIME_SUBTROPICAL = 3
    DESERT = 4
    CONTINENTAL_TEMPERATE = 5
    MARITIME_TEMPERATE_OVER_LAND = 6
    MARITIME_TEMPERATE_OVER_SEA = 7


class Siting(IntEnum):
    """How the place of an antenna was chosen."""

    RANDOM = 0
    CAREFUL = 1
    VERY_CAREFUL = 2


class Variability(IntEnum):
    """Which kinds of variation count together; in broadcast mode time, location and situation are separate."""

    SINGLE_MESSAGE = 0
    ACCIDENTAL = 1
    MOBILE = 2
    BROADCAST = 3


@dataclass(frozen=True, slots=True)
class Terrain:
    """Ground and air along the paths of an area.

    Parameters
    ----------
    irregularity_m : float, m               Interdecile range of heights (delta h), >= 0: 0 smooth, 30 plains,
                                            90 hills (the model's average), 200 mountains, 500 rugged.
    climate : Climate                       Radio climate.
    surface_refractivity : float, N-units   250 to 400; 301 is the model's usual value.
    permittivity : float                    Relative permittivity of the ground, >= 1; 15 is average ground.
    conductivity_s_m : float, S/m           Conductivity of the ground, >= 0; 0.005 is average ground.
    vertical : bool                         Vertical polarisation; television is mostly horizontal.

    Raises
    ------
    ModelRangeError                         A number outside the ranges above.

    Valid for                               ASSUMED: hills of 90 m where nothing is said about the terrain.
    Source                                  NTIA Report 82-100 (Hufford, Longley, Kissick 1982) for the parameters;
                                            301, 15 and 0.005 S/m as in NTIA's published examples.
    """

    irregularity_m: float = 90.0
    climate: Climate = Climate.CONTINENTAL_TEMPERATE
    surface_refractivity: float = 301.0
    permittivity: float = 15.0
    conductivity_s_m: float = 0.005
    vertical: bool = False

    def __post_init__(self) -> None:
        for name, value, low, high in (
            ("irregularity_m", self.irregularity_m, 0.0, 3000.0),
            ("surface_refractivity", self.surface_refractivity, 250.0, 400.0),
            ("permittivity", self.permittivity, 1.0, 100.0),
            ("conductivity_s_m", self.conductivity_s_m, 0.0, 100.0),
        ):
            if not low <= value <= high:
                raise ModelRangeError(f"terrain.{name} = {value:g} is outside {low:g}..{high:g}")


def least_distance_m(base_height_m: float, mobile_height_m: float) -> float:
    """Shortest distance at which the model answers: 1 km, or five times the difference of the heights."""
    return max(DISTANCE_M[0], _LEAST_SLOPE * abs(base_height_m - mobile_height_m))


def irregular_terrain_loss_db(
    distance_m: ArrayLike,
    carrier_hz: float,
    *,
    base_height_m: float,
    mobile_height_m: float,
    terrain: Terrain,
    siting: tuple[Siting, Siting] = (Siting.RANDOM, Siting.RANDOM),
    time_percent: float = 50.0,
    location_percent: float = 50.0,
    situation_percent: float = 50.0,
    variability: Variability = Variability.BROADCAST,
) -> Floats:
    """Transmission loss not exceeded for given shares of time, locations and situations.

    Parameters
    ----------
    distance_m : (n,) float, m              Distance along the ground, 1 to 2000 km, and at least five times
                                            the difference of the heights.
    carrier_hz : float, Hz                  20 MHz to 20 GHz.
    base_height_m, mobile_height_m : float, m   Heights above the ground, 0.5 to 3000 m.
    terrain : Terrain                       Ground, air and climate of the area.
    siting : (Siting, Siting)               How the places of base and mobile were chosen.
    time_percent, location_percent, situation_percent : float   Shares in (0, 100); 50 gives the median.
    variability : Variability               Which of the three count separately.

    Returns
    -------
    (n,) float, dB                          Basic transmission loss; within the horizon it may lie some tenths of a
                                            decibel below free space, by the model's climate term.

    Raises
    ------
    ModelRangeError                         A value outside the ranges above, or combinations for which the
                                            model says that its result is not valid.
    MissingDependencyError                  itmlogic is not installed.

    Valid for                               Areas whose terrain is known by its irregularity alone.
    Source                                  Hufford, The ITS Irregular Terrain Model, version 1.2.2: the algorithm
                                            (1995); NTIA Report 82-100.
    """
    distances = np.atleast_1d(np.asarray(distance_m, dtype=np.float64))
    _check(distances, carrier_hz, base_height_m, mobile_height_m)
    deviates = _deviates(time_percent, location_percent, situation_percent)
    longley_rice, spread, prop = _prepared(
        carrier_hz, (base_height_m, mobile_height_m), terrain, siting, variability
    )
    losses = np.empty(distances.size)
    for index, distance in enumerate(distances.ravel().tolist()):
        prop["lvar"] = max(1, prop["lvar"])
        prop["wlos"] = 0  # itmlogic 1.2 sets the loss within the horizon only where it sets its coefficients
        prop = longley_rice(distance, prop)
        excess_db, prop = spread(*deviates, prop)
        if prop["kwx"] >= _INVALID:
            raise ModelRangeError(
                f"the irregular terrain model has no valid result for distance {index} = {distance:g} m, heights "
                f"{base_height_m:g} and {mobile_height_m:g} m, irregularity {terrain.irregularity_m:g} m"
            )
        losses[index] = _NEPER_DB * math.log(2.0 * prop["wn"] * distance) + excess_db
    return losses.reshape(np.shape(distance_m))


def _deviates(time_percent: float, location_percent: float, situation_percent: float) -> list[float]:
    """Return the standard normal deviates of the three shares, or raise ModelRangeError."""
    shares = {"time": time_percent, "location": location_percent, "situation": situation_percent}
    for name, percent in shares.items():
        if not 0 < percent < 100:
            raise ModelRangeError(f"{name}_percent = {percent:g} is outside 0..100, both excluded")
    return [-NormalDist().inv_cdf(percent / 100.0) for percent in shares.values()]


def _check(distances_m: Floats, carrier_hz: float, base_height_m: float, mobile_height_m: float) -> None:
    """Raise ModelRangeError for the first value outside the model's range."""
    for name, value, (low, high), unit in (
        ("the carrier", carrier_hz, CARRIER_HZ, "Hz"),
        ("the base height", base_height_m, HEIGHT_M, "m"),
        ("the mobile height", mobile_height_m, HEIGHT_M, "m"),
    ):
        if not low <= value <= high:
            raise ModelRangeError(
                f"{name} {value:g} {unit} is outside the itm range {low:g}..{high:g} {unit}"
            )
    least = least_distance_m(base_height_m, mobile_height_m)
    wrong = np.flatnonzero(~((distances_m >= least) & (distances_m <= DISTANCE_M[1])))
    if wrong.size:
        raise ModelRangeError(
            f"distance {wrong[0]} = {distances_m.ravel()[wrong[0]]:g} m is outside the itm range "
            f"{least:g}..{DISTANCE_M[1]:g} m for heights {base_height_m:g} and {mobile_height_m:g} m"
        )


def _prepared(
    carrier_hz: float,
    heights_m: tuple[float, float],
    terrain: Terrain,
    siting: tuple[Siting, Siting],
    variability: Variability,
) -> tuple[Any, Any, dict[str, Any]]:
    """Return itmlogic's loss and variability functions and its state, ready for the first distance."""
    try:
        from itmlogic.lrprop import lrprop  # noqa: PLC0415  (optional)
        from itmlogic.preparatory_subroutines.qlra import qlra  # noqa: PLC0415
        from itmlogic.statistics.avar import avar  # noqa: PLC0415
    except ModuleNotFoundError:
        raise MissingDependencyError(
            "the irregular terrain model needs itmlogic, which is not installed; "
            "install it with: pip install 'netgen[itm]'"
        ) from None
    wave_number = carrier_hz / 1e6 / _WAVE_NUMBER_MHZ
    ground = complex(terrain.permittivity, 376.62 * terrain.conductivity_s_m / wave_number)
    impedance = cmath.sqrt(ground - 1.0)
    bending = 1.0 - 0.04665 * math.exp(terrain.surface_refractivity / 179.3)
    prop: dict[str, Any] = {
        "hg": list(heights_m),
        "fmhz": carrier_hz / 1e6,
        "dh": terrain.irregularity_m,
        "ens0": terrain.surface_refractivity,
        "ens": terrain.surface_refractivity,
        "eps": terrain.permittivity,
        "sgm": terrain.conductivity_s_m,
        "klimx": int(terrain.climate),
        "ipol": int(terrain.vertical),
        "mdvarx": int(variability),
        "gma": _EARTH_CURVATURE_PER_M,
        "gme": _EARTH_CURVATURE_PER_M * bending,
        "kwx": 0,
        "wn": wave_number,
        "lvar": 0,
        "zgnd": impedance / ground if terrain.vertical else impedance,
    }
    return lrprop, avar, qlra([int(criterion) for criterion in siting], prop)
