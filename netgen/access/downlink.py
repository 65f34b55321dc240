"""The downlink of a cell of fixed rates: flows of all its users, as fluids in arrays, epoch by epoch."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import numpy as np
import simpy

from netgen.access.download import Download, Floats, Rows
from netgen.access.last_hop import AirTimes, Flags
from netgen.access.queues import SharedLine, TerminalQueues
from netgen.scheduling.sharing import max_min_rates_bps
from netgen.topology.outages import Outages
from netgen.transport.clock import NS_PER_S


class Downlink:
    """Shares a cell's capacity among its users and tells when each has each segment.

    Rates are max-min fair under a peak rate per user. They hold until the end of the epoch, the next
    arrival, or the begin or end of an outage, whichever is first; completion instants inside are interpolated,
    exact for constant rates.

    The multicasts of one service wait in one line, which is served like one more user, at the peak rate of the
    weakest user of its first segment; all users have a segment at the same instant, on the air it counts once.

    Parameters
    ----------
    capacity_bps : float, bit/s     Shared by all users.
    peak_bps : (n,) float, bit/s    Peak rate of each user.
    epoch_ns : int, ns              Longest time for which rates are held.
    interval_ns, end_ns : int, ns   Interval of the books, and end of the run.
    give_up_late : bool             Whether what has missed its deadline leaves the queues, at the end of an epoch.
    outages : Outages               When nothing is on the air; what waits is kept.
    """

    def __init__(
        self,
        env: simpy.Environment,
        name: str,
        *,
        capacity_bps: float,
        peak_bps: Floats,
        epoch_ns: int,
        interval_ns: int,
        end_ns: int,
        give_up_late: bool = False,
        outages: Outages | None = None,
    ) -> None:
        self.env, self.name = env, name
        self.full_capacity_bps, self.peak_bps = capacity_bps, peak_bps
        self.epoch_ns, self.interval_ns, self.end_ns = epoch_ns, interval_ns, end_ns
        self.give_up_late = give_up_late
        self._air_times = AirTimes({None: outages or Outages.none()}, 1, end_ns=end_ns)
        intervals = -(-end_ns // interval_ns)
        edges_ns = np.minimum(np.arange(intervals + 1) * interval_ns, end_ns)
        self.capacity_bits = self._air_times.on_air_ns(edges_ns) / NS_PER_S * capacity_bps
        self.discriminative_bits = np.zeros(intervals)
        self.generative_bits = np.zeros(intervals)
        self.semantic_bits = np.zeros(intervals)
        self.services = 0
        self._queues = TerminalQueues(len(peak_bps))
        self._lines: dict[str, SharedLine] = {}
        self._rate, self._line_rate = np.zeros(len(peak_bps)), np.zeros(0)
        # Ends of downloads that are still to be told.
        self._ended: list[tuple[Download, bool]] = []
        self._used_bits = self._usable_bits = 0.0
        self._since_ns = 0
        self._arrival = env.event()
        env.process(self._run())
        if len(self._air_times.changes_ns):
            env.process(self._change())

    @property
    def capacity_bps(self) -> float:
        """What it can carry now; 0 during an outage."""
        return self.full_capacity_bps if self._up else 0.0

    @property
    def offered_bits(self) -> float:
        """Bits for all users so far; of a multicast the bits of every user."""
        return self._queues.offered_bits + sum(line.offered_bits for line in self._lines.values())

    @property
    def received_bits(self) -> float:
        """Bits that users have received so far."""
        return self._queues.carried_bits + sum(line.carried_bits for line in self._lines.values())

    @property
    def discarded_bits(self) -> float:
        """Bits that were given up so far."""
        return self._queues.discarded_bits + sum(line.discarded_bits for line in self._lines.values())

    def enqueue(self, download: Download) -> None:
        """Queue a segment for some users, behind what they already wait for."""
        self._advance()
        if not self.give_up_late:
            download.deadline_ns = None
        if download.multicast:
            line = self._lines.setdefault(download.service, SharedLine())
            line.enqueue(download, float(self.peak_bps[download.users].min()))
        else:
            self._queues.enqueue(self._noting(download))
        self._share()
        if not self._arrival.triggered:
            self._arrival.succeed()

    def backlog_bits(self) -> int:
        """Bits that wait at this instant, over all users; of a multicast those of every user."""
        self._advance()
        waiting = float(self._queues.backlog_bits.sum())
        return round(waiting + sum(line.backlog_bits for line in self._lines.values()))

    def close(self) -> None:
        """Bring the books to this instant."""
        self._advance()

    def finish(self) -> None:
        """Hand over what some users of unfinished segments have; the others' instants stay NaN."""
        self._advance()
        self._queues.finish()
        for line in self._lines.values():
            self._ended += [(download, False) for download in line.finish()]
        self._tell()

    def places(self) -> tuple[str, ...]:
        """Its name, as its only part."""
        return (self.name.removesuffix(":downlink"),)

    def casts_once(self, service: str, asked: bool | None) -> bool:  # noqa: ARG002  (the same for all services)
        """Whether a service goes out once for all: only when asked."""
        return bool(asked)

    def place_of(self, users: Rows) -> Rows:
        """All users are in the only part."""
        return np.zeros(len(users), dtype=np.int64)

    def on_air(self) -> Flags:
        """Whether there is no outage."""
        return self._air_times.on_air(int(self.env.now))

    def load(self) -> Floats:
        """Share of the capacity in use since this was asked last, over the time on air."""
        self._advance()
        load = self._used_bits / self._usable_bits if self._usable_bits else 0.0
        self._used_bits = self._usable_bits = 0.0
        return np.array([min(load, 1.0)])

    def backlog_s(self) -> Floats:
        """What waits, a multicast once, over the capacity when on air; s."""
        self._advance()
        waiting = float(self._queues.backlog_bits.sum())
        waiting += sum(line.air_backlog_bits for line in self._lines.values())
        return np.array([waiting / self.full_capacity_bps if waiting else 0.0])

    def unicast_share(self, users: Rows, rate_bps: float | Floats) -> Floats:
        """Share of the capacity that each user takes at a rate; infinite above its peak rate, or in an outage."""
        can = (self.peak_bps[users] >= rate_bps) & (self.peak_bps[users] > 0) & self._up
        return np.where(can, rate_bps / self.full_capacity_bps, np.inf)

    def multicast_share(self, users: Rows, rate_bps: float) -> Floats:
        """Share of the capacity that a multicast to some users takes; infinite above the lowest peak rate."""
        return np.array([float(self.unicast_share(users, rate_bps).max(initial=0.0))])

    def rate_bps(self, users: Rows) -> Floats:
        """An equal share of the capacity beside those for whom something waits, up to the peak rate."""
        self._advance()
        waits = self._queues.backlog_bits > 0
        lines = sum(1 for line in self._lines.values() if len(line))
        active = int(np.count_nonzero(waits)) + lines
        others = active - waits[users]
        fair_bps: Floats = np.minimum(self.peak_bps[users], self.capacity_bps / (others + 1.0))
        return fair_bps

    @property
    def _up(self) -> bool:
        """Whether it is on air now."""
        return bool(self._air_times.on_air(int(self.env.now))[0])

    def _noting(self, download: Download) -> Download:
        """The same download, whose end is told when all books are up to date."""
        told = download.done

        def ended(_done_s: Floats, given_up: bool) -> None:
            download.done = told
            self._ended.append((download, given_up))

        download.done = ended
        return download

    def _tell(self) -> None:
        """Tell the ends of downloads; whoever hears of one may ask and enqueue at once."""
        slot = max(min(int(self.env.now), self.end_ns) - 1, 0) // self.interval_ns
        while self._ended:
            ended, self._ended = self._ended, []
            for download, given_up in ended:
                missing = np.isnan(download.done_s)
                if not missing.any() or (given_up and not missing.all()):
                    self.semantic_bits[slot] += download.meaning.semantic_bits
                download.done(download.done_s, given_up)

    def _run(self) -> Generator[simpy.Event, Any, None]:
        """Advance at the end of every epoch while anything is queued."""
        while True:
            if not len(self._queues) and not any(len(line) for line in self._lines.values()):
                self._arrival = self.env.event()
                yield self._arrival
            now_ns = int(self.env.now)
            yield self.env.timeout((now_ns // self.epoch_ns + 1) * self.epoch_ns - now_ns)
            self._advance()
            self._give_up()
            self._share()

    def _change(self) -> Generator[simpy.Event, Any, None]:
        """Share anew when an outage begins or ends."""
        for change_ns in self._air_times.changes_ns.tolist():
            yield self.env.timeout(change_ns - int(self.env.now))
            self._advance()
            self._share()

    def _give_up(self) -> None:
        """Drop what has missed its deadline, if anything may."""
        if not self.give_up_late:
            return
        now_ns = int(self.env.now)
        self._queues.give_up(now_ns)
        for line in self._lines.values():
            self._ended += [(download, True) for download in line.give_up(now_ns)]
        self._tell()

    def _share(self) -> None:
        """Rates from now on."""
        users = len(self.peak_bps)
        peaks = np.zeros(users + len(self._lines))
        np.copyto(peaks[:users], self.peak_bps, where=self._queues.backlog_bits > 0)
        peaks[users:] = [line.peak_bps for line in self._lines.values()]
        rates = max_min_rates_bps(peaks, self.capacity_bps)
        self._rate, self._line_rate = rates[:users], rates[users:]

    def _advance(self) -> None:
        """Serve from the last instant to now at the rates that held, and tell what is complete."""
        now_ns = min(int(self.env.now), self.end_ns)
        span_s = (now_ns - self._since_ns) / NS_PER_S
        if span_s <= 0:
            return
        begin_s = self._since_ns / NS_PER_S
        if self._air_times.on_air(self._since_ns)[0]:
            self._usable_bits += self.full_capacity_bps * span_s
        self._since_ns = now_ns
        rows = np.flatnonzero(self._rate)
        served, steering = self._queues.serve(rows, self._rate[rows], begin_s, span_s)
        bits, generative = float(served.sum()), float(steering.sum())
        for line, rate_bps in zip(self._lines.values(), self._line_rate.tolist(), strict=True):
            on_air, of_model, complete = line.serve(rate_bps, begin_s, span_s)
            bits, generative = bits + on_air, generative + of_model
            self._ended += [(download, False) for download in complete]
        slot = max(now_ns - 1, 0) // self.interval_ns
        self.generative_bits[slot] += generative
        self.discriminative_bits[slot] += bits - generative
        self._used_bits += bits
        self._tell()
