"""A3 handover compiled by numba: one pass over every user's levels, and a second one over the few who change.

The arithmetic is that of `netgen.radio.handover.A3Handover`, operation by operation in float32, so the same levels
give the same bits. Users are independent in the first pass, which may run on all threads; the second is serial, so the
number of threads changes nothing.

Kernels are kept on disk between runs (`netgen.compilation`).
"""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from netgen.compilation import kernel
from netgen.radio.elementary import singles
from netgen.radio.handover import (
    INSTANT_SLACK_S,
    A3Handover,
    Flags,
    Floats,
    HandoverSettings,
    Ints,
    Levels,
    ServingChanges,
    check_step,
    not_finite,
)
from netgen.radio.signals import Signals
from netgen.radio.signals_numba import NumbaSignals

# Below this many users a parallel region costs more than it saves: its threads have to be woken and waited for.
_SERIAL_ROWS = 50_000
_ROWS_AT_ONCE = 256
# Users are scattered in memory: so many are touched one after the other, so that their cache misses overlap.
_ROWS_TOUCHED, _LEVELS_PER_LINE = 16, 16
_FIRST_SLOTS = 256
# What the first pass finds out about a user; 0 for nothing to do.
_ATTACHED, _HOLDING, _STOPPED, _NO_NUMBER = (np.uint8(2**bit) for bit in range(4))
_ZERO, _ONE, _INFINITE = np.float32(0.0), np.float32(1.0), np.float32(np.inf)


class CompiledHandover(A3Handover):
    """The compiled twin of `A3Handover`: the same results to the last bit.

    Raises ValueError for a level that is not finite after the users before and behind have been stepped: the state
    is of no use then.

    Memory                          4 B per user and sector, some 50 B per user, and 8 B per sector for as many users
                                    as ever had a running timer at once.
    """

    def __init__(self, users: int, sectors: int, *, settings: HandoverSettings | None = None) -> None:
        super().__init__(users, sectors, settings=settings)
        self._slots = _Slots(sectors)
        self._users = _Users(
            self._serving,
            self._filtered_dbm,
            self._unsettled,
            self._left_sector,
            self._handed_over_s,
            np.full(users, -1, dtype=np.int64),
        )

    def step(self, now_s: float, epoch_s: float, *, rows: Ints, measured_dbm: Levels) -> ServingChanges:
        """Take in the measurements at `now_s` and hand over who has to; see `A3Handover.step`."""
        measured = np.ascontiguousarray(measured_dbm, dtype=np.float32)
        check_step(epoch_s, rows, self._filtered_dbm.shape, levels=measured.shape)
        return self._stepped(now_s, epoch_s, rows, measured, noise_dbm=None)

    def follow(self, now_s: float, epoch_s: float, *, rows: Ints, signals: Signals) -> ServingChanges:
        """Take in what `signals` has and hand over who has to; see `A3Handover.follow`.

        Compiled signals are read in place: levels within 2e-5 dB of ``signals.received_dbm(rows)``.
        """
        if not isinstance(signals, NumbaSignals):
            return self.step(now_s, epoch_s, rows=rows, measured_dbm=signals.received_dbm(rows))
        shape = self._filtered_dbm.shape
        if signals.snr.shape != shape:
            raise ValueError(
                f"the signals are of users and sectors {signals.snr.shape}, the handover of {shape}"
            )
        check_step(epoch_s, rows, shape, levels=(len(rows), shape[1]))
        return self._stepped(now_s, epoch_s, rows, signals.snr, noise_dbm=signals.noise_dbm)

    def _start_timers(self) -> None:
        """Timers are in slots here."""

    def _stepped(
        self, now_s: float, epoch_s: float, rows: Ints, source: Levels, *, noise_dbm: float | None
    ) -> ServingChanges:
        """Run both passes; `source` is levels of the rows, or ratios of all users to a noise."""
        rows = np.ascontiguousarray(rows, dtype=np.int64)
        given = source.view()
        given.flags.writeable = False
        state = np.zeros(len(rows), dtype=np.uint8)
        share, limit = self._filter(epoch_s)
        law = _Law(
            noise_dbm is not None,
            np.float32(noise_dbm or 0.0),
            share,
            np.float32(limit),
            np.float32(self.settings.offset_db + self.settings.hysteresis_db),
        )
        run = _filter_all if len(rows) >= _SERIAL_ROWS else _filter_some
        run(0, len(rows), law, self._users, rows, given, state)
        busy = np.flatnonzero(state)
        wrong = busy[state[busy] == _NO_NUMBER]
        if wrong.size:
            levels = source[wrong[0]] if noise_dbm is None else _levels(source[rows[wrong[0]]], law.noise_dbm)
            raise not_finite(int(wrong[0]), levels)
        return self._changed(now_s, rows, busy, state, law)

    def _changed(
        self, now_s: float, rows: Ints, busy: Ints, state: NDArray[np.uint8], law: _Law
    ) -> ServingChanges:
        """Run timers and hand over those who have to."""
        slots, settings, most = self._slots, self.settings, len(busy)
        slots.make_room(int(np.count_nonzero(state[busy] == _HOLDING)))
        changes = _Changes(np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.bool_))
        instants = _Instants(
            float(now_s),
            float(now_s - settings.time_to_trigger_s + INSTANT_SLACK_S),
            float(settings.ping_pong_window_s + INSTANT_SLACK_S),
        )
        count, slots.free_count = _hand_over(
            instants,
            law.margin,
            self._users,
            rows,
            busy,
            state,
            slots.since_s,
            slots.free,
            slots.free_count,
            changes,
        )
        moved = changes.row[:count].copy()
        return ServingChanges(
            moved, changes.before[:count].copy(), self._serving[moved], changes.back[:count].copy()
        )


class _Users(NamedTuple):
    """What is known of all users; `place` is the slot of a running timer, -1 for none."""

    serving: Ints
    filtered: Levels
    unsettled: Flags
    left_sector: Ints
    handed_over_s: Floats
    place: Ints


class _Law(NamedTuple):
    """Whether ratios are given and to what noise, the filter, and how much better a neighbour must be."""

    ratios: bool
    noise_dbm: np.float32
    share: np.float32
    limit: np.float32
    margin: np.float32


class _Instants(NamedTuple):
    """Now, since when a condition must have held, and how long a handover back is a ping-pong."""

    now_s: float
    due_s: float
    window_s: float


class _Changes(NamedTuple):
    """Users with another sector, the sector before, and whether they are back."""

    row: Ints
    before: Ints
    back: Flags


class _Slots:
    """Slots of timers: since when each neighbour is good enough, and a stack of those that are free."""

    def __init__(self, sectors: int) -> None:
        self.since_s: Floats = np.empty((0, sectors))
        self.free: Ints = np.empty(0, dtype=np.int64)
        self.free_count = 0

    def make_room(self, wanted: int) -> None:
        """Have at least so many free slots."""
        missing = wanted - self.free_count
        if missing <= 0:
            return
        old = len(self.since_s)
        size = max(old + missing, 2 * old, _FIRST_SLOTS)
        since_s = np.empty((size, self.since_s.shape[1]))
        since_s[:old] = self.since_s
        free = np.empty(size, dtype=np.int64)
        free[: self.free_count] = self.free[: self.free_count]
        free[self.free_count : self.free_count + size - old] = np.arange(size - 1, old - 1, -1)
        self.since_s, self.free = since_s, free
        self.free_count += size - old


_compiled = kernel()


# Minimax polynomial of log2(1 + m) / m, lowest power first, as in `netgen.radio.elementary`: error 5e-8.
_LOG = singles(
    1.44269479, -0.72135665, 0.48093847, -0.36010383, 0.28672735, -0.24992369, 0.23674599, -0.14599047
)
_ROOT_HALF, _MANTISSA, _EXPONENT_BITS = 0x3F3504F3, 0x7FFFFF, 23
_DB_PER_OCTAVE = np.float32(10.0 * np.log10(2.0))


@kernel(liberties=("contract",))
def _level(ratio: np.float32, noise_dbm: np.float32) -> np.float32:
    """Level of a positive ratio to a noise, dBm."""
    bits = np.int32(np.float32(ratio).view(np.int32) - _ROOT_HALF)
    m = np.int32((bits & _MANTISSA) + _ROOT_HALF).view(np.float32) - _ONE
    p = _LOG
    tail = p[4] + m * (p[5] + m * (p[6] + m * p[7]))
    octaves = np.float32(np.int32(bits >> _EXPONENT_BITS)) + m * (
        p[0] + m * (p[1] + m * (p[2] + m * (p[3] + m * tail)))
    )
    return np.float32(noise_dbm + _DB_PER_OCTAVE * octaves)


@_compiled
def _touch(matrix: Levels, rows: Ints) -> np.float32:
    """Read something of every cache line of some rows; return a sum, so that the compiler leaves the reads in."""
    seen = _ZERO
    for row in rows:
        for column in range(0, matrix.shape[1], _LEVELS_PER_LINE):
            seen += matrix[row, column]
        seen += matrix[row, matrix.shape[1] - 1]
    return seen


@_compiled
def _taken(given: Levels, ratios: bool, noise_dbm: np.float32, levels: Levels) -> bool:
    """Write down the levels of one user; return whether all are finite."""
    fine = True
    if ratios:
        for sector in range(len(levels)):
            ratio = given[sector]
            fine &= (ratio > _ZERO) & (ratio < _INFINITE)
            levels[sector] = _level(ratio, noise_dbm)
    else:
        for sector in range(len(levels)):
            fine &= abs(given[sector]) < _INFINITE
            levels[sector] = given[sector]
    return fine


@_compiled
def _attached(taken: Levels, levels: Levels) -> int:
    """Start the filters of one user; return the first of the strongest sectors."""
    best = 0
    for sector in range(len(levels)):
        levels[sector] = taken[sector]
        if taken[sector] > taken[best]:
            best = sector
    return best


@_compiled
def _filter_some(
    start: int,
    stop: int,
    law: _Law,
    users: _Users,
    rows: Ints,
    source: Levels,
    state: NDArray[np.uint8],
) -> np.float32:
    """Run the filters of some users, attach those who are new, and note whom the second pass has to look at."""
    sectors, seen = users.filtered.shape[1], _ZERO
    taken = np.empty(sectors, dtype=np.float32)
    for k in range(start, stop):
        if (k - start) % _ROWS_TOUCHED == 0:
            some = rows[k : min(k + _ROWS_TOUCHED, stop)]
            seen += _touch(users.filtered, some) + (_touch(source, some) if law.ratios else _ZERO)
        row = rows[k]
        if not _taken(source[row if law.ratios else k], law.ratios, law.noise_dbm, taken):
            state[k] = _NO_NUMBER
            continue
        levels, own = users.filtered[row], users.serving[row]
        if own < 0:
            users.serving[row], users.unsettled[row] = _attached(taken, levels), False
            state[k] = _ATTACHED
            continue
        near, holding = True, False
        for sector in range(sectors):
            gap = (taken[sector] - levels[sector]) * law.share
            near &= (gap <= law.limit) & (gap >= -law.limit)
            levels[sector] += gap
        if near:
            levels[:] = taken
        threshold = levels[own] + law.margin
        for sector in range(sectors):
            holding |= levels[sector] > threshold
        users.unsettled[row] = holding or not near
        if holding:
            state[k] = _HOLDING
        elif users.place[row] >= 0:
            state[k] = _STOPPED
    return seen


@kernel(parallel=True)
def _filter_all(
    start: int,
    stop: int,
    law: _Law,
    users: _Users,
    rows: Ints,
    source: Levels,
    state: NDArray[np.uint8],
) -> np.float32:
    """The same on all threads."""
    seen = _ZERO
    for block in numba.prange((stop - start + _ROWS_AT_ONCE - 1) // _ROWS_AT_ONCE):
        first = start + block * _ROWS_AT_ONCE
        seen += _filter_some(first, min(first + _ROWS_AT_ONCE, stop), law, users, rows, source, state)
    return seen


@_compiled
def _hand_over(
    instants: _Instants,
    margin: np.float32,
    users: _Users,
    rows: Ints,
    busy: Ints,
    state: NDArray[np.uint8],
    since_s: Floats,
    free: Ints,
    free_count: int,
    changes: _Changes,
) -> tuple[int, int]:
    """Run the timers of users `busy`, hand over those whose time has come; return how many, and free slots."""
    count = 0
    for k in busy:
        row = rows[k]
        slot, own, target = users.place[row], users.serving[row], -1
        if state[k] == _ATTACHED:
            changes.row[count], changes.before[count], changes.back[count] = row, -1, False
            count += 1
            continue
        if state[k] == _HOLDING:
            if slot < 0:
                free_count -= 1
                slot = free[free_count]
                since_s[slot] = np.inf
                users.place[row] = slot
            levels = users.filtered[row]
            target = _advance(instants, levels, levels[own] + margin, since_s[slot])
            if target < 0:
                continue
        users.place[row] = -1
        free[free_count] = slot
        free_count += 1
        if target >= 0:
            away_s = instants.now_s - users.handed_over_s[row]
            changes.row[count], changes.before[count] = row, own
            changes.back[count] = target == users.left_sector[row] and away_s <= instants.window_s
            count += 1
            users.serving[row], users.left_sector[row] = target, own
            users.handed_over_s[row] = instants.now_s
    return count, free_count


@_compiled
def _advance(instants: _Instants, levels: Levels, threshold: np.float32, since_s: Floats) -> int:
    """Run the timers of one user; return the strongest neighbour whose time has come, -1 for none."""
    target = -1
    for sector in range(len(levels)):
        if not levels[sector] > threshold:
            since_s[sector] = np.inf
            continue
        since_s[sector] = min(since_s[sector], instants.now_s)
        if since_s[sector] <= instants.due_s and (target < 0 or levels[sector] > levels[target]):
            target = sector
    return target


def _levels(ratios: Levels, noise_dbm: np.float32) -> Levels:
    """Levels of one user as they are reported: minus infinity for a ratio of zero."""
    with np.errstate(divide="ignore", invalid="ignore"):
        levels: Levels = np.log10(ratios) * np.float32(10.0) + noise_dbm
    return levels
