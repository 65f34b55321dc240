"""A3 handover of all users at once: layer-3 filter, hysteresis, time to trigger, interruption, ping-pong.

The clock is the caller's: a step happens at the begin of an epoch with what is measured there, so all
instants (a condition becoming true, a trigger, a handover) are begins of epochs, and a time to trigger
that is no multiple of the epoch ends at the first begin of an epoch after it. Every neighbour has its own
timer, as in the standard. Filtered values are kept at a handover; all timers are stopped by it.

Radio link failure is not modelled: a user stays with a sector, however weak, until another one is stronger by
offset and hysteresis for the time to trigger. Nor are lost measurement reports or commands, admission
control in the target, and cell individual offsets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, MissingDependencyError
from netgen.radio.signals import Signals

Floats = NDArray[np.float64]
Levels = NDArray[np.float32]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]
Compute: TypeAlias = Literal["numpy", "numba"]

_ROWS_AT_ONCE = 8192
# An instant that is late by no more than this counts as reached: epochs are counted in binary fractions.
INSTANT_SLACK_S = 1e-9


@dataclass(frozen=True, slots=True)
class HandoverSettings:
    """Parameters of event A3 and of the handover that follows it.

    Parameters
    ----------
    offset_db : float, dB               a3-Offset: how much better a neighbour must be, -15..15; 0 dB in ns-3.
    hysteresis_db : float, dB           Added to the offset for the event to begin, 0..15; 3 dB in ns-3.
    time_to_trigger_s : float, s        How long the condition must hold; 256 ms in ns-3, the median of the values
                                        that TS 36.331 allows.
    filter_coefficient : float          k of the layer-3 filter, a = 1 / 2^(k/4), 0..19; 0 is no filter. 4 is the
                                        default of the standard.
    measurement_period_s : float, s     Period for which k is meant: 200 ms.
    interruption_s : float, s           How long no data flow after a handover. ASSUMED: 50 ms by default, the
                                        order of measured handovers in LTE and NR.
    ping_pong_window_s : float, s       A handover back within this time counts as ping-pong. ASSUMED: 1 s by
                                        default, the minimum time of stay of TR 36.839 (from memory).
    settled_db : float, dB              A filter nearer than this to all its measurements is set to them and is
                                        settled, 0..3. ASSUMED: 0.1 dB by default, far below the accuracy of a
                                        measurement.

    Raises
    ------
    ValueError                          A value is outside its range.

    Source                              TS 38.331 / TS 36.331: 5.5.3.2 (filter), 5.5.4.4 (event A3), IE Hysteresis,
                                        IE FilterCoefficient; defaults of ns-3 3.44 A3RsrpHandoverAlgorithm.
    """

    offset_db: float = 0.0
    hysteresis_db: float = 3.0
    time_to_trigger_s: float = 0.256
    filter_coefficient: float = 4.0
    measurement_period_s: float = 0.2
    interruption_s: float = 0.05
    ping_pong_window_s: float = 1.0
    settled_db: float = 0.1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("offset_db", -15.0, 15.0),
            ("hysteresis_db", 0.0, 15.0),
            ("time_to_trigger_s", 0.0, 60.0),
            ("filter_coefficient", 0.0, 19.0),
            ("interruption_s", 0.0, 60.0),
            ("ping_pong_window_s", 0.0, 3600.0),
            ("settled_db", 0.0, 3.0),
        ):
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} = {getattr(self, name)} is not within {low:g}..{high:g}")
        if not 0 < self.measurement_period_s < np.inf:
            raise ValueError(
                f"measurement_period_s = {self.measurement_period_s} s is not positive and finite"
            )
        if self.offset_db + self.hysteresis_db < 0:
            raise ValueError(
                f"offset {self.offset_db} dB and hysteresis {self.hysteresis_db} dB add up to less than 0 dB: "
                "users would leave a stronger sector for a weaker one and return at once"
            )

    def filter_share(self, epoch_s: float) -> float:
        """Weight of a new measurement when one is taken every `epoch_s`: 1 - (1 - a)^(epoch / period).

        The standard asks that the filter be adapted such that its time characteristics are preserved at
        other rates of measurements: this step response equals that of the standard's filter at every
        common instant.
        """
        a = 2.0 ** (-self.filter_coefficient / 4)
        return float(1 - (1 - a) ** (epoch_s / self.measurement_period_s))


@dataclass(frozen=True, slots=True, eq=False)
class ServingChanges:
    """Users who got another serving sector in one step.

    Parameters
    ----------
    rows : (c,) int             Users, in the order in which they were given.
    from_sector : (c,) int      Sector that served until now; -1 for a user who attached for the first time.
    to_sector : (c,) int        Sector that serves from now on.
    ping_pong : (c,) bool       Whether this is a handover back within the ping-pong window.
    """

    rows: Ints
    from_sector: Ints
    to_sector: Ints
    ping_pong: Flags


class A3Handover:
    """State of event A3 for all users; a step costs only for the users named in it.

    Parameters
    ----------
    users, sectors : int            Numbers of users and sectors, >= 0 and >= 1.
    settings : HandoverSettings     The same for all users.

    Memory                          4 B per user and sector, some 40 B per user, and 8 B per sector for each user with
                                    a running timer.
    Valid for                       Measurements of the same quantity for all sectors, on one carrier.
    Source                          TS 38.331 5.5.3.2 and 5.5.4.4 (for LTE TS 36.331, the same clauses).
    """

    def __init__(self, users: int, sectors: int, *, settings: HandoverSettings | None = None) -> None:
        if users < 0 or sectors < 1:
            raise ValueError(f"{users} users in {sectors} sectors: need at least 0 users and 1 sector")
        self.settings = settings if settings is not None else HandoverSettings()
        self._serving = np.full(users, -1, dtype=np.int64)
        self._filtered_dbm = np.zeros((users, sectors), dtype=np.float32)
        self._unsettled = np.ones(users, dtype=np.bool_)
        self._left_sector = np.full(users, -1, dtype=np.int64)
        self._handed_over_s = np.full(users, -np.inf)
        self._start_timers()

    @property
    def serving(self) -> Ints:
        """Serving sector of every user (U,), -1 before the first step; a view that cannot be written."""
        view = self._serving.view()
        view.flags.writeable = False
        return view

    @property
    def filtered_dbm(self) -> Levels:
        """Filtered measurements (U, S) in dBm, only meaningful for attached users; cannot be written."""
        view = self._filtered_dbm.view()
        view.flags.writeable = False
        return view

    def unsettled(self) -> Flags:
        """Users (U,) who must be in the next step even if they do not move; a view that cannot be written.

        Those who are not attached yet, whose filter has not reached the measurements, or with a timer
        running. Leaving out anybody else is the same as measuring again what was measured last.
        """
        view = self._unsettled.view()
        view.flags.writeable = False
        return view

    def step(self, now_s: float, epoch_s: float, *, rows: Ints, measured_dbm: Levels) -> ServingChanges:
        """Take in the measurements at `now_s`, run filters and timers, and hand over who has to.

        Parameters
        ----------
        now_s, epoch_s : float, s           Begin of the epoch, and time since the measurement before, > 0.
        rows : (n,) int                     Users measured, each at most once: at least those who moved or whose
                                            level changed, and all `unsettled` ones.
        measured_dbm : (n, S) float32, dBm  Received power (RSRP) of each of these users from all sectors, finite.

        Returns
        -------
        ServingChanges                      Also holds first attachments, to the strongest sector (the lowest number
                                            among equal ones).

        Raises
        ------
        ValueError                          Shapes do not fit, a row is no user, a level is not finite (thousands of
                                            users before it may have been stepped), the epoch is not positive.
        """
        measured = np.asarray(measured_dbm, dtype=np.float32)
        check_step(epoch_s, rows, self._filtered_dbm.shape, levels=measured.shape)
        return self._step_pieces(now_s, epoch_s, rows, lambda some: measured[some])

    def follow(self, now_s: float, epoch_s: float, *, rows: Ints, signals: Signals) -> ServingChanges:
        """Step with what `signals` has for the users `rows`, which need not be in one array.

        The same as `step` with ``signals.received_dbm(rows)``, without an array of all their levels; arguments,
        result and errors as there.
        """
        check_step(epoch_s, rows, self._filtered_dbm.shape, levels=(len(rows), signals.sectors.count))
        return self._step_pieces(now_s, epoch_s, rows, lambda some: signals.received_dbm(rows[some]))

    def available(self, rows: Ints, now_s: float, *, epoch_s: float) -> Floats:
        """Share (n,) of the epoch from `now_s` on in which the users `rows` are not interrupted, 0..1."""
        ends_s = self._handed_over_s[rows] + self.settings.interruption_s
        free: Floats = 1.0 - np.clip((ends_s - now_s) / epoch_s, 0.0, 1.0)
        return free

    def _start_timers(self) -> None:
        """Have room for timers, of which none runs."""
        self._timers = _Timers(*self._filtered_dbm.shape)

    def _step_pieces(
        self, now_s: float, epoch_s: float, rows: Ints, levels: Callable[[slice], Levels]
    ) -> ServingChanges:
        """Step for some users after the other, so that their levels fit into the cache."""
        pieces = [slice(first, first + _ROWS_AT_ONCE) for first in range(0, len(rows), _ROWS_AT_ONCE)]
        changes = [
            self._step_some(now_s, epoch_s, rows[some], levels(some), before=some.start)
            for some in pieces or [slice(0, 0)]
        ]
        return ServingChanges(
            np.concatenate([each.rows for each in changes]),
            np.concatenate([each.from_sector for each in changes]),
            np.concatenate([each.to_sector for each in changes]),
            np.concatenate([each.ping_pong for each in changes]),
        )

    def _step_some(
        self, now_s: float, epoch_s: float, rows: Ints, measured: Levels, *, before: int
    ) -> ServingChanges:
        """Step for a few thousand users; so many were `before` them."""
        serving = self._serving[rows]
        first = serving < 0
        levels, reached = self._filtered(rows, measured, first, epoch_s, before=before)
        if first.any():
            serving[first] = np.argmax(levels[first], axis=1)
        each = np.arange(len(rows))
        threshold = levels[each, serving] + np.float32(self.settings.offset_db + self.settings.hysteresis_db)
        levels[each, serving] = -np.inf
        holding = np.flatnonzero(levels.max(axis=1, initial=-np.inf) > threshold)
        target = self._timers.advance(
            now_s,
            self.settings.time_to_trigger_s,
            rows=rows,
            holding=holding,
            levels=levels[holding],
            fulfilled=levels[holding] > threshold[holding, np.newaxis],
        )
        triggered = holding[target >= 0]
        moved_rows, moved_from, moved_to = rows[triggered], serving[triggered], target[target >= 0]
        # Also those who hand over now: another neighbour may fulfil the condition against the new sector.
        reached[holding] = False
        self._unsettled[rows] = ~reached
        back = (moved_to == self._left_sector[moved_rows]) & (
            now_s - self._handed_over_s[moved_rows] <= self.settings.ping_pong_window_s + INSTANT_SLACK_S
        )
        self._serving[rows[first]] = serving[first]
        self._serving[moved_rows] = moved_to
        self._left_sector[moved_rows] = moved_from
        self._handed_over_s[moved_rows] = now_s
        changed = first.copy()
        changed[triggered] = True
        from_sector = np.where(first, -1, serving)[changed]
        ping_pong = np.zeros(len(rows), dtype=np.bool_)
        ping_pong[triggered] = back
        return ServingChanges(rows[changed], from_sector, self._serving[rows[changed]], ping_pong[changed])

    def _filtered(
        self, rows: Ints, measured: Levels, first: Flags, epoch_s: float, *, before: int
    ) -> tuple[Levels, Flags]:
        """Run and store the filters; return a copy of their values and who has reached the measurements."""
        share, limit = self._filter(epoch_s)
        levels = self._filtered_dbm[rows]
        levels[first] = measured[first]
        with np.errstate(invalid="ignore"):
            gap = measured - levels
            gap *= share
        most, least = gap.max(axis=1), gap.min(axis=1)
        # A gap is not finite where a level is not: infinite, or NaN for users who have just been given it.
        wrong = np.flatnonzero(~(np.isfinite(most) & np.isfinite(least)))
        if wrong.size:
            raise not_finite(before + int(wrong[0]), measured[wrong[0]])
        levels += gap
        reached = (most <= limit) & (least >= -limit)
        levels[reached] = measured[reached]
        self._filtered_dbm[rows] = levels
        return levels, reached

    def _filter(self, epoch_s: float) -> tuple[np.float32, float]:
        """Share of a new measurement, and how large the part that is made up is at most in a settled filter."""
        share = np.float32(self.settings.filter_share(epoch_s))
        # What is left of the gap is (1 - share) / share of the part just made up.
        limit = self.settings.settled_db * float(share) / max(1.0 - float(share), 1e-30)
        return share, limit


def make_handover(
    users: int, sectors: int, *, settings: HandoverSettings | None = None, compute: Compute = "numpy"
) -> A3Handover:
    """Make the handover of all users in one of its implementations, which give the same results to the last bit.

    Parameters
    ----------
    users, sectors, settings        As of `A3Handover`.
    compute : "numpy" or "numba"    The plain reference or the compiled twin.

    Raises
    ------
    InputError                      No such implementation.
    MissingDependencyError          numba is not installed.
    """
    if compute == "numpy":
        return A3Handover(users, sectors, settings=settings)
    if compute != "numba":
        raise InputError(f'compute = "{compute}" is not known; accepted: numpy, numba')
    try:
        import numba  # noqa: F401, PLC0415  (optional and slow to import)
    except ImportError:
        raise MissingDependencyError(
            "compute = \"numba\" needs numba: install the extra with pip install 'netgen[fast]'"
        ) from None
    from netgen.radio.handover_numba import CompiledHandover  # noqa: PLC0415  (imports numba)

    return CompiledHandover(users, sectors, settings=settings)


def check_step(
    epoch_s: float,
    rows: Ints,
    users_and_sectors: tuple[int, ...],
    *,
    levels: tuple[int, ...],
) -> None:
    """Raise ValueError for an epoch, rows, or a shape of levels that do not fit users and sectors."""
    users, sectors = users_and_sectors
    if not 0 < epoch_s < np.inf:
        raise ValueError(f"epoch_s = {epoch_s} s is not positive and finite")
    wanted = (len(rows), sectors)
    if levels != wanted:
        raise ValueError(f"measured_dbm has shape {levels}; one row per user is needed: {wanted}")
    if len(rows) and not (rows.min() >= 0 and rows.max() < users):
        index = int(np.flatnonzero((rows < 0) | (rows >= users))[0])
        raise ValueError(f"rows[{index}] = {rows[index]} is no user; there are {users}")


def not_finite(user: int, levels: Levels) -> ValueError:
    """The error for the first level of a user that is not finite."""
    sector = int(np.flatnonzero(~np.isfinite(levels))[0])
    return ValueError(f"measured_dbm[{user}, {sector}] = {levels[sector]} dBm is not finite")


class _Timers:
    """Since when each neighbour has fulfilled the condition, only for users with a timer running."""

    def __init__(self, users: int, sectors: int) -> None:
        self._place = np.full(users, -1, dtype=np.int64)
        self._rows = np.empty(0, dtype=np.int64)
        self._since_s = np.empty((0, sectors))

    def advance(
        self,
        now_s: float,
        time_to_trigger_s: float,
        *,
        rows: Ints,
        holding: Ints,
        levels: Levels,
        fulfilled: Flags,
    ) -> Ints:
        """Run the timers of `rows`; return the target (h,) of those `holding` (positions in rows), -1 for none.

        Timers of users who do not hold the condition for any neighbour, or who are given a target, are stopped.
        The target is the strongest among the neighbours whose time has come.
        """
        users = rows[holding]
        places = self._place[users]
        since = (
            np.where((places >= 0)[:, np.newaxis], self._since_s[places], np.inf)
            if len(self._rows)
            else np.inf
        )
        since = np.where(fulfilled, np.minimum(since, now_s), np.inf)
        due = since <= now_s - time_to_trigger_s + INSTANT_SLACK_S
        target = np.where(due.any(axis=1), np.argmax(np.where(due, levels, -np.inf), axis=1), -1)
        self._place[rows] = -1
        others = self._place[self._rows] >= 0
        waiting = target < 0
        if len(self._rows) or waiting.any():
            self._rows = np.concatenate([self._rows[others], users[waiting]])
            self._since_s = np.concatenate([self._since_s[others], since[waiting]])
            self._place[self._rows] = np.arange(len(self._rows))
        return target
