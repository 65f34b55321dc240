"""Path loss of 3GPP TR 38.901: urban macro, urban micro (street canyon) and rural macro cells."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Speed of light in the breakpoint distance, m/s: note 1 of Table 7.4.1-1 rounds it.
SPEED_OF_LIGHT_M_S = 3.0e8
#: Horizontal distance, m, below which no formula of the table holds; nearer users are computed as if here.
SHORTEST_DISTANCE_M = 10.0
#: Height, m, above which users of urban macro cells have more line of sight and other surroundings.
TALL_USER_M = 13.0
_LOWEST_USER_M = 1.5
_LOWEST_ROOF_M = 12.0
_ROOF_STEP_M = 3.0


class Environment(StrEnum):
    """Kind of surroundings: urban macro, urban micro in a street canyon, rural macro."""

    UMA = "uma"
    UMI = "umi"
    RMA = "rma"


@dataclass(frozen=True, slots=True)
class _UrbanTerms:
    """Coefficients of Table 7.4.1-1, dB; carriers in GHz and distances in metres under the logarithms."""

    los_db: float
    los_slope: float
    breakpoint_slope: float
    nlos_db: float
    nlos_slope: float
    nlos_carrier_slope: float
    height_gain_db_per_m: float


_URBAN = {
    Environment.UMA: _UrbanTerms(28.0, 22.0, 9.0, 13.54, 39.08, 20.0, 0.6),
    Environment.UMI: _UrbanTerms(32.4, 21.0, 9.5, 22.4, 35.3, 21.3, 0.3),
}


def tall_user_gain(distance_2d_m: ArrayLike, user_height_m: ArrayLike) -> Floats:
    """C(d, h) of urban macro cells: by how much the odds of line of sight rise for users above 13 m.

    Parameters
    ----------
    distance_2d_m : (...) float, m      Horizontal distance, >= 0.
    user_height_m : (...) float, m      Height of the user.

    Returns
    -------
    (...) float                         0 up to 13 m of height and up to 18 m of distance.

    Valid for                           Heights up to 23 m; higher users are taken at 23 m.
    Source                              3GPP TR 38.901 Table 7.4.2-1 (UMa) and note 1 of Table 7.4.1-1.
    """
    distance = np.asarray(distance_2d_m, dtype=np.float64)
    height = np.minimum(np.asarray(user_height_m, dtype=np.float64), 23.0)
    rise = (np.maximum(height - TALL_USER_M, 0.0) / 10.0) ** 1.5
    hundreds = distance * 0.01
    reach = 1.25 * hundreds * hundreds * hundreds * np.exp(distance * (-1.0 / 150.0))
    gain: Floats = rise * np.where(distance > 18.0, reach, 0.0)
    return gain


def environment_height_m(uniform: ArrayLike, *, distance_2d_m: ArrayLike, user_height_m: ArrayLike) -> Floats:
    """Height of the surroundings in an urban macro cell, as drawn by one uniform number per link.

    It is 1 m with probability 1 / (1 + C(d, h)), otherwise one of 12, 15, ..., h - 1.5 m, all alike.

    Parameters
    ----------
    uniform : (...) float               Uniform in [0, 1), one per link; hold it while the user moves.
    distance_2d_m : (...) float, m      Horizontal distance, >= 0.
    user_height_m : (...) float, m      Height of the user.

    Returns
    -------
    (...) float, m                      1 m for every user below 13 m.

    Raises
    ------
    ValueError                          A uniform number lies outside [0, 1).

    Valid for                           Urban macro cells; the other two environments draw nothing.
                                        ASSUMED: heights between the floors of the table's series round it
                                        down, and users between 13 m and 13.5 m may draw 12 m.
    Source                              3GPP TR 38.901 note 1 of Table 7.4.1-1.
    """
    drawn = np.asarray(uniform, dtype=np.float64)
    if not ((drawn >= 0) & (drawn < 1)).all():
        raise ValueError(
            f"uniform numbers must lie in [0, 1), got {_first(drawn, (drawn >= 0) & (drawn < 1))}"
        )
    height = np.asarray(user_height_m, dtype=np.float64)
    low = 1.0 / (1.0 + tall_user_gain(distance_2d_m, height))
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(low < 1.0, (drawn - low) / (1.0 - low), 0.0)
    top = np.floor((height - _LOWEST_USER_M - _LOWEST_ROOF_M) / _ROOF_STEP_M)
    floors = np.maximum(top + 1.0, 1.0)
    roof = _LOWEST_ROOF_M + _ROOF_STEP_M * np.minimum(np.floor(np.maximum(rest, 0.0) * floors), floors - 1.0)
    return np.where(drawn < low, 1.0, roof)


def breakpoint_m(
    environment: Environment | str,
    *,
    base_height_m: ArrayLike,
    user_height_m: ArrayLike,
    carrier_hz: ArrayLike,
    environment_height_m: ArrayLike = 1.0,
) -> Floats:
    """Horizontal distance at which the line-of-sight loss turns to the fourth power of distance.

    Parameters
    ----------
    environment : Environment               Urban macro, urban micro or rural macro.
    base_height_m, user_height_m : (...) float, m       Heights above ground.
    carrier_hz : (...) float, Hz            Carrier frequency, > 0.
    environment_height_m : (...) float, m   Height of the surroundings in urban cells (`environment_height_m`).

    Returns
    -------
    (...) float, m                          25 m over 1.5 m at 2 GHz (uma) gives 320 m.

    Raises
    ------
    ValueError                              A carrier is not positive, or an antenna is not above the
                                            surroundings; names index and value.

    Valid for                               See `netgen.propagation.validity`.
    Source                                  3GPP TR 38.901 Table 7.4.1-1, notes 1 and 5; c = 3.0e8 m/s.
    """
    base, user, carrier = _as_floats(base_height_m, user_height_m, carrier_hz)
    _require(carrier > 0, carrier, "carrier_hz", "Hz is not positive")
    if Environment(environment) is Environment.RMA:
        _require(base > 0, base, "base_height_m", "m is not positive")
        _require(user > 0, user, "user_height_m", "m is not positive")
        rural: Floats = 2.0 * np.pi * base * user * carrier / SPEED_OF_LIGHT_M_S
        return rural
    surroundings = np.asarray(environment_height_m, dtype=np.float64)
    base_above, user_above = base - surroundings, user - surroundings
    _require(base_above > 0, base_above, "base_height_m - environment_height_m", "m is not positive")
    _require(user_above > 0, user_above, "user_height_m - environment_height_m", "m is not positive")
    urban: Floats = 4.0 * base_above * user_above * carrier / SPEED_OF_LIGHT_M_S
    return urban


def los_path_loss_db(
    environment: Environment | str,
    *,
    distance_2d_m: ArrayLike,
    base_height_m: ArrayLike,
    user_height_m: ArrayLike,
    carrier_hz: ArrayLike,
    environment_height_m: ArrayLike = 1.0,
    building_height_m: ArrayLike = 5.0,
) -> Floats:
    """Median path loss in line of sight, between isotropic antennas.

    Parameters
    ----------
    environment : Environment               Urban macro, urban micro or rural macro.
    distance_2d_m : (...) float, m          Horizontal distance, >= 0; below 10 m computed at 10 m.
    base_height_m, user_height_m : (...) float, m       Heights above ground.
    carrier_hz : (...) float, Hz            Carrier frequency.
    environment_height_m : (...) float, m   Height of the surroundings, urban cells.
    building_height_m : (...) float, m      Mean height of buildings, rural cells.

    Returns
    -------
    (...) float, dB                         All arguments broadcast; uma, 200 m, 25 m, 1.5 m, 600 MHz: 79.815 dB.

    Raises
    ------
    ValueError                              A distance is negative, or a height or carrier is as `breakpoint_m`
                                            refuses it; names index and value.

    Valid for                               See `netgen.propagation.validity`; nearer than 10 m, computed at 10 m.
    Source                                  3GPP TR 38.901 Table 7.4.1-1.
    """
    return _los_db(
        Environment(environment),
        _as_floats(distance_2d_m, base_height_m, user_height_m, carrier_hz),
        environment_height_m,
        building_height_m,
    )[0]


def nlos_path_loss_db(
    environment: Environment | str,
    *,
    distance_2d_m: ArrayLike,
    base_height_m: ArrayLike,
    user_height_m: ArrayLike,
    carrier_hz: ArrayLike,
    environment_height_m: ArrayLike = 1.0,
    building_height_m: ArrayLike = 5.0,
    street_width_m: ArrayLike = 20.0,
) -> Floats:
    """Median path loss without line of sight: the larger of this state's formula and the line-of-sight loss.

    It is also the basic loss of indoor users, to which `netgen.propagation.building_entry` adds the walls.

    Parameters
    ----------
    environment : Environment               Urban macro, urban micro or rural macro.
    distance_2d_m : (...) float, m          Horizontal distance, >= 0; below 10 m computed at 10 m.
    base_height_m, user_height_m : (...) float, m       Heights above ground.
    carrier_hz : (...) float, Hz            Carrier frequency.
    environment_height_m : (...) float, m   Height of the surroundings, urban cells.
    building_height_m, street_width_m : (...) float, m  Mean building height and street width, rural cells.

    Returns
    -------
    (...) float, dB                         All arguments broadcast; uma, 200 m, 25 m, 1.5 m, 600 MHz: 99.144 dB.

    Raises
    ------
    ValueError                              As `los_path_loss_db`.

    Valid for                               See `netgen.propagation.validity`; nearer than 10 m, computed at 10 m.
    Source                                  3GPP TR 38.901 Table 7.4.1-1.
    """
    los, nlos = _both_db(
        Environment(environment),
        _as_floats(distance_2d_m, base_height_m, user_height_m, carrier_hz),
        environment_height_m,
        building_height_m,
        street_width_m,
    )
    return np.asarray(np.maximum(los, nlos), dtype=np.float64)


def path_loss_db(
    environment: Environment | str,
    line_of_sight: ArrayLike,
    *,
    distance_2d_m: ArrayLike,
    base_height_m: ArrayLike,
    user_height_m: ArrayLike,
    carrier_hz: ArrayLike,
    environment_height_m: ArrayLike = 1.0,
    building_height_m: ArrayLike = 5.0,
    street_width_m: ArrayLike = 20.0,
) -> Floats:
    """Median path loss of links of which some have line of sight, computed together.

    Parameters
    ----------
    environment : Environment               Urban macro, urban micro or rural macro.
    line_of_sight : (...) bool              State of each link.
    distance_2d_m and the others            As of `nlos_path_loss_db`; all broadcast.

    Returns
    -------
    (...) float, dB                         `los_path_loss_db` where the state is true, else `nlos_path_loss_db`.

    Raises
    ------
    ValueError                              As `nlos_path_loss_db`.

    Valid for                               See `netgen.propagation.validity`; nearer than 10 m, computed at 10 m.
    Source                                  3GPP TR 38.901 Table 7.4.1-1.
    """
    los, nlos = _both_db(
        Environment(environment),
        _as_floats(distance_2d_m, base_height_m, user_height_m, carrier_hz),
        environment_height_m,
        building_height_m,
        street_width_m,
    )
    # Nothing is larger than minus infinity: what remains in line of sight is that state's own loss.
    return np.asarray(np.maximum(los, np.where(line_of_sight, -np.inf, nlos)), dtype=np.float64)


def _los_db(
    where: Environment,
    link: tuple[Floats, ...],
    environment_height_m: ArrayLike,
    building_height_m: ArrayLike,
) -> tuple[Floats, Floats]:
    """Loss in line of sight, and the logarithm of the distance in space."""
    distance, base, user, carrier = link
    _require(distance >= 0, distance, "distance_2d_m", "m is negative or not a number")
    turning_m = breakpoint_m(
        where,
        base_height_m=base,
        user_height_m=user,
        carrier_hz=carrier,
        environment_height_m=environment_height_m,
    )
    distance = np.maximum(distance, SHORTEST_DISTANCE_M)
    drop_squared = (base - user) ** 2
    log_distance = np.asarray(0.5 * np.log10(distance**2 + drop_squared), dtype=np.float64)
    if where is Environment.RMA:
        return _rural_los_db(distance, log_distance, turning_m, carrier, building_height_m), log_distance
    terms = _URBAN[where]
    beyond = (40.0 - terms.los_slope) * log_distance - terms.breakpoint_slope * np.log10(
        turning_m**2 + drop_squared
    )
    beyond *= distance > turning_m
    loss = beyond + terms.los_slope * log_distance
    loss += terms.los_db + 20.0 * np.log10(carrier * 1e-9)
    return np.asarray(loss, dtype=np.float64), log_distance


def _both_db(
    where: Environment,
    link: tuple[Floats, ...],
    environment_height_m: ArrayLike,
    building_height_m: ArrayLike,
    street_width_m: ArrayLike,
) -> tuple[Floats, Floats]:
    """Loss in line of sight, and this table's formula without it, which may be the smaller one."""
    los, log_distance = _los_db(where, link, environment_height_m, building_height_m)
    _, base, user, carrier = link
    log_carrier = np.log10(carrier * 1e-9)
    if where is Environment.RMA:
        building, street = _as_floats(building_height_m, street_width_m)
        _require(street > 0, street, "street_width_m", "m is not positive")
        log_base = np.log10(base)
        constant = (
            161.04
            - 7.1 * np.log10(street)
            + 7.5 * np.log10(building)
            - (24.37 - 3.7 * (building / base) ** 2) * log_base
            + 20.0 * log_carrier
            - (3.2 * np.log10(11.75 * user) ** 2 - 4.97)
        )
        return los, np.asarray((43.42 - 3.1 * log_base) * (log_distance - 3.0) + constant, dtype=np.float64)
    terms = _URBAN[where]
    constant = terms.nlos_db + terms.nlos_carrier_slope * log_carrier
    constant = constant - terms.height_gain_db_per_m * (user - _LOWEST_USER_M)
    return los, np.asarray(terms.nlos_slope * log_distance + constant, dtype=np.float64)


def _rural_los_db(
    distance_m: Floats,
    log_distance: Floats,
    turning_m: Floats,
    carrier_hz: Floats,
    building_height_m: ArrayLike,
) -> Floats:
    """Rural line-of-sight loss: the first slope at the nearer of user and breakpoint, then 40 dB a decade."""
    building = np.asarray(building_height_m, dtype=np.float64)
    _require(building > 0, building, "building_height_m", "m is not positive")
    power = building**1.72
    slope = 20.0 + np.minimum(0.03 * power, 10.0)
    excess_db_per_m = 0.002 * np.log10(building)
    beyond = distance_m > turning_m
    log_turning = np.log10(turning_m)
    log_near = np.where(beyond, log_turning, log_distance)
    constant = 20.0 * np.log10(40.0 * np.pi * carrier_hz * 1e-9 / 3.0) - np.minimum(0.044 * power, 14.77)
    loss = constant + slope * log_near + excess_db_per_m * 10.0**log_near
    return np.asarray(loss + np.where(beyond, 40.0 * (log_distance - log_turning), 0.0), dtype=np.float64)


def _as_floats(*values: ArrayLike) -> tuple[Floats, ...]:
    """Each argument as a float array."""
    return tuple(np.asarray(value, dtype=np.float64) for value in values)


def _first(values: Floats, good: NDArray[np.bool_]) -> str:
    """The first refused value and where it stands."""
    index = tuple(int(place[0]) for place in np.nonzero(np.atleast_1d(~good)))
    place = f" at index {index[0] if len(index) == 1 else index}" if values.ndim else ""
    return f"{np.atleast_1d(values)[index]:g}{place}"


def _require(good: NDArray[np.bool_], values: Floats, name: str, complaint: str) -> None:
    """Raise ValueError for the first value that is not good."""
    if not np.all(good):
        raise ValueError(f"{name} = {_first(values, np.asarray(good))} {complaint}")
