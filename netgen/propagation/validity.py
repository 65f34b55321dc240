"""The ranges in which the path loss of 3GPP TR 38.901 is valid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netgen.errors import ModelRangeError
from netgen.propagation.path_loss import SHORTEST_DISTANCE_M, Environment


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Ranges of Table 7.4.1-1; the carrier's range is the table's note 2."""

    carrier_hz: tuple[float, float]
    base_height_m: tuple[float, float]
    user_height_m: tuple[float, float]
    farthest_los_m: float
    farthest_nlos_m: float


# ASSUMED: urban base heights of 3 to 150 m are accepted, because the table gives 25 m and 10 m as
# default values and no range.
_RANGES = {
    Environment.UMA: _Ranges((0.5e9, 100e9), (3.0, 150.0), (1.5, 22.5), 5e3, 5e3),
    Environment.UMI: _Ranges((0.5e9, 100e9), (3.0, 150.0), (1.5, 22.5), 5e3, 5e3),
    Environment.RMA: _Ranges((0.5e9, 30e9), (10.0, 150.0), (1.0, 10.0), 10e3, 5e3),
}
_RURAL_SURROUNDINGS_M = (5.0, 50.0)


def check_ranges(
    environment: Environment | str,
    *,
    carrier_hz: ArrayLike,
    base_height_m: ArrayLike,
    user_height_m: ArrayLike,
    distance_2d_m: ArrayLike = SHORTEST_DISTANCE_M,
    line_of_sight: ArrayLike = False,
    building_height_m: ArrayLike = 5.0,
    street_width_m: ArrayLike = 20.0,
) -> None:
    """Refuse what the table's ranges do not cover; the loss functions themselves extrapolate.

    Distances from 0 to 10 m pass, because the loss functions compute them at 10 m.

    Parameters
    ----------
    environment : Environment           Urban macro, urban micro or rural macro.
    carrier_hz : (...) float, Hz        0.5 to 100 GHz, rural to 30 GHz.
    base_height_m : (...) float, m      Rural 10 to 150 m; urban 3 to 150 m.
    user_height_m : (...) float, m      Urban 1.5 to 22.5 m, rural 1 to 10 m.
    distance_2d_m : (...) float, m      Up to 5 km; rural line of sight to 10 km.
    line_of_sight : (...) bool          Whether a distance is one of a link in line of sight; broadcasts.
    building_height_m, street_width_m : (...) float, m      Rural 5 to 50 m.

    Raises
    ------
    ModelRangeError                     A value is outside its range; names index, value and range.

    Source                              3GPP TR 38.901 Table 7.4.1-1, applicability column and note 2.
    """
    where = Environment(environment)
    ranges = _RANGES[where]
    _within(where, "carrier_hz", carrier_hz, bounds=ranges.carrier_hz, unit="Hz")
    _within(where, "base_height_m", base_height_m, bounds=ranges.base_height_m)
    _within(where, "user_height_m", user_height_m, bounds=ranges.user_height_m)
    if where is Environment.RMA:
        _within(where, "building_height_m", building_height_m, bounds=_RURAL_SURROUNDINGS_M)
        _within(where, "street_width_m", street_width_m, bounds=_RURAL_SURROUNDINGS_M)
    distance, los = np.broadcast_arrays(
        np.asarray(distance_2d_m, dtype=np.float64), np.asarray(line_of_sight, dtype=bool)
    )
    # The other state's distances are replaced, not removed, so that the message names the caller's index.
    seen, hidden = np.where(los, distance, 0.0), np.where(los, 0.0, distance)
    _within(where, "distance_2d_m (line of sight)", seen, bounds=(0.0, ranges.farthest_los_m))
    _within(where, "distance_2d_m (no line of sight)", hidden, bounds=(0.0, ranges.farthest_nlos_m))


def _within(
    environment: Environment, name: str, values: ArrayLike, *, bounds: tuple[float, float], unit: str = "m"
) -> None:
    """Raise ModelRangeError for the first value outside the bounds."""
    found = np.asarray(values, dtype=np.float64)
    outside = ~((found >= bounds[0]) & (found <= bounds[1]))
    if outside.any():
        index = tuple(int(place[0]) for place in np.nonzero(np.atleast_1d(outside)))
        place = f"[{', '.join(map(str, index))}]" if found.ndim else ""
        raise ModelRangeError(
            f"{name}{place} = {np.atleast_1d(found)[index]:g} {unit} is outside the range "
            f"{bounds[0]:g}..{bounds[1]:g} {unit} of the {environment.value} path loss "
            "(3GPP TR 38.901 Table 7.4.1-1)"
        )
