"""Defects of the whole: what is sent must have a way, what is watched must arrive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import pairwise

from netgen.document.tree import Issue
from netgen.scenario.audience_check import AUDIENCE_CHECKS, audience_warnings
from netgen.scenario.check import ENTRY_CHECKS, Check, Draft, amounts_fit_into_memory
from netgen.scenario.collaboration_check import COLLABORATION_CHECKS, collaboration_warnings, modes
from netgen.scenario.faults_check import FAULT_CHECKS
from netgen.scenario.live_check import LIVE_CHECKS
from netgen.scenario.policy_check import POLICY_CHECKS
from netgen.scenario.radio_check import RADIO_CHECKS, radio_warnings
from netgen.schema.scenario import ExplicitRoute, Scenario, Service

_FEW_SOURCES = 50


def _reached_from(scenario: Scenario, sources: set[str]) -> dict[str, frozenset[str]]:
    """Return for each source all nodes to which links lead from it, itself included.

    Nodes that reach each other reach the same ones, so one search is made for each such group: thousands of
    sources in one large mesh would otherwise take a minute.
    """
    following: dict[str, list[str]] = {}
    for link in scenario.links.values():
        following.setdefault(link.source, []).append(link.target)
    representative = _representatives(following) if len(sources) > _FEW_SOURCES else {}
    found: dict[str, frozenset[str]] = {}
    for source in sorted(sources):
        first = representative.get(source, source)
        if first not in found:
            found[first] = _search(following, first)
        found[source] = found[first]
    return found


def _search(following: Mapping[str, list[str]], source: str) -> frozenset[str]:
    reached, frontier = {source}, [source]
    while frontier:
        for target in following.get(frontier.pop(), []):
            if target not in reached:
                reached.add(target)
                frontier.append(target)
    return frozenset(reached)


def _representatives(following: Mapping[str, list[str]]) -> dict[str, str]:
    """Return for each node one node of its strongly connected component."""
    import networkx as nx  # noqa: PLC0415  (takes 0.14 s, needed by few scenarios)

    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_edges_from((source, target) for source, targets in following.items() for target in targets)
    representative: dict[str, str] = {}
    for component in nx.strongly_connected_components(graph):
        representative |= dict.fromkeys(component, min(component))
    return representative


def receivers_are_reached(draft: Draft) -> Iterator[Issue]:
    """Links lead from the source of a service, and of background traffic, to everyone who receives."""
    scenario = draft.scenario
    reached = _reached_from(scenario, _sources(scenario))
    for name, service in scenario.services.items():
        if isinstance(service.route, ExplicitRoute):
            continue
        for index, receiver in enumerate(service.receivers):
            if receiver not in reached[service.source]:
                reason = f"is not reached from {service.source}; accepted: a receiver to which links lead"
                yield draft.issue(("services", name, "to", index), reason)
    for name, flow in scenario.background.items():
        if flow.target not in reached[flow.source]:
            reason = f"is not reached from {flow.source}; accepted: a node to which links lead"
            yield draft.issue(("background", name, "to"), reason)


def _sources(scenario: Scenario) -> set[str]:
    services = {service.source for service in scenario.services.values()}
    return services | {flow.source for flow in scenario.background.values()}


def explicit_paths_are_paths(draft: Draft) -> Iterator[Issue]:
    """An explicit path begins at the source, follows links, visits no node twice, and ends at a receiver."""
    for name, service in draft.scenario.services.items():
        if not isinstance(service.route, ExplicitRoute):
            continue
        for index, path in enumerate(service.route.paths):
            place = ("services", name, "route", "paths", index)
            yield from _path_issues(draft, service, place, path)
        ends = Counter(path[-1] for path in service.route.paths)
        for index, receiver in enumerate(service.receivers):
            if ends[receiver] != 1:
                reason = f"is at the end of {ends[receiver]} paths; accepted: one path to each receiver"
                yield draft.issue(("services", name, "to", index), reason)


def _path_issues(
    draft: Draft, service: Service, place: tuple[str | int, ...], path: tuple[str, ...]
) -> Iterator[Issue]:
    if path[0] != service.source:
        yield draft.issue((*place, 0), f"is not the node that sends; accepted: {service.source}")
    if path[-1] not in service.receivers:
        accepted = ", ".join(service.receivers)
        yield draft.issue((*place, len(path) - 1), f"is not a receiver of the service; accepted: {accepted}")
    visited = {path[0]}
    for hop, (source, target) in enumerate(pairwise(path), start=1):
        if f"{source}->{target}" not in draft.scenario.links:
            onward = sorted(link.target for link in draft.scenario.links.values() if link.source == source)
            reason = f"is not linked from {source}; accepted: {', '.join(onward) or f'none, no link leaves {source}'}"
            yield draft.issue((*place, hop), reason)
        if target in visited:
            yield draft.issue((*place, hop), "is visited twice; accepted: each node once")
        visited.add(target)


def stations_have_viewers(draft: Draft) -> Iterator[Issue]:
    """A tower or cell that receives a service has an audience that watches it there."""
    scenario = draft.scenario
    for name, service in scenario.services.items():
        for index, receiver in enumerate(service.receivers):
            kind = scenario.nodes[receiver].kind
            if kind in ("tower", "cell", "ran") and not any(
                name in audience.watches and (receiver == audience.tower or receiver in audience.cells)
                for audience in scenario.audiences.values()
            ):
                reason = f"is a {kind} where no audience watches {name}; accepted: an audience with watches: [{name}]"
                yield draft.issue(("services", name, "to", index), reason)


def watched_services_arrive(draft: Draft) -> Iterator[Issue]:
    """What an audience watches is sent to its tower, or to every one of its cells."""
    for name, audience in draft.scenario.audiences.items():
        for index, watched in enumerate(audience.watches):
            receivers = frozenset(draft.scenario.services[watched].receivers)
            absent = [cell for cell in audience.cells if cell not in receivers]
            if audience.tower in receivers or (audience.cells and not absent):
                continue
            by_tower = f"to: {audience.tower}" if audience.tower is not None else ""
            by_cells = f"to: [{', '.join(audience.cells)}]" if audience.cells else ""
            accepted = " or ".join(part for part in (by_tower, by_cells) if part)
            missing = (
                f" (not sent to {', '.join(absent)})" if absent and len(absent) < len(audience.cells) else ""
            )
            reason = f"never reaches this audience{missing}; accepted: services.{watched} with {accepted}"
            yield draft.issue(("audiences", name, "watches", index), reason)


def personal_services_have_cells(draft: Draft) -> Iterator[Issue]:
    """Only a cell can give each user bits of its own."""
    for name, service in draft.scenario.services.items():
        kinds = {draft.scenario.nodes[receiver].kind for receiver in service.receivers}
        if service.personal and not kinds & {"cell", "ran"}:
            reason = "has no effect, no receiver is a cell; accepted: false, or a cell among the receivers"
            yield draft.issue(("services", name, "personal"), reason)


def enhancements_keep_step(draft: Draft) -> Iterator[Issue]:
    """Segment k of an enhancement belongs to segment k of its common service: both cover the same time."""
    scenario = draft.scenario
    for name, service in scenario.services.items():
        if service.enhances is None:
            continue
        common = scenario.services[service.enhances]
        for key, own, theirs in (
            ("start", f"{service.start_s:g} s", f"{common.start_s:g} s"),
            ("arrivals", service.arrivals, "periodic"),
            ("enhances", common.arrivals, "periodic"),
        ):
            if own != theirs:
                reason = f"does not keep step with {service.enhances}; accepted: {key}: {theirs}"
                if key == "enhances":
                    reason = f"names a service with arrivals: {own}; accepted: one with arrivals: {theirs}"
                yield draft.issue(("services", name, key), reason)
        own_s, common_s = (scenario.contents[s.content].segment_s for s in (service, common))
        if own_s != common_s:
            reason = (
                f"has segments of {own_s:g} s, {service.enhances} has segments of {common_s:g} s; "
                f"accepted: a content with segments of {common_s:g} s"
            )
            yield draft.issue(("services", name, "content"), reason)


WHOLE_CHECKS: tuple[Check, ...] = (
    receivers_are_reached,
    explicit_paths_are_paths,
    stations_have_viewers,
    watched_services_arrive,
    personal_services_have_cells,
    enhancements_keep_step,
    amounts_fit_into_memory,
)


def find_defects(draft: Draft, *, complete: bool) -> list[Issue]:
    """Run all checks; those of the whole only when every entry is there and no reference dangles."""
    checks = (
        *ENTRY_CHECKS,
        *RADIO_CHECKS,
        *AUDIENCE_CHECKS,
        *COLLABORATION_CHECKS,
        *POLICY_CHECKS,
        *FAULT_CHECKS,
        *LIVE_CHECKS,
    )
    issues = [issue for check in checks for issue in check(draft)]
    if complete and not issues:
        issues = [issue for check in WHOLE_CHECKS for issue in check(draft)]
    return issues


def scenario_warnings(scenario: Scenario) -> tuple[str, ...]:
    """Return what is probably not meant: entries that nothing uses, and settings without effect."""
    return (
        *_unused(scenario),
        *_without_effect(scenario),
        *radio_warnings(scenario),
        *audience_warnings(scenario),
        *collaboration_warnings(scenario),
    )


def _unused(scenario: Scenario) -> Iterator[str]:
    services, nodes = scenario.services.values(), scenario.nodes.values()
    contents = {service.content for service in services}
    policies = (
        {service.policy for service in services}
        | {node.policy for node in nodes}
        | {mode.policy for _, mode in modes(scenario)}
        | {scenario.baseline}
    )
    runnable = {
        name
        for node in nodes
        if node.gpu is not None
        for name in (scenario.actions if node.actions is None else node.actions)
    }
    addition = scenario.collaboration.addition if scenario.collaboration is not None else None
    if addition is not None and addition.action is not None:
        runnable.add(addition.action)
    for section, names, used, why in (
        ("contents", scenario.contents, contents, "no service sends it"),
        (
            "policies",
            scenario.policies,
            policies,
            "no service, node, mode of collaboration or baseline names it",
        ),
        ("actions", scenario.actions, runnable, "no node with a GPU may run it"),
    ):
        yield from (f"{section}.{name} is not used: {why}" for name in names if name not in used)
    if not scenario.services:
        yield "services is empty: nothing is sent"


def _without_effect(scenario: Scenario) -> Iterator[str]:
    for name, node in scenario.nodes.items():
        if node.gpu is None and node.actions:
            yield f"nodes.{name}.actions has no effect: the node has no GPU"
        if (
            node.kind == "cell"
            and node.radio is not None
            and node.radio.peak_rate_bps > node.radio.capacity_bps
        ):
            yield f"nodes.{name}.radio.peak_rate is above the cell's capacity, which limits it"
    for name, service in scenario.services.items():
        if service.stop_s is not None and service.stop_s > scenario.duration_s:
            yield f"services.{name}.stop is after the end of the run"
