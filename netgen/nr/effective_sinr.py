"""Effective SINR of an allocation whose resource blocks or subcarriers see different SINRs."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from netgen.nr.tables import Floats, checked_mcs, eesm_beta


def effective_sinr_db(
    sinr_db: ArrayLike, mcs: ArrayLike, *, mcs_table_number: int, used: ArrayLike | None = None
) -> Floats:
    """SINR of the AWGN channel on which a code block fails as often as on these resources (EESM).

    The value lies between the smallest and the mean SINR of the resources that are used.

    Parameters
    ----------
    sinr_db : (..., N) float, dB        SINR of each of N equal resources (blocks or subcarriers).
    mcs : (...) int                     MCS index, broadcast against the leading axes.
    mcs_table_number : int              1 or 2.
    used : (..., N) bool                Which resources belong to the allocation; all when not given.

    Returns
    -------
    (...) float, dB                     -beta ln(mean(exp(-SINR / beta))); -inf where nothing is used.

    Raises
    ------
    ValueError                          A SINR that is not a number, an MCS that the table does not have.

    Valid for                           One layer; the betas carry no record of their calibration
                                        (`netgen.nr.tables.eesm_beta`).
    Source                              Exponential effective SINR mapping, as in sionna.sys.EESM
                                        (Sionna 2.2.0), without its limits of -30 and 30 dB.
    """
    level_db = np.asarray(sinr_db, dtype=np.float64)
    bad = np.flatnonzero(np.isnan(level_db))
    if bad.size:
        raise ValueError(f"sinr_db[{bad[0]}] is not a number")
    beta = eesm_beta(mcs_table_number)[checked_mcs(mcs, mcs_table_number)][..., None]
    exponent, beta = np.broadcast_arrays(10.0 ** (level_db / 10.0) / beta, beta)
    taken = np.broadcast_to(np.asarray(True if used is None else used, dtype=np.bool_), exponent.shape)
    count = np.count_nonzero(taken, axis=-1)
    least = np.min(exponent, axis=-1, initial=np.inf, where=taken)
    with np.errstate(invalid="ignore", divide="ignore"):
        terms = np.exp(-np.where(taken, exponent - least[..., None], np.inf))
        sinr = beta[..., 0] * (least - np.log(terms.sum(axis=-1) / count))
        result = 10.0 * np.log10(sinr)
    return np.where(count > 0, result, -np.inf)
