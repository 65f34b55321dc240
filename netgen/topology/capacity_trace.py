"""Reads the capacity of a link over time from a CSV file."""

from __future__ import annotations

import csv
import math
from pathlib import Path

from netgen.errors import InputError
from netgen.topology.capacity import CapacityProcess

COLUMNS = ("time_s", "rate_bps")


def capacity_from_trace(path: Path, *, period_s: float | None) -> CapacityProcess:
    """Capacity from a CSV file with the columns `time_s` and `rate_bps`, from 0 s on, in order of time.

    Raises
    ------
    InputError                  The file cannot be read or breaks these rules; names file, line and column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as a CSV file: {error}") from None
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        found = ",".join(rows[0]) if rows else "an empty file"
        raise InputError(f"{path}:1: found {found!r}; accepted: a header {','.join(COLUMNS)}")
    times, rates = [], []
    for number, row in enumerate(rows[1:], start=2):
        if not row:
            continue
        if len(row) != len(COLUMNS):
            raise InputError(f"{path}:{number}: found {len(row)} columns; accepted: {len(COLUMNS)}")
        times.append(_number(row[0], path, number, "time_s"))
        rates.append(_number(row[1], path, number, "rate_bps"))
    try:
        return CapacityProcess.steps(times, rates, period_s)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None


def _number(cell: str, path: Path, line: int, column: str) -> float:
    """A finite number >= 0."""
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{path}:{line}: {column} = {cell!r}; accepted: a number >= 0")
    return value
