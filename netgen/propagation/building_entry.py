"""Loss into buildings and cars in 3GPP TR 38.901."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.path_loss import Environment

Floats = NDArray[np.float64]

#: Loss inside a building, dB for each metre between the wall and the user.
INSIDE_LOSS_DB_PER_M = 0.5
#: Distance in metres over which the random part of the entry loss stays alike for users of one building.
ENTRY_CORRELATION_DISTANCE_M = 10.0
_DEEPEST_M = {Environment.UMA: 25.0, Environment.UMI: 25.0, Environment.RMA: 10.0}
_CAR_MEAN_DB = 9.0
_METALLISED_CAR_MEAN_DB = 20.0
_CAR_SIGMA_DB = 5.0


class Building(StrEnum):
    """Kind of building: low loss, high loss (metal-coated glass), or the fixed 20 dB used below 6 GHz.

    Rural cells have low-loss buildings only.
    """

    LOW = "low"
    HIGH = "high"
    FIXED = "fixed"


class Glass(StrEnum):
    """Release of the report whose metal-coated (IRR) glass is meant."""

    RELEASE_14 = "release-14"
    RELEASE_19 = "release-19"


# Loss through a material, dB, and its rise, dB per GHz.
_PLAIN_GLASS = (2.0, 0.2)
_CONCRETE = (5.0, 4.0)
_COATED_GLASS = {Glass.RELEASE_14: (23.0, 0.3), Glass.RELEASE_19: (25.4, 0.11)}
_NON_PERPENDICULAR_DB = 5.0
_FIXED_WALL_DB = 20.0
_GLASS_SHARE = {Building.LOW: 0.3, Building.HIGH: 0.7}
_SIGMA_DB = {Building.LOW: 4.4, Building.HIGH: 6.5, Building.FIXED: 0.0}


def wall_loss_db(
    kind: Building | str, carrier_hz: ArrayLike, *, glass: Glass | str = Glass.RELEASE_19
) -> Floats:
    """Mean loss through the outer wall of a building.

    Parameters
    ----------
    kind : Building                 Low or high loss, or fixed.
    carrier_hz : (...) float, Hz    Carrier frequency, > 0.
    glass : Glass                   Which report's line for metal-coated glass; low-loss walls have none.

    Returns
    -------
    (...) float, dB                 Low loss at 6 GHz 13.402 dB; high loss 30.693 dB (release 14) or
                                    31.753 dB (release 19).

    Raises
    ------
    ValueError                      A carrier is not positive, or a name is unknown.

    Valid for                       0.5 to 100 GHz; `fixed` for urban cells below 6 GHz.
    Source                          3GPP TR 38.901 Tables 7.4.3-1 to 7.4.3-3.
    """
    building, coating = Building(kind), Glass(glass)
    carrier_ghz = np.asarray(carrier_hz, dtype=np.float64) * 1e-9
    if not np.all(carrier_ghz > 0):
        raise ValueError(f"carrier_hz must be positive, got {carrier_ghz.min() * 1e9:g} Hz")
    if building is Building.FIXED:
        return np.full(carrier_ghz.shape, _FIXED_WALL_DB)
    pane = _PLAIN_GLASS if building is Building.LOW else _COATED_GLASS[coating]
    share = _GLASS_SHARE[building]
    through = share * _transmission(pane, carrier_ghz) + (1.0 - share) * _transmission(_CONCRETE, carrier_ghz)
    return np.asarray(_NON_PERPENDICULAR_DB - 10.0 * np.log10(through), dtype=np.float64)


def wall_sigma_db(kind: Building | str) -> float:
    """Standard deviation of the entry loss over users, added once per user for all its links.

    Parameters
    ----------
    kind : Building                 Low or high loss, or fixed.

    Returns
    -------
    float, dB                       4.4, 6.5, or 0 for the fixed loss.

    Source                          3GPP TR 38.901 Tables 7.4.3-2 and 7.4.3-3.
    """
    return _SIGMA_DB[Building(kind)]


def inside_distance_m(environment: Environment | str, uniforms: ArrayLike) -> Floats:
    """Distance of indoor users from the outer wall, from uniform numbers.

    Parameters
    ----------
    environment : Environment       Urban cells have depths to 25 m, rural ones to 10 m.
    uniforms : (n, ...) float       Uniform in [0, 1). Two for the table's rule (the smaller counts), one for
                                    the fixed wall loss.

    Returns
    -------
    (...) float, m                  One distance per user, the same for all its links; mean 25 / 3 m
                                    (urban) with two uniform numbers.

    Raises
    ------
    ValueError                      A number lies outside [0, 1], or there is none.

    Source                          3GPP TR 38.901 clause 7.4.3.1.
    """
    drawn = np.asarray(uniforms, dtype=np.float64)
    if drawn.ndim == 0 or len(drawn) == 0 or not np.all((drawn >= 0) & (drawn <= 1)):
        raise ValueError("uniforms must be one or more rows of numbers in [0, 1]")
    return np.asarray(_DEEPEST_M[Environment(environment)] * drawn.min(axis=0), dtype=np.float64)


def inside_loss_db(inside_distance_m: ArrayLike) -> Floats:
    """Loss between the outer wall and the user.

    Parameters
    ----------
    inside_distance_m : (...) float, m      Distance from the wall (`inside_distance_m`), >= 0.

    Returns
    -------
    (...) float, dB                         0.5 dB for each metre.

    Source                                  3GPP TR 38.901 Table 7.4.3-2.
    """
    return np.asarray(
        INSIDE_LOSS_DB_PER_M * np.asarray(inside_distance_m, dtype=np.float64), dtype=np.float64
    )


def car_loss_db(standard_normal: ArrayLike, *, metallised: ArrayLike = False) -> Floats:
    """Loss into a car.

    Parameters
    ----------
    standard_normal : (...) float       One standard normal number per car.
    metallised : (...) bool             Whether its windows are metal-coated.

    Returns
    -------
    (...) float, dB                     Mean 9 dB, metallised 20 dB; standard deviation 5 dB. Not cut at 0,
                                        as the report does not: 3.6 % of plain cars have a small gain.

    Valid for                           0.6 to 60 GHz.
    Source                              3GPP TR 38.901 clause 7.4.3.2.
    """
    mean = np.where(np.asarray(metallised, dtype=bool), _METALLISED_CAR_MEAN_DB, _CAR_MEAN_DB)
    return np.asarray(mean + _CAR_SIGMA_DB * np.asarray(standard_normal, dtype=np.float64), dtype=np.float64)


def _transmission(material: tuple[float, float], carrier_ghz: Floats) -> Floats:
    """Share of the power that a material lets through."""
    constant_db, rise_db_per_ghz = material
    return np.asarray(10.0 ** (-0.1 * (constant_db + rise_db_per_ghz * carrier_ghz)), dtype=np.float64)
