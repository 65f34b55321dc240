"""Which carriers a segment of a collaborating service is sent to at the instant of its offer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netgen.elastic.addition import Addition
from netgen.elastic.watch import CellWatch
from netgen.engine.parcel import Parcel
from netgen.engine.reception import Reception
from netgen.engine.service import Dispatcher, Service, Shipment
from netgen.generative.representation import Representation
from netgen.ledger import Balance
from netgen.transport.clock import to_s

Rows = NDArray[np.int64]

_REFUSED_COPY = 1 << 21
"""Number of what is refused among the copies of a segment, above all others."""


@dataclass(slots=True, eq=False)
class CarrierDispatcher:
    """Sends a segment to every carrier that serves somebody, and to towers whenever they carry the service.

    Parameters
    ----------
    plain : Dispatcher              Sends the services that do not collaborate.
    services : frozenset of str     Those that towers and cells carry together.
    additions : mapping             Enhancements whose ways a policy chooses, by name.
    reception : Reception           Counts whom nobody has room for.
    watch : CellWatch               Knows the room of cells.
    carries : callable              Whether a tower's channel carries a service now, by name of both.
    arrange : callable              Has the tower serve who has come to hear a service, before it is offered [name].

    Attributes
    ----------
    watching, carried : mapping     By service users offered a segment, and those of carriers or refused, over all
                                    segments so far.
    """

    plain: Dispatcher
    services: frozenset[str]
    additions: Mapping[str, Addition]
    reception: Reception
    watch: CellWatch
    carries: Callable[[str, str], bool]
    arrange: Callable[[str], None]
    now_ns: Callable[[], int]
    watching: dict[str, int] = field(default_factory=dict)
    carried: dict[str, int] = field(default_factory=dict)
    _rows: dict[str, Rows] = field(default_factory=dict)

    def shipments(self, service: Service, index: int) -> Sequence[Shipment]:
        """Parcels of one segment."""
        if service.name in self.additions:
            return self.additions[service.name].shipments(service, index, to_s(self.now_ns()))
        if service.name not in self.services:
            return self.plain.shipments(service, index)
        return self._collaborating(service, index)

    def balances(self) -> list[Balance]:
        """Nobody was left without a carrier."""
        return [
            Balance("carried", name, float(watching), float(self.carried[name]))
            for name, watching in self.watching.items()
        ]

    def _collaborating(self, service: Service, index: int) -> list[Shipment]:
        """One parcel for every carrier."""
        self.arrange(service.name)
        population = self.reception.population
        rows = self._rows_of(service.name)
        rows = rows[population.watching(to_s(self.now_ns()))[rows]]
        carrier = self._carriers(service.name, rows)
        found, carried = [], 0
        for receiver in service.paths:
            number = population.carriers.index(receiver) if receiver in population.carriers else -2
            mine = rows[carrier == number]
            if receiver in self.reception.broadcasts:
                if self.carries(service.name, receiver):
                    found.append(Shipment((receiver,), rows=mine))
                elif len(mine):
                    # Who has no cell has nothing while the tower does not send it.
                    self._refuse(service, index, receiver, mine)
                carried += len(mine)
                continue
            if receiver in self.reception.downlinks:
                admitted = self.watch.admit(mine)
                if not admitted.all():
                    self._refuse(service, index, receiver, mine[~admitted])
                    carried += int((~admitted).sum())
                mine = mine[admitted]
                # By position in the cell, as its queues want them.
                mine = mine[np.argsort(self.reception.downlink_users[receiver][mine], kind="stable")]
            once = self.watch.roster.multicast[mine]
            for multicast in (True, False):
                some = mine[once == multicast]
                if len(some):
                    found.append(Shipment((receiver,), rows=some, multicast=multicast))
            carried += len(mine)
        self.watching[service.name] = self.watching.get(service.name, 0) + len(rows)
        self.carried[service.name] = self.carried.get(service.name, 0) + carried
        return found

    def _carriers(self, service: str, rows: Rows) -> Rows:
        """Who is to serve each row: its carrier, or its cell while the tower does not send the service."""
        population, roster = self.reception.population, self.watch.roster
        carrier = population.carrier[rows]
        for receiver in self.reception.broadcasts:
            if receiver in population.carriers and not self.carries(service, receiver):
                silent = (carrier == population.carriers.index(receiver)) & (roster.cell[rows] >= 0)
                carrier = np.where(silent, roster.cell[rows], carrier)
        return carrier

    def _rows_of(self, service: str) -> Rows:
        """Rows of a service."""
        if service not in self._rows:
            names = np.array(self.reception.population.services)
            self._rows[service] = np.flatnonzero(names == service)
        return self._rows[service]

    def _refuse(self, service: Service, index: int, receiver: str, rows: Rows) -> None:
        """A cell has no room for some users, or a tower does not send it, and they miss a segment."""
        bits, frames = service.size(index)
        now_ns = self.now_ns()
        parcel = Parcel(
            service=service, index=index, frames=frames, source_bits=bits, copies=1, copy=_REFUSED_COPY,
            offered_ns=now_ns, representation=Representation.source(bits), receivers=(receiver,),
            path=(service.source,), stages=(),
        ).with_stage("source", service.source, now_ns, now_ns)  # fmt: skip
        self.reception.refuse(parcel, receiver, rows)
