"""A cellular network at work: users move, hand over and are served, epoch by epoch, in arrays."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from netgen.access.air_interface import AirInterface, Grant, Waiting, per_sector
from netgen.access.crowd import Crowd
from netgen.access.download import Download
from netgen.access.queues import TerminalQueues
from netgen.access.sector_books import SectorBooks
from netgen.radio.handover import A3Handover
from netgen.radio.signals import Signals
from netgen.transport.clock import NS_PER_S

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_NOBODY: Rows = np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class CellularParts:
    """What a cellular network is made of.

    Parameters
    ----------
    crowd : Crowd                   Where all located users are.
    members : (U,) int64            Which of them are the network's own.
    signals : Signals               What they receive from the sectors.
    handover : A3Handover           Which sector serves them.
    air : AirInterface              Link adaptation and scheduler.
    sector_names : tuple of str     Names of the sectors.
    activity : float or None        Share of the blocks that interfere; None for those in use.
    tolerance_m : float, m          Movement below which path loss is kept.
    multicast : frozenset of int    Numbers of the services that a sector sends once for all of its users.
    give_up_late : bool             Whether what has missed its deadline leaves the queues.
    """

    crowd: Crowd
    members: Rows
    signals: Signals
    handover: A3Handover
    air: AirInterface
    sector_names: tuple[str, ...]
    activity: float | None
    tolerance_m: float
    multicast: frozenset[int]
    give_up_late: bool


class CellularNetwork:
    """The downlinks of all sectors of a cellular network.

    At the begin of every epoch users move, hand over, and are given rates that hold until its end. What comes
    in meanwhile for a user without anything waiting is served from the next epoch on.

    Parameters
    ----------
    parts : CellularParts           What it is made of.
    services : mapping              Number of each service, by name.
    epoch_ns : int, ns              Length of an epoch.
    interval_ns, end_ns : int, ns   Interval of the books, and end of the run.
    """

    def __init__(
        self,
        env: simpy.Environment,
        name: str,
        parts: CellularParts,
        *,
        services: dict[str, int],
        epoch_ns: int,
        interval_ns: int,
        end_ns: int,
    ) -> None:
        self.env, self.name, self.parts = env, name, parts
        self.epoch_ns, self.interval_ns, self.end_ns = epoch_ns, interval_ns, end_ns
        self.services = 0
        users = len(parts.members)
        self.books = SectorBooks(parts.air.sectors, users, interval_ns=interval_ns, end_ns=end_ns)
        intervals = len(self.books.user_s)
        self.capacity_bits, self.semantic_bits = np.zeros(intervals), np.zeros(intervals)
        self.discriminative_bits, self.generative_bits = np.zeros(intervals), np.zeros(intervals)
        self.unicast, self.multicast = TerminalQueues(users), TerminalQueues(users)
        self._service_numbers = services
        self._members = _as_slice(parts.members)
        self._since_ns = 0
        self._served: tuple[Rows, Rows] = (_NOBODY, _NOBODY)
        self._grant = Grant(
            np.empty(0), np.empty(0), np.zeros(parts.air.sectors), np.zeros(parts.air.sectors)
        )
        self._activity = np.full(parts.air.sectors, parts.activity or 0.0)
        self._mean_rate_bps = np.zeros(parts.air.sectors)
        env.process(self._run())

    @property
    def capacity_bps(self) -> float:
        """What all sectors together would carry at the mean rate per block of the users they have now."""
        return float(self._mean_rate_bps @ self.parts.air.blocks)

    @property
    def offered_bits(self) -> float:
        """Bits for all users so far; of a multicast the bits of every user."""
        return self.unicast.offered_bits + self.multicast.offered_bits

    @property
    def received_bits(self) -> float:
        """Bits that users received so far."""
        return self.unicast.carried_bits + self.multicast.carried_bits

    @property
    def discarded_bits(self) -> float:
        """Bits that were given up so far."""
        return self.unicast.discarded_bits + self.multicast.discarded_bits

    def backlog_bits(self) -> int:
        """Bits that wait at this instant, over all users."""
        self._advance()
        return round(float(self.unicast.backlog_bits.sum() + self.multicast.backlog_bits.sum()))

    def enqueue(self, download: Download) -> None:
        """Queue a segment for some users, behind what they already wait for."""
        number = self._service_numbers[download.service]
        queues = self.multicast if number in self.parts.multicast else self.unicast
        if not self.parts.give_up_late:
            download.deadline_ns = None
        queues.enqueue(self._noting(download), number)

    def close(self) -> None:
        """Bring the books to this instant."""
        self._advance()

    def finish(self) -> None:
        """Hand over what some users of unfinished segments have; the others' instants stay NaN."""
        self._advance()
        self.unicast.finish()
        self.multicast.finish()

    def _noting(self, download: Download) -> Download:
        """The same download, whose meaning is counted when it is complete."""
        done = download.done

        def noted(done_s: Floats, given_up: bool) -> None:
            if not np.isnan(done_s).all():
                slot = self.books.slot(min(int(self.env.now), self.end_ns))
                self.semantic_bits[slot] += download.meaning.semantic_bits
            done(done_s, given_up)

        download.done = noted
        return download

    def _run(self) -> Generator[simpy.Event, Any, None]:
        """One turn per epoch."""
        while True:
            self._begin_epoch()
            now_ns = int(self.env.now)
            if now_ns >= self.end_ns:
                return
            step_ns = min((now_ns // self.epoch_ns + 1) * self.epoch_ns, self.end_ns) - now_ns
            yield self.env.timeout(step_ns)
            self._advance()

    def _begin_epoch(self) -> None:
        """Users move, hand over and are given rates."""
        now_ns = int(self.env.now)
        now_s, epoch_s = now_ns / NS_PER_S, self.epoch_ns / NS_PER_S
        for queues in (self.unicast, self.multicast):
            queues.give_up(now_ns)
        self._move(now_s, epoch_s)
        if now_ns % self.interval_ns == 0 or now_ns == 0:
            self._sample()
        unicast, multicast = self._waiting(self.unicast, now_s), self._waiting(self.multicast, now_s)
        self._grant = self.parts.air.share(unicast, multicast, now_s=now_s, epoch_s=epoch_s)
        self._served = (unicast.rows, multicast.rows)
        if self.parts.activity is None:
            self._activity = np.minimum(self._grant.used_blocks / self.parts.air.blocks, 1.0)

    def _move(self, now_s: float, epoch_s: float) -> None:
        """Bring positions, signals and serving sectors up to now."""
        parts = self.parts
        parts.crowd.look(now_s)
        x_m, y_m = parts.crowd.x_m[self._members], parts.crowd.y_m[self._members]
        moved = parts.signals.move(x_m, y_m, parts.tolerance_m)
        measured = parts.handover.unsettled().copy()
        measured[moved] = True
        rows = np.flatnonzero(measured)
        changes = parts.handover.step(
            now_s, epoch_s, rows=rows, measured_dbm=parts.signals.received_dbm(rows)
        )
        real = changes.from_sector >= 0
        if real.any():
            slot = min(int(self.env.now) // self.interval_ns, len(self.semantic_bits) - 1)
            self.books.handed_over(slot, changes.rows[real], changes.to_sector[real], changes.ping_pong[real])

    def _waiting(self, queues: TerminalQueues, now_s: float) -> Waiting:
        """Users of one kind of queue with something waiting, and what a block gives them."""
        rows = queues.active()
        if not len(rows):
            return Waiting(_NOBODY, _NOBODY, np.empty(0), np.empty(0), _NOBODY)
        parts, epoch_s = self.parts, self.epoch_ns / NS_PER_S
        if not parts.crowd.all_present:
            rows = rows[parts.crowd.present[parts.members[rows]]]
        sector = parts.handover.serving[rows]
        rate = parts.air.rates.rate_per_block_bps(self._sinr_db(rows, sector))
        rate = rate * parts.handover.available(rows, now_s, epoch_s=epoch_s)
        return Waiting(rows, sector, rate, queues.backlog_bits[rows] / epoch_s, queues.head_service(rows))

    def _sinr_db(self, rows: Rows, sector: Rows) -> Floats:
        """SINR of some users at their sectors."""
        sinr = self.parts.signals.sinr(rows, sector, self._activity)
        with np.errstate(divide="ignore"):
            level_db: Floats = 10.0 * np.log10(sinr.astype(np.float64))
        return level_db

    def _sample(self) -> None:
        """Take the SINR of everybody, once an interval."""
        parts = self.parts
        rows = np.flatnonzero(parts.crowd.present[self._members])
        if not len(rows):
            return
        sector = parts.handover.serving[rows]
        sinr_db = self._sinr_db(rows, sector)
        rate_bps = parts.air.rates.rate_per_block_bps(sinr_db)
        attached = np.bincount(sector, minlength=parts.air.sectors)
        total_bps = per_sector(sector, rate_bps, parts.air.sectors)
        self._mean_rate_bps = np.divide(total_bps, attached, out=np.zeros(len(total_bps)), where=attached > 0)
        self.books.sample(rows, sinr_db, int((rate_bps <= 0).sum()))

    def _advance(self) -> None:
        """Serve from the last instant to now at the rates that hold."""
        now_ns = min(int(self.env.now), self.end_ns)
        span_s = (now_ns - self._since_ns) / NS_PER_S
        if span_s <= 0:
            return
        begin_s, slot = self._since_ns / NS_PER_S, self.books.slot(now_ns)
        self._since_ns = now_ns
        air = self.parts.air
        bits, generative = self._serve(begin_s, span_s)
        self.discriminative_bits[slot] += bits - generative
        self.generative_bits[slot] += generative
        idle_blocks = np.maximum(air.blocks - self._grant.used_blocks, 0.0)
        self.capacity_bits[slot] += bits + float(idle_blocks @ self._mean_rate_bps) * span_s
        books, serving = self.books, self.parts.handover.serving
        books.used_block_s[slot] += self._grant.used_blocks * span_s
        books.block_s[slot] += air.blocks * span_s
        books.user_s[slot] += np.bincount(serving[serving >= 0], minlength=air.sectors) * span_s
        for rows in self._served:
            books.active_s[slot] += np.bincount(serving[rows], minlength=air.sectors) * span_s

    def _serve(self, begin_s: float, span_s: float) -> tuple[float, float]:
        """Let the queues have what they were granted; return the bits on the air, and those that steer models."""
        serving, sectors = self.parts.handover.serving, self.parts.air.sectors
        slot = self.books.slot(self._since_ns)
        air_bits = generative_bits = 0.0
        on_air: Floats
        rates = (self._grant.unicast_bps, self._grant.multicast_bps)
        for queues, rows, rate_bps in zip((self.unicast, self.multicast), self._served, rates, strict=True):
            if not len(rows):
                continue
            bits, generative = queues.serve(rows, rate_bps, begin_s, span_s)
            self.books.served(rows, bits, span_s)
            if queues is self.multicast:
                # The members of a group hear the same bits, which go over the air once.
                on_air = self._grant.multicast_air_bps * span_s
                share = float(generative.sum()) / max(float(bits.sum()), 1e-300)
                generative_bits += float(on_air.sum()) * share
            else:
                on_air = per_sector(serving[rows], bits, sectors)
                generative_bits += float(generative.sum())
            self.books.carried_bits[slot] += on_air
            air_bits += float(on_air.sum())
        return air_bits, generative_bits


def _as_slice(members: Rows) -> Rows | slice:
    """The same places as a slice, which needs no copy, where they follow each other."""
    follow = len(members) > 0 and int(members[-1]) - int(members[0]) == len(members) - 1
    if follow and bool((np.diff(members) == 1).all()):
        return slice(int(members[0]), int(members[-1]) + 1)
    return members
