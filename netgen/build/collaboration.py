"""The cores of a scenario with collaboration, and everything that they work with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Any

import numpy as np
import simpy

from netgen.elastic.addition import Addition, AdditionParts
from netgen.elastic.asking import ServiceDecider
from netgen.elastic.continuation import Continuation, ContinuationParts, judge
from netgen.elastic.control_link import ControlLink
from netgen.elastic.cores import Cores
from netgen.elastic.dispatch import CarrierDispatcher
from netgen.elastic.offloading import Channel, Content, Offloading
from netgen.elastic.repair import Backoff, RepairDesk
from netgen.elastic.roster import Roster
from netgen.elastic.switch_book import SwitchBook
from netgen.elastic.terminals import Generator, TerminalKind, Terminals
from netgen.elastic.watch import CellWatch
from netgen.engine.population import Population
from netgen.engine.relay import Relay
from netgen.engine.service import Dispatcher, Service
from netgen.errors import InputError
from netgen.generative.action import Menu
from netgen.generative.device import find_device
from netgen.ledger import LedgerWriter
from netgen.policy import AdditionPolicy, ContinuationPolicy, OffloadingPolicy, kinds_of, policy_factory
from netgen.prediction.horizon import Horizon
from netgen.rng import Streams
from netgen.schema.audience import Terminal
from netgen.schema.collaboration import Collaboration
from netgen.schema.network import RanNode
from netgen.schema.scenario import Scenario
from netgen.topology.outages import Outages
from netgen.transport.clock import to_ns
from netgen.world.audiences import collaborating, offloading
from netgen.world.faults import CORES, outages_of
from netgen.world.names import tower_of
from netgen.world.receivers import Receivers
from netgen.world.towers import build_predictor


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """What the cores are put into.

    Parameters
    ----------
    env, relay, receivers, services, writer     Parts of the run.
    outages : mapping               By what breaks and where.
    terminals : Terminals           What users can generate.
    forced_policy : str or None     Service policy that replaces all those of its kinds, for a baseline.
    """

    env: simpy.Environment
    relay: Relay
    receivers: Receivers
    services: Mapping[str, Service]
    writer: LedgerWriter
    outages: Mapping[str, Mapping[str, Outages]]
    terminals: Terminals
    forced_policy: str | None


def build_cores(
    scenario: Scenario, streams: Streams, around: Surroundings, plain: Dispatcher
) -> tuple[Cores, CarrierDispatcher]:
    """Make both cores, and what sends segments to the carriers that they choose.

    Raises
    ------
    InputError                      A policy does not fit its mode, or a content would go to several towers.
    """
    modes = scenario.collaboration
    assert modes is not None  # noqa: S101  (the caller asks only then)
    reception, population = around.relay.reception, around.receivers.population
    roster = Roster(population)
    _set_up_multicasts(scenario, roster)
    switches = SwitchBook(population.users, population.services)
    rate_bps = {
        name: float(service.track.bits.mean()) / service.track.segment_s
        for name, service in around.services.items()
    }
    longest_s = max(service.track.segment_s for service in around.services.values())
    watch = CellWatch(
        around.receivers.downlinks, reception, around.relay.nodes, roster,
        rate_bps=np.array([rate_bps[name] for name in population.services]), admission=modes.admission,
        asked=np.isin(population.services, collaborating(scenario)),
        looks=max(1, ceil(longest_s / modes.cores.period_s - 1e-9)),
    )  # fmt: skip
    link = ControlLink(
        around.env,
        delay_ns=to_ns(modes.cores.delay_s),
        rate_bps=modes.cores.rate_bps,
        outages=outages_of(around.outages, "cores").get(CORES, Outages.none()),
        end_ns=to_ns(scenario.duration_s),
    )
    desk = RepairDesk(around.env, around.relay, roster, switches, backoff=_backoffs(modes, streams))
    reception.recovery = desk
    shifts = _offloading(scenario, streams, around, roster, switches, watch, link, rate_bps)
    moved = frozenset(offloading(scenario))
    additions = _additions(scenario, streams, around, watch)

    def carries(service: str, _channel: str) -> bool:
        return service not in moved or (shifts is not None and shifts.sends(service))

    dispatcher = CarrierDispatcher(
        plain=plain, services=frozenset(collaborating(scenario)), additions=additions, reception=reception,
        watch=watch, carries=carries,
        arrange=(lambda _service: None) if shifts is None else shifts.arrange, now_ns=lambda: int(around.env.now),
    )  # fmt: skip
    for name in (*collaborating(scenario), *additions):
        reception.watch_players(around.services[name], len(around.services[name].offers_ns))
    cores = Cores(
        env=around.env, link=link, watch=watch, offloading=shifts,
        continuations=_continuations(
            scenario, streams, around, dispatcher,
            _parts(modes, roster, switches, watch, link, desk, around.writer),
        ),
        additions=tuple(additions.values()), dispatcher=dispatcher, roster=roster, switches=switches,
        writer=around.writer, period_ns=to_ns(modes.cores.period_s), end_ns=to_ns(scenario.duration_s),
    )  # fmt: skip
    return cores, dispatcher


def _set_up_multicasts(scenario: Scenario, roster: Roster) -> None:
    """Services that a cellular network sends once for all are multicasts from the start."""
    carriers, services = roster.population.carriers, roster.population.services
    for name, node in scenario.nodes.items():
        if isinstance(node, RanNode) and node.radio is not None and name in carriers:
            here = roster.cell == carriers.index(name)
            roster.multicast |= here & np.isin(services, node.radio.multicast)


def _backoffs(modes: Collaboration, streams: Streams) -> dict[str, Backoff]:
    """When terminals ask for repair, by continued service."""
    spec = modes.continuation
    if spec is None:
        return {}
    return {
        name: Backoff(
            to_ns(spec.repair.offset_s), to_ns(spec.repair.backoff_s), streams.key(f"world/backoff/{name}")
        )
        for name in spec.services
    }


def _parts(
    modes: Collaboration,
    roster: Roster,
    switches: SwitchBook,
    watch: CellWatch,
    link: ControlLink,
    desk: RepairDesk,
    writer: LedgerWriter,
) -> ContinuationParts | None:
    """What continuation works with; None without that mode."""
    spec = modes.continuation
    if spec is None:
        return None
    return ContinuationParts(
        link=link, watch=watch, roster=roster, switches=switches, desk=desk, writer=writer,
        message_bits=modes.cores.message_bits, context_bits=modes.cores.context_bits,
        period_s=modes.cores.period_s, horizon_s=max(spec.horizon_s, modes.cores.period_s), poor=spec.poor,
    )  # fmt: skip


def _continuations(
    scenario: Scenario,
    streams: Streams,
    around: Surroundings,
    dispatcher: CarrierDispatcher,
    parts: ContinuationParts | None,
) -> list[Continuation]:
    """One for every continued service and channel."""
    spec = None if scenario.collaboration is None else scenario.collaboration.continuation
    if spec is None or parts is None:
        return []
    make = _maker(scenario, spec.policy, ContinuationPolicy, "collaboration.continuation.policy", around)
    receivers, roster = around.receivers, parts.roster
    found = []
    for name in spec.services:
        service = around.services[name]
        of_service = np.array([each == name for each in receivers.population.services], dtype=np.bool_)
        for tower in service.paths:
            if tower not in receivers.channels or tower not in receivers.population.carriers:
                continue
            rows = np.flatnonzero(of_service & (roster.tower == receivers.population.carriers.index(tower)))
            if not len(rows):
                continue
            predictor = build_predictor(
                spec.predictor, receivers.channels[tower], scenario, streams,
                columns=receivers.columns, located=receivers.located, layouts=receivers.layouts,
            )  # fmt: skip
            horizon = Horizon(predictor, period_s=parts.period_s, horizon_s=parts.horizon_s, poor=parts.poor)
            decider = ServiceDecider(
                make.name, make.policy().decide, streams.get(f"policy/continuation/{name}/{tower}")
            )
            found.append(
                Continuation(
                    parts, service, tower, tower_of(tower), rows, receivers.channels[tower], horizon, decider,
                    carries=partial(dispatcher.carries, name, tower),
                    on_air=_heartbeat(around, tower),
                )
            )  # fmt: skip
    return found


def _offloading(
    scenario: Scenario,
    streams: Streams,
    around: Surroundings,
    roster: Roster,
    switches: SwitchBook,
    watch: CellWatch,
    link: ControlLink,
    rate_bps: Mapping[str, float],
) -> Offloading | None:
    """The offloading of all contents; None without that mode."""
    modes = scenario.collaboration
    if modes is None or modes.offloading is None:
        return None
    spec, receivers = modes.offloading, around.receivers
    continued = () if modes.continuation is None else modes.continuation.services
    contents = []
    for name in spec.services:
        service = around.services[name]
        towers = [receiver for receiver in service.paths if receiver in receivers.channels]
        if len(towers) != 1:
            raise InputError(
                f"services.{name}.to: has {len(towers)} towers; a service that may be offloaded goes to one tower"
            )
        rows = np.flatnonzero(np.array([each == name for each in receivers.population.services], np.bool_))
        contents.append(Content(service, towers[0], receivers.channels[towers[0]], rows, name in continued))
    names = list(dict.fromkeys(content.tower for content in contents))
    make = _maker(scenario, spec.policy, OffloadingPolicy, "collaboration.offloading.policy", around)
    return Offloading(
        contents=contents,
        channels=[Channel(name, spec.fill * _free_bps(name, around, spec.services, rate_bps)) for name in names],
        decider=ServiceDecider(make.name, make.policy().decide, streams.get("policy/offloading")),
        link=link, watch=watch, roster=roster, switches=switches, reception=around.relay.reception,
        writer=around.writer, message_bits=modes.cores.message_bits, tune_in_ns=to_ns(spec.tune_in_s),
        period_s=modes.cores.period_s, poor=spec.poor,
        on_air={name: _heartbeat(around, name) for name in names},
        let_go=(lambda _rows: None) if modes.continuation is None
        else partial(judge, switches, roster, poor=modes.continuation.poor),
    )  # fmt: skip


def _free_bps(
    channel: str, around: Surroundings, offloaded: tuple[str, ...], rate_bps: Mapping[str, float]
) -> float:
    """What a channel has beside the services that it always carries."""
    (link,) = (link for link in around.relay.transport.links if link.target == channel)
    always = sum(
        rate_bps[name]
        for name, service in around.services.items()
        if channel in service.paths and name not in offloaded
    )
    return max(link.capacity.rate_at(0.0) - always, 0.0)


def _additions(
    scenario: Scenario, streams: Streams, around: Surroundings, watch: CellWatch
) -> dict[str, Addition]:
    """The enhancements whose ways a policy chooses, by name."""
    modes = scenario.collaboration
    if modes is None or modes.addition is None:
        return {}
    spec = modes.addition
    if spec.action is not None and any(
        one.symbols is not None for one in around.relay.outlook.menu.variants_of(spec.action)
    ):
        raise InputError(
            f"collaboration.addition.action: {spec.action} sends symbols of joint coding, which go over one radio link "
            f"to its end; accepted: an action that makes bits"
        )
    make = _maker(scenario, spec.policy, AdditionPolicy, "collaboration.addition.policy", around)
    parts = AdditionParts(
        around.relay.reception,
        watch,
        around.relay.outlook,
        around.terminals,
        around.writer,
        modes.cores.period_s,
    )
    return {
        name: Addition(
            parts, around.services[name], str(scenario.services[name].enhances), spec.action,
            ServiceDecider(make.name, make.policy().decide, streams.get(f"policy/addition/{name}")),
        )
        for name in spec.services
    }  # fmt: skip


def build_terminals(scenario: Scenario, population: Population, menu: Menu) -> Terminals:
    """What users hold in their hands; raises InputError for a device that nobody knows."""
    return Terminals(
        population,
        menu=menu,
        kinds={name: _terminal_kind(audience.terminal) for name, audience in scenario.audiences.items()},
    )


def _terminal_kind(spec: Terminal) -> TerminalKind:
    """The terminals of one audience."""
    made = spec.generator
    generator = None
    if made is not None:
        device = find_device(made.device)
        generator = Generator(device, made.slowdown, made.memory_bytes, made.power_w)
    return TerminalKind(generator, spec.battery_joule, spec.charge)


@dataclass(frozen=True, slots=True)
class _Made:
    """A policy's name in the scenario, and what makes its instances."""

    name: str
    policy: Callable[[], Any]


def _maker(scenario: Scenario, name: str, base: type, where: str, around: Surroundings) -> _Made:
    """What makes the policies of one mode; raises InputError for a policy of another kind."""
    if around.forced_policy is not None and base in forced_kinds(scenario, around.forced_policy):
        name = around.forced_policy
    reference = scenario.policies.get(name)
    use, parameters = (name, {}) if reference is None else (reference.use, reference.parameters)
    return _Made(name, policy_factory(use, parameters, base=base, wanted_by=where))


def forced_kinds(scenario: Scenario, name: str) -> tuple[type, ...]:
    """Kinds of a policy that replaces others in a baseline."""
    reference = scenario.policies.get(name)
    return kinds_of(name if reference is None else reference.use)


def _heartbeat(around: Surroundings, channel: str) -> Callable[[float], bool]:
    """Whether the tower of a channel is heard at an instant [s]."""
    outages = outages_of(around.outages, "tower").get(tower_of(channel), Outages.none())
    return lambda time_s: not outages.down(time_s)
