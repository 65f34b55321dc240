"""Defects of faults: what breaks must be there, and break before the run ends."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from netgen.document.tree import Issue, Key
from netgen.errors import did_you_mean
from netgen.scenario.check import Check, Draft, dangling, of_kind
from netgen.scenario.collaboration_check import written_modes
from netgen.schema.network import RanNode
from netgen.schema.radio import HexagonalLayout

_EXAMPLES = {
    "tower": "the name of a tower",
    "cell": "the name of a cell or cellular network, or node:sector",
    "link": "a link, as in A -> B",
    "gpu": "the name of a node with a GPU",
}


def faults_say_where(draft: Draft) -> Iterator[Issue]:
    """All that can break has a place, but the one way between the cores."""
    for index, fault in enumerate(draft.scenario.faults):
        if fault.what == "cores" and fault.where is not None:
            reason = "does not go with what: cores, there is one way between them; accepted: null"
            yield draft.issue(("faults", index, "where"), reason)
        if fault.what != "cores" and fault.where is None:
            reason = f"has no where, but what: {fault.what} needs one; accepted: {_EXAMPLES[fault.what]}"
            yield draft.issue(("faults", index), reason, at_key=True)


def faulty_stations_exist(draft: Draft) -> Iterator[Issue]:
    """A tower that breaks is a tower; a cell is one, or a network, or a sector of a network."""
    for index, fault, keys in _placed(draft, "tower", "cell"):
        name, colon, sector = fault.partition(":")
        if draft.scenario.faults[index].what == "tower":
            yield from of_kind(draft, keys, fault, "tower")
        elif not colon:
            yield from of_kind(draft, keys, fault, "cell", "ran")
        elif not sector:
            yield draft.issue(keys, f"names no sector; accepted: {name}:SECTOR, or {name} for all of them")
        else:
            yield from of_kind(draft, keys, name, "ran")
            yield from _sector_exists(draft, keys, name, sector)


def hexagonal_sectors(layout: HexagonalLayout) -> list[str]:
    """Names of the sectors of a hexagonal layout, in order; a test compares them with those of the model."""
    return [
        f"site-{site + 1}-{sector + 1}" for site in range(layout.sites) for sector in range(layout.sectors)
    ]


def _sector_exists(draft: Draft, keys: tuple[Key, ...], name: str, sector: str) -> Iterator[Issue]:
    """Yield an issue when a hexagonal layout has no such sector; a file's sites are known once it is read."""
    node = draft.scenario.nodes.get(name)
    if (
        not isinstance(node, RanNode)
        or node.radio is None
        or not isinstance(node.radio.layout, HexagonalLayout)
    ):
        return
    known = hexagonal_sectors(node.radio.layout)
    if sector not in known:
        accepted = f"{name}:{known[0]} to {name}:{known[-1]}, or {name} for all of them"
        yield draft.issue(keys, f"names no sector of {name}; accepted: {accepted}")


def faulty_links_exist(draft: Draft) -> Iterator[Issue]:
    """A link that is cut is in the scenario, in the direction that is named."""
    known = draft.names.get("links", ())
    for _, where, keys in _placed(draft, "link"):
        if where in known:
            continue
        reason = f"is not a link; accepted: {', '.join(islice(known, 12)) or 'none, there are no links'}"
        if len(known) > 12:
            reason += f", ... ({len(known)} in all)"
        if "<->" in where:
            there, back = where.split("<->")
            reason = (
                f"is two links, one in each direction; accepted: a fault with where: {there}->{back}, and one with "
                f"where: {back}->{there}"
            )
        elif next(draft.hints, None) is not None:
            reason += did_you_mean(where, islice(known, 1000))
        yield draft.issue(keys, reason)


def faulty_gpus_exist(draft: Draft) -> Iterator[Issue]:
    """A GPU that fails is there."""
    owners = [name for name, node in draft.scenario.nodes.items() if node.gpu is not None]
    accepted = ", ".join(owners[:12]) or "none, no node has one"
    for _, where, keys in _placed(draft, "gpu"):
        yield from dangling(draft, keys, where, "nodes")
        node = draft.scenario.nodes.get(where)
        if node is not None and node.gpu is None:
            yield draft.issue(keys, f"has no GPU; accepted: {accepted}")


def faulty_cores_exist(draft: Draft) -> Iterator[Issue]:
    """The way between the cores can be cut where there are cores."""
    if written_modes(draft):
        return
    for index, fault in enumerate(draft.scenario.faults):
        if fault.what == "cores":
            reason = (
                "has no effect, no mode of collaboration uses the cores; accepted: a scenario with "
                "continuation, offloading or addition"
            )
            yield draft.issue(("faults", index, "what"), reason)


def faults_fit_the_duration(draft: Draft) -> Iterator[Issue]:
    """What breaks, breaks before the end of the run; it may be repaired after it."""
    duration_s = draft.scenario.duration_s
    for index, fault in enumerate(draft.scenario.faults):
        if fault.at_s >= duration_s:
            reason = (
                f"is not before the end of the run, which lasts {duration_s:g} s; accepted: less than that"
            )
            yield draft.issue(("faults", index, "at"), reason)


def _placed(draft: Draft, *kinds: str) -> Iterator[tuple[int, str, tuple[Key, ...]]]:
    """Yield number, place and keys of the faults of some kinds that have a place."""
    for index, fault in enumerate(draft.scenario.faults):
        if fault.what in kinds and fault.where is not None:
            yield index, fault.where, ("faults", index, "where")


FAULT_CHECKS: tuple[Check, ...] = (
    faults_say_where,
    faulty_stations_exist,
    faulty_links_exist,
    faulty_gpus_exist,
    faulty_cores_exist,
    faults_fit_the_duration,
)
