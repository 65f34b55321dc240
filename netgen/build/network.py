"""Links and routes of a scenario, as engine parts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from netgen.build.coded_links import block_errors
from netgen.errors import InputError
from netgen.rng import Streams
from netgen.schema.loss import CodedLoss, ConstantSnr, GilbertLoss, RandomLoss
from netgen.schema.network import ConstantCapacity, SteppedCapacity, TowerNode
from netgen.schema.network import Link as LinkSpec
from netgen.schema.scenario import ExplicitRoute, Scenario
from netgen.schema.scenario import Service as ServiceSpec
from netgen.topology.capacity import CapacityProcess
from netgen.topology.capacity_trace import capacity_from_trace
from netgen.topology.loss import LossProcess, SymbolChannel
from netgen.topology.outages import NOTHING_DOWN, Outages
from netgen.topology.routes import Edge, Router, Weight
from netgen.topology.step_function import StepFunction
from netgen.transport.clock import to_ns
from netgen.transport.link import Link
from netgen.transport.link_books import LinkBooks
from netgen.world.audiences import pipe_of
from netgen.world.names import air_of
from netgen.world.towers import tower_pipes


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """The links of a run, and how to find ways over them.

    Parameters
    ----------
    links : mapping             Links by name (`A->D`), broadcast channels (`mast->mast:air`) included.
    router : Router             Shortest paths over the scenario's nodes and links.
    """

    links: Mapping[str, Link]
    router: Router

    def path(self, nodes: tuple[str, ...]) -> tuple[Link, ...]:
        """Links along a sequence of nodes."""
        return tuple(self.links[f"{one}->{other}"] for one, other in pairwise(nodes))


def build_network(
    scenario: Scenario, streams: Streams, cuts: Mapping[str, Outages] = NOTHING_DOWN
) -> Network:
    """Make every link with its books, and the router; `cuts` are outages by the name of the link."""
    interval_ns, end_ns = to_ns(scenario.interval_s), to_ns(scenario.duration_s)
    links: dict[str, Link] = {}
    edges = []
    for name, spec in scenario.links.items():
        capacity = build_capacity(spec)
        edges.append(Edge(spec.source, spec.target, spec.delay_s, capacity.rate_at(0.0)))
        if name in cuts:
            # Routes are planned for what works.
            capacity = capacity.interrupted(cuts[name])
        links[name] = Link(
            name,
            spec.source,
            spec.target,
            capacity=capacity,
            delay_ns=to_ns(spec.delay_s),
            queue_bits=spec.queue_bits,
            loss=_loss(name, spec, scenario, streams),
            symbols=_symbols(name, spec),
            retransmissions=spec.retransmissions,
            noise_key=streams.key(f"world/loss/{name}"),
            books=LinkBooks(capacity, interval_ns, end_ns),
        )
    for name, node in scenario.nodes.items():
        if isinstance(node, TowerNode) and node.radio is not None:
            for pipe_name, pipe in tower_pipes(name, node).items():
                capacity = CapacityProcess.constant(pipe.rate_bps)
                air = air_of(name, pipe_name)
                channel = f"{name}->{air}"
                links[channel] = Link(
                    channel,
                    name,
                    air,
                    capacity=capacity,
                    delay_ns=to_ns(node.radio.delay_s),
                    queue_bits=None,
                    loss=LossProcess.independent(0.0),
                    retransmissions=0,
                    noise_key=streams.key(f"world/loss/{channel}"),
                    books=LinkBooks(capacity, interval_ns, end_ns),
                )
    return Network(links, Router(tuple(scenario.nodes), edges))


def build_capacity(spec: LinkSpec) -> CapacityProcess:
    """C(t) of a link."""
    capacity = spec.capacity
    if isinstance(capacity, ConstantCapacity):
        return CapacityProcess.constant(capacity.rate_bps)
    if isinstance(capacity, SteppedCapacity):
        starts, rates = zip(*capacity.steps, strict=True)
        return CapacityProcess.steps(starts, rates, capacity.period_s)
    return capacity_from_trace(capacity.path, period_s=capacity.period_s)


def _loss(name: str, spec: LinkSpec, scenario: Scenario, streams: Streams) -> LossProcess:
    """Loss of a link; bursts are drawn from a world stream of the link's own."""
    loss = spec.loss
    if isinstance(loss, RandomLoss):
        return LossProcess.independent(loss.probability)
    if isinstance(loss, GilbertLoss):
        return LossProcess.gilbert_elliott(
            loss_good=loss.loss_good,
            loss_bad=loss.loss_bad,
            mean_good_s=loss.good_s,
            mean_bad_s=loss.bad_s,
            duration_s=scenario.duration_s,
            rng=streams.get(f"world/bursts/{name}"),
        )
    curve = block_errors(name, loss)
    snr_db = _snr_db(loss)
    lost = StepFunction(snr_db.change_s, curve.rate(snr_db.values), snr_db.period_s)
    # In block fading a block is lost whatever its length, so the nearest curve stands for blocks as long as asked.
    block_bits = loss.block_bits if loss.channel == "rayleigh-block" else curve.protection.info_bits
    return LossProcess(lost, block_bits)


def _symbols(name: str, spec: LinkSpec) -> SymbolChannel | None:
    """Return the radio channel below a link of coded blocks."""
    loss = spec.loss
    if not isinstance(loss, CodedLoss):
        return None
    return SymbolChannel(loss.channel, _snr_db(loss), block_errors(name, loss).protection.efficiency)


def _snr_db(loss: CodedLoss) -> StepFunction:
    if isinstance(loss.snr, ConstantSnr):
        return StepFunction.constant(loss.snr.level_db)
    starts_s, levels_db = zip(*loss.snr.steps, strict=True)
    return StepFunction.steps(starts_s, levels_db, loss.snr.period_s)


def service_paths(
    name: str, spec: ServiceSpec, scenario: Scenario, network: Network
) -> dict[str, tuple[Link, ...]]:
    """Links from a service's source to each of its receivers; a tower's end at its broadcast channel.

    Raises
    ------
    InputError                  A receiver cannot be reached.
    """
    if isinstance(spec.route, ExplicitRoute):
        found: Mapping[str, tuple[str, ...]] = {path[-1]: tuple(path) for path in spec.route.paths}
    else:
        found = network.router.paths(spec.source, spec.receivers, Weight(spec.route.weight))
    paths = {}
    for receiver in spec.receivers:
        if receiver not in found:
            raise InputError(f'services.{name}: no way from "{spec.source}" to "{receiver}"')
        nodes = found[receiver]
        if isinstance(scenario.nodes[receiver], TowerNode):
            air = air_of(receiver, pipe_of(scenario, receiver, name))
            paths[air] = network.path((*nodes, air))
        else:
            paths[receiver] = network.path(nodes)
    return paths
