"""A run: starts the processes, lets simulated time pass, and closes the books."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import simpy

from netgen.access.broadcast_network import PipeChannel
from netgen.access.cellular import CellularNetwork
from netgen.access.last_hop import LastHop
from netgen.engine import books, radio_records
from netgen.engine.node import CHANNEL, Node
from netgen.engine.parcel import Parcel
from netgen.engine.population import Population
from netgen.engine.relay import Relay
from netgen.engine.service import Dispatcher, Service, Shipment
from netgen.errors import PolicyError
from netgen.generative.representation import Representation
from netgen.generative.semantic_capacity import Candidate
from netgen.ledger import Balance, LedgerWriter, Playback
from netgen.transport.background import BackgroundFlow
from netgen.transport.carriage import Transport
from netgen.transport.clock import to_s
from netgen.transport.link import Link

Progress = Callable[[float, float], None]


@dataclass(frozen=True, slots=True)
class EngineTotals:
    """What a finished run counted beside its records.

    Parameters
    ----------
    simulated_s : float, s          Simulated time.
    kernel_events : int             Events that the simulation kernel processed.
    packets : int                   Packets that links served, one count per packet and link.
    decisions : int                 Decisions that policies made.
    cold_starts, evictions : mapping of int, per node with a GPU.
    gpu_offered_load : mapping      Per node: service time of all submitted jobs over stream time.
    users : mapping                 Columns of the users' table, without the ratings.
    playback : Playback             What every player did with every segment, from which experience is rated.
    balances : tuple of Balance     The accounts that the laws are checked on.
    notes : tuple of str            What nodes could not do.
    """

    simulated_s: float
    kernel_events: int
    packets: int
    decisions: int
    cold_starts: Mapping[str, int]
    evictions: Mapping[str, int]
    gpu_offered_load: Mapping[str, float]
    users: Mapping[str, Any]
    playback: Playback
    balances: tuple[Balance, ...]
    notes: tuple[str, ...]


class Companion(Protocol):
    """Something that works beside the services, such as the cores of broadcast and cellular."""

    def start(self) -> None:
        """Start its processes."""
        ...

    def close(self, end_ns: int) -> None:
        """Write what it has left to write; called once, at the end of the run or when it fails."""
        ...

    def balances(self) -> list[Balance]:
        """Accounts of its own, after `close`."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class EveryReceiver:
    """Sends every segment to all receivers of its service, each serving the users whom it always serves."""

    population: Population
    downlinks: Mapping[str, LastHop]
    env: simpy.Environment

    def shipments(self, service: Service, index: int) -> Sequence[Shipment]:  # noqa: ARG002
        """One parcel per receiver, or one for all of a multicast; none to a cell without personal users."""
        receivers = tuple(service.paths)
        groups = [receivers] if service.multicast else [(receiver,) for receiver in receivers]
        found = []
        for group in groups:
            copies = 1
            if service.personal and group[0] in self.downlinks:
                now_s = to_s(int(self.env.now))
                copies = len(self.population.reach(service.name, group[0]).active(now_s))
            if copies:
                found.append(Shipment(group, copies))
        return found


@dataclass(slots=True, eq=False)
class Simulation:
    """Everything a run consists of; `build` makes it, `run` uses it up.

    Parameters
    ----------
    env : simpy.Environment         Clock in integer nanoseconds.
    end_ns, interval_ns : int, ns   Length of the run and of a ledger interval.
    transport, relay, population    The moving parts.
    nodes : mapping                 Nodes by name.
    services : sequence             What is delivered.
    dispatcher : Dispatcher         Which carriers segments are sent to.
    companions : sequence           What works beside the services.
    background : sequence           Background traffic.
    candidates, uncontracted : mapping
                                    Per link name: what it could carry, and semantic bits per bit of its
                                    contents without contraction.
    writer : LedgerWriter           Where records go.
    notes : tuple of str            What nodes cannot do that the scenario would let them do.
    """

    env: simpy.Environment
    end_ns: int
    interval_ns: int
    transport: Transport
    relay: Relay
    population: Population
    nodes: Mapping[str, Node]
    services: Sequence[Service]
    background: Sequence[BackgroundFlow]
    candidates: Mapping[str, Sequence[Candidate]]
    uncontracted: Mapping[str, float]
    writer: LedgerWriter
    dispatcher: Dispatcher
    companions: Sequence[Companion] = ()
    notes: tuple[str, ...] = ()
    _queues: dict[str, list[int]] = field(default_factory=dict)

    def run(self, progress: Progress | None = None) -> EngineTotals:
        """Run to the end and return the totals; `progress` is called once per interval.

        Raises
        ------
        PolicyError                 A policy failed; what was open is recorded as in flight, and the tables
                                    of links and nodes hold every interval that had ended.
        """
        self._queues = {name: [] for name, node in self.nodes.items() if node.gpu is not None}
        # What is decided at the instant of an offer counts for it.
        for companion in self.companions:
            companion.start()
        for service in self.services:
            self.env.process(self._offer(service))
        for flow in self.background:
            self.env.process(flow.run(self.env, self.transport))
        self.env.process(self._tick(progress))
        try:
            kernel_events = self._step_to_end()
        except PolicyError:
            self._salvage()
            raise
        return self._close(kernel_events)

    def _offer(self, service: Service) -> Generator[simpy.Event, Any, None]:
        """Offer the segments of one service at their instants."""
        for index, offer_ns in enumerate(service.offers_ns.tolist()):
            yield self.env.timeout(offer_ns - int(self.env.now))
            bits, frames = service.size(index)
            for copy, shipment in enumerate(self.dispatcher.shipments(service, index)):
                self._hand_over(service, index, bits, frames, copy, shipment)

    def _hand_over(
        self, service: Service, index: int, bits: int, frames: int, copy: int, shipment: Shipment
    ) -> None:
        """One parcel of a segment starts on its way."""
        now_ns = self.transport.now_ns
        parcel = Parcel(
            service=service, index=index, frames=frames, source_bits=bits, copies=shipment.copies, copy=copy,
            offered_ns=now_ns, representation=Representation.source(bits), receivers=shipment.receivers,
            path=(service.source,), stages=(), plan=shipment.plan, multicast=shipment.multicast,
        ).with_stage("source", service.source, now_ns, now_ns)  # fmt: skip
        self.relay.reception.offer(parcel, shipment.rows)
        self.relay.start(parcel)

    def _tick(self, progress: Progress | None) -> Generator[simpy.Event, Any, None]:
        """At the end of every interval bring links up to date, so that memory stays flat."""
        now_ns = 0
        while now_ns < self.end_ns:
            step_ns = min(self.interval_ns, self.end_ns - now_ns)
            yield self.env.timeout(step_ns)
            now_ns += step_ns
            self.transport.advance_all(self.transport.settled_ns)
            for downlink in self.relay.outlook.downlinks.values():
                downlink.close()
            for name, waiting in self._queues.items():
                gpu = self.nodes[name].gpu
                waiting.append(gpu.queued if gpu is not None else 0)
            if progress is not None:
                progress(to_s(now_ns), to_s(self.end_ns))

    def _step_to_end(self) -> int:
        """Let the kernel run until nothing is left up to the end; return how many events it processed."""
        events = 0
        env, end_ns = self.env, self.end_ns
        while env.peek() <= end_ns:
            env.step()
            events += 1
        return events

    def _write_tables(self, until_ns: int) -> None:
        """Write the intervals of links and nodes up to an instant at which one ends."""
        carriers: list[Link | LastHop] = [*self.transport.links, *self.relay.outlook.downlinks.values()]
        for link in carriers:
            books.write_link(
                self.writer, link, interval_ns=self.interval_ns, until_ns=until_ns,
                candidates=self.candidates.get(link.name, ()), uncontracted=self.uncontracted.get(link.name, 0.0),
            )  # fmt: skip
        for name, node in self.nodes.items():
            if node.kind == CHANNEL:
                continue
            waiting = np.array(self._queues.get(name, [0] * node.books.intervals), dtype=np.int64)
            books.write_node(
                self.writer, node, queue=waiting, interval_ns=self.interval_ns, until_ns=until_ns
            )

        for name, network in self._networks.items():
            radio_records.write_sectors(self.writer, name, network, until_ns=until_ns)
        radio_records.write_distributions(self.writer, self._networks, self._channels)

    @property
    def _networks(self) -> dict[str, CellularNetwork]:
        """The cellular networks among the last hops."""
        downlinks = self.relay.outlook.downlinks
        return {name: hop for name, hop in downlinks.items() if isinstance(hop, CellularNetwork)}

    @property
    def _channels(self) -> dict[str, PipeChannel]:
        """The channels of broadcast networks, by their far ends."""
        channels = self.relay.reception.broadcasts
        return {name: channel for name, channel in channels.items() if isinstance(channel, PipeChannel)}

    def _node_columns(self) -> dict[str, list[str]]:
        """Who serves each user, and who may instead: nodes of the scenario in the place of towers' channels."""
        named = self.relay.reception.log.receiver_names
        columns = {"node": self.population.nodes, "other_node": self.population.other_nodes}
        return {column: [named.get(name, name) for name in names] for column, names in columns.items()}

    def _radio_columns(self) -> dict[str, Any]:
        """What radios know of each user."""
        rows = len(self.population.users)
        return radio_records.user_columns(
            rows, self._networks, self.relay.reception.downlink_users, self._channels
        )

    def _terminal_columns(self) -> dict[str, Any]:
        """What the users' terminals spent on generating."""
        terminals, rows = self.relay.reception.terminals, len(self.population.users)
        if terminals is None:
            nothing = np.ma.masked_array(np.zeros(rows), mask=True)
            return {"terminal_energy_joule": nothing, "battery": nothing}
        battery = np.ma.masked_array(terminals.battery_left, mask=~terminals.has_battery)
        return {"terminal_energy_joule": terminals.energy_joule, "battery": battery}

    def _salvage(self) -> None:
        """Write what a run that fails has got so far."""
        self.transport.advance_all(self.transport.settled_ns)
        for downlink in self.relay.outlook.downlinks.values():
            downlink.close()
        self.relay.reception.withdraw_undecided()
        for companion in self.companions:
            companion.close(self.transport.now_ns)
        self._write_tables(self.transport.now_ns // self.interval_ns * self.interval_ns)

    def _close(self, kernel_events: int) -> EngineTotals:
        """Close the books, write the interval tables and take the balances."""
        for node in self.nodes.values():
            if node.gpu is not None:
                node.gpu.close()
        self.transport.advance_all(self.end_ns)
        downlinks = self.relay.outlook.downlinks
        for downlink in downlinks.values():
            downlink.finish()
        reception = self.relay.reception
        reception.settle_overdue(self.end_ns)
        in_flight, warm_in_flight = reception.withdraw_undecided()
        for companion in self.companions:
            companion.close(self.end_ns)
        self._write_tables(self.end_ns)
        balances: list[Balance] = []
        for link in self.transport.links:
            balances += books.link_balances(link, self.end_ns)
        for downlink in downlinks.values():
            balances += books.downlink_balances(downlink)
        for name, network in self._networks.items():
            balances += radio_records.sector_balances(name, network)
        balances += books.node_balances(self.nodes, self.transport.links, self.relay)
        balances += books.user_balances(self.population, self.relay, in_flight, warm_in_flight)
        for companion in self.companions:
            balances += companion.balances()
        gpus = {name: node.gpu for name, node in self.nodes.items() if node.gpu is not None}
        return EngineTotals(
            simulated_s=to_s(self.end_ns),
            kernel_events=kernel_events,
            packets=sum(link.books.packets for link in self.transport.links),
            decisions=self.writer.decisions,
            cold_starts={name: gpu.cold_starts for name, gpu in gpus.items()},
            evictions={name: gpu.memory.evictions for name, gpu in gpus.items()},
            gpu_offered_load={
                name: gpu.offered_ns / (self.end_ns * gpu.device.streams) for name, gpu in gpus.items()
            },
            users={
                **self.population.columns(),
                **self._node_columns(),
                **self._terminal_columns(),
                **self._radio_columns(),
            },
            playback=reception.playback,
            balances=tuple(balances),
            notes=self.notes,
        )
