"""Makes a simulation of a scenario: every part, wired together."""

from __future__ import annotations

import numpy as np
import simpy

from netgen.build.bursts import burst_notes
from netgen.build.collaboration import Surroundings, build_cores, build_terminals, forced_kinds
from netgen.build.compatibility import check_compatibility
from netgen.build.contents import build_menu, build_tracks, profile_notes, semantic_bits_of
from netgen.build.evaluation import build_desk
from netgen.build.network import Network, build_network, service_paths
from netgen.build.nodes import build_nodes
from netgen.build.semantics import link_candidates
from netgen.engine.node import Node
from netgen.engine.options import Outlook
from netgen.engine.parcel import LiveActions
from netgen.engine.reception import Reception
from netgen.engine.relay import Relay
from netgen.engine.segment_log import SegmentLog
from netgen.engine.service import Dispatcher, Service
from netgen.engine.simulation import Companion, EveryReceiver, Simulation
from netgen.errors import InputError
from netgen.generative.action import Menu
from netgen.generative.device import find_device
from netgen.ledger import LedgerWriter
from netgen.media.segment_track import SegmentTrack
from netgen.policy import RelayPolicy
from netgen.rng import Streams
from netgen.schema.network import TowerNode
from netgen.schema.scenario import Scenario
from netgen.schema.scenario import Service as ServiceSpec
from netgen.topology.routes import Weight
from netgen.traffic.offers import periodic_offers_s, poisson_offers_s
from netgen.transport.background import BackgroundFlow
from netgen.transport.carriage import Transport
from netgen.transport.clock import to_ns
from netgen.world.faults import build_outages, outages_of
from netgen.world.names import air_of
from netgen.world.receivers import Receivers, build_receivers
from netgen.world.towers import tower_pipes

_SOURCE_KINDS = {"tower": "broadcast", "cell": "cellular", "ran": "cellular"}


def build_simulation(
    scenario: Scenario,
    writer: LedgerWriter,
    *,
    seed: int,
    forced_policy: str | None = None,
    live: LiveActions | None = None,
) -> Simulation:
    """Make a simulation of a scenario that has passed its checks.

    Parameters
    ----------
    writer : LedgerWriter           Where its records go.
    seed : int                      Root of all random streams.
    forced_policy : str or None     Policy that replaces all others (for a baseline).
    live : LiveActions or None      What runs actions on real frames; None for all by profile.

    Raises
    ------
    InputError                      Something that only the models know is wrong: a missing figure, an
                                    unknown device, profile or policy, an unreadable file.
    """
    streams = Streams(seed)
    env = simpy.Environment(0)
    outages = build_outages(scenario, streams)
    network = build_network(scenario, streams, outages_of(outages, "link"))
    tracks = build_tracks(scenario, streams)
    menu = build_menu(scenario)
    relay_policy, service_policy = _forced(scenario, forced_policy)
    nodes, notes = build_nodes(
        scenario, streams, env, menu=menu, failures=outages_of(outages, "gpu"), forced_policy=relay_policy
    )
    receivers = build_receivers(scenario, streams, env, outages)
    services = _services(scenario, network, tracks, receivers, streams)
    check_compatibility(services, nodes=nodes, menu=menu, terminals=_generating(scenario))
    notes += profile_notes(scenario, tracks)
    notes += burst_notes(
        services, nodes=nodes, population=receivers.population, duration_s=scenario.duration_s
    )
    relay = _relay(scenario, writer, env, network, menu, nodes, receivers)
    relay.reception.live = live
    best, uncontracted = link_candidates(services, nodes=nodes, menu=menu, downlinks=receivers.downlinks)
    terminals = build_terminals(scenario, receivers.population, menu)
    if any(audience.terminal.generator is not None for audience in scenario.audiences.values()):
        relay.reception.terminals = terminals
        relay.outlook.by_terminals = relay.reception.terminals_suit
    dispatcher: Dispatcher = EveryReceiver(receivers.population, receivers.downlinks, env)
    companions: tuple[Companion, ...] = build_desk(scenario, streams, relay, network, services)
    if scenario.collaboration is not None:
        by_name = {service.name: service for service in services}
        around = Surroundings(env, relay, receivers, by_name, writer, outages, terminals, service_policy)
        cores, dispatcher = build_cores(scenario, streams, around, dispatcher)
        companions = (*companions, cores)
    return Simulation(
        env=env, end_ns=to_ns(scenario.duration_s), interval_ns=to_ns(scenario.interval_s),
        transport=relay.transport, relay=relay, population=receivers.population, nodes=nodes, services=services,
        background=_background(scenario, network, streams), candidates=best, uncontracted=uncontracted,
        writer=writer, dispatcher=dispatcher, companions=companions, notes=notes,
    )  # fmt: skip


def _generating(scenario: Scenario) -> dict[str, dict[str, str]]:
    """Per service the audiences whose terminals can expand it, with their devices."""
    found: dict[str, dict[str, str]] = {}
    for name, audience in scenario.audiences.items():
        if audience.terminal.generator is not None:
            for service in audience.watches:
                found.setdefault(service, {})[name] = find_device(audience.terminal.generator.device).name
    return found


def _forced(scenario: Scenario, policy: str | None) -> tuple[str | None, str | None]:
    """A baseline's policy as the one of all nodes, and as that of the service modes, whichever of them it can be."""
    if policy is None:
        return None, None
    kinds = forced_kinds(scenario, policy)
    of_services = any(kind is not RelayPolicy for kind in kinds)
    return policy if RelayPolicy in kinds else None, policy if of_services else None


def _relay(
    scenario: Scenario,
    writer: LedgerWriter,
    env: simpy.Environment,
    network: Network,
    menu: Menu,
    nodes: dict[str, Node],
    receivers: Receivers,
) -> Relay:
    """What moves segments from node to node."""
    transport = Transport(env, tuple(network.links.values()))
    return Relay(
        transport,
        nodes=nodes,
        outlook=Outlook(transport, menu=menu, nodes=nodes, downlinks=receivers.downlinks),
        reception=_reception(scenario, writer, receivers),
        writer=writer,
        packet_bits=scenario.packet_bits,
        interval_ns=to_ns(scenario.interval_s),
        end_ns=to_ns(scenario.duration_s),
    )


def build_service(
    name: str, spec: ServiceSpec, scenario: Scenario, network: Network, track: SegmentTrack, streams: Streams
) -> Service:
    """One service with its routes and the instants at which it offers segments."""
    stop_s = scenario.duration_s if spec.stop_s is None else min(spec.stop_s, scenario.duration_s)
    if spec.arrivals == "periodic":
        offers_s = periodic_offers_s(start_s=spec.start_s, stop_s=stop_s, period_s=track.segment_s)
    else:
        offers_s = poisson_offers_s(
            start_s=spec.start_s,
            stop_s=stop_s,
            mean_gap_s=track.segment_s,
            rng=streams.get(f"world/offers/{name}"),
        )
    content = scenario.contents[spec.content]
    return Service(
        name=name,
        content=spec.content,
        content_class=content.content_class,
        track=track,
        semantic_bits=semantic_bits_of(content),
        source=spec.source,
        paths=service_paths(name, spec, scenario, network),
        multicast=spec.cast == "multicast",
        deadline_ns=None if spec.deadline_s is None else to_ns(spec.deadline_s),
        required_fidelity=spec.required_fidelity,
        loss_tolerance=spec.loss_tolerance,
        offers_ns=np.rint(offers_s * 1e9).astype(np.int64),
        pacing=spec.pacing,
        personal=spec.personal,
        key=streams.key(f"world/packets/{name}"),
    )


def _services(
    scenario: Scenario,
    network: Network,
    tracks: dict[str, SegmentTrack],
    receivers: Receivers,
    streams: Streams,
) -> list[Service]:
    """All services; links learn how many use them, the population which of them are enhancements."""
    services = [
        build_service(name, spec, scenario, network, tracks[spec.content], streams)
        for name, spec in scenario.services.items()
    ]
    _count_services(services, receivers)
    for service in services:
        common = scenario.services[service.name].enhances
        if common is not None:
            receivers.population.follow(service.name, common, len(service.offers_ns))
    return services


def _count_services(services: list[Service], receivers: Receivers) -> None:
    """Tell every link and downlink how many services use it."""
    for service in services:
        for link in {link.name: link for path in service.paths.values() for link in path}.values():
            link.services += 1
        for receiver in service.paths:
            if receiver in receivers.downlinks:
                receivers.downlinks[receiver].services += 1


def _reception(scenario: Scenario, writer: LedgerWriter, receivers: Receivers) -> Reception:
    """What happens at receivers, and the log of segments."""
    names: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for name, node in scenario.nodes.items():
        ends = [air_of(name, pipe) for pipe in tower_pipes(name, node)] if isinstance(node, TowerNode) else []
        for receiver in (name, *ends):
            names[receiver] = name
            kinds[receiver] = _SOURCE_KINDS.get(node.kind, "wired")
    log = SegmentLog(writer, warmup_ns=to_ns(scenario.warmup_s), receiver_names=names, source_kinds=kinds)
    return Reception(
        receivers.population,
        log,
        broadcasts=receivers.channels,
        downlinks=receivers.downlinks,
        downlink_users=receivers.downlink_users,
    )


def _background(scenario: Scenario, network: Network, streams: Streams) -> list[BackgroundFlow]:
    """Background traffic on shortest paths by delay."""
    flows = []
    for name, spec in scenario.background.items():
        found = network.router.paths(spec.source, (spec.target,), Weight.DELAY)
        if spec.target not in found:
            raise InputError(f'background.{name}: no way from "{spec.source}" to "{spec.target}"')
        stop_s = scenario.duration_s if spec.stop_s is None else min(spec.stop_s, scenario.duration_s)
        flows.append(
            BackgroundFlow(
                name=name,
                path=network.path(found[spec.target]),
                rate_bps=spec.rate_bps,
                packet_bits=spec.packet_bits,
                poisson=spec.kind == "poisson",
                start_ns=to_ns(spec.start_s),
                stop_ns=to_ns(stop_s),
                chunk_ns=to_ns(1.0),
                rng=streams.get(f"world/background/{name}"),
                key=streams.key(f"world/background-packets/{name}"),
            )
        )
    return flows
