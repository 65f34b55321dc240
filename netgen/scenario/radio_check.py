"""Defects of radios and of what depends on where users are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from netgen.document.tree import Issue
from netgen.scenario.audience import AlongLine as Line
from netgen.scenario.audience import (
    Audience,
    NetworkPlace,
    RandomDirection,
    RandomWaypoint,
    RectanglePlace,
    StayPut,
    Terminal,
    Traced,
    WatchAll,
)
from netgen.scenario.audience import GroupWalk as Group
from netgen.scenario.audience import StreetGrid as Streets
from netgen.scenario.check import Check, Draft, dangling, is_file, repeated
from netgen.scenario.network import RanNode, TowerNode
from netgen.scenario.radio import Atsc3Broadcast, CellularRadio, FixedBroadcast, ListedLayout
from netgen.scenario.schema import Scenario

_SHARE_SLACK = 1e-9


def radio_files_exist(draft: Draft) -> Iterator[Issue]:
    """Every file of sites or positions is there."""
    files: list[tuple[tuple[str, ...], Path]] = []
    for name, node in draft.scenario.nodes.items():
        if (
            isinstance(node, RanNode)
            and node.radio is not None
            and isinstance(node.radio.layout, ListedLayout)
        ):
            files.append((("nodes", name, "radio", "layout", "path"), node.radio.layout.path))
    for name, audience in draft.scenario.audiences.items():
        if isinstance(audience.mobility, Traced):
            files.append((("audiences", name, "mobility", "path"), audience.mobility.path))
    for keys, path in files:
        if not is_file(path):
            yield draft.issue(keys, f"is not a file; looked for {path}")


def is_located(scenario: Scenario, audience: Audience) -> bool:
    """Whether the radio of an audience depends on where its users are."""
    if any(isinstance(scenario.nodes.get(cell), RanNode) for cell in audience.cells):
        return True
    tower = scenario.nodes.get(audience.tower) if audience.tower is not None else None
    return isinstance(tower, TowerNode) and not isinstance(tower.radio, FixedBroadcast | None)


def networks_serve_alone(draft: Draft) -> Iterator[Issue]:
    """An audience is divided among cells of fixed rates, or is in one cellular network."""
    for name, audience in draft.scenario.audiences.items():
        networks = [cell for cell in audience.cells if isinstance(draft.scenario.nodes.get(cell), RanNode)]
        if networks and len(audience.cells) > 1:
            reason = f"names the cellular network {networks[0]} and other cells; accepted: one network, or cells alone"
            yield draft.issue(("audiences", name, "cells"), reason)


def places_make_sense(draft: Draft) -> Iterator[Issue]:
    """Users whose radio depends on where they are, are somewhere; areas and speeds are the right way round."""
    for name, audience in draft.scenario.audiences.items():
        keys, place, moves = ("audiences", name), audience.place, audience.mobility
        in_network = any(isinstance(draft.scenario.nodes.get(cell), RanNode) for cell in audience.cells)
        somewhere = isinstance(moves, Traced | Line) or in_network
        if place is None and not somewhere and is_located(draft.scenario, audience):
            reason = "is nowhere, but its tower is; accepted: for example place: {kind: disc, radius: 10 km}"
            yield draft.issue(keys, reason, at_key=True)
        if isinstance(place, NetworkPlace) and not in_network:
            reason = (
                "is the area of a cellular network, and cells names none; accepted: a disc or a rectangle"
            )
            yield draft.issue((*keys, "place"), reason)
        if isinstance(place, RectanglePlace):
            for axis, word in enumerate(("west", "south")):
                if place.low[axis] >= place.high[axis]:
                    reason = f"is not east and north of from; accepted: more than {place.low[axis]:g} m ({word} end)"
                    yield draft.issue((*keys, "place", "to"), reason)
        if isinstance(moves, RandomWaypoint | RandomDirection | Line | Streets | Group):
            low_mps, high_mps = moves.speed_mps
            if low_mps > high_mps:
                reason = f"has {high_mps:g} m/s after {low_mps:g} m/s; accepted: the lower speed first"
                yield draft.issue((*keys, "mobility", "speed"), reason)


def pipes_exist(draft: Draft) -> Iterator[Issue]:
    """A service that names a pipe is sent to a tower that has it; the pipes of a frame fit into it."""
    for name, node in draft.scenario.nodes.items():
        if isinstance(node, TowerNode) and isinstance(node.radio, Atsc3Broadcast):
            together = sum(pipe.share for pipe in node.radio.pipes.values())
            if together > 1.0 + _SHARE_SLACK:
                reason = f"have shares that add up to {together:g}; accepted: at most 1"
                yield draft.issue(("nodes", name, "radio", "pipes"), reason, at_key=True)
    for name, service in draft.scenario.services.items():
        if service.pipe is None:
            continue
        pipes = [
            pipe
            for receiver in service.receivers
            if isinstance(tower := draft.scenario.nodes.get(receiver), TowerNode)
            and isinstance(tower.radio, Atsc3Broadcast)
            for pipe in tower.radio.pipes
        ]
        if service.pipe not in pipes:
            accepted = ", ".join(dict.fromkeys(pipes)) or "none, no receiver is a tower with pipes"
            yield draft.issue(("services", name, "pipe"), f"is not a pipe of its tower; accepted: {accepted}")


def networks_refer_to_services(draft: Draft) -> Iterator[Issue]:
    """What a cellular network names is a service that is sent to it; a multicast is the same for everybody."""
    for name, node in draft.scenario.nodes.items():
        if not isinstance(node, RanNode) or node.radio is None:
            continue
        place = ("nodes", name, "radio")
        for service in node.radio.guarantees:
            yield from _sent_here(draft, (*place, "guarantees", service), service, name, at_key=True)
        for index, service in enumerate(node.radio.multicast):
            yield from _sent_here(draft, (*place, "multicast", index), service, name)
            sent = draft.scenario.services.get(service)
            if sent is not None and sent.personal:
                reason = "is personal, each user has bits of its own; accepted: services with personal: false"
                yield draft.issue((*place, "multicast", index), reason)
            if service in node.radio.guarantees:
                reason = "has a guarantee for each user; accepted: a service without guarantee"
                yield draft.issue((*place, "multicast", index), reason)
        yield from repeated(draft, (*place, "multicast"), node.radio.multicast)
        yield from _one_multicast_each(draft, name, node.radio)


def _sent_here(
    draft: Draft, keys: tuple[str | int, ...], service: str, network: str, *, at_key: bool = False
) -> Iterator[Issue]:
    """Yield an issue when a service does not exist or is not sent to a network."""
    yield from dangling(draft, keys, service, "services", at_key=at_key)
    sent = draft.scenario.services.get(service)
    if sent is not None and network not in sent.receivers:
        reason = f'"{service}" is not sent to {network}; accepted: a service with to: {network}'
        yield draft.issue(keys, reason, at_key=at_key)


def _one_multicast_each(draft: Draft, network: str, radio: CellularRadio) -> Iterator[Issue]:
    """Yield an issue when users watch several multicasts at once: a user listens to one."""
    for name, audience in draft.scenario.audiences.items():
        heard = [service for service in audience.watches if service in radio.multicast]
        if network in audience.cells and len(heard) > 1 and isinstance(audience.choice, WatchAll):
            both = " and ".join(heard[:2])
            reason = f"holds {both}, both multicast in {network}; accepted: one of them, or choice: zipf"
            yield draft.issue(("audiences", name, "watches"), reason)


RADIO_CHECKS: tuple[Check, ...] = (
    radio_files_exist,
    networks_serve_alone,
    places_make_sense,
    pipes_exist,
    networks_refer_to_services,
)


def radio_warnings(scenario: Scenario) -> Iterator[str]:
    """Yield settings of places and terminals that have no effect."""
    for name, audience in scenario.audiences.items():
        if is_located(scenario, audience):
            continue
        given = [
            key
            for key, differs in (
                ("place", audience.place is not None),
                ("mobility", not isinstance(audience.mobility, StayPut)),
                ("terminal", audience.terminal != Terminal()),
            )
            if differs
        ]
        if given:
            yield (
                f"audiences.{name}.{given[0]} has no effect: neither a cellular network nor a tower with transmitters "
                f"serves it"
            )
