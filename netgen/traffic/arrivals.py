"""Surges: when the users of an audience begin to watch, each from one number of its own.

A user's instant is the inverse of the profile's distribution function at that number, so that it does not
depend on how many others there are.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import InputError, ModelRangeError

Floats = NDArray[np.float64]

COLUMNS = ("time_s", "users")
LOGISTIC_RISE = 2.0 * math.log(9.0)
"""Time from 10 % to 90 % of a logistic curve over its scale: ln(0.9 / 0.1) - ln(0.1 / 0.9)."""


def step_joins_s(luck: ArrayLike, *, at_s: float, over_s: float, before: float) -> Floats:
    """A crowd that comes at once: a share is there at 0 s, the rest joins at `at_s`, uniformly over `over_s`.

    Parameters
    ----------
    luck : (n,) float               One uniform number in [0, 1) for each user.
    at_s, over_s : float, s         When the rest begins to come, >= 0, and over what time, >= 0.
    before : float                  Share that is there at 0 s, in [0, 1].

    Raises
    ------
    ModelRangeError                 A value is outside these ranges; names it.
    """
    _check(at_s=at_s, over_s=over_s)
    there, rest = _split(luck, before)
    return np.where(there, 0.0, at_s + over_s * rest)


def ramp_joins_s(luck: ArrayLike, *, start_s: float, over_s: float, before: float) -> Floats:
    """Linear growth: a share is there at 0 s, the rest joins uniformly in [start, start + over).

    Parameters
    ----------
    luck : (n,) float               One uniform number in [0, 1) for each user.
    start_s, over_s : float, s      When the growth begins, >= 0, and how long it goes on, >= 0.
    before : float                  Share that is there at 0 s, in [0, 1].

    Raises
    ------
    ModelRangeError                 A value is outside these ranges; names it.
    """
    _check(start_s=start_s, over_s=over_s)
    there, rest = _split(luck, before)
    return np.where(there, 0.0, start_s + over_s * rest)


def live_event_joins_s(luck: ArrayLike, *, start_s: float, rise_s: float, before: float) -> Floats:
    """Logistic growth about the start of an event: a share is there at 0 s, the rest comes with the curve.

    F(t) = 1 / (1 + exp(-(t - start) / scale)), scale = rise / (2 ln 9); nobody joins before 0 s, so joins
    have the distribution (F(t) - F(0)) / (1 - F(0)). Where start is many times rise, F(0) is nothing, half
    of the rest has come at `start_s`, and it goes from 10 % to 90 % in `rise_s`.

    ASSUMED: the audience of a live event grows along a logistic curve.

    Parameters
    ----------
    luck : (n,) float               One uniform number in [0, 1) for each user.
    start_s : float, s              When half of the rise is over, >= 0.
    rise_s : float, s               Time from 10 % to 90 % of the rise, > 0.
    before : float                  Share that is there at 0 s, in [0, 1].

    Raises
    ------
    ModelRangeError                 A value is outside these ranges; names it.

    Source                          Verhulst, Corr. Math. Phys. 10, 1838, for the curve.
    """
    _check(start_s=start_s)
    if not 0 < rise_s < math.inf:
        raise ModelRangeError(f"rise_s = {rise_s} s; accepted: > 0 s")
    there, rest = _split(luck, before)
    scale_s = rise_s / LOGISTIC_RISE
    # The odds of F are exp((t - start) / scale); those of what is left of it from 0 s on, of which `rest` is past:
    with np.errstate(divide="ignore"):
        odds = np.log(math.exp(-start_s / scale_s) + rest) - np.log1p(-rest)
    return np.where(there, 0.0, np.maximum(start_s + scale_s * odds, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class ArrivalTrace:
    """How many users have begun to watch by an instant: a curve of straight pieces that never falls.

    Parameters
    ----------
    time_s : (n,) float, s          Instants, the first 0, increasing.
    users : (n,) float              Users by then, >= 0, not decreasing, the last > 0.
    """

    time_s: Floats
    users: Floats


def read_arrival_trace(path: str | Path) -> ArrivalTrace:
    """Read a CSV file with the header `time_s,users`: from 0 s on, users that have begun to watch by then.

    Raises
    ------
    InputError                      The file cannot be read, or is no such curve; names file and line.
    """
    path = Path(path)
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as a CSV file: {error}") from None
    if not rows or tuple(cell.strip() for cell in rows[0]) != COLUMNS:
        found = ",".join(rows[0]) if rows else "an empty file"
        raise InputError(f"{path}:1: found {found!r}; accepted: a header {','.join(COLUMNS)}")
    points: list[tuple[float, float]] = []
    for line, row in enumerate(rows[1:], start=2):
        if row:
            points.append(_point(row, points[-1] if points else None, f"{path}:{line}"))
    if not points or points[-1][1] <= 0:
        raise InputError(f"{path}: no users ever join; accepted: a curve that ends above 0 users")
    time_s, users = np.array(points, dtype=np.float64).T.copy()
    for column in (time_s, users):
        column.flags.writeable = False
    return ArrivalTrace(time_s, users)


def trace_joins_s(luck: ArrayLike, trace: ArrivalTrace) -> Floats:
    """Joins along a trace: whatever the number of users, all have come by the trace's last instant.

    Parameters
    ----------
    luck : (n,) float               One uniform number in [0, 1) for each user.
    trace : ArrivalTrace            The curve; those of its first instant are there at 0 s.
    """
    users = trace.users
    level = _checked(luck) * users[-1]
    # The last point not above the level: who falls on a level part of the curve joins at its end.
    left = np.searchsorted(users, level, side="right") - 1
    right = np.minimum(left + 1, len(users) - 1)
    left = np.maximum(left, 0)
    rise = users[right] - users[left]
    share = np.divide(level - users[left], rise, out=np.zeros_like(level), where=rise > 0)
    joins: Floats = trace.time_s[left] + np.maximum(share, 0.0) * (trace.time_s[right] - trace.time_s[left])
    return joins


def _point(row: list[str], last: tuple[float, float] | None, where: str) -> tuple[float, float]:
    """One line of a trace, which must not go back behind the last one."""
    if len(row) != len(COLUMNS):
        raise InputError(f"{where}: found {len(row)} columns; accepted: {len(COLUMNS)}")
    time_s, users = (_number(cell, f"{where}: {column}") for cell, column in zip(row, COLUMNS, strict=True))
    if last is None and time_s != 0:
        raise InputError(f"{where}: time_s = {time_s}; accepted: 0 in the first line")
    if last is not None and time_s <= last[0]:
        raise InputError(f"{where}: time_s = {time_s}; accepted: after {last[0]}, that of the line before")
    if last is not None and users < last[1]:
        raise InputError(f"{where}: users = {users}; accepted: at least {last[1]}, those of the line before")
    return time_s, users


def _number(cell: str, where: str) -> float:
    """A finite number >= 0."""
    try:
        value = float(cell)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InputError(f"{where} = {cell!r}; accepted: a number >= 0")
    return value


def _split(luck: ArrayLike, before: float) -> tuple[NDArray[np.bool_], Floats]:
    """Who is there from the start, and a uniform number in [0, 1) for each of the others."""
    if not 0 <= before <= 1:
        raise ModelRangeError(f"before = {before}; accepted: 0..1")
    numbers = _checked(luck)
    there = numbers < before
    rest = np.divide(numbers - before, 1.0 - before, out=np.zeros_like(numbers), where=~there)
    # The quotient of two numbers just below 1 may round up to it.
    return there, np.minimum(rest, math.nextafter(1.0, 0.0))


def _checked(luck: ArrayLike) -> Floats:
    """One number in [0, 1) for each user."""
    numbers = np.asarray(luck, dtype=np.float64)
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers < 1)))
    if wrong.size:
        raise ModelRangeError(f"luck of user {wrong[0]} = {numbers[wrong[0]]}; accepted: >= 0 and < 1")
    return numbers


def _check(**times_s: float) -> None:
    """Times must be finite and not below 0."""
    for name, value_s in times_s.items():
        if not 0 <= value_s < math.inf:
            raise ModelRangeError(f"{name} = {value_s} s; accepted: >= 0 s")
