"""Makes a simulation of a scenario: every part, wired together."""

from __future__ import annotations

import numpy as np
import simpy

from netgen.build.bursts import burst_notes
from netgen.build.contents import build_menu, build_tracks
from netgen.build.names import air_of
from netgen.build.network import Network, build_network, service_paths
from netgen.build.nodes import build_nodes
from netgen.build.receivers import Receivers, build_receivers
from netgen.build.semantics import link_candidates
from netgen.build.towers import tower_pipes
from netgen.engine.options import Outlook
from netgen.engine.reception import Reception
from netgen.engine.relay import Relay
from netgen.engine.segment_log import SegmentLog
from netgen.engine.service import Service
from netgen.engine.simulation import Simulation
from netgen.errors import InputError
from netgen.ledger import LedgerWriter
from netgen.media.segment_track import SegmentTrack
from netgen.rng import Streams
from netgen.schema.network import TowerNode
from netgen.schema.scenario import Scenario
from netgen.schema.scenario import Service as ServiceSpec
from netgen.topology.routes import Weight
from netgen.traffic.offers import periodic_offers_s, poisson_offers_s
from netgen.transport.background import BackgroundFlow
from netgen.transport.carriage import Transport
from netgen.transport.clock import to_ns

_SOURCE_KINDS = {"tower": "broadcast", "cell": "cellular", "ran": "cellular"}


def build_simulation(
    scenario: Scenario,
    writer: LedgerWriter,
    *,
    seed: int,
    forced_policy: str | None = None,
) -> Simulation:
    """Make a simulation of a scenario that has passed its checks.

    Parameters
    ----------
    writer : LedgerWriter           Where its records go.
    seed : int                      Root of all random streams.
    forced_policy : str or None     Policy that replaces all others (for a baseline).

    Raises
    ------
    InputError                      Something that only the models know is wrong: a missing figure, an
                                    unknown device, profile or policy, an unreadable file.
    """
    streams = Streams(seed)
    env = simpy.Environment(0)
    network = build_network(scenario, streams)
    tracks = build_tracks(scenario, streams)
    menu = build_menu(scenario)
    nodes, notes = build_nodes(scenario, streams, env, menu=menu, forced_policy=forced_policy)
    receivers = build_receivers(scenario, streams, env)
    services = _services(scenario, network, tracks, receivers, streams)
    notes += burst_notes(
        services, nodes=nodes, population=receivers.population, duration_s=scenario.duration_s
    )
    transport = Transport(env, tuple(network.links.values()))
    outlook = Outlook(transport, menu=menu, nodes=nodes, downlinks=receivers.downlinks)
    reception = _reception(scenario, writer, receivers)
    relay = Relay(
        transport,
        nodes=nodes,
        outlook=outlook,
        reception=reception,
        writer=writer,
        packet_bits=scenario.packet_bits,
        interval_ns=to_ns(scenario.interval_s),
        end_ns=to_ns(scenario.duration_s),
    )
    best, uncontracted = link_candidates(services, nodes=nodes, menu=menu, downlinks=receivers.downlinks)
    return Simulation(
        env=env,
        end_ns=to_ns(scenario.duration_s),
        interval_ns=to_ns(scenario.interval_s),
        transport=transport,
        relay=relay,
        population=receivers.population,
        nodes=nodes,
        services=services,
        background=_background(scenario, network, streams),
        candidates=best,
        uncontracted=uncontracted,
        writer=writer,
        notes=notes,
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
        semantic_bits=content.semantic_bits,
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
