"""What happens to a segment at its receiver: wired, by broadcast, or over a cell's downlink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from netgen.access.broadcast_channel import BroadcastChannel
from netgen.access.download import Download
from netgen.access.last_hop import LastHop
from netgen.engine.parcel import (
    REPAIR,
    Flags,
    Floats,
    LiveActions,
    Parcel,
    Recovery,
    Rows,
    TerminalGenerators,
)
from netgen.engine.population import Population
from netgen.engine.segment_log import Completion, Evaluator, OpenSegment, SegmentLog
from netgen.engine.service import Service
from netgen.generative.representation import Representation
from netgen.ledger import LossReason, Playback, ServicePlayback, ShownQuality
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

    Attributes
    ----------
    recovery, terminals, live, evaluation   What repairs, expands, runs real frames, and rates, where there is any.
    air_shrinkage : mapping         Bits over source bits of what a channel sent last, by service and channel.
    playback : Playback             What every player did with every segment.
    played, played_once : mapping   Per collaborating service how often segments were handed to players, and which
                                    (row, segment) pairs were.
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
        self.recovery: Recovery | None = None
        self.terminals: TerminalGenerators | None = None
        self.live: LiveActions | None = None
        self.evaluation: Evaluator | None = None
        self.air_shrinkage: dict[tuple[str, str], float] = {}
        self.playback = Playback(population.services)
        self.played: dict[str, int] = {}
        self.played_once: dict[str, Flags] = {}

    def offer(self, parcel: Parcel, rows: Rows | None = None) -> int:
        """A source offers a segment to users of its receivers, all whom they serve unless told; return how many."""
        users = 0
        for receiver in parcel.receivers:
            mine = rows
            if mine is None:
                mine = self.population.reach(parcel.service.name, receiver).active(to_s(parcel.offered_ns))
            self.log.open(parcel, receiver, mine)
            users += len(mine)
            if not self._warming(parcel):
                self.population.offer(mine, parcel.service.semantic_bits)
        return users

    def terminals_suit(self, parcel: Parcel, action: str) -> bool:
        """Whether the terminals of all users of the parcel's receivers could expand what an action makes of it."""
        if self.terminals is None:
            return False
        for receiver in parcel.receivers:
            if receiver not in self.broadcasts and receiver not in self.downlinks:
                return False
            rows = self.population.reach(parcel.service.name, receiver).active(to_s(parcel.offered_ns))
            if not self.terminals.suited(parcel, action, rows).all():
                return False
        return True

    def watch_players(self, service: Service, segments: int) -> None:
        """Note which segments of a service each user's player is handed, so that none is handed over twice."""
        self.played[service.name] = 0
        self.played_once[service.name] = np.zeros((len(self.population.users), segments), dtype=np.bool_)

    def refuse(self, parcel: Parcel, receiver: str, rows: Rows) -> None:
        """Nobody has room for these users, whom a receiver would serve."""
        self.log.open(parcel, receiver, rows)
        if not self._warming(parcel):
            self.population.offer(rows, parcel.service.semantic_bits)
        self.lose(parcel, LossReason.BLOCKED)

    def lose(self, parcel: Parcel, reason: LossReason, *, final: bool = False) -> None:
        """Nobody among the parcel's receivers gets it, unless a cell repairs what a tower should have sent.

        What is `final`, overdue or a repair itself is not repaired.
        """
        for receiver in parcel.receivers:
            entry = self.log.take(parcel, receiver)
            if receiver in self.broadcasts and not final and reason is not LossReason.OVERDUE:
                whole = np.full(len(entry.rows), parcel.representation.bits, dtype=np.int64)
                everybody = np.ones(len(entry.rows), np.bool_)
                bound = parcel.bound_for((receiver,))
                entry = self._recovered(bound, receiver, entry, everybody, whole, reason)
            self._lose_rows(parcel, entry.rows, reason)
            self.log.write_lost(parcel, receiver, entry, reason)
            if parcel.purpose == REPAIR and self.recovery is not None and reason is not LossReason.OVERDUE:
                self.recovery.failed(parcel, receiver)

    def lose_copies(self, parcel: Parcel, complete: Flags) -> Parcel:
        """Give up the copies of a personal segment that are not complete; return the parcel of the others.

        `complete` is in the order of the train, which begins with another user's copy every segment, so that
        it is not always the same users whom a full queue hits.
        """
        (receiver,) = parcel.receivers
        kept = complete[(np.arange(parcel.copies) + parcel.index) % parcel.copies]
        self._lose_rows(parcel, self.log.narrow(parcel, receiver, kept), LossReason.INCOMPLETE)
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
        by_air = receiver in self.downlinks or receiver in self.broadcasts
        if _needs_expansion(parcel) and (self.terminals is None or not by_air):
            self.lose(parcel, LossReason.UNPLAYABLE)
            return
        if self.live is not None:
            shown = self.live.shown(parcel, receiver)
            if shown is None:
                self.lose(parcel, LossReason.UNPLAYABLE)
                return
            parcel = shown
        # What terminals expand is not there to be rated.
        rater = None if _needs_expansion(parcel) else self.evaluation
        if parcel.representation.semantic_fidelity < parcel.service.required_fidelity:
            self.lose(parcel, LossReason.BELOW_FIDELITY)
        elif rater is None or not rater.takes(parcel, receiver):
            self.hand_over(parcel, receiver, completed_ns)

    def hand_over(self, parcel: Parcel, receiver: str, completed_ns: int) -> None:
        """What a receiver may show goes to its users."""
        if receiver in self.downlinks:
            self._send_down(parcel, receiver)
            if parcel.purpose == REPAIR and self.recovery is not None:
                self.recovery.arrived(parcel, receiver)
        elif receiver in self.broadcasts:
            self._broadcast(parcel, receiver, completed_ns)
        else:
            entry = self.log.take(parcel, receiver)
            named = self.log.receiver_names[receiver]
            parcel = parcel.with_stage("receive", named, completed_ns, completed_ns)
            at_s = np.full(len(entry.rows), to_s(completed_ns))
            self.handed_bits += parcel.representation.bits * len(entry.rows)
            self._complete(parcel, receiver, entry, entry.rows, at_s)

    def _broadcast(self, parcel: Parcel, receiver: str, completed_ns: int) -> None:
        """One transmission reaches every covered user who is lucky; cells may repair what the others miss."""
        channel, size_bits = self.broadcasts[receiver], parcel.representation.bits
        self.air_shrinkage[parcel.service.name, receiver] = size_bits / parcel.source_bits
        entry = self.log.take(parcel, receiver)
        begin_s = parcel.stages[-1].start_s if parcel.stages[-1].kind == "link" else to_s(completed_ns)
        parcel = parcel.with_stage("receive", self.log.receiver_names[receiver], completed_ns, completed_ns)
        with np.errstate(over="ignore"):
            counter = self.population.identity[entry.rows] + np.int64(parcel.index) * np.int64(1 << 20)
            luck = hashed_uniform(channel.key ^ parcel.service.key, counter)
        time_s = to_s(completed_ns)
        if self.recovery is not None:
            self.recovery.sent(parcel, receiver, begin_s=begin_s, time_s=time_s)
        covered, loss = channel.chances(entry.rows, time_s=time_s, size_bits=size_bits, begin_s=begin_s)
        got = covered & (luck >= loss)
        self.handed_bits += size_bits * int(got.sum())
        if channel.off_air(begin_s=begin_s, end_s=time_s):
            reason = LossReason.OUTAGE
        else:
            reason = LossReason.RECEPTION if (covered & ~got).any() else LossReason.OUT_OF_COVERAGE
        if self.recovery is not None and not got.all():
            missing = channel.missing_bits(
                entry.rows[~got], luck[~got], time_s=time_s, size_bits=size_bits, begin_s=begin_s
            )
            kept = self._recovered(parcel, receiver, entry, ~got, missing, reason)
            got, entry = got[np.isin(entry.rows, kept.rows)], kept
        self._lose_rows(parcel, entry.rows[~got], reason)
        if got.any() or not len(entry.rows):
            at_s = np.full(int(got.sum()), time_s)
            self._complete(parcel, receiver, entry, entry.rows[got], at_s)
        else:
            self.log.write_lost(parcel, receiver, entry, reason)

    def _recovered(
        self, parcel: Parcel, receiver: str, entry: OpenSegment, lost: Flags, missing_bits: Rows,
        reason: LossReason,
    ) -> OpenSegment:  # fmt: skip
        """What is left of an entry without those who lost it and for whom the segment may still come."""
        if self.recovery is None or not lost.any():
            return entry
        taken = self.recovery.recover(parcel, receiver, entry.rows[lost], missing_bits, reason)
        gone = lost.copy()
        gone[lost] = taken
        return entry.without(gone) if taken.any() else entry

    def _send_down(self, parcel: Parcel, receiver: str) -> None:
        """Queue one copy per active user on the cell's downlink, or of a repair what each of them misses."""
        entry = self.log.take(parcel, receiver)
        if not len(entry.rows):
            self._complete(parcel, receiver, entry, entry.rows, np.empty(0))
            return
        downlink = self.downlinks[receiver]
        begun_ns = int(downlink.env.now)
        made = parcel.representation

        def done(done_s: Floats, given_up: bool) -> None:
            got = ~np.isnan(done_s)
            last_ns = round(float(np.nanmax(done_s)) * 1e9) if got.any() else begun_ns
            arrived = parcel.with_stage("receive", self.log.receiver_names[receiver], begun_ns, last_ns)
            self.handed_bits += int(np.sum(np.broadcast_to(_bits_of(parcel, entry, got), got.sum())))
            if given_up:
                self._lose_rows(parcel, entry.rows[~got], LossReason.OVERDUE)
                if got.any():
                    self._complete(arrived, receiver, entry, entry.rows[got], done_s[got])
                else:
                    self.log.write_lost(parcel, receiver, entry, LossReason.OVERDUE)
                return
            if got.any():
                self._complete(arrived, receiver, entry.without(~got), entry.rows[got], done_s[got])
            if not got.all():
                # Only at the end of a run: these users' copies are still on their way.
                self.log.put_back(parcel, receiver, entry.of(~got) if got.any() else entry)

        held = parcel.service.semantic_bits * made.semantic_fidelity
        downlink.enqueue(
            Download(
                users=self.downlink_users[receiver][entry.rows],
                size_bits=_bits_of(parcel, entry, None),
                generative_share=made.generative_bits / made.bits,
                meaning=Meaning(parcel.service.content, parcel.index, held * parcel.copies),
                done=done,
                service=parcel.service.name,
                deadline_ns=parcel.deadline_ns,
                multicast=parcel.multicast,
            )
        )

    def _complete(self, parcel: Parcel, receiver: str, entry: OpenSegment, rows: Rows, at_s: Floats) -> None:
        """Users have a segment complete, or have what makes it complete."""
        received = parcel.representation
        bits = _bits_of(parcel, entry, np.isin(entry.rows, rows) if entry.missing_bits is not None else None)
        self.population.receive_bits(rows, bits)
        if not (_needs_expansion(parcel) and len(rows)):
            self._play(parcel, receiver, entry, rows, at_s, received=received, bits=bits)
            return
        able, expanded, ready_s = self._expanded(parcel, rows, at_s)
        if not received.playable:
            self._lose_rows(parcel, rows[~able], LossReason.UNPLAYABLE)
            if not able.any():
                self.log.write_lost(parcel, receiver, entry, LossReason.UNPLAYABLE)
                return
        elif not able.all():
            # Who cannot expand shows what has come as it is.
            plain = np.isin(entry.rows, rows[~able])
            own = bits if isinstance(bits, int) else bits[~able]
            self._play(
                parcel, receiver, entry.of(plain), rows[~able], at_s[~able], received=received, bits=own
            )
            entry = entry.without(plain)
            if not able.any():
                return
        own = bits if isinstance(bits, int) else bits[able]
        self._play(expanded, receiver, entry, rows[able], ready_s[able], received=received, bits=own)

    def _play(
        self, parcel: Parcel, receiver: str, entry: OpenSegment, rows: Rows, at_s: Floats, *,
        received: Representation, bits: int | Rows,
    ) -> None:  # fmt: skip
        """Users' players are handed a segment, which came to them as `received`."""
        service, made = parcel.service, parcel.representation
        # To the nanosecond of the clock, so that what comes exactly on its deadline is in time.
        delay_s = np.round(at_s - to_s(parcel.offered_ns), 9)
        deadline_s = None if service.deadline_ns is None else to_s(service.deadline_ns)
        in_time = np.ones(len(rows), dtype=np.bool_) if deadline_s is None else delay_s <= deadline_s
        late = len(rows) - int(in_time.sum())
        if service.name in self.played_once:
            self.played[service.name] += len(rows)
            self.played_once[service.name][rows, parcel.index] = True
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
                source_kind=self.log.source_kinds[receiver],
                repaired=parcel.purpose == REPAIR,
            )
            self._player(parcel).show(
                parcel.index, rows, offered_s=to_s(parcel.offered_ns), delay_s=delay_s, deadline_s=deadline_s,
                quality=_shown_quality(made),
            )  # fmt: skip
        mean_s = float(at_s.mean()) if len(at_s) else None
        cell_bits = self._cell_bits(parcel, receiver, rows, bits)
        mean_bits = received.bits if entry.missing_bits is None else round(float(np.mean(bits)))
        done = Completion(len(rows), late, mean_s, mean_bits, cell_bits)
        self.log.write_delivered(parcel, receiver, entry, done)

    def _cell_bits(self, parcel: Parcel, receiver: str, rows: Rows, bits: int | Rows) -> int:
        """What a cell sent to some users of it: a copy each, or by multicast one in every part of it."""
        if receiver not in self.downlinks or not len(rows):
            return 0
        downlink = self.downlinks[receiver]
        if isinstance(bits, int):
            once = downlink.casts_once(parcel.service.name, parcel.multicast)
            place = downlink.place_of(self.downlink_users[receiver][rows]) if once else rows
            return bits * len(np.unique(place))
        return int(bits.sum())

    def _expanded(self, parcel: Parcel, rows: Rows, at_s: Floats) -> tuple[Flags, Parcel, Floats]:
        """Whose terminal expands a contracted segment, what it makes of it, and when each of them has it."""
        assert self.terminals is not None  # noqa: S101  (else `deliver` gives such a parcel up)
        can, ready_s, made = self.terminals.expand(parcel, rows, at_s)
        if not can.any():
            return can, parcel, ready_s
        first_ns, last_ns = round(float(at_s.min()) * 1e9), round(float(ready_s[can].max()) * 1e9)
        return can, parcel.after(made).with_stage("expand", "terminal", first_ns, last_ns), ready_s

    def _lose_rows(self, parcel: Parcel, rows: Rows, reason: LossReason) -> None:
        """Users who never get a segment."""
        if not self._warming(parcel):
            self.population.lose(rows, duration_s=parcel.duration_s, blocked=reason is LossReason.BLOCKED)
            self._player(parcel).stop(parcel.index, rows, offered_s=to_s(parcel.offered_ns))

    def _player(self, parcel: Parcel) -> ServicePlayback:
        """The players of a parcel's service."""
        service = parcel.service
        return self.playback.of(service.name, segments=len(service.offers_ns), segment_s=parcel.duration_s)

    def _warming(self, parcel: Parcel) -> bool:
        """Whether a segment belongs to the warm-up, which the figures of users leave out."""
        return parcel.offered_ns < self.log.warmup_ns


def _needs_expansion(parcel: Parcel) -> bool:
    """Whether nobody can show a parcel as it is, or its plan says that the terminal generates it."""
    made = parcel.representation
    planned = parcel.plan is not None and parcel.plan.where == "terminal"
    return made.contracted_by is not None and (planned or not made.playable)


def _shown_quality(made: Representation) -> ShownQuality:
    """What is known of the quality of what is shown."""
    vmaf = None if made.measured is None else made.measured.vmaf
    return ShownQuality(vmaf, made.ms_ssim, made.semantic_fidelity)


def _bits_of(parcel: Parcel, entry: OpenSegment, selected: Flags | None) -> int | Rows:
    """Bits that each of some users of an entry gets; all of them alike unless it is a repair."""
    if entry.missing_bits is None:
        return parcel.representation.bits
    # Of what was contracted on its way to the cell nobody needs more than all of it.
    bits: Rows = np.minimum(entry.missing_bits, parcel.representation.bits)
    return bits if selected is None else bits[selected]
