"""Defects of policies: one that is named where another kind of policy decides."""

from __future__ import annotations

from collections.abc import Iterator

from netgen.document.parameters import checked_parameters
from netgen.document.tree import Issue, Key
from netgen.errors import InputError, PolicySetupError
from netgen.policy import AdditionPolicy, ContinuationPolicy, OffloadingPolicy, RelayPolicy
from netgen.policy.loading import POLICY_KINDS, kinds_of, load_policy_class, policy_factory
from netgen.scenario.check import Check, Draft
from netgen.scenario.collaboration_check import modes, written_modes
from netgen.schema.scenario import Scenario

_OF_MODE: dict[str, type] = {
    "continuation": ContinuationPolicy,
    "offloading": OffloadingPolicy,
    "addition": AdditionPolicy,
}


def policies_are_of_their_kind(draft: Draft) -> Iterator[Issue]:
    """Nodes and services name policies of nodes, every mode one of its own kind."""
    scenario = draft.scenario
    named = list(_named(scenario))
    kinds_by_name = {name: _kinds(scenario, name) for name in dict.fromkeys(name for _, name, _ in named)}
    for place, name, wanted in named:
        kinds = kinds_by_name[name]
        if kinds and wanted not in kinds:
            yield draft.issue(place, f"is {_listed(kinds, 'and')}; accepted: {_listed((wanted,), 'or')}")


def baseline_replaces_something(draft: Draft) -> Iterator[Issue]:
    """The policy that is run beside is of a kind that decides about something here."""
    scenario = draft.scenario
    if scenario.baseline is None:
        return
    kinds = _kinds(scenario, scenario.baseline)
    # A mode whose shape is wrong is left out of the scenario, and is there all the same.
    here = (RelayPolicy, *(_OF_MODE[name] for name in written_modes(draft)))
    if kinds and not set(kinds) & set(here):
        reason = f"is {_listed(kinds, 'and')}, and replaces nothing here; accepted: {_listed(here, 'or')}"
        yield draft.issue(("baseline",), reason)


def policies_take_their_parameters(draft: Draft) -> Iterator[Issue]:
    """What is given to a policy that can be loaded is known to its class, and accepted by it."""
    for name, reference in draft.scenario.policies.items():
        place: tuple[Key, ...] = ("policies", name, "with")
        try:
            _, defects = checked_parameters(load_policy_class(reference.use), reference.parameters)
        except (InputError, PolicySetupError):
            continue  # told when the policy is wanted
        for defect in defects:
            where = place if defect.kind == "missing" else (*place, defect.name)
            yield draft.issue(where, defect.reason, at_key=defect.kind != "value")
        if not defects:
            try:
                policy_factory(reference.use, reference.parameters, base=None)
            except PolicySetupError:
                continue  # told when the policy is wanted
            except InputError as error:
                yield draft.issue(place, f"refused by the policy: {error.__cause__}", at_key=True)


POLICY_CHECKS: tuple[Check, ...] = (
    policies_are_of_their_kind,
    baseline_replaces_something,
    policies_take_their_parameters,
)


def _named(scenario: Scenario) -> Iterator[tuple[tuple[Key, ...], str, type]]:
    """Yield every place that names a policy, the name, and the kind that decides there."""
    for name, node in scenario.nodes.items():
        if node.policy is not None:
            yield ("nodes", name, "policy"), node.policy, RelayPolicy
    for name, service in scenario.services.items():
        yield ("services", name, "policy"), service.policy, RelayPolicy
    for name, mode in modes(scenario):
        yield ("collaboration", name, "policy"), mode.policy, _OF_MODE[name]


def _kinds(scenario: Scenario, name: str) -> tuple[type, ...]:
    """Kinds of a policy; none when it cannot be loaded, which is told when it is wanted."""
    reference = scenario.policies.get(name)
    try:
        return kinds_of(name if reference is None else reference.use)
    except (InputError, PolicySetupError):
        return ()


def _listed(kinds: tuple[type, ...], joint: str) -> str:
    """Kinds as a person names them, in the order of the documentation."""
    names = [kind.__name__ for kind in POLICY_KINDS if kind in kinds]
    articled = [f"{'an' if name[0] in 'AEIOU' else 'a'} {name}" for name in names]
    return f" {joint} ".join([", ".join(articled[:-1]), articled[-1]] if articled[1:] else articled)
