"""What a scenario means: one small function for each kind of defect that its shape cannot show."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import islice, pairwise
from pathlib import Path

from netgen.document.tree import Issue, Item, Key, child_path, deepest, issue_at
from netgen.errors import did_you_mean
from netgen.scenario.expansion import (
    BUILTIN_POLICY,
    BUILTIN_SERVICE_POLICY,
    POLICY_FILE,
    policy_folders,
)
from netgen.schema.loss import CodedLoss, SteppedSnr
from netgen.schema.network import ConstantCapacity, SteppedCapacity, TracedCapacity
from netgen.schema.scenario import FileContent, ParametricContent, Scenario, ScenesContent, TraceContent

_MOST_HINTS = 100
_MOST_COMPARED = 1000
# What is held in memory at once: beyond these a run would end by running out of it, hours later or at once.
_MOST_INTERVALS = 1_000_000
_MOST_SEGMENTS = 10_000_000
_MOST_PACKETS = 10_000_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A scenario of the right shape, with what is needed to judge and place its defects.

    Parameters
    ----------
    scenario : Scenario         Without the entries whose shape is wrong.
    root : Item                 The document, with places.
    names : mapping             Section to all its names, those of wrong entries too.
    hints : iterator            Runs out after so many typo hints as a report shows; each takes milliseconds.
    """

    scenario: Scenario
    root: Item
    names: Mapping[str, Collection[str]]
    hints: Iterator[int] = field(default_factory=lambda: iter(range(_MOST_HINTS)))

    def issue(self, keys: Iterable[Key], reason: str, *, at_key: bool = False) -> Issue:
        """Return an issue at the place of `keys`, or of the nearest value above it that is written."""
        item, _ = deepest(self.root, list(keys))
        return issue_at(item, reason, at_key=at_key)


_SINGULAR = {
    "nodes": "a node",
    "contents": "a content",
    "actions": "an action",
    "policies": "a policy",
    "services": "a service",
}
Check = Callable[[Draft], Iterator[Issue]]


def dangling(
    draft: Draft,
    keys: tuple[Key, ...],
    name: str,
    section: str,
    *,
    builtin: tuple[str, ...] = (),
    unsuited: tuple[str, ...] = (),
    at_key: bool = False,
) -> Iterator[Issue]:
    """Yield an issue when `name` is neither in a section nor built in; what is unsuited is not offered instead."""
    known: Collection[str] = draft.names.get(section, ())
    if name in known or name in builtin:
        return
    known = [other for other in known if other not in unsuited]
    if builtin:
        known = (*known, *(other for other in builtin if other not in known))
    listed = ", ".join(islice(known, 12)) + (f", ... ({len(known)} in all)" if len(known) > 12 else "")
    what = f'"{name}" is' if at_key else "is"
    accepted = listed or f"none, there are no {section}"
    reason = f"{what} not {_SINGULAR[section]}; accepted: {accepted}{_hint(draft, name, known)}"
    yield draft.issue(keys, reason, at_key=at_key)


def _hint(draft: Draft, name: str, known: Collection[str]) -> str:
    """Return the nearest name, in bounded time: a hostile file has thousands of names and of typos."""
    if next(draft.hints, None) is None:
        return ""
    alike = (other for other in known if abs(len(other) - len(name)) <= 3)
    return did_you_mean(name, list(islice(alike, _MOST_COMPARED)))


def repeated(draft: Draft, keys: tuple[Key, ...], names: tuple[str, ...]) -> Iterator[Issue]:
    """Yield an issue for each name that a list holds a second time."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            yield draft.issue((*keys, index), "is repeated; accepted: each name once")
        seen.add(name)


def links_join_two_nodes(draft: Draft) -> Iterator[Issue]:
    """Both ends of a link are nodes, and not the same one."""
    for key, link in draft.scenario.links.items():
        for end in (link.source, link.target):
            yield from dangling(draft, ("links", key), end, "nodes", at_key=True)
        if link.source == link.target:
            yield draft.issue(
                ("links", key), "joins a node with itself; accepted: two different nodes", at_key=True
            )


def capacities_carry_something(draft: Draft) -> Iterator[Issue]:
    """A capacity is not zero for ever."""
    for key, link in draft.scenario.links.items():
        capacity, place = link.capacity, ("links", key, "capacity")
        if isinstance(capacity, ConstantCapacity) and capacity.rate_bps == 0:
            yield draft.issue(
                (*place, "rate"), "carries nothing; accepted: > 0 bit/s, or steps that are 0 for a while"
            )
        if isinstance(capacity, SteppedCapacity) and all(rate_bps == 0 for _, rate_bps in capacity.steps):
            yield draft.issue((*place, "steps"), "carries nothing; accepted: at least one step > 0 bit/s")


def steps_begin_at_zero_and_increase(draft: Draft) -> Iterator[Issue]:
    """Steps cover the run from its beginning, in order, inside their period."""
    for place, stepped in _stepped(draft):
        times_s = [time_s for time_s, _ in stepped.steps]
        if times_s[0] != 0:
            yield draft.issue((*place, "steps"), f"begins at {times_s[0]:g} s; accepted: a first step at 0 s")
        for earlier_s, later_s in pairwise(times_s):
            if later_s <= earlier_s:
                reason = f"has {later_s:g} s after {earlier_s:g} s; accepted: times that increase"
                yield draft.issue((*place, "steps"), reason)
        if stepped.period_s is not None and stepped.period_s <= max(times_s):
            reason = f"ends before the step at {max(times_s):g} s; accepted: more than that"
            yield draft.issue((*place, "period"), reason)


def _stepped(draft: Draft) -> Iterator[tuple[tuple[str, ...], SteppedCapacity | SteppedSnr]]:
    """Everything that jumps at given times, and where it stands."""
    for key, link in draft.scenario.links.items():
        if isinstance(link.capacity, SteppedCapacity):
            yield ("links", key, "capacity"), link.capacity
        if isinstance(link.loss, CodedLoss) and isinstance(link.loss.snr, SteppedSnr):
            yield ("links", key, "loss", "snr"), link.loss.snr


def files_exist(draft: Draft) -> Iterator[Issue]:
    """Every file that is named is there."""
    files: list[tuple[tuple[str, ...], Path]] = []
    for name, content in draft.scenario.contents.items():
        if isinstance(content, FileContent | TraceContent):
            files.append((("contents", name, "path"), content.path))
    for key, link in draft.scenario.links.items():
        if isinstance(link.capacity, TracedCapacity):
            files.append((("links", key, "capacity", "path"), link.capacity.path))
    for keys, path in files:
        if not is_file(path):
            yield draft.issue(keys, f"is not a file; looked for {path}")


def is_file(path: Path) -> bool:
    """Whether a file is there; False where the system cannot even look."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def policy_files_exist(draft: Draft) -> Iterator[Issue]:
    """A policy given as `file.py:Class` is found in one of the folders where it is looked for."""
    for name, policy in draft.scenario.policies.items():
        match = POLICY_FILE.fullmatch(policy.use)
        if match is None or is_file(Path(match.group(1))):
            continue
        item, _ = deepest(draft.root, ["policies", name, "use"])
        folders = ", ".join(dict.fromkeys(str(folder) for folder in policy_folders(item.mark)))
        yield issue_at(item, f"{match.group(1)} is not a file; looked for it in {folders}")


def nodes_refer_to_actions_and_policies(draft: Draft) -> Iterator[Issue]:
    """What a node names is in the scenario."""
    for name, node in draft.scenario.nodes.items():
        for index, action in enumerate(node.actions or ()):
            yield from dangling(draft, ("nodes", name, "actions", index), action, "actions")
        yield from repeated(draft, ("nodes", name, "actions"), node.actions or ())
        if node.policy is not None:
            keys = ("nodes", name, "policy")
            yield from dangling(draft, keys, node.policy, "policies", builtin=(BUILTIN_POLICY,))


def services_refer_to_what_exists(draft: Draft) -> Iterator[Issue]:
    """What a service names is in the scenario; receivers differ from each other and from the source."""
    for name, service in draft.scenario.services.items():
        place = ("services", name)
        yield from dangling(draft, (*place, "content"), service.content, "contents")
        yield from dangling(draft, (*place, "from"), service.source, "nodes")
        keys = (*place, "policy")
        yield from dangling(draft, keys, service.policy, "policies", builtin=(BUILTIN_POLICY,))
        for index, receiver in enumerate(service.receivers):
            yield from dangling(draft, (*place, "to", index), receiver, "nodes")
            if receiver == service.source:
                yield draft.issue((*place, "to", index), "is the node that sends; accepted: other nodes")
        yield from repeated(draft, (*place, "to"), service.receivers)


def enhancements_add_to_a_service(draft: Draft) -> Iterator[Issue]:
    """`enhances` names another service, and no service enhances itself through others."""
    services = draft.scenario.services
    for name, service in services.items():
        if service.enhances is not None:
            yield from dangling(draft, ("services", name, "enhances"), service.enhances, "services")
    visited: set[str] = set()
    for start in services:
        chain: dict[str, None] = {}
        above: str | None = start
        while above is not None and above in services and above not in visited:
            visited.add(above)
            chain[above] = None
            above = services[above].enhances
        if above is not None and above in chain:
            names = list(chain)
            cycle = [*names[names.index(above) :], above]
            reason = f"makes a cycle: {' -> '.join(cycle)}; accepted: no cycles"
            yield draft.issue(("services", cycle[-2], "enhances"), reason)


def audiences_refer_to_what_exists(draft: Draft) -> Iterator[Issue]:
    """What an audience names is in the scenario and of the right kind."""
    for name, audience in draft.scenario.audiences.items():
        place = ("audiences", name)
        if audience.tower is None and not audience.cells:
            yield draft.issue(
                place, "has neither tower nor cells; accepted: at least one of them", at_key=True
            )
        if audience.tower is not None:
            yield from of_kind(draft, (*place, "tower"), audience.tower, "tower")
        for index, cell in enumerate(audience.cells):
            yield from of_kind(draft, (*place, "cells", index), cell, "cell", "ran")
        yield from repeated(draft, (*place, "cells"), audience.cells)
        for index, service in enumerate(audience.watches):
            yield from dangling(draft, (*place, "watches", index), service, "services")
        yield from repeated(draft, (*place, "watches"), audience.watches)


def of_kind(draft: Draft, keys: tuple[Key, ...], name: str, *kinds: str) -> Iterator[Issue]:
    """Yield an issue when a node is missing, of another kind, or has no radio."""
    yield from dangling(draft, keys, name, "nodes")
    node = draft.scenario.nodes.get(name)
    if node is not None and node.kind not in kinds:
        of_kind = sorted(other for other, found in draft.scenario.nodes.items() if found.kind in kinds)
        accepted = ", ".join(of_kind) or f"a node of kind {' or '.join(kinds)}"
        reason = f"is a node of kind {node.kind}, not {' or '.join(kinds)}; accepted: {accepted}"
        yield draft.issue(keys, reason)
    elif node is not None and node.radio is None:
        user = reduce(child_path, keys[:2], "")
        example = "layout: ..." if node.kind == "ran" else "capacity: ..."
        reason = f"has no radio, but {user} uses it; accepted: radio: {{{example}}}"
        yield draft.issue(("nodes", name), reason, at_key=True)


def background_joins_two_nodes(draft: Draft) -> Iterator[Issue]:
    """Both ends of background traffic are nodes, and not the same one."""
    for name, flow in draft.scenario.background.items():
        yield from dangling(draft, ("background", name, "from"), flow.source, "nodes")
        yield from dangling(draft, ("background", name, "to"), flow.target, "nodes")
        if flow.source == flow.target:
            yield draft.issue(("background", name, "to"), "is the node that sends; accepted: another node")


def baseline_is_a_policy(draft: Draft) -> Iterator[Issue]:
    """The policy that is run beside is in the scenario."""
    scenario = draft.scenario
    if scenario.baseline is not None:
        together = draft.root.mapping.get("collaboration")
        written = together is not None and together.value is not None
        builtin = (BUILTIN_POLICY, *((BUILTIN_SERVICE_POLICY,) if written else ()))
        yield from dangling(draft, ("baseline",), scenario.baseline, "policies", builtin=builtin)


def times_fit_the_duration(draft: Draft) -> Iterator[Issue]:
    """Warm-up and starts lie inside the run; what stops has started.

    An interval or epoch may be longer than the run: then there is one of them, cut off at its end.
    """
    scenario = draft.scenario
    duration_s = scenario.duration_s
    if scenario.warmup_s >= duration_s:
        reason = f"leaves nothing of the run, which lasts {duration_s:g} s; accepted: less than that"
        yield draft.issue(("warmup",), reason)
    for section, entries in (("services", scenario.services), ("background", scenario.background)):
        for name, entry in entries.items():
            if entry.start_s >= duration_s:
                reason = f"is not before the end of the run, which lasts {duration_s:g} s; accepted: less than that"
                yield draft.issue((section, name, "start"), reason)
            if entry.stop_s is not None and entry.start_s >= entry.stop_s:
                reason = f"is not after the start; accepted: more than {entry.start_s:g} s, or null"
                yield draft.issue((section, name, "stop"), reason)


def personal_bits_are_sent_one_by_one(draft: Draft) -> Iterator[Issue]:
    """Bits that differ from user to user are no one stream for a tree."""
    for name, service in draft.scenario.services.items():
        if service.personal and service.cast == "multicast":
            reason = "does not go with personal: true, each user has bits of its own; accepted: unicast"
            yield draft.issue(("services", name, "cast"), reason)


def queues_hold_a_packet(draft: Draft) -> Iterator[Issue]:
    """What is being sent counts as queued, so that a smaller queue would lose every full packet."""
    packet_bits = draft.scenario.packet_bits
    for key, link in draft.scenario.links.items():
        if link.queue_bits is not None and link.queue_bits < packet_bits:
            reason = (
                f"is {link.queue_bits} bit, less than one packet of {packet_bits} bit; "
                f"accepted: at least that, or a smaller packet"
            )
            yield draft.issue(("links", key, "queue"), reason)


def contents_make_sense(draft: Draft) -> Iterator[Issue]:
    """A segment holds at least one frame; a variation belongs to a distribution that has one."""
    for name, content in draft.scenario.contents.items():
        place = ("contents", name)
        if isinstance(content, FileContent | ScenesContent):
            continue
        if content.segment_s * content.video_format.frame_rate_hz < 1:
            frame_s = 1 / content.video_format.frame_rate_hz
            yield draft.issue(
                (*place, "segment"), f"holds no whole frame; accepted: at least {frame_s:g} s", at_key=False
            )
        if not isinstance(content, ParametricContent):
            continue
        if content.rate_bps * content.segment_s < 1:
            yield draft.issue(
                (*place, "rate"), "gives less than one bit per segment; accepted: a higher rate"
            )
        if content.sizes == "lognormal" and content.variation is None:
            yield draft.issue((*place, "sizes"), "needs a variation; accepted: for example variation: 20 %")
        if content.sizes != "lognormal" and content.variation is not None:
            reason = f"has no effect with sizes: {content.sizes}; accepted: leave it out, or sizes: lognormal"
            yield draft.issue((*place, "variation"), reason)


def amounts_fit_into_memory(draft: Draft) -> Iterator[Issue]:
    """Neither intervals nor segments nor packets are more than a machine can hold."""
    scenario = draft.scenario
    most_s, duration_s = scenario.interval_s * _MOST_INTERVALS, scenario.duration_s
    if duration_s > most_s:
        least_s = duration_s / _MOST_INTERVALS
        reason = f"makes more than {_MOST_INTERVALS:,} of the run; accepted: at least {least_s:g} s"
        yield draft.issue(("interval",), reason)
    for name, service in scenario.services.items():
        content = scenario.contents.get(service.content)
        stop_s = duration_s if service.stop_s is None else min(service.stop_s, duration_s)
        if content is not None and (stop_s - service.start_s) > _MOST_SEGMENTS * content.segment_s:
            reason = f"has more than {_MOST_SEGMENTS:,} segments in the run; accepted: longer segments or a shorter run"
            yield draft.issue(("services", name, "content"), reason)
    for name, content in scenario.contents.items():
        segment_bits = content.rate_bps * content.segment_s if isinstance(content, ParametricContent) else 0.0
        if segment_bits > _MOST_PACKETS * scenario.packet_bits:
            reason = f"fills more than {_MOST_PACKETS:,} packets a segment; accepted: a lower rate or larger packets"
            yield draft.issue(("contents", name, "rate"), reason)
    for name, flow in scenario.background.items():
        if flow.rate_bps > _MOST_PACKETS * flow.packet_bits:
            reason = f"fills more than {_MOST_PACKETS:,} packets a second; accepted: a lower rate or larger packets"
            yield draft.issue(("background", name, "rate"), reason)


ENTRY_CHECKS: tuple[Check, ...] = (
    links_join_two_nodes,
    capacities_carry_something,
    steps_begin_at_zero_and_increase,
    files_exist,
    policy_files_exist,
    nodes_refer_to_actions_and_policies,
    services_refer_to_what_exists,
    enhancements_add_to_a_service,
    audiences_refer_to_what_exists,
    background_joins_two_nodes,
    baseline_is_a_policy,
    times_fit_the_duration,
    personal_bits_are_sent_one_by_one,
    queues_hold_a_packet,
    contents_make_sense,
)
