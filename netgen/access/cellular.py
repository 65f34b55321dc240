"""A cellular network at work: users move, hand over and are served, epoch by epoch, in arrays."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from netgen.access.air_interface import AirInterface, Grant, Share, Waiting, per_sector
from netgen.access.cell_outlook import CellOutlook
from netgen.access.crowd import Crowd
from netgen.access.download import Download
from netgen.access.last_hop import AirTimes
from netgen.access.queues import TerminalQueues
from netgen.access.sector_books import SectorBooks
from netgen.radio.handover import A3Handover, ServingChanges
from netgen.radio.signals import Signals
from netgen.rng import hashed_uniform
from netgen.topology.outages import Outages
from netgen.transport.clock import NS_PER_S

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

# Rounds of sharing until interference and load agree, and how far they may be apart.
_MOST_ROUNDS, _SETTLED_ACTIVITY = 3, 0.1
_SILENCE_DBM = np.float32(-200.0)
"""ASSUMED: a sector in an outage is measured at -200 dBm, weaker than any on air."""


@dataclass(frozen=True, slots=True, eq=False)
class CellularParts:
    """What a cellular network is made of.

    Parameters
    ----------
    crowd : Crowd                   Where all located users are.
    members : (U,) int64            Which of them are the network's own.
    identity : (U,) int64           A number of each user's own, >= 0, which spreads the samples over an interval.
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
    identity: Rows
    signals: Signals
    handover: A3Handover
    air: AirInterface
    sector_names: tuple[str, ...]
    activity: float | None
    tolerance_m: float
    multicast: frozenset[int]
    give_up_late: bool


class CellularNetwork(CellOutlook):
    """The downlinks of all sectors of a cellular network.

    At the begin of every epoch users move, hand over, and are given rates that hold until its end. What comes
    in meanwhile for a user without anything waiting is served from the next epoch on. An outage that begins or ends
    inside an epoch splits it in two there.

    A sector in an outage sends nothing, interferes with nobody and has no blocks in the books. Its users measure it
    as silent, and leave it by event A3: after filter and time to trigger, not at once, with the interruption of any
    handover; they come back in the same way. What waits for them is kept.

    Parameters
    ----------
    parts : CellularParts           What it is made of.
    services : mapping              Number of each service, by name.
    epoch_ns : int, ns              Length of an epoch.
    interval_ns, end_ns : int, ns   Interval of the books, and end of the run.
    warmup_ns : int, ns             Before this time nothing is counted in the distributions.
    outages : mapping               Outages of sectors, by number, and of the whole network, by None.
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
        warmup_ns: int = 0,
        outages: Mapping[int | None, Outages] | None = None,
    ) -> None:
        users, sectors = len(parts.members), parts.air.sectors
        super().__init__(name, parts, users=users, air_times=AirTimes(outages or {}, sectors, end_ns=end_ns))
        self.env = env
        self.epoch_ns, self.interval_ns, self.end_ns = epoch_ns, interval_ns, end_ns
        self.services, self._warmup_ns = 0, warmup_ns
        self.books = SectorBooks(sectors, users, interval_ns=interval_ns, end_ns=end_ns)
        intervals = len(self.books.user_s)
        self.capacity_bits, self.semantic_bits = np.zeros(intervals), np.zeros(intervals)
        self.discriminative_bits, self.generative_bits = np.zeros(intervals), np.zeros(intervals)
        self._service_numbers = services
        self._members = _as_slice(parts.members)
        self._since_ns = 0
        self._epoch_begin_ns, self._busy_s = 0, np.zeros(sectors)
        self._mean_rate_bps = np.zeros(sectors)
        self._turns = max(interval_ns // epoch_ns, 1)
        self._turn = np.zeros(users, dtype=np.int64)
        self._sampled = np.zeros((2, sectors))
        env.process(self._run())

    @property
    def capacity_bps(self) -> float:
        """What all sectors on air together would carry at the mean rate per block of the users they have now."""
        return float(self._mean_rate_bps @ self._blocks)

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

    def casts_once(self, service: str, asked: bool | None) -> bool:
        """Whether sectors send a service once for all of their users: as they are set up unless asked."""
        return self._service_numbers[service] in self.parts.multicast if asked is None else asked

    def enqueue(self, download: Download) -> None:
        """Queue a segment for some users, behind what they already wait for.

        Raises ValueError for a multicast of which users need different numbers of bits.
        """
        number = self._service_numbers[download.service]
        once = self.casts_once(download.service, download.multicast)
        if once:
            download.require_one_size()
        queues = self.multicast if once else self.unicast
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
        """One turn per epoch, or per piece of one between changes of what is on air."""
        while int(self.env.now) < self.end_ns:
            now_ns = int(self.env.now)
            epoch_end_ns = (now_ns // self.epoch_ns + 1) * self.epoch_ns
            step_ns = min(epoch_end_ns, self._air_times.next_change_ns(now_ns), self.end_ns) - now_ns
            self._begin_epoch(step_ns / NS_PER_S)
            yield self.env.timeout(step_ns)
            self._advance()

    def _begin_epoch(self, epoch_s: float) -> None:
        """Users move, hand over and are given rates."""
        now_ns = int(self.env.now)
        now_s = now_ns / NS_PER_S
        for queues in (self.unicast, self.multicast):
            queues.give_up(now_ns)
        before, self._up = self._up, self._air_times.on_air(now_ns)
        self._blocks = np.where(self._up, self.parts.air.blocks, 0.0)
        activity = self._activity if self.parts.activity is None else self.parts.activity
        self._activity = np.where(self._up, activity, 0.0)
        since_ns = (now_ns - self._epoch_begin_ns) or self.epoch_ns
        self._move(now_s, since_ns / NS_PER_S, all_levels=not np.array_equal(before, self._up))
        self._grant = self._granted(now_s, epoch_s)
        used = np.minimum(self._grant.used_blocks / self.parts.air.blocks, 1.0)
        self._epoch_begin_ns, self._busy_s = now_ns, used * epoch_s
        if now_ns % self.epoch_ns == 0:
            self._sample(now_ns // self.epoch_ns)

    def _granted(self, now_s: float, epoch_s: float) -> Grant:
        """Share out the blocks, again while the interference that follows differs from the one assumed."""
        air = self.parts.air
        unicast, multicast = (
            self._waiting(queues, now_s, epoch_s) for queues in (self.unicast, self.multicast)
        )
        for _ in range(_MOST_ROUNDS):
            grant = air.share(unicast, multicast, now_s=now_s, epoch_s=epoch_s)
            if self.parts.activity is not None:
                break
            activity = np.minimum(grant.used_blocks / air.blocks, 1.0)
            change = float(np.abs(activity - self._activity).max(initial=0.0))
            self._activity = activity
            if change <= _SETTLED_ACTIVITY:
                break
            unicast, multicast = (
                replace(waiting, rate_per_block_bps=self._rate_per_block_bps(waiting.rows, waiting.sector))
                for waiting in (unicast, multicast)
            )
        air.remember(grant.unicast, now_s=now_s, epoch_s=epoch_s)
        return grant

    def _move(self, now_s: float, since_s: float, *, all_levels: bool) -> None:
        """Bring positions, signals and serving sectors up to now; `all_levels` when a sector went down or up."""
        parts = self.parts
        parts.crowd.look(now_s)
        x_m, y_m = parts.crowd.x_m[self._members], parts.crowd.y_m[self._members]
        moved = parts.signals.move(x_m, y_m, parts.tolerance_m)
        measured = parts.handover.unsettled().copy()
        measured[moved] = True
        measured |= all_levels
        changes = self._handed_over(now_s, since_s, np.flatnonzero(measured))
        real = changes.from_sector >= 0
        if real.any():
            slot = min(int(self.env.now) // self.interval_ns, len(self.semantic_bits) - 1)
            self.books.handed_over(slot, changes.rows[real], changes.to_sector[real], changes.ping_pong[real])

    def _handed_over(self, now_s: float, since_s: float, rows: Rows) -> ServingChanges:
        """Let some users measure and hand over; a sector in an outage is silent to them."""
        handover, signals = self.parts.handover, self.parts.signals
        if self._up.all():
            return handover.follow(now_s, since_s, rows=rows, signals=signals)
        measured_dbm = signals.received_dbm(rows)
        measured_dbm[:, ~self._up] = _SILENCE_DBM
        return handover.step(now_s, since_s, rows=rows, measured_dbm=measured_dbm)

    def _waiting(self, queues: TerminalQueues, now_s: float, epoch_s: float) -> Waiting:
        """Users of one kind of queue with something waiting, and what a block gives them."""
        rows = queues.active()
        parts = self.parts
        if not parts.crowd.all_present:
            rows = rows[parts.crowd.present[parts.members[rows]]]
        if not self._up.all():
            rows = rows[self._up[parts.handover.serving[rows]]]
        if not len(rows):
            return Waiting.nobody()
        sector = parts.handover.serving[rows]
        return Waiting(
            rows=rows,
            sector=sector,
            rate_per_block_bps=self._rate_per_block_bps(rows, sector),
            demand_bps=queues.backlog_bits[rows] / epoch_s,
            # A multicast is heard by who waits for the same segment of it.
            service=queues.head_service(rows) if queues is self.unicast else queues.head_number(rows),
            available=parts.handover.available(rows, now_s, epoch_s=epoch_s),
        )

    def _sample(self, epoch: int) -> None:
        """Take the SINR of some users, so that everybody's is taken once an interval, at instants spread over it.

        In the first epoch all are looked at, for the mean rates of the sectors alone: nothing interferes yet. Who is
        still with a sector in an outage is left out.
        """
        parts, turn = self.parts, epoch % self._turns
        now_ns = int(self.env.now)
        if now_ns - self.epoch_ns < self._warmup_ns <= now_ns:
            self.books.leave_out_what_was()
        if turn == 0:
            luck = hashed_uniform(np.uint64(epoch), parts.identity)
            self._turn = (luck * self._turns).astype(np.int64)
        chosen = self._turn == turn if epoch else np.ones(len(self._turn), dtype=np.bool_)
        rows = np.flatnonzero(chosen & parts.crowd.present[self._members] & self._up[parts.handover.serving])
        if len(rows):
            sector = parts.handover.serving[rows]
            sinr_db = self._sinr_db(rows, sector)
            rate_bps = parts.air.rates.rate_per_block_bps(sinr_db)
            self._sampled[0] += per_sector(sector, rate_bps, parts.air.sectors)
            self._sampled[1] += np.bincount(sector, minlength=parts.air.sectors)
            if epoch and now_ns >= self._warmup_ns:
                self.books.sample(rows, sinr_db, int((rate_bps <= 0).sum()))
        if turn == self._turns - 1 or not epoch:
            total_bps, users = self._sampled
            self._mean_rate_bps = np.divide(total_bps, users, out=np.zeros(len(users)), where=users > 0)
            self._sampled = np.zeros_like(self._sampled)

    def _advance(self) -> None:
        """Serve from the last instant to now at the rates that hold."""
        now_ns = min(int(self.env.now), self.end_ns)
        span_s = (now_ns - self._since_ns) / NS_PER_S
        if span_s <= 0:
            return
        begin_s, slot = self._since_ns / NS_PER_S, self.books.slot(now_ns)
        since_s = (self._since_ns - self._epoch_begin_ns) / NS_PER_S
        # A sector is busy from the begin of the epoch on, for as long as it takes.
        busy_s = np.clip(self._busy_s - since_s, 0.0, span_s)
        self._since_ns = now_ns
        books = self.books
        bits, generative = self._serve(begin_s, span_s, busy_s)
        self.discriminative_bits[slot] += bits - generative
        self.generative_bits[slot] += generative
        used_block_s, block_s = self._blocks * busy_s, self._blocks * span_s
        self.capacity_bits[slot] += bits + float((block_s - used_block_s) @ self._mean_rate_bps)
        books.used_block_s[slot] += used_block_s
        books.block_s[slot] += block_s
        self._usage += used_block_s, block_s
        serving = self.parts.handover.serving
        attached = (
            serving if self.parts.crowd.all_present else serving[self.parts.crowd.present[self._members]]
        )
        books.user_s[slot] += np.bincount(attached, minlength=len(self._blocks)) * span_s

    def _serve(self, begin_s: float, span_s: float, busy_s: Floats) -> tuple[float, float]:
        """Let the queues have what they were granted; return the bits on the air, and those that steer models."""
        serving, sectors = self.parts.handover.serving, self.parts.air.sectors
        grant, slot = self._grant, self.books.slot(self._since_ns)
        rows, bits, generative, active_s = self._serve_share(self.unicast, grant.unicast, begin_s, span_s)
        on_air = per_sector(serving[rows], bits, sectors)
        generative_bits = float(generative.sum())
        if len(grant.multicast.rows):
            heard = self._serve_share(self.multicast, grant.multicast, begin_s, span_s)
            # The members of a group hear the same bits, which go over the air once.
            sent = grant.group_air_bps * busy_s[grant.group_sector]
            heard_bits, steering_bits = (
                per_sector(grant.group, some, len(sent)) for some in (heard[1], heard[2])
            )
            steering = np.divide(steering_bits, heard_bits, out=np.zeros(len(sent)), where=heard_bits > 0)
            generative_bits += float(sent @ steering)
            on_air = on_air + per_sector(grant.group_sector, sent, sectors)
            rows, bits, active_s = _together((rows, bits, active_s), (heard[0], heard[1], heard[3]))
        self.books.served(slot, rows, serving[rows], bits, active_s)
        self.books.carried_bits[slot] += on_air
        return float(on_air.sum()), generative_bits

    def _serve_share(
        self, queues: TerminalQueues, share: Share, begin_s: float, span_s: float
    ) -> tuple[Rows, Floats, Floats, Floats]:
        """Users of one kind of queue, their bits, those that steer models, and how long something waited for them."""
        rate_bps, most_bits, lag_s = share.rate_bps, share.most_bits, share.lag_s
        bits, generative = queues.serve(
            share.rows, rate_bps, begin_s, span_s, most_bits=most_bits, lag_s=lag_s
        )
        busy_s = np.divide(bits, rate_bps, out=np.full(len(bits), span_s), where=rate_bps > 0) + lag_s
        most_bits -= bits
        lag_s -= np.minimum(lag_s, span_s)
        return share.rows, bits, generative, np.minimum(busy_s, span_s)


def _together(
    one: tuple[Rows, Floats, Floats], other: tuple[Rows, Floats, Floats]
) -> tuple[Rows, Floats, Floats]:
    """Users of both kinds of queue, each once: all of their bits, and the longer of their times."""
    rows, place = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    bits = per_sector(place, np.concatenate([one[1], other[1]]), len(rows))
    active_s = np.zeros(len(rows))
    np.maximum.at(active_s, place, np.concatenate([one[2], other[2]]))
    return rows, bits, active_s


def _as_slice(members: Rows) -> Rows | slice:
    """The same places as a slice, which needs no copy, where they follow each other."""
    follow = len(members) > 0 and int(members[-1]) - int(members[0]) == len(members) - 1
    if follow and bool((np.diff(members) == 1).all()):
        return slice(int(members[0]), int(members[-1]) + 1)
    return members
