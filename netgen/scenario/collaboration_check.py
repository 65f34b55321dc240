"""Defects of the collaboration between broadcast and cellular: its services, policies and users."""

from __future__ import annotations

from collections.abc import Iterator

from netgen.document.tree import Issue, Key
from netgen.scenario.check import Check, Draft, dangling, repeated
from netgen.scenario.expansion import BUILTIN_POLICY, BUILTIN_SERVICE_POLICY
from netgen.schema.collaboration import Addition, Collaboration, Continuation, Offloading
from netgen.schema.network import CellNode, RanNode, TowerNode
from netgen.schema.radio import FixedBroadcast
from netgen.schema.scenario import Scenario, Service

_CELLS = ("cell", "ran")
_TOWER = ("tower",)
Mode = Continuation | Offloading | Addition
Place = tuple[Key, ...]


def modes(scenario: Scenario) -> list[tuple[str, Mode]]:
    """Return the modes of collaboration that a scenario has, each by the name of its section."""
    together = scenario.collaboration
    if together is None:
        return []
    named: list[tuple[str, Mode | None]] = [
        ("continuation", together.continuation),
        ("offloading", together.offloading),
        ("addition", together.addition),
    ]
    return [(name, mode) for name, mode in named if mode is not None]


_MODES = ("continuation", "offloading", "addition")
_KEYS = frozenset(field.alias or name for name, field in Collaboration.model_fields.items())


def written_modes(draft: Draft) -> tuple[str, ...]:
    """Return the modes that the document has, those of a wrong shape too; all where one cannot tell."""
    together = draft.root.mapping.get("collaboration")
    if together is None or together.value is None:
        return ()
    if not isinstance(together.value, dict) or not together.value.keys() <= _KEYS:
        return _MODES
    return tuple(
        name for name in _MODES if name in together.mapping and together.mapping[name].value is not None
    )


def _listed(draft: Draft, *names: str) -> Iterator[tuple[Place, str, str, Service]]:
    """Yield place, mode, name and service of all that is listed in some of the modes and exists."""
    for mode_name, mode in modes(draft.scenario):
        for index, name in enumerate(mode.services):
            service = draft.scenario.services.get(name)
            if mode_name in names and service is not None:
                yield ("collaboration", mode_name, "services", index), mode_name, name, service


def _goes_to(scenario: Scenario, service: Service, kinds: tuple[str, ...]) -> bool:
    """Whether a receiver is of one of the kinds, or not known: then another check reports it."""
    receivers = [scenario.nodes.get(receiver) for receiver in service.receivers]
    return any(node is None or node.kind in kinds for node in receivers)


def modes_name_services_once(draft: Draft) -> Iterator[Issue]:
    """The services of a mode are in the scenario, and no mode has one twice."""
    for mode_name, mode in modes(draft.scenario):
        place = ("collaboration", mode_name, "services")
        for index, name in enumerate(mode.services):
            yield from dangling(draft, (*place, index), name, "services")
        yield from repeated(draft, place, mode.services)


def modes_have_policies(draft: Draft) -> Iterator[Issue]:
    """The policy of a mode is in the scenario, or built in."""
    for mode_name, mode in modes(draft.scenario):
        place = ("collaboration", mode_name, "policy")
        yield from dangling(
            draft,
            place,
            mode.policy,
            "policies",
            builtin=(BUILTIN_SERVICE_POLICY,),
            unsuited=(BUILTIN_POLICY,),
        )


def addition_has_its_action(draft: Draft) -> Iterator[Issue]:
    """The action by which enhancements are generated is in the scenario."""
    together = draft.scenario.collaboration
    if together is not None and together.addition is not None and together.addition.action is not None:
        yield from dangling(
            draft, ("collaboration", "addition", "action"), together.addition.action, "actions"
        )


def moved_services_have_both_ways(draft: Draft) -> Iterator[Issue]:
    """What is continued or offloaded goes to a tower and to cells, between which it can move."""
    for place, mode_name, name, service in _listed(draft, "continuation", "offloading"):
        for kinds, what in ((_TOWER, "tower"), (_CELLS, "cell or cellular network")):
            if not _goes_to(draft.scenario, service, kinds):
                reason = (
                    f"is sent to no {what}, {mode_name} moves it between a tower and cells; "
                    f"accepted: services.{name} with a {what} in to"
                )
                yield draft.issue(place, reason)


def moved_services_are_for_all(draft: Draft) -> Iterator[Issue]:
    """What is continued or offloaded is the same for everybody, and a service of its own."""
    for place, mode_name, name, service in _listed(draft, "continuation", "offloading"):
        if service.personal:
            reason = (
                f"is personal, a tower sends the same to everybody; accepted: services with personal: false "
                f"in {mode_name}"
            )
            yield draft.issue(place, reason)
        elif service.enhances is not None:
            reason = f"enhances {service.enhances}; accepted: {service.enhances}, or {name} in addition"
            yield draft.issue(place, reason)


def moved_services_are_unicast(draft: Draft) -> Iterator[Issue]:
    """One tree to all receivers would bring every segment to tower and cells alike."""
    found: dict[str, str] = {}
    for _, mode_name, name, service in _listed(draft, "continuation", "offloading"):
        if service.cast == "multicast":
            found.setdefault(name, mode_name)
    for name, mode_name in found.items():
        reason = f"brings each segment to tower and cells alike, {mode_name} gives it to one of them; accepted: unicast"
        yield draft.issue(("services", name, "cast"), reason)


def added_services_are_personal_enhancements(draft: Draft) -> Iterator[Issue]:
    """What is added differs from user to user, adds to a common stream, and comes from a cell."""
    for place, _, name, service in _listed(draft, "addition"):
        if service.enhances is None:
            reason = f"enhances nothing; accepted: services.{name} with enhances, the service that it adds to"
            yield draft.issue(place, reason)
        if not service.personal:
            reason = f"is the same for everybody; accepted: services.{name} with personal: true"
            yield draft.issue(place, reason)
        if not _goes_to(draft.scenario, service, _CELLS):
            reason = f"is sent to no cell; accepted: services.{name} with a cell or cellular network in to"
            yield draft.issue(place, reason)


COLLABORATION_CHECKS: tuple[Check, ...] = (
    modes_name_services_once,
    modes_have_policies,
    addition_has_its_action,
    moved_services_have_both_ways,
    moved_services_are_for_all,
    moved_services_are_unicast,
    added_services_are_personal_enhancements,
)


def collaboration_warnings(scenario: Scenario) -> Iterator[str]:
    """Yield what of the collaboration has no effect, and whom it cannot serve."""
    yield from _unused_shares(scenario)
    together = scenario.collaboration
    if together is None:
        return
    if not modes(scenario) and together.admission is None:
        yield "collaboration has no effect: it has neither continuation, offloading, addition nor admission"
    continuation = together.continuation
    if continuation is not None and continuation.horizon_s < together.cores.period_s:
        yield (
            f"collaboration.continuation.horizon is {continuation.horizon_s:g} s, less than cores.period, which is "
            f"{together.cores.period_s:g} s: what turns poor in between is not foreseen"
        )
    yield from _bound_users(scenario)
    if together.addition is not None:
        yield from _nowhere_generated(scenario, together.addition)


def _bound_users(scenario: Scenario) -> Iterator[str]:
    """Yield the audiences that watch what moves between a tower and cells, and have not both; once for each mode."""
    for mode_name, mode in modes(scenario):
        if isinstance(mode, Addition):
            continue
        moved = frozenset(mode.services)
        for name, audience in scenario.audiences.items():
            for watched in audience.watches:
                if watched not in moved:
                    continue
                receivers = scenario.services[watched].receivers
                absent = [cell for cell in audience.cells if cell not in receivers]
                lacks = []
                if audience.tower not in receivers:
                    lacks.append("has no tower to which it is sent")
                if not audience.cells:
                    lacks.append("has no cells")
                elif absent:
                    lacks.append(f"has cells to which it is not sent ({', '.join(absent)})")
                if lacks:
                    yield (
                        f"audiences.{name} watches {watched}, which {mode_name} moves between a tower and cells, and "
                        f"{' and '.join(lacks)}: users there cannot be moved"
                    )
                    break


def _nowhere_generated(scenario: Scenario, addition: Addition) -> Iterator[str]:
    """Yield when no cell and no terminal can run the action of addition."""
    if addition.action is None:
        return
    at_cells = any(
        isinstance(node := scenario.nodes.get(receiver), CellNode | RanNode)
        and node.gpu is not None
        and (node.actions is None or addition.action in node.actions)
        for name in addition.services
        for receiver in scenario.services[name].receivers
    )
    at_terminals = any(
        audience.terminal.generator is not None and set(audience.watches) & set(addition.services)
        for audience in scenario.audiences.values()
    )
    if not (at_cells or at_terminals):
        yield (
            "collaboration.addition.action has no effect: no cell that sends the enhancements has a GPU that may run "
            "it, and no terminal of their users a generator"
        )


def _unused_shares(scenario: Scenario) -> Iterator[str]:
    """Yield what is said about repair where nothing is repaired."""
    together = scenario.collaboration
    continued = together.continuation.services if together is not None and together.continuation else ()
    senders = {receiver for service in continued for receiver in scenario.services[service].receivers}
    for name, node in scenario.nodes.items():
        if not isinstance(node, TowerNode) or not isinstance(node.radio, FixedBroadcast):
            continue
        if node.radio.lost_share != FixedBroadcast.model_fields["lost_share"].default and name not in senders:
            yield f"nodes.{name}.radio.lost_share has no effect: continuation has no service that the tower sends"
