"""The broadcast core and the cellular core at work: what they do every period, and what they leave behind."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

import simpy

from netgen.elastic.addition import Addition
from netgen.elastic.continuation import Continuation
from netgen.elastic.control_link import ControlLink
from netgen.elastic.dispatch import CarrierDispatcher
from netgen.elastic.offloading import Offloading
from netgen.elastic.roster import Roster
from netgen.elastic.switch_book import SwitchBook
from netgen.elastic.watch import CellWatch
from netgen.ledger import Balance, LedgerWriter
from netgen.transport.clock import to_s


@dataclass(slots=True, eq=False)
class Cores:
    """Both cores: they look at the same instants, the cellular core first.

    Parameters
    ----------
    link : ControlLink              The way between them.
    watch : CellWatch               What the cellular core sees of its cells.
    offloading : Offloading or None The cellular core's mode of service.
    continuations : sequence        The broadcast core's, one per service and tower.
    additions : sequence            The cellular core's care for enhancements.
    dispatcher : CarrierDispatcher  What the decisions act on.
    roster, switches, writer        What is written down at the end.
    period_ns, end_ns : int, ns     Time between looks, and end of the run.
    """

    env: simpy.Environment
    link: ControlLink
    watch: CellWatch
    offloading: Offloading | None
    continuations: Sequence[Continuation]
    additions: Sequence[Addition]
    dispatcher: CarrierDispatcher
    roster: Roster
    switches: SwitchBook
    writer: LedgerWriter
    period_ns: int
    end_ns: int

    def start(self) -> None:
        """Look for the first time at the very beginning."""
        self.env.process(self._run())

    def close(self, end_ns: int) -> None:  # noqa: ARG002
        """Judge what is still open and write all moves; raises RuntimeError for a state that is not legal."""
        for continuation in self.continuations:
            continuation.close()
        if not self.roster.legal():
            raise RuntimeError("a user is served by a carrier that it does not have")
        self.switches.write(self.writer)

    def balances(self) -> list[Balance]:
        """Messages, and that nobody was left without a carrier."""
        return [self.link.balance(), *self.dispatcher.balances()]

    def _run(self) -> Generator[simpy.Event, Any, None]:
        """One look per period."""
        while int(self.env.now) < self.end_ns:
            now_ns = int(self.env.now)
            self.watch.look(to_s(now_ns))
            if self.offloading is not None:
                self.offloading.tick(now_ns)
            for continuation in self.continuations:
                continuation.tick(now_ns)
            for addition in self.additions:
                addition.tick(now_ns)
            # Before what is offered or arrives at the same instant: what is decided then counts for it. A timeout has
            # no priority of its own.
            event = simpy.Event(self.env)
            event._ok, event._value = True, None
            self.env.schedule(event, priority=simpy.events.URGENT, delay=self.period_ns)
            yield event
