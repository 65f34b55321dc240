"""What happens to a segment at its receiver: wired, by broadcast, or over a cell's downlink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from netgen.access.broadcast_channel import BroadcastChannel
from netgen.access.download import Download
from netgen.access.last_hop import LastHop
from netgen.engine.parcel import Parcel
from netgen.engine.population import Floats, Population, Rows
from netgen.engine.segment_log import Completion, OpenSegment, SegmentLog
from netgen.ledger import LossReason
from netgen.rng import hashed_uniform
from netgen.transport.clock import to_s
from netgen.transport.train import Meaning


class Reception:
    """Delivers segments to users and keeps the population and the log in step.

    Parameters
    ----------
    population : Population         Rows of users.
    log : SegmentLog                Records of segments.
    broadcasts : mapping            Per receiver node that is a tower's channel.
    downlinks : mapping             Per receiver node that is a cell.
    downlink_users : mapping        Per cell and service the positions of the rows in the cell's arrays.
    """

    def __init__(
        self,
        population: Population,
        log: SegmentLog,
        *,
        broadcasts: Mapping[str, BroadcastChannel],
        downlinks: Mapping[str, LastHop],
        downlink_users: Mapping[str, np.ndarray],
    ) -> None:
        self.population = population
        self.log = log
        self.broadcasts = broadcasts
        self.downlinks = downlinks
        self.downlink_users = downlink_users
        self.handed_bits = 0

    def offer(self, parcel: Parcel) -> None:
        """A source offers a segment to all users of its receivers."""
        for receiver in parcel.receivers:
            reach = self.population.reach(parcel.service.name, receiver)
            rows = reach.active(to_s(parcel.offered_ns))
            self.log.open(parcel, receiver, rows)
            if not self._warming(parcel):
                self.population.offer(rows, parcel.service.semantic_bits)

    def lose(self, parcel: Parcel, reason: LossReason) -> None:
        """Nobody among the parcel's receivers gets it."""
        for receiver in parcel.receivers:
            entry = self.log.take(parcel, receiver)
            self._lose_rows(parcel, entry.rows)
            self.log.write_lost(parcel, receiver, entry, reason)

    def lose_copies(self, parcel: Parcel, complete: NDArray[np.bool_]) -> Parcel:
        """Give up the copies of a personal segment that are not complete; return the parcel of the others.

        `complete` is in the order of the train, which begins with another user's copy every segment, so that
        it is not always the same users whom a full queue hits.
        """
        (receiver,) = parcel.receivers
        kept = complete[(np.arange(parcel.copies) + parcel.index) % parcel.copies]
        self._lose_rows(parcel, self.log.narrow(parcel, receiver, kept))
        return replace(parcel, copies=int(kept.sum()))

    def settle_overdue(self, end_ns: int) -> None:
        """At the end of a run, what is still on its way past its deadline is lost."""
        for receiver, entry in self.log.overdue(end_ns):
            self.lose(entry.parcel.bound_for((receiver,)), LossReason.OVERDUE)

    def withdraw_undecided(self) -> tuple[int, int]:
        """Record what is in flight at the end; return for how many users, in all and of the warm-up."""
        users = warming = 0
        for entry in self.log.write_open():
            users += len(entry.rows)
            if entry.warmup:
                warming += len(entry.rows)
            else:
                self.population.withdraw(entry.rows, entry.parcel.service.semantic_bits)
        return users, warming

    def deliver(self, parcel: Parcel, receiver: str, completed_ns: int) -> None:
        """A complete representation has reached a receiver."""
        parcel = parcel.bound_for((receiver,))
        if parcel.representation.contracted_by is not None and not parcel.representation.playable:
            self.lose(parcel, LossReason.UNPLAYABLE)
        elif parcel.representation.semantic_fidelity < parcel.service.required_fidelity:
            self.lose(parcel, LossReason.BELOW_FIDELITY)
        elif receiver in self.downlinks:
            self._send_down(parcel, receiver)
        elif receiver in self.broadcasts:
            self._broadcast(parcel, receiver, completed_ns)
        else:
            entry = self.log.take(parcel, receiver)
            parcel = parcel.with_stage(
                "receive", self.log.receiver_names[receiver], completed_ns, completed_ns
            )
            at_s = np.full(len(entry.rows), to_s(completed_ns))
            self.handed_bits += parcel.representation.bits * len(entry.rows)
            self._complete(parcel, receiver, entry, entry.rows, at_s)

    def _broadcast(self, parcel: Parcel, receiver: str, completed_ns: int) -> None:
        """One transmission reaches every covered user who is lucky."""
        channel = self.broadcasts[receiver]
        entry = self.log.take(parcel, receiver)
        parcel = parcel.with_stage("receive", self.log.receiver_names[receiver], completed_ns, completed_ns)
        with np.errstate(over="ignore"):
            counter = self.population.identity[entry.rows] + np.int64(parcel.index) * np.int64(1 << 20)
            luck = hashed_uniform(channel.key ^ parcel.service.key, counter)
        covered, loss = channel.chances(
            entry.rows, time_s=to_s(completed_ns), size_bits=parcel.representation.bits
        )
        got = covered & (luck >= loss)
        self.handed_bits += parcel.representation.bits * int(got.sum())
        self._lose_rows(parcel, entry.rows[~got])
        if got.any() or not len(entry.rows):
            at_s = np.full(int(got.sum()), to_s(completed_ns))
            self._complete(parcel, receiver, entry, entry.rows[got], at_s)
        else:
            reason = LossReason.RECEPTION if covered.any() else LossReason.OUT_OF_COVERAGE
            self.log.write_lost(parcel, receiver, entry, reason)

    def _send_down(self, parcel: Parcel, receiver: str) -> None:
        """Queue one copy per active user on the cell's downlink."""
        entry = self.log.take(parcel, receiver)
        if not len(entry.rows):
            self._complete(parcel, receiver, entry, entry.rows, np.empty(0))
            return
        downlink = self.downlinks[receiver]
        begun_ns = int(downlink.env.now)
        bits = parcel.representation.bits

        def done(done_s: Floats, given_up: bool) -> None:
            got = ~np.isnan(done_s)
            if given_up:
                self._give_up_late(parcel, receiver, entry, got, done_s, begun_ns)
                return
            last_ns = round(float(np.nanmax(done_s)) * 1e9) if got.any() else begun_ns
            arrived = parcel.with_stage("receive", self.log.receiver_names[receiver], begun_ns, last_ns)
            self.handed_bits += bits * int(got.sum())
            if got.any():
                self._complete(arrived, receiver, entry.without(~got), entry.rows[got], done_s[got])
            if not got.all():
                # Only at the end of a run: these users' copies are still on their way.
                self.log.put_back(parcel, receiver, entry.of(~got) if got.any() else entry)

        held = parcel.service.semantic_bits * parcel.representation.semantic_fidelity
        downlink.enqueue(
            Download(
                users=self.downlink_users[receiver][entry.rows],
                size_bits=bits,
                generative_share=parcel.representation.generative_bits / bits,
                meaning=Meaning(parcel.service.content, parcel.index, held * parcel.copies),
                done=done,
                service=parcel.service.name,
                deadline_ns=parcel.deadline_ns,
            )
        )

    def _give_up_late(
        self,
        parcel: Parcel,
        receiver: str,
        entry: OpenSegment,
        got: NDArray[np.bool_],
        done_s: Floats,
        begun_ns: int,
    ) -> None:
        """The deadline has passed: who has the segment has it, the others never get it."""
        self._lose_rows(parcel, entry.rows[~got])
        if not got.any():
            self.log.write_lost(parcel, receiver, entry, LossReason.OVERDUE)
            return
        last_ns = round(float(np.nanmax(done_s)) * 1e9)
        arrived = parcel.with_stage("receive", self.log.receiver_names[receiver], begun_ns, last_ns)
        self.handed_bits += parcel.representation.bits * int(got.sum())
        self._complete(arrived, receiver, entry, entry.rows[got], done_s[got])

    def _complete(self, parcel: Parcel, receiver: str, entry: OpenSegment, rows: Rows, at_s: Floats) -> None:
        """Users have a segment complete."""
        service, made = parcel.service, parcel.representation
        # To the nanosecond of the clock, so that what comes exactly on its deadline is in time.
        delay_s = np.round(at_s - to_s(parcel.offered_ns), 9)
        deadline_s = None if service.deadline_ns is None else to_s(service.deadline_ns)
        self.population.receive_bits(rows, made.bits)
        in_time = np.ones(len(rows), dtype=np.bool_) if deadline_s is None else delay_s <= deadline_s
        late = len(rows) - int(in_time.sum())
        if not self._warming(parcel):
            self.population.mark_on_time(service.name, parcel.index, rows[in_time])
            self.population.deliver(
                rows,
                delay_s=delay_s,
                deadline_s=deadline_s,
                duration_s=parcel.duration_s,
                semantic_bits=service.semantic_bits * made.semantic_fidelity,
                generated=made.generated,
                ms_ssim=made.ms_ssim,
            )
        mean_s = float(at_s.mean()) if len(at_s) else None
        self.log.write_delivered(parcel, receiver, entry, Completion(len(rows), late, mean_s, made.bits))

    def _lose_rows(self, parcel: Parcel, rows: Rows) -> None:
        """Users who never get a segment."""
        if not self._warming(parcel):
            self.population.lose(rows, duration_s=parcel.duration_s)

    def _warming(self, parcel: Parcel) -> bool:
        """Whether a segment belongs to the warm-up, which the figures of users leave out."""
        return parcel.offered_ns < self.log.warmup_ns
