"""Capacity of a link over time, as the integral that queueing works in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from netgen.topology.outages import Outages

Floats = NDArray[np.float64]

_SLACK_BITS = 1e-6
_SLACK_SHARE = 1e-15


@dataclass(frozen=True, slots=True, eq=False)
class _Pauses:
    """Outages of a capacity, and what they take from it.

    Parameters
    ----------
    outages : Outages               When nothing can be sent.
    level_bits : (n,) float, bit    W(t) when each begins, and so until it ends.
    missed_bits : (n + 1,) float    What could have been sent in the first k of them.
    """

    outages: Outages
    level_bits: Floats
    missed_bits: Floats


@dataclass(frozen=True, slots=True, eq=False)
class CapacityProcess:
    """Piecewise-constant capacity C(t) and its integral W(t), the bits that could be sent by t.

    Outages are laid over the steps (`interrupted`): W(t) is then the integral without them, less what could
    have been sent in those that are over, so that it is exact for a period of any length.

    Parameters
    ----------
    start_s : (n,) float, s         Instants at which a rate begins; the first is 0, increasing.
    rate_bps : (n,) float, bit/s    Rate from each instant on, >= 0, not all zero.
    period_s : float or None, s     Repeats after this time when given; longer than the last start.

    Raises
    ------
    ValueError                      Instants or rates break the rules above; names index and value.
    """

    start_s: Floats
    rate_bps: Floats
    period_s: float | None
    _work_bits: Floats
    _period_bits: float
    _pauses: _Pauses | None = None

    @staticmethod
    def constant(rate_bps: float) -> CapacityProcess:
        """Capacity that never changes."""
        return CapacityProcess.steps([0.0], [rate_bps])

    @staticmethod
    def steps(
        start_s: Sequence[float], rate_bps: Sequence[float], period_s: float | None = None
    ) -> CapacityProcess:
        """Capacity that changes at given instants, repeating after `period_s` when given."""
        starts = np.array(start_s, dtype=np.float64)
        rates = np.array(rate_bps, dtype=np.float64)
        if len(starts) == 0 or len(starts) != len(rates):
            raise ValueError(f"need as many rates as instants, at least one: {len(rates)}, {len(starts)}")
        infinite = np.flatnonzero(~np.isfinite(starts))
        if infinite.size:
            raise ValueError(f"instant {infinite[0]} = {starts[infinite[0]]} s is not finite")
        if period_s is not None and np.isinf(period_s):
            raise ValueError(f"the period {period_s} s is not finite")
        if starts[0] != 0:
            raise ValueError(f"the first rate must begin at 0 s, not {starts[0]} s")
        bad = np.flatnonzero(np.diff(starts) <= 0)
        if bad.size:
            raise ValueError(f"instant {bad[0] + 1} = {starts[bad[0] + 1]} s is not after the one before it")
        wrong = np.flatnonzero(~np.isfinite(rates) | (rates < 0))
        if wrong.size:
            raise ValueError(f"rate {wrong[0]} = {rates[wrong[0]]} bit/s is not finite and >= 0")
        if not rates.any():
            raise ValueError("a capacity of 0 bit/s at all times carries nothing")
        if period_s is not None and not period_s > starts[-1]:
            raise ValueError(f"the period {period_s} s does not exceed the last instant {starts[-1]} s")
        work = np.concatenate([[0.0], np.cumsum(rates[:-1] * np.diff(starts))])
        whole = 0.0 if period_s is None else float(work[-1] + rates[-1] * (period_s - starts[-1]))
        for array in (starts, rates, work):
            array.flags.writeable = False
        return CapacityProcess(starts, rates, period_s, work, whole)

    def interrupted(self, outages: Outages) -> CapacityProcess:
        """The same capacity with a rate of 0 in the outages; one may have no end, or all time be out of order."""
        if not outages:
            return self
        if self._pauses is not None:
            outages = outages.joined(self._pauses.outages)
        starts = outages.start_s
        begun = self._steady_work_bits(starts)
        # An outage without an end is never over, and what it takes is never asked for.
        ended = self._steady_work_bits(np.where(np.isfinite(outages.end_s), outages.end_s, starts))
        missed = np.concatenate([[0.0], np.cumsum(ended - begun)])
        levels = np.maximum.accumulate(begun - missed[:-1])
        for array in (levels, missed):
            array.flags.writeable = False
        return replace(self, _pauses=_Pauses(outages, levels, missed))

    @property
    def max_rate_bps(self) -> float:
        """Highest rate that ever occurs, were there no outages."""
        return float(self.rate_bps.max())

    def rate_at(self, time_s: float) -> float:
        """Rate at one instant, bit/s."""
        if self._pauses is not None and self._pauses.outages.down(time_s):
            return 0.0
        if self.period_s is not None:
            time_s %= self.period_s
        return float(self.rate_bps[np.searchsorted(self.start_s, time_s, side="right") - 1])

    def work_bits(self, time_s: Floats) -> Floats:
        """W(t): bits that the link could have sent from 0 to each instant."""
        if self._pauses is None:
            return self._steady_work_bits(time_s)
        outages, levels = self._pauses.outages, self._pauses.level_bits
        last = np.searchsorted(outages.start_s, time_s, side="right") - 1
        inside = (last >= 0) & (time_s < outages.end_s[last])
        work = self._steady_work_bits(time_s) - self._pauses.missed_bits[last + 1]
        # Differences of large numbers are rounded, but W(t) stands still in an outage and never goes back.
        reached = np.where(last >= 0, levels[last], 0.0)
        return np.where(inside, reached, np.maximum(work, reached))

    def time_s(self, work_bits: Floats) -> Floats:
        """Earliest instant by which W(t) reaches each amount; infinite when it never does."""
        if self._pauses is None:
            return self._steady_time_s(work_bits)
        outages, missed = self._pauses.outages, self._pauses.missed_bits
        begun_bits = self._pauses.level_bits + missed[:-1]
        # With the slack that `_steady_time_s` has: what is reached when an outage begins does not wait for its end.
        slack = _SLACK_BITS + _SLACK_SHARE * begun_bits
        over = np.searchsorted(self._pauses.level_bits + slack, work_bits, side="left")
        earliest = np.where(over > 0, outages.end_s[over - 1], 0.0)
        latest = np.append(outages.start_s, np.inf)[over]
        return np.clip(self._steady_time_s(work_bits + missed[over]), earliest, latest)

    def _steady_work_bits(self, time_s: Floats) -> Floats:
        """W(t) without outages."""
        if len(self.rate_bps) == 1:
            work: Floats = time_s * self.rate_bps[0]
            return work
        if self.period_s is None:
            return self._work_within(time_s)
        turns = np.floor(time_s / self.period_s)
        # The quotient may round up to a whole number, which leaves a remainder just below 0.
        return turns * self._period_bits + self._work_within(np.maximum(time_s - turns * self.period_s, 0.0))

    def _steady_time_s(self, work_bits: Floats) -> Floats:
        """Inverse of W(t) without outages."""
        if len(self.rate_bps) == 1:
            instant: Floats = work_bits / self.rate_bps[0]
            return instant
        # What is reached when the capacity pauses is reached before the pause, though it may have been
        # rounded to a little more: without the slack, rounding would add the whole pause.
        enough = work_bits - (_SLACK_BITS + _SLACK_SHARE * work_bits)
        if self.period_s is None:
            return self._time_within(work_bits, enough)
        turns = np.maximum(np.ceil(enough / self._period_bits) - 1.0, 0.0)
        done = turns * self._period_bits
        return turns * self.period_s + self._time_within(
            work_bits - done, np.minimum(enough - done, self._period_bits)
        )

    def _work_within(self, time_s: Floats) -> Floats:
        """W(t) without repetition."""
        index = np.searchsorted(self.start_s, time_s, side="right") - 1
        return self._work_bits[index] + (time_s - self.start_s[index]) * self.rate_bps[index]

    def _time_within(self, work_bits: Floats, enough_bits: Floats) -> Floats:
        """Inverse of W(t) without repetition, on the first step that brings it to `enough_bits`."""
        index = np.maximum(np.searchsorted(self._work_bits, enough_bits, side="left") - 1, 0)
        rate = self.rate_bps[index]
        missing = work_bits - self._work_bits[index]
        with np.errstate(divide="ignore", invalid="ignore"):
            lasting = np.where(missing > 0, missing / rate, 0.0)
        return self.start_s[index] + lasting
