"""Defects of audiences: where their users are, when they come and go, what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from math import dist
from pathlib import Path

from netgen.document.tree import Issue, Key
from netgen.scenario.check import Check, Draft, is_file
from netgen.scenario.radio_check import is_located
from netgen.schema.audience import AlongLine as Line
from netgen.schema.audience import (
    Audience,
    LiveEventJoin,
    NetworkPlace,
    RampJoin,
    RandomDirection,
    RandomWaypoint,
    StayPut,
    StepJoin,
    Terminal,
    Traced,
    TraceJoin,
)
from netgen.schema.audience import GroupWalk as Group
from netgen.schema.audience import StreetGrid as Streets
from netgen.schema.network import RanNode, TowerNode
from netgen.schema.places import RectanglePlace
from netgen.schema.radio import FixedBroadcast
from netgen.schema.scenario import Scenario

_SHORTEST_SIDE_M = 1.0
_RADIO_KEYS = ("height_m", "indoor", "floors", "high_loss", "in_car", "receiver")


def audience_files_exist(draft: Draft) -> Iterator[Issue]:
    """Every file of positions or of joining users is there."""
    for name, audience in draft.scenario.audiences.items():
        files: list[tuple[str, Path]] = []
        if isinstance(audience.mobility, Traced):
            files.append(("mobility", audience.mobility.path))
        if isinstance(audience.join, TraceJoin):
            files.append(("join", audience.join.path))
        for key, path in files:
            if not is_file(path):
                yield draft.issue(("audiences", name, key, "path"), f"is not a file; looked for {path}")


def places_make_sense(draft: Draft) -> Iterator[Issue]:
    """Users whose radio depends on where they are, are somewhere; areas are the right way round."""
    for name, audience in draft.scenario.audiences.items():
        keys, place = ("audiences", name), audience.place
        in_network = any(isinstance(draft.scenario.nodes.get(cell), RanNode) for cell in audience.cells)
        somewhere = isinstance(audience.mobility, Traced | Line) or in_network
        if place is None and not somewhere and is_located(draft.scenario, audience):
            reason = (
                f"has no place, but what {audience.tower} sends is received according to it; "
                "accepted: for example place: {kind: disc, radius: 10 km}"
            )
            yield draft.issue(keys, reason, at_key=True)
        if isinstance(place, NetworkPlace) and not in_network:
            reason = (
                "is the area of a cellular network, and cells names none; accepted: a disc or a rectangle"
            )
            yield draft.issue((*keys, "place"), reason)
        if isinstance(place, RectanglePlace):
            yield from _is_right_way_round(draft, (*keys, "place"), place)


def holes_make_sense(draft: Draft) -> Iterator[Issue]:
    """Areas without reception are the right way round."""
    for name, node in draft.scenario.nodes.items():
        if not isinstance(node, TowerNode) or node.radio is None:
            continue
        for index, hole in enumerate(node.radio.holes):
            if isinstance(hole, RectanglePlace):
                yield from _is_right_way_round(draft, ("nodes", name, "radio", "holes", index), hole)


def _is_right_way_round(draft: Draft, keys: tuple[Key, ...], place: RectanglePlace) -> Iterator[Issue]:
    """Yield an issue for each axis on which a rectangle has no length."""
    for axis, word in enumerate(("east", "north")):
        if place.high[axis] < place.low[axis] + _SHORTEST_SIDE_M:
            least_m = place.low[axis] + _SHORTEST_SIDE_M
            reason = f"is not {word} of from; accepted: at least {least_m:g} m"
            yield draft.issue((*keys, "to", axis), reason)


def movements_make_sense(draft: Draft) -> Iterator[Issue]:
    """The lower speed comes first; a line has no two corners at one place."""
    for name, audience in draft.scenario.audiences.items():
        keys, moves = ("audiences", name, "mobility"), audience.mobility
        if isinstance(moves, RandomWaypoint | RandomDirection | Line | Streets | Group):
            low_mps, high_mps = moves.speed_mps
            if low_mps > high_mps:
                reason = f"has {high_mps:g} m/s after {low_mps:g} m/s; accepted: the lower speed first"
                yield draft.issue((*keys, "speed"), reason)
        if isinstance(moves, Line):
            for index, (before, here) in enumerate(pairwise(moves.points), start=1):
                if dist(before, here) < _SHORTEST_SIDE_M:
                    reason = (
                        f"is the corner before it again; accepted: at least {_SHORTEST_SIDE_M:g} m from it"
                    )
                    yield draft.issue((*keys, "points", index), reason)


AUDIENCE_CHECKS: tuple[Check, ...] = (
    audience_files_exist,
    places_make_sense,
    holes_make_sense,
    movements_make_sense,
)


def audience_warnings(scenario: Scenario) -> Iterator[str]:
    """Yield settings of places, terminals and arrivals without effect."""
    for name, audience in scenario.audiences.items():
        place = f"audiences.{name}"
        yield from _unused_places(scenario, name, audience)
        yield from _unused_terminals(scenario, name, audience)
        starts_s = _growth_starts_s(audience)
        if starts_s is not None and starts_s >= scenario.duration_s:
            yield f"{place}.join: who is not there from the start comes at {starts_s:g} s, after the end of the run"


def _growth_starts_s(audience: Audience) -> float | None:
    """When the users who are not there from the start begin to come; None where that is at the start."""
    join = audience.join
    if isinstance(join, StepJoin):
        return join.at_s
    if isinstance(join, RampJoin):
        return join.start_s
    return join.start_s - join.rise_s if isinstance(join, LiveEventJoin) else None


def _unused_places(scenario: Scenario, name: str, audience: Audience) -> Iterator[str]:
    """Yield what is said about where users are, and nothing depends on."""
    if is_located(scenario, audience):
        if audience.place is not None and isinstance(audience.mobility, Traced | Line):
            yield f"audiences.{name}.place has no effect: users are where their mobility has them"
        return
    why = "neither a cellular network nor a tower with transmitters or holes serves it"
    if audience.place is not None:
        yield f"audiences.{name}.place has no effect: {why}"
    elif not isinstance(audience.mobility, StayPut):
        yield f"audiences.{name}.mobility has no effect: {why}"


def _unused_terminals(scenario: Scenario, name: str, audience: Audience) -> Iterator[str]:
    """Yield what is said about terminals, and nothing depends on."""
    terminal, plain, place = audience.terminal, Terminal(), f"audiences.{name}.terminal"
    tower = scenario.nodes.get(audience.tower) if audience.tower is not None else None
    by_network = any(isinstance(scenario.nodes.get(cell), RanNode) for cell in audience.cells)
    by_transmitters = isinstance(tower, TowerNode) and not isinstance(tower.radio, FixedBroadcast | None)
    if not (by_network or by_transmitters):
        given = [key for key in _RADIO_KEYS if getattr(terminal, key) != getattr(plain, key)]
        if given:
            key = Terminal.model_fields[given[0]].alias or given[0]
            yield f"{place}.{key} has no effect: neither a cellular network nor a tower with transmitters serves it"
    if audience.tower is None and terminal.tuner != plain.tuner:
        yield f"{place}.tuner has no effect: the audience has no tower"
    addition = scenario.collaboration.addition if scenario.collaboration is not None else None
    added = addition is not None and addition.action is not None
    contracted = any(getattr(node, "actions", ()) for node in scenario.nodes.values())
    if terminal.generator is not None and not (
        contracted or (added and addition is not None and set(addition.services) & set(audience.watches))
    ):
        yield (
            f"{place}.generator has no effect: collaboration.addition has no action for a service that it watches, "
            "and no node has actions"
        )
    if terminal.battery_joule is not None and terminal.generator is None:
        yield f"{place}.battery has no effect: nothing is generated in the terminal"
    if terminal.battery_joule is None and terminal.charge != plain.charge:
        yield f"{place}.charge has no effect: the terminal has no battery"
