"""Mean of a quantity over a Rayleigh-faded SINR, for every mean SINR of a table at once."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike

from netgen.nr.tables import Floats


class Fading(StrEnum):
    """What the SINR does inside an epoch."""

    NONE = "none"
    RAYLEIGH = "rayleigh"


def rayleigh_mean(values: ArrayLike, *, step_db: float) -> Floats:
    """Mean of a tabulated function of the SINR when the SINR is exponentially distributed.

    The table is read as a step function, each value holding half a step to both sides and the end values
    beyond; of that function the mean is exact: the sum of its jumps, each weighted with the probability
    exp(-threshold / mean) that the faded SINR is above it.

    Parameters
    ----------
    values : (n,) float                 Function at SINRs `step_db` apart, increasing in SINR.
    step_db : float, dB                 Spacing of the table, > 0.

    Returns
    -------
    (n,) float                          Mean over fading when the table's SINR is the mean SINR.

    Raises
    ------
    ValueError                          Fewer than two values, or a step that is not positive.

    Valid for                           Flat Rayleigh fading of the signal with constant interference and
                                        noise, constant over a transport block and its retransmissions.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 1 or len(table) < 2:
        raise ValueError(f"values must be one axis of at least two, got shape {table.shape}")
    if not step_db > 0.0:
        raise ValueError(f"step_db = {step_db} dB is not above 0")
    jumps = np.diff(table)
    apart = np.arange(1 - len(table), len(table) - 1) + 0.5
    above = np.exp(-(10.0 ** (apart * step_db / 10.0)))
    return np.asarray(table[0] + np.correlate(above, jumps, "valid")[::-1], dtype=np.float64)
