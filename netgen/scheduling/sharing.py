"""How a cell shares a fixed capacity among its active users: max-min with a peak rate per user."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def max_min_rates_bps(peak_bps: Floats, capacity_bps: float) -> Floats:
    """Max-min fair rates under a common capacity and a peak rate per user.

    Parameters
    ----------
    peak_bps : (n,) float, bit/s        Most that each user can take, >= 0; 0 marks an idle user.
    capacity_bps : float, bit/s         Capacity of the cell, >= 0.

    Returns
    -------
    (n,) float, bit/s                   Never above a user's peak nor, in sum, above the capacity; peaks of
                                        1, 4, 8 Mbit/s share 9 Mbit/s as 1, 4, 4 Mbit/s.

    Source                              Bertsekas, Gallager, Data Networks, 2nd ed., section 6.5.2
                                        (progressive filling on one resource).
    """
    order = np.argsort(peak_bps, kind="stable")
    peaks = peak_bps[order]
    count = len(peaks)
    if count == 0 or float(peaks.sum()) <= capacity_bps:
        return peak_bps.copy()
    # After the k smallest are satisfied, the rest share evenly what is left over.
    satisfied = np.concatenate([[0.0], np.cumsum(peaks)[:-1]])
    level = (capacity_bps - satisfied) / np.arange(count, 0, -1)
    first_limited = int(np.argmax(peaks > level))
    rates = peaks.copy()
    rates[first_limited:] = level[first_limited]
    result = np.empty(count)
    result[order] = rates
    return result
