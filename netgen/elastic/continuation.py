"""Service continuation: cells carry a broadcast service on, or repair it, for users whose reception is poor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netgen.access.broadcast_channel import BroadcastChannel
from netgen.elastic.asking import ServiceDecider, figures, option, record_decision
from netgen.elastic.control_link import ControlLink, Heading
from netgen.elastic.repair import RepairDesk
from netgen.elastic.roster import NAMES, NO_SWITCH, Roster
from netgen.elastic.switch_book import SwitchBook
from netgen.elastic.watch import CellWatch
from netgen.engine.service import Service
from netgen.ledger import LedgerWriter, UserSeen
from netgen.policy import ContinuationView, Serve, checked_continuation
from netgen.prediction.horizon import Horizon
from netgen.transport.clock import to_s

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

CORE = "broadcast-core"


@dataclass(frozen=True, slots=True, eq=False)
class ContinuationParts:
    """What the continuation of every service works with.

    Parameters
    ----------
    link : ControlLink              Way between the cores.
    watch : CellWatch               What the cellular core sees.
    roster : Roster                 How users are served.
    switches : SwitchBook           Moves.
    desk : RepairDesk               Sends again what is missing.
    writer : LedgerWriter           Decisions.
    message_bits, context_bits : int, bit   Size of a message, and of one user's context in it.
    period_s, horizon_s : float, s  Time between decisions, and how far predictions reach.
    poor : float                    Loss at which reception counts as poor.
    """

    link: ControlLink
    watch: CellWatch
    roster: Roster
    switches: SwitchBook
    desk: RepairDesk
    writer: LedgerWriter
    message_bits: int
    context_bits: int
    period_s: float
    horizon_s: float
    poor: float


@dataclass(slots=True, eq=False)
class Continuation:
    """The broadcast core's care for one service on one tower.

    It predicts, asks its policy, and hands users' contexts to the cellular core in a message, one for each decision.
    A hand-over takes effect when the message arrives: from the next segment on that is offered then, the cell sends it;
    segments before stay with the tower, and those that the context says are missing are sent again. Going back is
    the same the other way, without contexts.

    Parameters
    ----------
    parts : ContinuationParts       What it works with.
    service : Service               The service.
    tower : str                     The tower's channel.
    node : str                      The tower.
    rows : (n,) int64               Rows that the channel and some cell may serve, and those without a cell.
    channel : BroadcastChannel      Reports of reception.
    horizon : Horizon               Predictions of it.
    decider : ServiceDecider        The policy.
    carries, on_air : callable      Whether the tower carries the service now, and is heard [time in s].
    """

    parts: ContinuationParts
    service: Service
    tower: str
    node: str
    rows: Rows
    channel: BroadcastChannel
    horizon: Horizon
    decider: ServiceDecider[ContinuationView]
    carries: Callable[[], bool]
    on_air: Callable[[float], bool]
    _size_bits: int = field(init=False)

    def __post_init__(self) -> None:
        self._size_bits = round(float(self.service.track.bits.mean()))

    def tick(self, now_ns: int) -> None:
        """Look, predict, decide, and send a message if somebody is to be served in another way."""
        parts, time_s = self.parts, to_s(now_ns)
        loss_now = self.channel.loss_now(self.rows, time_s=time_s, size_bits=self._size_bits)
        here = np.flatnonzero(parts.roster.population.watching(time_s)[self.rows])
        if self.on_air(time_s):
            # Nobody's report of a tower that is off the air says anything about a place.
            self.horizon.predictor.observe(self.rows[here], loss_now[here], time_s=time_s)
        ahead, until_s = self.horizon.look(self.rows, time_s=time_s, size_bits=self._size_bits)
        until_s = np.where(loss_now >= parts.poor, 0.0, until_s)
        handed = parts.roster.handed[self.rows]
        parts.roster.worst[self.rows[handed]] = np.maximum(
            parts.roster.worst[self.rows[handed]], loss_now[handed]
        )
        if not self.carries() or not len(here):
            return
        view = self._view(time_s, here, loss_now[here], ahead[here], until_s[here])
        decision, where = self.decider.ask(view, core=CORE, now_ns=now_ns)
        checked = checked_continuation(decision, view, where=where)
        self._cast(checked.cast, self.rows[here[checked.serve == Serve.CELLULAR]])
        changed = np.flatnonzero(checked.serve != view.served)
        number = self._record(now_ns, view, checked.serve, changed, checked.cast, checked.reason)
        if len(changed):
            self._move(
                now_ns, self.rows[here[changed]], checked.serve[changed], loss_now[here[changed]], number
            )

    def _cast(self, cast: str, carried: Rows) -> None:
        """How cells send to those whom they carry, or will: each cell as is cheaper there, when it may choose."""
        watch, roster = self.parts.watch, self.parts.roster
        if cast != "cheaper":
            roster.multicast[carried] = cast == "multicast"
            return
        part, share = watch.part_of(carried), watch.shares(carried)
        known = (part >= 0) & np.isfinite(share)
        alone = np.bincount(part[known], weights=share[known], minlength=len(watch.names))
        once = watch.multicast_shares(carried[known])
        roster.multicast[carried] = False
        roster.multicast[carried[known]] = (once < alone)[part[known]]

    def close(self) -> None:
        """Judge the hand-overs of those who are still with their cells: poor reception was a reason."""
        roster = self.parts.roster
        mine = self.rows[roster.handed[self.rows] & (roster.switch[self.rows] != NO_SWITCH)]
        poor = roster.worst[mine] >= self.parts.poor
        self.parts.switches.judge(roster.switch[mine[poor]], np.zeros(int(poor.sum()), dtype=np.bool_))

    def _view(
        self, time_s: float, here: Rows, loss_now: Floats, ahead: Floats, until_s: Floats
    ) -> ContinuationView:
        """What the policy sees."""
        parts, rows = self.parts, self.rows[here]
        roster, service = parts.roster, self.service
        moving = roster.moving(rows)
        needy = rows[(loss_now >= parts.poor) | (ahead >= parts.poor)]
        return ContinuationView(
            time_s=time_s, period_s=parts.period_s, horizon_s=parts.horizon_s,
            service=service.name, content=service.content, tower=self.tower, on_air=self.on_air(time_s),
            rate_bps=float(service.track.bits.mean()) / service.track.segment_s,
            segment_s=service.track.segment_s, poor=parts.poor,
            user=_read_only(rows), served=_read_only(roster.serve[rows]), moving=_read_only(moving),
            since_s=_read_only(time_s - roster.since_s[rows]), loss_now=_read_only(loss_now),
            loss_ahead=_read_only(ahead), time_to_poor_s=_read_only(until_s),
            cell=_read_only(np.where(roster.cell[rows] >= 0, parts.watch.part_of(rows), -1)),
            unicast_share=_read_only(parts.watch.shares(rows)),
            multicast_share=_read_only(parts.watch.multicast_shares(needy)),
            cells=parts.watch.cells,
        )  # fmt: skip

    def _record(
        self, now_ns: int, view: ContinuationView, serve: Rows, changed: Rows, cast: str, reason: str
    ) -> int:
        """Write the decision down."""
        wanted = {way: int((serve == way).sum()) for way in Serve}
        names = self.parts.roster.population.users
        return record_decision(
            self.parts.writer, mode="continuation", core=CORE, tower=self.node, service=self.service.name,
            policy=self.decider.name, now_ns=now_ns,
            kind=", ".join(f"{way.name.lower()} {count}" for way, count in wanted.items()) + f", {cast}",
            action="", reason=reason,
            options=[option(way.name.lower(), users_now=(view.served == way).sum()) for way in Serve],
            saw=figures(
                users=len(view.user), poor_now=(view.loss_now >= view.poor).sum(),
                poor_ahead=(view.loss_ahead >= view.poor).sum(), moving=view.moving.sum(), on_air=view.on_air,
            ),
            users=[
                UserSeen(
                    names[int(view.user[k])], str(NAMES[view.served[k]]), str(NAMES[serve[k]]),
                    figures(
                        loss_now=view.loss_now[k], loss_ahead=view.loss_ahead[k],
                        time_to_poor_s=view.time_to_poor_s[k], since_s=view.since_s[k],
                        unicast_share=view.unicast_share[k],
                        cell_load=view.cells[view.cell[k]].load if view.cell[k] >= 0 else np.inf,
                    ),
                )
                for k in changed.tolist()
            ],
        )  # fmt: skip

    def _move(self, now_ns: int, rows: Rows, target: Rows, loss_now: Floats, decision: int) -> None:
        """Tell the cellular core whom to serve, repair or let go, with the contexts of those who are new to it."""
        parts = self.parts
        roster = parts.roster
        fresh = roster.serve[rows] == Serve.BROADCAST
        back = target == Serve.BROADCAST
        # Whoever goes on from being repaired to a cell, or the other way, ends one hand-over and begins another.
        judge(parts.switches, roster, rows[~fresh], poor=parts.poor)
        numbers = np.empty(len(rows), dtype=np.int64)
        for new in (True, False):
            some = np.flatnonzero(fresh == new)
            numbers[some] = parts.switches.open(
                rows[some], mode="continuation", decision=decision, decided_s=to_s(now_ns),
                origin=NAMES[roster.serve[rows[some]]], target=NAMES[target[some]],
                context_bits=parts.context_bits if new else 0,
            )  # fmt: skip
        roster.begin(rows, target)
        given = rows[~back]
        roster.handed[given] = True
        roster.worst[given] = np.maximum(loss_now[~back], np.where(fresh[~back], 0.0, roster.worst[given]))
        bits = parts.message_bits + parts.context_bits * int(fresh.sum())
        parts.link.send(Heading.TO_CELLULAR, bits, lambda: self._arrive(rows, target, numbers))

    def _arrive(self, rows: Rows, target: Rows, numbers: Rows) -> None:
        """The cellular core takes users on, or lets them go."""
        parts = self.parts
        roster, time_s = parts.roster, to_s(int(parts.link.env.now))
        accepted = np.ones(len(rows), dtype=np.bool_)
        to_cell = target == Serve.CELLULAR
        accepted[to_cell] = parts.watch.admit(rows[to_cell])
        # Nobody goes back to a tower that has stopped meanwhile.
        accepted[~to_cell] = self.carries()
        parts.watch.release(rows[(roster.serve[rows] == Serve.CELLULAR) & ~to_cell & accepted])
        roster.finish(rows, accepted, time_s)
        parts.switches.arrive(numbers, time_s=time_s, effective=accepted)
        home = rows[roster.serve[rows] == Serve.BROADCAST]
        roster.handed[home] = False
        roster.switch[home] = NO_SWITCH
        given = accepted & (target != Serve.BROADCAST)
        roster.switch[rows[given]] = numbers[given]
        parts.desk.resend(self.service.name, rows[given])


def judge(switches: SwitchBook, roster: Roster, rows: Rows, *, poor: float) -> None:
    """Some users' hand-overs end: they were needless if reception was never poor meanwhile."""
    known = rows[roster.switch[rows] != NO_SWITCH]
    switches.judge(roster.switch[known], roster.worst[known] < poor)


def _read_only(values: np.ndarray) -> np.ndarray:
    """A copy that nobody can write to."""
    copy = np.array(values)
    copy.flags.writeable = False
    return copy
