"""The evaluations of a scenario: measured ratings, costs on the nodes' GPUs, and ways to and from them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from netgen.build.network import Network
from netgen.engine.parcel import Parcel
from netgen.engine.relay import Relay
from netgen.engine.service import Service
from netgen.errors import InputError, ModelRangeError
from netgen.evaluation.desk import Evaluation, EvaluationDesk
from netgen.evaluation.trigger import Trigger
from netgen.generative.action import Menu
from netgen.generative.device import Device
from netgen.generative.service_time import service_time
from netgen.rating.measured import SOURCE, MeasuredRatings, RaterCost, read_ratings
from netgen.rng import Streams
from netgen.schema.evaluation import Adaptive, Always, RandomShare, Refetch, When
from netgen.schema.evaluation import Evaluation as EvaluationSpec
from netgen.schema.scenario import Scenario
from netgen.topology.routes import Weight
from netgen.transport.link import Link


def build_desk(
    scenario: Scenario, streams: Streams, relay: Relay, network: Network, services: Sequence[Service]
) -> tuple[EvaluationDesk, ...]:
    """Have segments rated where a scenario says so; empty where it says nothing.

    Raises
    ------
    InputError                  No ratings were measured of an action, a rater is not known, the GPU cannot rate, or
                                the node cannot be reached.
    """
    if not scenario.evaluations:
        return ()
    found: dict[str, Evaluation] = {}
    for name, spec in scenario.evaluations.items():
        mine = [service for service in services if service.name in spec.services]
        evaluation = _evaluation(name, spec, streams, relay=relay, network=network, services=mine)
        found |= dict.fromkeys(spec.services, evaluation)
    desk = EvaluationDesk(relay, found)
    relay.reception.evaluation = desk
    return (desk,)


def _evaluation(
    name: str,
    spec: EvaluationSpec,
    streams: Streams,
    *,
    relay: Relay,
    network: Network,
    services: list[Service],
) -> Evaluation:
    where = f"evaluations.{name}"
    ratings = read_ratings(spec.path)
    variants = dict(_variants(where, spec, relay.outlook.menu, ratings, services))
    cost = ratings.costs[spec.rater]
    gpu = relay.nodes[spec.node].gpu
    assert gpu is not None  # noqa: S101  (a check of the scenario)
    device = gpu.device
    memory_bytes = cost.memory_bytes if spec.work is None else spec.work.memory_bytes
    if memory_bytes > (device.memory_bytes or 0):
        raise InputError(
            f"{where}: the rater needs {memory_bytes} byte of memory, {device.name} has {device.memory_bytes}"
        )
    power_w = None
    if device.peak_power_w is not None and device.idle_power_w is not None:
        power_w = (device.peak_power_w - device.idle_power_w) / device.streams
    return Evaluation(
        name=name,
        node=spec.node,
        rater=spec.rater,
        ratings=ratings,
        variants=variants,
        trigger=_trigger(spec.when),
        bad=spec.bad,
        then=spec.then.kind,
        refetched_by=spec.then.action if isinstance(spec.then, Refetch) else None,
        seconds=max(_seconds(where, spec, cost, device, service) for service in services),
        memory_bytes=memory_bytes,
        power_w=power_w,
        source_bits=_needed(cost),
        rating_bits=spec.rating_bits,
        paths=_paths(where, spec.node, cost, network, services),
        key=streams.key(f"world/evaluation/{name}"),
    )


def _variants(
    where: str, spec: EvaluationSpec, menu: Menu, ratings: MeasuredRatings, services: list[Service]
) -> Iterator[tuple[str, tuple[str, float]]]:
    """Yield each action with the measured one that it counts as and its rate; no action at all counts as the source."""
    ratings.check(SOURCE, 0.0, spec.rater, where)
    yield "", (SOURCE, 0.0)
    for action in menu.names:
        for content_class in dict.fromkeys(service.content_class for service in services):
            known = menu.of(action, content_class)
            variant = spec.measured_as.get(action, known.run or action)
            ratings.check(variant, known.bits_per_pixel, spec.rater, f"{where}: action {action}")
            yield action, (variant, known.bits_per_pixel)


def _trigger(when: When) -> Trigger:
    if isinstance(when, Always):
        return Trigger(always=True)
    if isinstance(when, RandomShare):
        return Trigger(share=when.share)
    if isinstance(when, Adaptive):
        return Trigger(fidelity=when.fidelity, after_bad=when.after_bad, share=when.share)
    return Trigger()


def _seconds(where: str, spec: EvaluationSpec, cost: RaterCost, device: Device, service: Service) -> float:
    """Time to rate one segment of a service."""
    track = service.track
    if spec.work is not None:
        return spec.work.time_s * track.segment_s
    try:
        return service_time(
            cost.work, device, frames=int(track.frames[0]), pixels=track.video_format.pixels
        ).seconds
    except ModelRangeError as error:
        raise InputError(f"{where}: {error}") from None


def _needed(cost: RaterCost) -> Callable[[Parcel], int]:
    """Return what a rater needs of the source of a parcel, in bits."""
    if cost.needs == "source":
        return lambda parcel: parcel.source_bits
    bits = cost.description_bits if cost.needs == "description" else 0
    return lambda _parcel: bits


def _paths(
    where: str, node: str, cost: RaterCost, network: Network, services: list[Service]
) -> dict[tuple[str, str], tuple[Link, ...]]:
    """Return the links of every way that something is sent on."""
    pairs = []
    for service in services:
        if cost.needs != "nothing":
            pairs.append((service.source, node))
        pairs += [pair for receiver in service.paths for pair in ((receiver, node), (node, receiver))]
    found = {}
    for origin, target in pairs:
        if origin == target:
            continue
        way = network.router.paths(origin, (target,), Weight.DELAY)
        if target not in way:
            raise InputError(
                f'{where}: no way from "{origin}" to "{target}"; the rater is sent what it needs by links'
            )
        found[origin, target] = network.path(way[target])
    return found
