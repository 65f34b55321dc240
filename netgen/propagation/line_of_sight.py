"""Line of sight: its probability in 3GPP TR 38.901 and its state, consistent over places."""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from netgen.propagation.path_loss import TALL_USER_M, Environment, tall_user_gain

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

# Distance up to which every user sees the base station, and the decay constant beyond it, m.
_ALWAYS_M = {Environment.UMA: 18.0, Environment.UMI: 18.0, Environment.RMA: 10.0}
_DECAY_M = {Environment.UMA: 63.0, Environment.UMI: 36.0, Environment.RMA: 1000.0}
_CORRELATION_M = {Environment.UMA: 50.0, Environment.UMI: 50.0, Environment.RMA: 60.0}
_LARGEST_DEVIATE = 8.5
_STEPS_PER_DEVIATE = 1024


def los_probability(
    environment: Environment | str, *, distance_2d_m: ArrayLike, user_height_m: ArrayLike
) -> Floats:
    """Probability that a user sees the base station.

    Parameters
    ----------
    environment : Environment           Urban macro, urban micro or rural macro.
    distance_2d_m : (...) float, m      Horizontal distance outdoors, >= 0; for indoor users up to the wall.
    user_height_m : (...) float, m      Height of the user; matters in urban macro cells above 13 m.

    Returns
    -------
    (...) float                         In [0, 1]; uma, 200 m, 1.5 m gives 0.128048.

    Raises
    ------
    ValueError                          A distance is negative or not a number.

    Valid for                           User heights up to 23 m. The urban macro product exceeds 1 by at most
                                        1 % just beyond 18 m for users above 13 m: it is cut at 1.
    Source                              3GPP TR 38.901 Table 7.4.2-1.
    """
    where = Environment(environment)
    distance = np.asarray(distance_2d_m, dtype=np.float64)
    if not np.all(distance >= 0):
        raise ValueError(f"distance_2d_m has a value that is negative or not a number: {distance.min():g} m")
    sure_m, decay_m = _ALWAYS_M[where], _DECAY_M[where]
    shape = np.broadcast_shapes(distance.shape, np.shape(user_height_m))
    beyond = np.maximum(distance, sure_m)
    if where is Environment.RMA:
        probability = np.exp((sure_m - beyond) / decay_m)
    else:
        near = sure_m / beyond
        probability = near + np.exp(beyond * (-1.0 / decay_m)) * (1.0 - near)
    if where is Environment.UMA and np.any(np.asarray(user_height_m) > TALL_USER_M):
        probability = np.minimum(probability * (1.0 + tall_user_gain(distance, user_height_m)), 1.0)
    return probability if np.shape(probability) == shape else np.broadcast_to(probability, shape).copy()


def los_correlation_distance_m(environment: Environment | str) -> float:
    """Distance over which the line-of-sight state of a user stays alike: 50 m, rural 60 m.

    Parameters
    ----------
    environment : Environment           Urban macro, urban micro or rural macro.

    Returns
    -------
    float, m                            The Gaussian variable under the state decorrelates as exp(-d / this).

    Source                              3GPP TR 38.901 Table 7.6.3.1-2, row "LOS/NLOS state".
    """
    return _CORRELATION_M[Environment(environment)]


def normal_probability(deviate: ArrayLike) -> Floats:
    """Probability that a standard normal variable is below each value.

    Parameters
    ----------
    deviate : (...) float               Value of a standard normal variable.

    Returns
    -------
    (...) float                         In [0, 1], within 3e-8 of the exact value; 0 or 1 beyond +-8.5.

    Source                              The error function, linear between values 1/1024 apart.
    """
    values, rises = _normal_table()
    place = np.clip(np.asarray(deviate, dtype=np.float64), -_LARGEST_DEVIATE, _LARGEST_DEVIATE)
    place += _LARGEST_DEVIATE
    place *= _STEPS_PER_DEVIATE
    index = place.astype(np.intp)
    place -= index
    place *= rises[index]
    place += values[index]
    return np.asarray(place, dtype=np.float64)


def sees_base(probability: ArrayLike, deviate: ArrayLike) -> NDArray[np.bool_]:
    """Line-of-sight state of users from their probability and a spatially correlated Gaussian value.

    A user sees the base station where the deviate's own probability lies below the probability of line of
    sight, so that the share of users in line of sight is the probability and neighbours agree.

    Parameters
    ----------
    probability : (...) float           Probability of line of sight (`los_probability`).
    deviate : (...) float               Standard normal, from a `CorrelatedField` read in units of
                                        `los_correlation_distance_m`, one offset per site.

    Returns
    -------
    (...) bool                          True in line of sight.

    Source                              3GPP TR 38.901 7.6.3.3 in its hard form (a Gaussian copula).
    """
    return np.asarray(normal_probability(deviate) < np.asarray(probability, dtype=np.float64))


@cache
def _normal_table() -> tuple[Floats, Floats]:
    """Values of the normal distribution function, 0 and 1 at the ends, and how far each is below the next."""
    steps = int(2 * _LARGEST_DEVIATE * _STEPS_PER_DEVIATE)
    grid = np.linspace(-_LARGEST_DEVIATE, _LARGEST_DEVIATE, steps + 1)
    values = np.array([0.5 * math.erfc(-value / math.sqrt(2.0)) for value in grid])
    values[0], values[-1] = 0.0, 1.0
    rises = np.append(np.diff(values), 0.0)
    values.flags.writeable = False
    rises.flags.writeable = False
    return values, rises
