"""Modulation and coding schemes, channel quality indicators and EESM factors of TS 38.214, read once."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import ModelRangeError

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class CodingTable:
    """One table of modulation orders and code rates, in the order of its indices.

    Parameters
    ----------
    first_index : int                   Index of the first row: 0 for MCS, 1 for CQI (0 is out of range).
    modulation_order : (n,) int         Bits per symbol: 2, 4, 6 or 8.
    rate : (n,) float                   Code rate, information bits per coded bit.
    efficiency : (n,) float             Spectral efficiency of one layer, bit per resource element.

    Source                              TS 38.214 Tables 5.1.3.1-1/-2 (MCS) and 5.2.2.1-2/-3 (CQI).
    """

    first_index: int
    modulation_order: Ints
    rate: Floats
    efficiency: Floats

    def __len__(self) -> int:
        return len(self.rate)


def rows(file_name: str) -> list[dict[str, str]]:
    """Rows of a table shipped in this package; lines that begin with `#` are comments."""
    text = resources.files("netgen.nr").joinpath(file_name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def checked_table(mcs_table: int) -> int:
    """Return the number of the table, or raise ModelRangeError when it is neither 1 nor 2."""
    if mcs_table not in (1, 2):
        raise ModelRangeError(f"mcs_table = {mcs_table} is not available; accepted: 1 (64QAM) or 2 (256QAM)")
    return mcs_table


@cache
def mcs_table(number: int) -> CodingTable:
    """Modulation and coding schemes of one table.

    Parameters
    ----------
    number : int                        1 (up to 64QAM, 29 schemes) or 2 (up to 256QAM, 28 schemes).

    Returns
    -------
    CodingTable                         Row m is MCS index m; ``mcs_table(1).efficiency[28]`` is 5.5547.

    Raises
    ------
    ModelRangeError                     Another table.

    Valid for                           PDSCH; the reserved indices of retransmissions are left out.
    Source                              TS 38.214 Tables 5.1.3.1-1 and 5.1.3.1-2.
    """
    return _coding("mcs_tables.csv", "mcs", checked_table(number))


@cache
def cqi_table(number: int) -> CodingTable:
    """Channel quality indicators of one table; row k is CQI k + 1, because CQI 0 means out of range.

    Parameters
    ----------
    number : int                        1 (up to 64QAM) or 2 (up to 256QAM).

    Raises
    ------
    ModelRangeError                     Another table.

    Source                              TS 38.214 Tables 5.2.2.1-2 and 5.2.2.1-3.
    """
    return _coding("cqi_tables.csv", "cqi", checked_table(number))


@cache
def eesm_beta(number: int) -> Floats:
    """Beta of the exponential effective SINR mapping for each MCS index of one table, (n,), linear.

    Raises
    ------
    ModelRangeError                     The table is neither 1 nor 2.

    Valid for                           ASSUMED: Sionna's values, for which it states that no record of the
                                        calibration is available.
    Source                              Sionna 2.2.0, sys/esm_params.
    """
    found = [row for row in rows("eesm_beta.csv") if int(row["mcs_table"]) == checked_table(number)]
    return _frozen([float(row["beta"]) for row in sorted(found, key=lambda row: int(row["mcs"]))])


def checked_mcs(mcs: ArrayLike, number: int) -> Ints:
    """Return MCS indices as int64, or raise ValueError naming the first that table `number` does not have."""
    given = np.asarray(mcs)
    if not np.issubdtype(given.dtype, np.integer):
        raise ValueError(f"an MCS index must be an integer, got {given.dtype}")
    highest = len(mcs_table(number)) - 1
    bad = np.flatnonzero((given < 0) | (given > highest))
    if bad.size:
        raise ValueError(
            f"mcs[{bad[0]}] = {given.flat[bad[0]]} is not in MCS table {number}; accepted: 0 to {highest}"
        )
    return given.astype(np.int64)


def _coding(file_name: str, index: str, number: int) -> CodingTable:
    """One table of a file whose first two columns are the table and the index."""
    found = [row for row in rows(file_name) if int(row[f"{index}_table"]) == number]
    found.sort(key=lambda row: int(row[index]))
    order = np.array([int(row["modulation_order"]) for row in found], dtype=np.int64)
    order.flags.writeable = False
    rate = _frozen([float(row["rate_x1024"]) / 1024.0 for row in found])
    return CodingTable(int(found[0][index]), order, rate, _frozen(order * rate))


def _frozen(values: ArrayLike) -> Floats:
    """A read-only float64 array."""
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array
