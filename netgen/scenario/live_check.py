"""What live runs and evaluations need: frames and something to run; services, a GPU, and labelled scenes."""

from __future__ import annotations

from collections.abc import Iterator

from netgen.document.tree import Issue
from netgen.scenario.check import Check, Draft, dangling, is_file, repeated
from netgen.schema.evaluation import Refetch
from netgen.schema.scenario import DeclaredAction, FileContent, Scenario, ScenesContent

_BY_PROFILE = "profile"
_LIVE = "live"


def live_contents(scenario: Scenario) -> tuple[str, ...]:
    """Contents whose real frames travel: what they say themselves, or else live where anything else is."""
    elsewhere = scenario.fidelity == _LIVE or any(node.fidelity == _LIVE for node in scenario.nodes.values())
    return tuple(
        name
        for name, content in scenario.contents.items()
        if (content.fidelity or (_LIVE if elsewhere else _BY_PROFILE)) == _LIVE
    )


def node_is_live(scenario: Scenario, node: str, content: str) -> bool:
    """Whether a node runs its actions on the frames of a content, if it gets any."""
    said = scenario.nodes[node].fidelity or scenario.contents[content].fidelity or scenario.fidelity
    return said == _LIVE


def live_contents_have_frames(draft: Draft) -> Iterator[Issue]:
    """Only video files and labelled scenes have frames."""
    for name in live_contents(draft.scenario):
        content = draft.scenario.contents[name]
        if not isinstance(content, FileContent | ScenesContent):
            reason = (
                f"is {content.kind} and has no frames, but runs live; accepted: kind: file or scenes, or "
                "fidelity: profile for this content"
            )
            yield draft.issue(("contents", name, "kind"), reason)


def live_actions_can_run(draft: Draft) -> Iterator[Issue]:
    """An action that the author declares has nothing to run, unless it is said."""
    if not live_contents(draft.scenario):
        return
    for name, action in draft.scenario.actions.items():
        if isinstance(action, DeclaredAction) and action.run is None:
            reason = (
                "is declared and names nothing to run, but the scenario is live; accepted: run: with the name of a "
                "variant (netgen actions lists them) or file.py:Class"
            )
            yield draft.issue(("actions", name), reason, at_key=True)


def evaluations_name_what_exists(draft: Draft) -> Iterator[Issue]:
    """Services, nodes, actions and files of evaluations are there, and no service is evaluated twice."""
    taken: dict[str, str] = {}
    for name, evaluation in draft.scenario.evaluations.items():
        place = ("evaluations", name)
        yield from repeated(draft, (*place, "services"), evaluation.services)
        for index, service in enumerate(evaluation.services):
            yield from dangling(draft, (*place, "services", index), service, "services")
            if taken.setdefault(service, name) != name:
                reason = f"is evaluated by {taken[service]} already; accepted: one evaluation of a service"
                yield draft.issue((*place, "services", index), reason)
        yield from dangling(draft, (*place, "at"), evaluation.node, "nodes")
        for action in evaluation.measured_as:
            yield from dangling(draft, (*place, "measured_as", action), action, "actions", at_key=True)
        if isinstance(evaluation.then, Refetch) and evaluation.then.action is not None:
            yield from dangling(draft, (*place, "then", "action"), evaluation.then.action, "actions")
        if evaluation.path is not None and not is_file(evaluation.path):
            yield draft.issue((*place, "path"), f"is not a file; looked for {evaluation.path}")


def evaluations_can_be_done(draft: Draft) -> Iterator[Issue]:
    """Raters need a GPU; what they say was measured on labelled scenes, once per receiver, from profiles."""
    scenario = draft.scenario
    for name, evaluation in scenario.evaluations.items():
        place = ("evaluations", name)
        node = scenario.nodes.get(evaluation.node)
        if node is not None and node.gpu is None:
            owners = [other for other, one in scenario.nodes.items() if one.gpu is not None]
            yield draft.issue(
                (*place, "at"), f"has no GPU; accepted: {', '.join(owners) or 'none, no node has one'}"
            )
        for index, service_name in enumerate(evaluation.services):
            service = scenario.services.get(service_name)
            content = None if service is None else scenario.contents.get(service.content)
            if service is None or content is None:
                continue
            towers = [
                one
                for one in service.receivers
                if one in scenario.nodes and scenario.nodes[one].kind == "tower"
            ]
            reason = ""
            if content.content_class != "labelled":
                reason = f"sends {service.content} of the class {content.content_class}; accepted: labelled"
            elif service.personal:
                reason = "is personal; accepted: services whose users all get the same"
            elif towers:
                reason = f"goes to the tower {towers[0]}, which shows nothing itself; accepted: cells and other nodes"
            elif service.content in live_contents(scenario):
                reason = "is live, and ratings were measured; accepted: fidelity: profile"
            if reason:
                yield draft.issue((*place, "services", index), reason)


LIVE_CHECKS: tuple[Check, ...] = (
    live_contents_have_frames,
    live_actions_can_run,
    evaluations_name_what_exists,
    evaluations_can_be_done,
)
