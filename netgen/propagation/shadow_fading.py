"""Shadow fading of 3GPP TR 38.901: how strong it is and over what distance it stays alike."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.path_loss import Environment

Floats = NDArray[np.float64]


class Sight(IntEnum):
    """State of a link: outdoors in line of sight, outdoors without it, or to a user in a building."""

    LOS = 0
    NLOS = 1
    INDOOR = 2


# Rows follow Sight.
_SIGMA_DB = {
    Environment.UMA: np.array([4.0, 6.0, 7.0]),
    Environment.UMI: np.array([4.0, 7.82, 7.0]),
    Environment.RMA: np.array([4.0, 8.0, 8.0]),
}
_RURAL_SIGMA_BEYOND_DB = 6.0
_CORRELATION_M = {
    Environment.UMA: np.array([37.0, 50.0, 7.0]),
    Environment.UMI: np.array([10.0, 13.0, 7.0]),
    Environment.RMA: np.array([37.0, 120.0, 120.0]),
}


def sigma_db(
    environment: Environment | str, sight: ArrayLike, *, beyond_breakpoint: ArrayLike = False
) -> Floats:
    """Standard deviation of the shadow fading.

    Parameters
    ----------
    environment : Environment           Urban macro, urban micro or rural macro.
    sight : (...) Sight                 State of each link.
    beyond_breakpoint : (...) bool      Whether the link is longer than `breakpoint_m`; matters in rural
                                        line of sight only.

    Returns
    -------
    (...) float, dB                     Both arguments broadcast.

    Raises
    ------
    ValueError                          A state is none of the three.

    Source                              3GPP TR 38.901 Tables 7.4.1-1 (outdoors) and 7.5-6 (indoors).
    """
    where = Environment(environment)
    state = _states(sight)
    sigma = _SIGMA_DB[where][state]
    beyond = np.asarray(beyond_breakpoint, dtype=bool)
    if where is Environment.RMA:
        return np.where((state == Sight.LOS) & beyond, _RURAL_SIGMA_BEYOND_DB, sigma)
    return np.broadcast_to(sigma, np.broadcast_shapes(sigma.shape, beyond.shape)).copy()


def correlation_distance_m(environment: Environment | str, sight: ArrayLike) -> Floats:
    """Distance over which the shadow fading of a moving user decorrelates as exp(-d / this).

    Parameters
    ----------
    environment : Environment           Urban macro, urban micro or rural macro.
    sight : (...) Sight                 State of each link.

    Returns
    -------
    (...) float, m                      Shape of `sight`.

    Raises
    ------
    ValueError                          A state is none of the three.

    Source                              3GPP TR 38.901 Table 7.5-6 (horizontal plane), clause 7.4.4.
    """
    return np.asarray(_CORRELATION_M[Environment(environment)][_states(sight)], dtype=np.float64)


def _states(sight: ArrayLike) -> NDArray[np.int64]:
    """States as row numbers; refuses numbers that are no state."""
    state = np.asarray(sight, dtype=np.int64)
    if not np.all((state >= 0) & (state < len(Sight))):
        raise ValueError(
            f"a state must be 0 (line of sight), 1 (none) or 2 (indoors), got {state.min()}..{state.max()}"
        )
    return state
