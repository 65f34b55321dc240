"""How much the level varies from place to place around the median that a broadcast model predicts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.line_of_sight import normal_probability

Floats = NDArray[np.float64]

LOCATION_SIGMA_DB = 5.5
CORRELATION_DISTANCE_M = 100.0


def location_probability(
    median_db: ArrayLike, threshold_db: ArrayLike, *, sigma_db: ArrayLike = LOCATION_SIGMA_DB
) -> Floats:
    """Share of places in a small area where the level reaches a threshold.

    Parameters
    ----------
    median_db : (...) float, dB         Median level over the area: a field strength, power or C/N.
    threshold_db : (...) float, dB      Required level, same reference.
    sigma_db : (...) float, dB          Standard deviation over places, >= 0; 0 gives a step.

    Returns
    -------
    (...) float in 0..1                 Broadcast of the three; 0.5 at the threshold, 0.95 at 1.645 sigma above.

    Raises
    ------
    ValueError                          A standard deviation is negative or not finite.

    Valid for                           Digital systems wider than 1 MHz, outdoors: 5.5 dB at UHF for areas of
                                        some 500 m x 500 m. With the entry loss of a building or vehicle the
                                        variances add.
    Source                              Recommendation ITU-R P.1546 (location variability), 5.5 dB as planned
                                        with in the GE06 agreement; the equations of that planning, with 5.5 dB,
                                        were read in a public transcription.
    """
    sigma = np.asarray(sigma_db, dtype=np.float64)
    if not np.all(np.isfinite(sigma) & (sigma >= 0)):
        raise ValueError(f"the standard deviation {sigma_db!r} dB is not finite and >= 0")
    excess = np.asarray(median_db, dtype=np.float64) - np.asarray(threshold_db, dtype=np.float64)
    excess, sigma = np.broadcast_arrays(excess, sigma)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        deviate = np.where(sigma > 0, excess / sigma, np.where(excess >= 0, np.inf, -np.inf))
    return normal_probability(deviate)


def location_variation_db(
    field: CorrelatedField,
    x_m: ArrayLike,
    y_m: ArrayLike,
    *,
    sigma_db: float = LOCATION_SIGMA_DB,
    correlation_distance_m: float = CORRELATION_DISTANCE_M,
    offset: tuple[float, float] = (0.0, 0.0),
) -> Floats:
    """Deviation from the median at places, correlated between places that are near.

    Parameters
    ----------
    field : CorrelatedField             Unit-variance Gaussian field, drawn once for a run.
    x_m, y_m : (U,) float, m            Where the receivers are.
    sigma_db : float, dB                Standard deviation, >= 0.
    correlation_distance_m : float, m   Distance at which the correlation is 1/e, > 0.
    offset : (float, float)             Shift in correlation distances, another one for each transmitter, so
                                        that they read different parts of the field.

    Returns
    -------
    (U,) float, dB                      Add to the median level. Equal places give equal values, whoever asks.

    Raises
    ------
    ValueError                          The standard deviation or the distance breaks the rules above.

    Valid for                           ASSUMED: the correlation falls to 1/e in 100 m, exponentially.
    Source                              Gudmundson, Electron. Lett. 27 (1991) 2145 for the form.
    """
    if not (np.isfinite(sigma_db) and sigma_db >= 0):
        raise ValueError(f"the standard deviation {sigma_db!r} dB is not finite and >= 0")
    if not (np.isfinite(correlation_distance_m) and correlation_distance_m > 0):
        raise ValueError(f"the correlation distance {correlation_distance_m} m is not finite and > 0")
    u = np.asarray(x_m, dtype=np.float64) / correlation_distance_m + offset[0]
    v = np.asarray(y_m, dtype=np.float64) / correlation_distance_m + offset[1]
    deviation: Floats = sigma_db * np.asarray(field.at(u, v), dtype=np.float64)
    return deviation
