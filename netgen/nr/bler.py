"""Block error rate of one code block against effective SINR, from the shipped table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.nr.tables import Floats, checked_mcs, checked_table, rows

_BELOW_SMALLEST = 2.0
_LEAST_RATE = 1e-4
_EXTREME = -NormalDist().inv_cdf(_LEAST_RATE)
# The normal distribution function, tabulated finely enough that linear interpolation is right to 1e-7.
_DEVIATES = np.linspace(-_EXTREME, _EXTREME, 8001)
_NORMAL = np.array([NormalDist().cdf(float(deviate)) for deviate in _DEVIATES])


class Reading(StrEnum):
    """How the curve runs between two simulated points, which are 1.6 to 1.8 dB apart.

    NORMAL: the deviate of the normal distribution that belongs to the error rate is linear in dB, which is the
    shape of a waterfall. SIONNA: log10 of the error rate is linear in dB, as sionna.sys.PHYAbstraction reads the
    same points, with its treatment of points without an error. The second lets the waterfall begin at the last
    point where all blocks failed and puts the 10 % thresholds 0.0 to 0.9 dB (mean 0.5 dB) lower. Sionna's own
    coded chain, run between the points, is met by the first to 0.4 dB (mean 0.0 dB) and by the second to 1.1 dB
    (mean 0.5 dB too low): tests/validation/tables/nr_sionna_chain_block_errors.csv.
    """

    NORMAL = "normal"
    SIONNA = "sionna"


@dataclass(frozen=True, slots=True, eq=False)
class BlerCurves:
    """Curves of one MCS table on uniform grids, ready for interpolation.

    Parameters
    ----------
    first_db, step_db : (M,) float, dB  Grid of each MCS; the first node is one step before the source's.
    code_block_bits : (B,) int          Simulated block sizes, increasing.
    deviates : (M, B, N) float          Normal deviates of the error rates at the nodes; rates within 1e-4 of 0
                                        and 1 count as 0 and 1.
    log10_bler : (M, B, N) float        log10 of the error rates; where no error was seen, two decades below
                                        the smallest rate that was.
    smallest_log10 : (M,) float         log10 of the smallest rate seen; interpolated rates below it are 0.
    simulated : (M,) bool               False where the curve is a shifted one.
    """

    first_db: Floats
    step_db: Floats
    code_block_bits: NDArray[np.int64]
    deviates: Floats
    log10_bler: Floats
    smallest_log10: Floats
    simulated: NDArray[np.bool_]


@cache
def bler_curves(mcs_table_number: int) -> BlerCurves:
    """Curves of one MCS table as they are shipped.

    Each curve gets one more node at both ends: error rate 1 one step below the source's grid and 0 one step
    above it. They matter only where the source's curve does not reach 1 or 0 by itself.

    Parameters
    ----------
    mcs_table_number : int              1 or 2.

    Valid for                           Sionna's default decoder (20 flooding iterations), about 0.4 dB worse
                                        at 10 % than a well-converged decoder; read between nodes 1.6 to 1.8 dB
                                        apart, a threshold is good to 0.4 dB.
                                        ASSUMED: one step outside the simulated grid the error rate is 1
                                        (below) and 0 (above).
    Source                              bler_table.csv (its header says how it was made).
    """
    table = [
        row for row in rows("bler_table.csv") if int(row["mcs_table"]) == checked_table(mcs_table_number)
    ]
    sizes = np.array(sorted({int(row["code_block_bits"]) for row in table}), dtype=np.int64)
    count = 1 + max(int(row["mcs"]) for row in table)
    nodes = 2 + max(len(row["bler"].split()) for row in table)
    seen = np.zeros((count, len(sizes), nodes))
    first_db, step_db, simulated = np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.bool_)
    for row in table:
        mcs, values = int(row["mcs"]), [float(text) for text in row["bler"].split()]
        step_db[mcs] = float(row["step_db"])
        first_db[mcs] = float(row["first_db"]) - step_db[mcs]
        simulated[mcs] = row["provenance"] == "sionna"
        size = np.searchsorted(sizes, int(row["code_block_bits"]))
        seen[mcs, size, 0] = 1.0
        seen[mcs, size, 1 : len(values) + 1] = values
    smallest = np.log10(np.min(seen, axis=(1, 2), initial=np.inf, where=seen > 0.0))
    unseen = np.tile((smallest - _BELOW_SMALLEST)[:, None, None], seen.shape[1:])
    log10 = np.log10(seen, out=unseen, where=seen > 0.0)
    normal = NormalDist()
    clipped = np.clip(seen, _LEAST_RATE, 1.0 - _LEAST_RATE)
    deviates = np.array([normal.inv_cdf(float(rate)) for rate in clipped.flat]).reshape(seen.shape)
    for array in (first_db, step_db, sizes, deviates, log10, smallest, simulated):
        array.flags.writeable = False
    return BlerCurves(first_db, step_db, sizes, deviates, log10, smallest, simulated)


def bler(
    mcs: ArrayLike,
    sinr_db: ArrayLike,
    *,
    code_block_bits: ArrayLike,
    mcs_table_number: int,
    reading: Reading = Reading.NORMAL,
) -> Floats:
    """Error rate of one code block.

    Parameters
    ----------
    mcs : (...) int                     MCS index.
    sinr_db : (...) float, dB           Effective SINR per resource element; infinite is accepted.
    code_block_bits : (...) float       Size of the code block, >= 1; sizes outside the simulated 24 to 2000
                                        bit take the curve of the nearest.
    mcs_table_number : int              1 or 2.
    reading : Reading                   How the curve runs between the simulated points.

    Returns
    -------
    (...) float                         Error rate, 0 to 1, of the broadcast shape; its normal deviate or its
                                        log10 is linear in SINR and in block size between the nodes.

    Raises
    ------
    ValueError                          An MCS index that the table does not have, a SINR that is not a
                                        number, a block below 1 bit; names index and value.

    Valid for                           AWGN, one layer, ideal channel knowledge; see `bler_curves`.
    Source                              Reading.SIONNA: sionna.sys.PHYAbstraction (Sionna 2.2.0), without its
                                        rounding of the arguments to 0.1 dB and 100 bit.
    """
    curves, reading = bler_curves(mcs_table_number), Reading(reading)
    index, sinr, bits = np.broadcast_arrays(
        checked_mcs(mcs, mcs_table_number),
        np.asarray(sinr_db, dtype=np.float64),
        np.asarray(code_block_bits, dtype=np.float64),
    )
    _refuse(np.isnan(sinr), "sinr_db", sinr)
    _refuse(~(bits >= 1.0), "code_block_bits", bits)
    nodes = curves.log10_bler.shape[2]
    place = np.clip((sinr - curves.first_db[index]) / curves.step_db[index], 0.0, nodes - 1.0)
    left = np.minimum(place.astype(np.int64), nodes - 2)
    sizes = curves.code_block_bits
    bits = np.clip(bits, sizes[0], sizes[-1])
    lower = np.minimum(np.searchsorted(sizes, bits, side="right") - 1, len(sizes) - 2)
    right_share = place - left
    upper_share = (bits - sizes[lower]) / (sizes[lower + 1] - sizes[lower])
    table = curves.log10_bler if reading is Reading.SIONNA else curves.deviates
    small = table[index, lower, left] * (1.0 - right_share) + table[index, lower, left + 1] * right_share
    large = (
        table[index, lower + 1, left] * (1.0 - right_share) + table[index, lower + 1, left + 1] * right_share
    )
    mixed = small * (1.0 - upper_share) + large * upper_share
    if reading is Reading.SIONNA:
        # The last decimal of a sum must not decide whether a rate counts as none.
        seen = mixed >= curves.smallest_log10[index] - 1e-12
        return np.where(seen, np.minimum(10.0**mixed, 1.0), 0.0)
    return _normal(mixed)


def _normal(deviate: Floats) -> Floats:
    """Error rate of a normal deviate; the extreme deviates stand for 0 and 1."""
    rate = np.interp(deviate, _DEVIATES, _NORMAL)
    rate = np.where(deviate <= -_EXTREME + 1e-9, 0.0, rate)
    return np.where(deviate >= _EXTREME - 1e-9, 1.0, rate)


def _refuse(bad: NDArray[np.bool_], name: str, values: Floats) -> None:
    """Raise ValueError for the first value that is marked as bad."""
    where = np.flatnonzero(bad)
    if where.size:
        legal = "a number" if name == "sinr_db" else "a number >= 1"
        raise ValueError(f"{name}[{where[0]}] = {values.flat[where[0]]} is not {legal}")
