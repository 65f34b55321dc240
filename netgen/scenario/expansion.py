"""Writes a scenario out: presets laid below nodes, topology generated, two-way links split, paths made absolute."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import get_args

import yaml
from pydantic import TypeAdapter, ValidationError

from netgen.document.messages import issues_of
from netgen.document.ranges import with_ranges
from netgen.document.tree import Issue, Item, Mark, issue_at, merged, plain
from netgen.scenario.topologies import Fields, generate
from netgen.schema.fields import ARROW
from netgen.schema.network import Topology, TopologyField

BUILTIN_POLICY = "forward"
"""Name of the policy that needs no entry in `policies`."""
BUILTIN_SERVICE_POLICY = "never-collaborate"
"""Name of the service policy that needs none, in any mode of collaboration."""
POLICY_FILE = re.compile(r"(.+\.py):([A-Za-z_]\w*)", re.ASCII)


@cache
def _presets() -> dict[str, dict[str, object]]:
    text = resources.files("netgen.scenario").joinpath("presets.yaml").read_text(encoding="utf-8")
    kinds: dict[str, dict[str, object]] = yaml.safe_load(text)["nodes"]
    return kinds


@cache
def _topology_adapter() -> TypeAdapter[Topology]:
    return TypeAdapter(TopologyField)


def _item(value: object, like: Item) -> Item:
    """Return a plain value as an item that is placed where `like` is."""
    if isinstance(value, dict):
        return replace(like, value={str(key): _item(entry, like) for key, entry in value.items()}, text="")
    if isinstance(value, list):
        return replace(like, value=[_item(entry, like) for entry in value], text="")
    if value is None or isinstance(value, str | int | float | bool):
        return replace(like, value=value, text=str(value))
    raise TypeError(f"presets hold a {type(value).__name__}")


def expand(root: Item, issues: list[Issue]) -> Item:
    """Return the scenario written out: the keys are those of `Scenario`, the marks those of the files."""
    root = absolute_paths(with_ranges(root, issues))
    entries = dict(root.mapping)
    topology = entries.pop("topology", None)
    nodes, links = (
        _generated(topology, issues) if topology is not None and topology.value is not None else ({}, {})
    )
    if _is_open(entries.get("nodes")):
        named = entries.get("nodes")
        for name, node in (named.mapping if named else {}).items():
            nodes[name] = (
                merged(_long_node(nodes[name]), _long_node(node), ("nodes", name)) if name in nodes else node
            )
        entries["nodes"] = replace(named or root, value={name: _preset(node) for name, node in nodes.items()})
    if _is_open(entries.get("links")):
        named = entries.get("links")
        entries["links"] = replace(named or root, value=_directed(named, links, issues))
    return replace(root, value=entries)


def completed(root: Item) -> Item:
    """Do what has to wait until every override is applied: paths, and the policy that needs no declaration."""
    return _with_forward(absolute_paths(root))


def _is_open(section: Item | None) -> bool:
    """Whether entries can be added to a section; one of a wrong type is left for validation to report."""
    return section is None or section.value is None or isinstance(section.value, dict)


def _long_node(node: Item) -> Item:
    """Return the long form of `A: edge`."""
    return replace(node, value={"kind": node}) if isinstance(node.value, str) else node


def _preset(node: Item) -> Item:
    """Lay the preset of the node's kind below it."""
    node = _long_node(node)
    kind = node.mapping.get("kind")
    preset = _presets().get(kind.value) if kind is not None and isinstance(kind.value, str) else None
    return merged(_item(preset, node), node, ("nodes", "")) if preset is not None else node


def _generated(topology: Item, issues: list[Issue]) -> tuple[dict[str, Item], dict[str, Item]]:
    """Return the nodes and links that a generator or an import makes."""
    try:
        model = _topology_adapter().validate_python(plain(topology))
        layout = generate(model)
    except ValidationError as error:
        issues += issues_of(error, topology, get_args(Topology))
        return {}, {}
    except ValueError as error:
        path = topology.mapping.get("path", topology)
        issues.append(issue_at(path, str(error)))
        return {}, {}
    none = replace(topology, value={}, text="")
    relay = _item({"kind": "relay"}, topology)
    node = merged(relay, _long_node(topology.mapping.get("node", relay)), ("topology", "node", "kind"))
    link = topology.mapping.get("link", none)
    nodes = {name: _with_fields(node, fields, topology) for name, fields in layout.nodes.items()}
    links = {f"{a}->{b}": _with_fields(link, fields, topology) for (a, b), fields in layout.links.items()}
    return nodes, links


def _with_fields(template: Item, fields: Fields, like: Item) -> Item:
    """Lay the fields that an imported file carries over the template."""
    if not fields:
        return template
    place = like.mapping.get("path", like)
    own = {name: replace(_item(value, place), path=f"{like.path}.{name}") for name, value in fields.items()}
    return replace(template, value={**template.mapping, **own})


def _directed(named: Item | None, generated: dict[str, Item], issues: list[Issue]) -> dict[str, Item]:
    """Return links keyed `A->D`, each direction by itself, explicit ones laid over generated ones."""
    links = dict(generated)
    given: dict[str, Item] = {}
    for key, link in (named.mapping if named else {}).items():
        match = ARROW.fullmatch(key)
        if match is None:
            reason = "is not a link; accepted: A -> B, or A <-> B for both directions, with names of nodes"
            issues.append(issue_at(link, reason, at_key=True))
            continue
        source, arrow, target = match.groups()
        ends = [(source, target), (target, source)] if arrow == "<->" else [(source, target)]
        for directed in dict.fromkeys("->".join(pair) for pair in ends):
            if directed in given:
                first = given[directed].key_mark
                reason = (
                    f"gives the link {directed} again, first given at {first}; accepted: each direction once"
                )
                issues.append(issue_at(link, reason, at_key=True))
                continue
            given[directed] = link
            links[directed] = (
                merged(links[directed], link, ("links", directed)) if directed in links else link
            )
    return links


def absolute_paths(root: Item) -> Item:
    """Make every `path`, and every policy that is a file, absolute: relative to the file that names it."""
    entries = dict(root.mapping)
    if "topology" in entries:
        entries["topology"] = _anchored(entries["topology"])
    for section in ("contents", "links", "policies", "nodes", "audiences", "evaluations"):
        named = entries.get(section)
        if named is None or not isinstance(named.value, dict):
            continue
        moved = {}
        for key, entry in named.value.items():
            if section in ("contents", "evaluations"):
                moved[key] = _anchored(entry)
            elif section == "policies":
                moved[key] = _policy_file(entry)
            else:
                for keys in _PATHS_BELOW[section]:
                    entry = _anchored_below(entry, keys)  # noqa: PLW2901
                moved[key] = entry
        entries[section] = replace(named, value=moved)
    return replace(root, value=entries)


_PATHS_BELOW = {
    "links": (("capacity",),),
    "nodes": (("radio", "layout"),),
    "audiences": (("mobility",), ("join",)),
}


def _anchored_below(entry: Item, keys: tuple[str, ...]) -> Item:
    """Make the `path` of the mapping at `keys` in an entry absolute, where there is one."""
    if not keys:
        return _anchored(entry)
    below = entry.mapping.get(keys[0])
    if below is None:
        return entry
    return replace(entry, value={**entry.mapping, keys[0]: _anchored_below(below, keys[1:])})


def _anchored(entry: Item) -> Item:
    """Make the `path` in an entry absolute."""
    path = entry.mapping.get("path")
    if path is None or not isinstance(path.value, str) or not path.value or "\0" in path.value:
        return entry
    absolute = os.path.normpath(path.mark.folder / path.value)
    return replace(entry, value={**entry.mapping, "path": replace(path, value=absolute)})


def _policy_file(entry: Item) -> Item:
    """Make `file.py:Class` absolute, where that file exists; see `policy_folders`."""
    use = entry.mapping.get("use", entry)
    match = POLICY_FILE.fullmatch(use.value) if isinstance(use.value, str) else None
    if match is None:
        return entry
    file, name = match.groups()
    for folder in policy_folders(use.mark):
        if (folder / file).is_file():
            found = replace(use, value=f"{os.path.normpath(folder / file)}:{name}")
            return replace(entry, value={**entry.mapping, "use": found}) if use is not entry else found
    return entry


def policy_folders(mark: Mark) -> tuple[Path, Path, Path]:
    """Return where a policy's file is looked for: beside the scenario, one folder up, the working directory."""
    return mark.folder, mark.folder.parent, Path.cwd()


def _policy_names(root: Item) -> Iterator[object]:
    """Yield every policy that the scenario refers to."""
    baseline = root.mapping.get("baseline")
    if baseline is not None:
        yield baseline.value
    for section, default in (("services", BUILTIN_POLICY), ("nodes", None)):
        named = root.mapping.get(section)
        for entry in named.mapping.values() if named is not None else ():
            policy = entry.mapping.get("policy")
            yield default if policy is None else policy.value


def _with_forward(root: Item) -> Item:
    """Declare the built-in policy `forward`, which needs no declaration, where it is referred to."""
    policies = root.mapping.get("policies")
    if not _is_open(policies) or (policies is not None and BUILTIN_POLICY in policies.mapping):
        return root
    if BUILTIN_POLICY not in _policy_names(root):
        return root
    place = policies or root
    declared = replace(place, value={"use": replace(place, value=BUILTIN_POLICY, text=BUILTIN_POLICY)})
    section = replace(place, value={**(policies.mapping if policies else {}), BUILTIN_POLICY: declared})
    return replace(root, value={**root.mapping, "policies": section})
