"""Service offloading: the tower takes contents over from loaded cells, and gives them back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np
import simpy
from numpy.typing import NDArray

from netgen.access.broadcast_channel import BroadcastChannel
from netgen.elastic.asking import ServiceDecider, figures, option, record_decision
from netgen.elastic.control_link import ControlLink, Heading
from netgen.elastic.roster import NAMES, NO_SWITCH, Roster
from netgen.elastic.switch_book import SwitchBook
from netgen.elastic.watch import CellWatch
from netgen.engine.reception import Reception
from netgen.engine.service import Service
from netgen.ledger import LedgerWriter, UserSeen
from netgen.policy import ChannelView, ContentView, OffloadingView, Serve, checked_offloading
from netgen.transport.clock import NS_PER_S, to_s

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

CORE = "cellular-core"


class Stage(Enum):
    """Where a content is on its way between cells and tower; each stage is followed by the next, in a circle."""

    IN_CELLS = 0
    """Cells alone carry it."""
    ASKED = 1
    """The broadcast core has been asked to take it over."""
    TUNING = 2
    """The tower sends it, cells still serve everybody, receivers tune in."""
    ON_TOWER = 3
    """The tower serves who receives it, cells the others."""
    LEAVING = 4
    """Cells serve everybody again, the tower has been asked to stop."""


@dataclass(slots=True, eq=False)
class Content:
    """A content that may be offloaded.

    Parameters
    ----------
    service : Service               Its service.
    tower : str                     Channel that may take it over.
    channel : BroadcastChannel      Reports of reception.
    rows : (n,) int64               All its rows.
    continued : bool                Whether continuation sees to users who leave coverage.
    """

    service: Service
    tower: str
    channel: BroadcastChannel
    rows: Rows
    continued: bool
    stage: Stage = Stage.IN_CELLS
    since_s: float = -np.inf
    decision: int = -1
    decided_s: float = 0.0

    @property
    def moving(self) -> bool:
        """Whether it is between cells and tower."""
        return self.stage not in {Stage.IN_CELLS, Stage.ON_TOWER}

    @property
    def on_tower(self) -> bool:
        """Whether it is on the tower or on its way there."""
        return self.stage in {Stage.ASKED, Stage.TUNING, Stage.ON_TOWER}

    def go(self, stage: Stage, time_s: float) -> None:
        """Enter the next stage; raises RuntimeError for any other."""
        if (stage.value - self.stage.value) % len(Stage) != 1:
            raise RuntimeError(f"{self.service.name} cannot go from {self.stage.name} to {stage.name}")
        self.stage = stage
        if not self.moving:
            self.since_s = time_s


@dataclass(frozen=True, slots=True, eq=False)
class Channel:
    """A broadcast channel, or pipe, with the rate that is left for offloaded contents."""

    name: str
    capacity_bps: float


@dataclass(slots=True, eq=False)
class Offloading:
    """The cellular core's look at load and audiences, and what it does about them.

    Make before break: the tower begins to send before cells stop serving anybody, and cells serve everybody again
    before it stops. The instants of a content: the cellular core decides and sends a message; the broadcast core starts
    sending and answers; after the answer receivers tune in; then those who receive the content are moved.

    Parameters
    ----------
    contents, channels : lists      What may be offloaded, and where to.
    decider : ServiceDecider        The policy.
    link, watch, roster, switches, reception, writer    As for continuation.
    message_bits : int, bit         Size of a message.
    tune_in_ns : int, ns            Time that receivers take to tune in.
    period_s : float, s             Time between decisions.
    poor : float                    Loss of segments at which reception counts as poor.
    on_air : mapping of callables   Per channel whether its tower is heard [time in s].
    let_go : callable               Judges the hand-overs by continuation of rows that it leaves to offloading [rows].
    """

    contents: list[Content]
    channels: list[Channel]
    decider: ServiceDecider[OffloadingView]
    link: ControlLink
    watch: CellWatch
    roster: Roster
    switches: SwitchBook
    reception: Reception
    writer: LedgerWriter
    message_bits: int
    tune_in_ns: int
    period_s: float
    poor: float
    on_air: Mapping[str, Callable[[float], bool]]
    let_go: Callable[[Rows], None]
    _on_air_services: dict[str, bool] = field(default_factory=dict)
    _looked: tuple[int, float] = (-1, 0.0)

    def sends(self, service: str) -> bool:
        """Whether the tower sends a content now."""
        return self._on_air_services.get(service, False)

    def arrange(self, service: str) -> None:
        """Have the tower serve who has come to hear a content since the last look, before a segment is offered."""
        for content in self.contents:
            if content.service.name == service and content.stage is Stage.ON_TOWER:
                roster, now_s = self.roster, self._now_s()
                new = roster.serve[content.rows] == Serve.CELLULAR
                new &= (roster.tower[content.rows] >= 0) & roster.population.watching(now_s)[content.rows]
                rows = content.rows[new]
                loss = content.channel.loss_now(rows, time_s=now_s, size_bits=self._bits(content))
                self._to_tower(rows, loss, *self._looked)

    def tick(self, now_ns: int) -> None:
        """Look, decide, begin to move contents, and keep those on the tower with whom they fit."""
        time_s = to_s(now_ns)
        loss = [
            content.channel.loss_now(content.rows, time_s=time_s, size_bits=self._bits(content))
            for content in self.contents
        ]
        view = self._view(time_s, loss)
        decision, where = self.decider.ask(view, core=CORE, now_ns=now_ns)
        checked = checked_offloading(decision, view, where=where)
        number = self._record(now_ns, view, checked.on_tower, checked.reason)
        self._looked = (number, time_s)
        for content, losses in zip(self.contents, loss, strict=True):
            wanted = content.service.name in checked.on_tower
            if content.stage is Stage.IN_CELLS:
                # Whom continuation could not bring to a cell because the tower had just stopped.
                self._to_cells(content, number, time_s)
            if content.stage is Stage.IN_CELLS and wanted:
                content.decision, content.decided_s = number, time_s
                self._ask(content)
            elif content.stage is Stage.ON_TOWER and not wanted:
                content.decision, content.decided_s = number, time_s
                self._take_back(content)
            elif content.stage is Stage.ON_TOWER:
                self._settle(content, losses, number, time_s)

    def _view(self, time_s: float, loss: list[Floats]) -> OffloadingView:
        """What the policy sees."""
        watching = self.roster.population.watching(time_s)
        place = {channel.name: k for k, channel in enumerate(self.channels)}
        contents = []
        for content, losses in zip(self.contents, loss, strict=True):
            here = watching[content.rows]
            reachable = content.rows[here & (losses < self.poor) & (self.roster.tower[content.rows] >= 0)]
            share, part = self.watch.shares(reachable), self.watch.part_of(reachable)
            known = np.isfinite(share) & (part >= 0)
            by_part = np.bincount(part[known], weights=share[known], minlength=max(len(self.watch.names), 1))
            contents.append(
                ContentView(
                    service=content.service.name, content=content.service.content, channel=place[content.tower],
                    rate_bps=self._bits(content) / content.service.track.segment_s,
                    on_tower=content.on_tower, moving=content.moving, since_s=time_s - content.since_s,
                    audience=int(here.sum()), reachable=len(reachable),
                    share=float(by_part.sum()), busiest_share=float(by_part.max()),
                )
            )  # fmt: skip
        channels = tuple(
            ChannelView(channel.name, channel.capacity_bps, self.on_air[channel.name](time_s))
            for channel in self.channels
        )
        return OffloadingView(time_s, self.period_s, tuple(contents), channels, self.watch.cells)

    def _record(self, now_ns: int, view: OffloadingView, on_tower: tuple[str, ...], reason: str) -> int:
        """Write the decision down."""
        return record_decision(
            self.writer, mode="offloading", core=CORE, service="", policy=self.decider.name, now_ns=now_ns,
            kind=f"{len(on_tower)} on the tower", action=", ".join(on_tower), reason=reason,
            options=[
                option(
                    "tower" if content.on_tower else "cells", content.service, channel=content.channel,
                    audience=content.audience, reachable=content.reachable, rate_bps=content.rate_bps,
                    share=content.share, busiest_share=content.busiest_share, since_s=content.since_s,
                )
                for content in view.contents
            ],
            saw=[
                *(figure for cell in view.cells for figure in figures(**{f"{cell.name}.load": cell.load})),
                *(
                    figure
                    for channel in view.channels
                    for figure in figures(**{f"{channel.name}.capacity_bps": channel.capacity_bps})
                ),
            ],
            users=list[UserSeen](),
        )  # fmt: skip

    def _bits(self, content: Content) -> int:
        """Mean size of a segment as the tower sends it: smaller than the source's where it was contracted last."""
        shrinkage = self.reception.air_shrinkage.get((content.service.name, content.tower), 1.0)
        return max(round(float(content.service.track.bits.mean()) * shrinkage), 1)

    def _ask(self, content: Content) -> None:
        """Ask the broadcast core to take a content over."""
        content.go(Stage.ASKED, self._now_s())
        self.link.send(Heading.TO_BROADCAST, self.message_bits, lambda: self._start(content))

    def _start(self, content: Content) -> None:
        """The tower begins to send, and the broadcast core answers."""
        self._on_air_services[content.service.name] = True

        def answered() -> None:
            content.go(Stage.TUNING, self._now_s())
            self.link.env.timeout(self.tune_in_ns).callbacks.append(tuned_in)

        def tuned_in(_event: simpy.Event) -> None:
            content.go(Stage.ON_TOWER, self._now_s())
            time_s = self._now_s()
            losses = content.channel.loss_now(content.rows, time_s=time_s, size_bits=self._bits(content))
            self._settle(content, losses, content.decision, content.decided_s)

        self.link.send(Heading.TO_CELLULAR, self.message_bits, answered)

    def _settle(self, content: Content, losses: Floats, decision: int, decided_s: float) -> None:
        """Move users who receive the content to the tower; back to cells who do not, unless continuation does that."""
        roster, rows = self.roster, content.rows
        self._to_tower(rows, losses, decision, decided_s)
        if not content.continued:
            free = self._free(rows) & (roster.serve[rows] == Serve.BROADCAST)
            # Nobody is handed over by a cell that has no room: a poor broadcast is better than none.
            poor = rows[free & (losses >= self.poor) & (roster.cell[rows] >= 0)]
            self._move(poor[self.watch.admit(poor)], Serve.CELLULAR, decision, decided_s)

    def _to_tower(self, rows: Rows, losses: Floats, decision: int, decided_s: float) -> None:
        """Move users who receive the content from their cells; who has just begun to watch tunes in first."""
        roster = self.roster
        tuned = self._now_s() - roster.population.join_s[rows] >= self.tune_in_ns / NS_PER_S
        going = self._free(rows) & (roster.serve[rows] == Serve.CELLULAR) & (losses < self.poor) & tuned
        self._move(rows[going & (roster.tower[rows] >= 0)], Serve.BROADCAST, decision, decided_s)

    def _free(self, rows: Rows) -> Bools:
        """Who watches and is neither being moved nor in the care of continuation."""
        roster = self.roster
        free: Bools = (
            roster.population.watching(self._now_s())[rows] & ~roster.moving(rows) & ~roster.handed[rows]
        )
        return free

    def _take_back(self, content: Content) -> None:
        """Cells serve everybody again, then the tower is asked to stop."""
        content.go(Stage.LEAVING, self._now_s())
        self._to_cells(content, content.decision, content.decided_s)

        def stop() -> None:
            self._on_air_services[content.service.name] = False
            content.go(Stage.IN_CELLS, self._now_s())
            self._to_cells(content, content.decision, content.decided_s)
            handed = content.rows[self.roster.handed[content.rows]]
            self.let_go(handed)
            self.roster.handed[content.rows] = False

        self.link.send(Heading.TO_BROADCAST, self.message_bits, stop)

    def _to_cells(self, content: Content, decision: int, decided_s: float) -> None:
        """Cells serve everybody who still watches and is not on the way there."""
        roster, rows = self.roster, content.rows
        away = (roster.serve[rows] != Serve.CELLULAR) & ~roster.moving(rows) & (roster.cell[rows] >= 0)
        away &= roster.population.leave_s[rows] > self._now_s()
        self._move(rows[away], Serve.CELLULAR, decision, decided_s)

    def _move(self, rows: Rows, target: Serve, decision: int, decided_s: float) -> None:
        """Move some users at once: both carriers send at this instant."""
        if not len(rows):
            return
        roster, time_s = self.roster, self._now_s()
        numbers = self.switches.open(
            rows, mode="offloading", decision=decision, decided_s=decided_s, origin=NAMES[roster.serve[rows]],
            target=NAMES[np.full(len(rows), int(target))], context_bits=0,
        )  # fmt: skip
        roster.begin(rows, int(target))
        self.let_go(rows)
        roster.switch[rows] = NO_SWITCH
        roster.finish(rows, np.ones(len(rows), dtype=np.bool_), time_s)
        self.switches.arrive(numbers, time_s=time_s)
        if target is not Serve.CELLULAR:
            self.watch.release(rows)

    def _now_s(self) -> float:
        """Simulated time."""
        return to_s(int(self.link.env.now))
