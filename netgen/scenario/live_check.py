"""Which contents and nodes are live, and defects of live runs: frames and something to run are needed."""

from __future__ import annotations

from collections.abc import Iterator

from netgen.document.tree import Issue
from netgen.scenario.check import Check, Draft
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


LIVE_CHECKS: tuple[Check, ...] = (live_contents_have_frames, live_actions_can_run)
