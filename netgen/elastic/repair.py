"""Repair of broadcast segments by cells: who asks when, what a cell fetches once, and what waits for a hand-over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import simpy
from numpy.typing import NDArray

from netgen.elastic.roster import Roster
from netgen.elastic.switch_book import SwitchBook
from netgen.engine.parcel import REPAIR, Parcel
from netgen.engine.relay import Relay
from netgen.generative.representation import Representation
from netgen.ledger import LossReason
from netgen.policy import Serve
from netgen.rng import hashed_uniform

Bools = NDArray[np.bool_]
Rows = NDArray[np.int64]

_GROUPS = 100
"""Requests are grouped into so many instants of the back-off: a radio epoch is longer than such a step."""
_FIRST_COPY = 1 << 20
"""Numbers of repairs among the copies of a segment begin here, above all that its source sends."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """When a terminal asks: `offset_ns` after the loss, and a uniform random part of `backoff_ns` more."""

    offset_ns: int
    backoff_ns: int
    key: np.uint64


@dataclass(slots=True, eq=False)
class _Held:
    """Users who lost a segment for good unless a cell takes them over before its deadline."""

    parcel: Parcel
    receiver: str
    reason: LossReason


class RepairDesk:
    """Takes losses of continued services in, and has cells send again what is missing.

    A user whom a cell carries is sent what the tower lost at once; a user whose losses are repaired asks after an
    offset and a random back-off; anybody else's loss is kept in the context until its deadline, should a cell take the
    user over. A cell fetches a segment that it has to repair once, over the network, and keeps it. Requests take no
    time and no bits on the way up: there is no uplink.

    Parameters
    ----------
    relay : Relay                   Sends what cells fetch, and hands it to the reception.
    roster : Roster                 How users are served.
    switches : SwitchBook           Where segments sent again are counted.
    backoff : mapping               Per continued service when terminals ask.
    """

    def __init__(
        self,
        env: simpy.Environment,
        relay: Relay,
        roster: Roster,
        switches: SwitchBook,
        *,
        backoff: Mapping[str, Backoff],
    ) -> None:
        self.env, self.relay, self.roster, self.switches = env, relay, roster, switches
        self.backoff = dict(backoff)
        services = np.array(roster.population.services)
        self._rows = {name: np.flatnonzero(services == name) for name in self.backoff}
        self.requests = 0
        self._next_copy = _FIRST_COPY
        self._held: dict[str, list[_Held]] = {name: [] for name in self.backoff}
        # Per service, segment and cell: what waits for the fetch that is under way; None once it is there.
        self._fetches: dict[tuple[str, int, str], list[Parcel] | None] = {}
        self._kept: dict[tuple[str, int, str], Representation] = {}

    def recover(
        self, parcel: Parcel, receiver: str, rows: Rows, missing_bits: Rows, reason: LossReason
    ) -> Bools:
        """Whose segment may still come: by repair, or by a hand-over before its deadline."""
        backoff = self.backoff.get(parcel.service.name)
        taken = np.zeros(len(rows), dtype=np.bool_)
        if backoff is None:
            return taken
        if not _kept_at_source(parcel):
            # What was contracted on the way is nowhere to be had again: the whole segment is sent from its source.
            missing_bits = np.full(len(rows), parcel.source_bits, dtype=np.int64)
        now_ns = int(self.env.now)
        deadline_ns = parcel.deadline_ns
        carried = self.roster.serve[rows] == Serve.CELLULAR
        asking = (self.roster.serve[rows] == Serve.REPAIRED) | carried
        at_ns = np.where(carried, now_ns, self._asks_ns(parcel, rows, backoff))
        if deadline_ns is not None:
            asking &= at_ns < deadline_ns
        if asking.any():
            self._ask(parcel, rows[asking], missing_bits[asking], at_ns[asking])
        taken |= asking
        waiting = ~asking & ~carried & (self.roster.cell[rows] >= 0)
        waiting &= self.roster.serve[rows] == Serve.BROADCAST
        if deadline_ns is not None and deadline_ns > now_ns and waiting.any():
            self._hold(parcel, receiver, rows[waiting], missing_bits[waiting], reason)
            taken |= waiting
        return taken

    def sent(self, parcel: Parcel, receiver: str, *, begin_s: float, time_s: float) -> None:
        """Note how well those whom continuation has handed over would have received a segment from their tower."""
        roster, carriers = self.roster, self.relay.reception.population.carriers
        if parcel.service.name not in self.backoff or receiver not in carriers:
            return
        mine = self._rows[parcel.service.name]
        mine = mine[roster.handed[mine] & (roster.tower[mine] == carriers.index(receiver))]
        channel = self.relay.reception.broadcasts[receiver]
        if channel.off_air(begin_s=begin_s, end_s=time_s):
            loss = np.ones(len(mine))
        else:
            loss = channel.loss_now(mine, time_s=time_s, size_bits=parcel.representation.bits)
        roster.worst[mine] = np.maximum(roster.worst[mine], loss)

    def resend(self, service: str, rows: Rows) -> None:
        """Cells take some users over: what their contexts hold as missing is sent at once."""
        for held in list(self._held.get(service, ())):
            entry = self.relay.reception.log.take(held.parcel, held.receiver)
            mine = np.isin(entry.rows, rows)
            if not mine.all():
                self.relay.reception.log.put_back(held.parcel, held.receiver, entry.without(mine))
            else:
                self._held[service].remove(held)
            if mine.any():
                assert entry.missing_bits is not None  # noqa: S101  (`_hold` says what is missing)
                now_ns = np.full(int(mine.sum()), int(self.env.now), dtype=np.int64)
                self._ask(held.parcel, entry.rows[mine], entry.missing_bits[mine], now_ns)
                self.switches.resend(self.roster.switch[entry.rows[mine]])

    def arrived(self, parcel: Parcel, receiver: str) -> None:
        """A cell has what it fetched, and serves everybody who waits for it."""
        key = (parcel.service.name, parcel.index, receiver)
        waiting, self._fetches[key] = self._fetches.get(key), None
        self._kept[key] = parcel.representation
        for other in waiting or ():
            self._from_store(other, receiver)

    def failed(self, parcel: Parcel, receiver: str) -> None:
        """What a cell fetched was lost on the way: it fetches it for the next who waits, if there is one."""
        key = (parcel.service.name, parcel.index, receiver)
        waiting = self._fetches.pop(key, None)
        if waiting:
            self._fetches[key] = waiting[1:]
            self.relay.start(waiting[0])

    def _asks_ns(self, parcel: Parcel, rows: Rows, backoff: Backoff) -> Rows:
        """When each terminal would ask for what it lost now."""
        base_ns = int(self.env.now) + backoff.offset_ns
        with np.errstate(over="ignore"):
            identity = self.relay.reception.population.identity[rows]
            counter = identity + np.int64(parcel.index) * np.int64(1 << 20)
            luck = hashed_uniform(backoff.key ^ parcel.service.key, counter)
        step = np.ceil(luck * _GROUPS) / _GROUPS
        asks_ns: Rows = base_ns + np.rint(step * backoff.backoff_ns).astype(np.int64)
        return asks_ns

    def _ask(self, parcel: Parcel, rows: Rows, missing_bits: Rows, at_ns: Rows) -> None:
        """Open the repairs of a segment, one for all who ask the same cell at the same instant."""
        self.requests += len(rows)
        cells = self.roster.cell[rows]
        order = np.lexsort((rows, at_ns, cells))
        rows, missing_bits, at_ns, cells = rows[order], missing_bits[order], at_ns[order], cells[order]
        new = np.concatenate([[True], (np.diff(at_ns) != 0) | (np.diff(cells) != 0)])
        edges = np.append(np.flatnonzero(new), len(rows))
        now_ns = int(self.env.now)
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            cell = self.roster.population.carriers[int(cells[begin])]
            # By position in the cell, as its queues want them.
            place = np.argsort(self.relay.reception.downlink_users[cell][rows[begin:end]], kind="stable")
            repair = self._sent_again(parcel, cell)
            self.relay.reception.log.open(
                repair, cell, rows[begin:end][place], missing_bits[begin:end][place]
            )
            event = self.env.timeout(int(at_ns[begin]) - now_ns)
            event.callbacks.append(partial(self._request, repair, cell))

    def _sent_again(self, parcel: Parcel, receiver: str) -> Parcel:
        """A parcel from the source of a segment, for those who miss some of it."""
        now_ns, source = int(self.env.now), parcel.service.source
        bare = replace(
            self._renumbered(parcel, receiver), path=(source,), stages=(), forwards=(), purpose=REPAIR,
            representation=_stored(parcel),
        )  # fmt: skip
        return bare.with_stage("source", source, now_ns, now_ns)

    def _renumbered(self, parcel: Parcel, receiver: str) -> Parcel:
        """The same as a parcel of its own; not for all at once, since everybody misses something else."""
        self._next_copy += 1
        return replace(
            parcel, copy=self._next_copy, receivers=(receiver,), copies=1, plan=None, multicast=False
        )

    def _request(self, repair: Parcel, cell: str, _event: simpy.Event) -> None:
        """A cell is asked for what is missing of a segment."""
        key = (repair.service.name, repair.index, cell)
        if key not in self._fetches:
            self._fetches[key] = []
            self.relay.start(repair)
            return
        waiting = self._fetches[key]
        if waiting is None:
            self._from_store(repair, cell)
        else:
            waiting.append(repair)

    def _from_store(self, repair: Parcel, cell: str) -> None:
        """Serve a repair from what the cell has fetched before."""
        # As it arrived there: it may have been contracted on its way.
        kept = self._kept[repair.service.name, repair.index, cell]
        repair = replace(repair, representation=kept, path=(*repair.path, cell))
        books = self.relay.nodes[cell].books
        books.copied_bits += repair.bits
        books.delivered_bits += repair.bits
        self.relay.reception.deliver(repair, cell, int(self.env.now))

    def _hold(
        self, parcel: Parcel, receiver: str, rows: Rows, missing_bits: Rows, reason: LossReason
    ) -> None:
        """Keep a loss in the users' contexts until the deadline."""
        held = _Held(self._renumbered(parcel, receiver), receiver, reason)
        self.relay.reception.log.open(held.parcel, receiver, rows, missing_bits)
        self._held[parcel.service.name].append(held)
        deadline_ns = parcel.deadline_ns
        assert deadline_ns is not None  # noqa: S101  (checked by the caller)

        def expire(_event: simpy.Event) -> None:
            if held in self._held[parcel.service.name]:
                self._held[parcel.service.name].remove(held)
                self.relay.reception.lose(held.parcel, held.reason, final=True)

        self.env.timeout(deadline_ns - int(self.env.now)).callbacks.append(expire)


def _kept_at_source(parcel: Parcel) -> bool:
    """Whether the source has what a segment is now: its own representation, or what it has contracted itself."""
    changed = [stage.where for stage in parcel.stages if stage.kind in ("contract", "expand")]
    return all(where == parcel.service.source for where in changed)


def _stored(parcel: Parcel) -> Representation:
    """What a source can send of a segment again."""
    return parcel.representation if _kept_at_source(parcel) else Representation.source(parcel.source_bits)
