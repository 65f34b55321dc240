"""From files to a checked scenario: bases (`extends`), overrides (`--set`), expansion, validation, checks."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from netgen.document.messages import issues_of, keys_of
from netgen.document.source import Unreadable, parse_text, read_file
from netgen.document.tree import (
    NAMED_SECTIONS,
    Issue,
    Item,
    Mark,
    child_path,
    issue_at,
    merged,
    plain,
    rebased,
    report,
)
from netgen.errors import ScenarioError, did_you_mean
from netgen.scenario.check import Draft
from netgen.scenario.expansion import completed, expand
from netgen.scenario.reachability import find_defects
from netgen.schema.fields import ARROW
from netgen.schema.scenario import Scenario

_MOST_FILES = 64
_SEGMENT = re.compile(r'"([^"]+)"|([^.]+)')
_LISTS = ("to", "cells", "watches", "services")
_SHORT_KEYS = {
    "gpu": "device", "capacity": "rate", "loss": "probability", "join": "kind", "stay": "for", "predictor": "kind",
    "snr": "level",
    "when": "kind", "then": "kind",
}  # fmt: skip
_SHORT_KINDS = {"capacity": "constant", "loss": "random", "stay": "constant", "snr": "constant"}
_DIVIDED = (*NAMED_SECTIONS, "collaboration")
"""Sections of which each entry can be left out for itself."""
_PLACEHOLDERS = {"name": "unnamed", "duration": "1e8 s"}


def load_scenario(
    path: str | os.PathLike[str], overrides: Sequence[str] = (), *, seed: int | None = None
) -> Scenario:
    """Read, compose, expand, validate and check a scenario file.

    Parameters
    ----------
    path : path                     A YAML file; errors name it as it is given here.
    overrides : sequence of str     `a.b.c=value`, applied in this order after `extends`.
    seed : int                      Replaces the scenario's seed when given, >= 0.

    Returns
    -------
    Scenario                        Presets merged, topology generated, links directed, defaults filled in.

    Raises
    ------
    ScenarioError                   The message has one line for each error of the file.
    """
    display = os.fspath(path)
    composition = _Composition()
    parsed: list[_Override] = []
    issues = composition.issues
    for text in [*overrides, *([] if seed is None else [f"seed={seed}"])]:
        override, wrong = _parse_override(text)
        issues += wrong
        parsed += [] if override is None else _both_ways(override)
    try:
        root = composition.read(Path(display), display)
    except Unreadable as error:
        raise ScenarioError(report([*issues, error.issue])) from None
    late = [override for override in parsed if _is_late(override, root)]
    root = _override_all(root, [override for override in parsed if override not in late], issues)
    root = expand(root, issues)
    root = completed(_override_all(root, late, issues))
    scenario, wrong = _validate(root, clean=not issues)
    if issues or wrong or scenario is None:
        places = {issue.mark for issue in issues if issue.mark.line}
        raise ScenarioError(report([*issues, *(issue for issue in wrong if issue.mark not in places)]))
    return scenario


def _is_late(override: _Override, root: Item) -> bool:
    """Whether an override concerns what only expansion makes: directed links, generated nodes, numbered names."""
    section, *rest = override.keys
    entries = root.mapping.get(section)
    named = entries.mapping if entries is not None else {}
    made = section != "nodes" or "topology" in root.mapping or any("{" in name for name in named)
    return section == "links" or (
        section in NAMED_SECTIONS and made and len(rest) > 1 and rest[0] not in named
    )


def _both_ways(override: _Override) -> list[_Override]:
    """Return the override once for each direction of `links.A<->D`."""
    keys = override.keys
    if keys[0] != "links" or len(keys) < 2 or "<->" not in keys[1]:
        return [override]
    one, other = keys[1].split("<->")
    return [
        _Override(("links", key, *keys[2:]), override.item) for key in (f"{one}->{other}", f"{other}->{one}")
    ]


def _validate(root: Item, *, clean: bool) -> tuple[Scenario | None, list[Issue]]:
    """Validate shape, then meaning; where the shape is wrong, the rest is still checked.

    Parameters
    ----------
    root : Item                 The scenario written out.
    clean : bool                Whether nothing was wrong so far; else checks of the whole are left out.
    """
    document = plain(root)
    try:
        scenario = Scenario.model_validate(document)
        issues: list[Issue] = []
    except ValidationError as error:
        issues = issues_of(error, root, [Scenario])
        try:
            scenario = Scenario.model_validate(_salvaged(document, error))
        except ValidationError:
            return None, issues
    names = {section: entries.keys() for section, entries in _sections(document)}
    defects = find_defects(Draft(scenario, root, names), complete=clean and not issues)
    return scenario, issues + defects


def _sections(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    found = [(section, document.get(section)) for section in NAMED_SECTIONS]
    return [(section, entries if isinstance(entries, dict) else {}) for section, entries in found]


def _salvaged(document: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    """Return the document without its unknown keys, and without the entries whose values are wrong."""
    rest: dict[str, Any] = copy.deepcopy(document)
    for details in error.errors(include_url=False):
        keys = [str(key) for key in keys_of(details)]
        if not keys or (details["type"] == "extra_forbidden" and _removed(rest, keys)):
            continue
        section = rest.get(keys[0])
        if keys[0] in _DIVIDED and len(keys) > 1 and isinstance(section, dict):
            section.pop(keys[1], None)
        else:
            rest.pop(keys[0], None)
    return {**{key: value for key, value in _PLACEHOLDERS.items() if key not in rest}, **rest}


def _removed(document: Any, keys: list[str]) -> bool:  # noqa: ANN401  (whatever YAML can hold)
    """Remove the value at `keys`; False when mappings alone do not lead there."""
    for key in keys[:-1]:
        document = document.get(key) if isinstance(document, dict) else None
    return isinstance(document, dict) and document.pop(keys[-1], None) is not None


@dataclass(slots=True)
class _Composition:
    """A scenario's files laid over one another, and the errors met on the way."""

    issues: list[Issue] = field(default_factory=list)
    files: int = 0

    def read(self, path: Path, display: str, chain: tuple[tuple[Path, str], ...] = ()) -> Item:
        """Return the root of a file with all its bases below it; raises Unreadable."""
        root, issues = read_file(path, display)
        self.issues += issues
        here = (*chain, (path.resolve(), display))
        extends = root.mapping.get("extends")
        own = replace(root, value={key: entry for key, entry in root.mapping.items() if key != "extends"})
        base: Item | None = None
        for named in self._bases(extends):
            below = self._base(named, display, here)
            if below is not None:
                base = below if base is None else merged(base, below)
        return own if base is None else merged(base, own)

    def _bases(self, extends: Item | None) -> list[Item]:
        """Return the items that name a base; anything else there is an error."""
        if extends is None or extends.value is None:
            return []
        named = extends.value if isinstance(extends.value, list) else [extends]
        for item in named:
            if not isinstance(item.value, str) or not item.value or "\0" in item.value:
                reason = "is not a path; accepted: the path of a scenario file, or a list of them"
                self.issues.append(issue_at(item, reason))
        return [
            item for item in named if isinstance(item.value, str) and item.value and "\0" not in item.value
        ]

    def _base(self, named: Item, display: str, chain: tuple[tuple[Path, str], ...]) -> Item | None:
        """Read one base; a cycle or an unreadable file is an error at the place that names it."""
        path = named.mark.folder / str(named.value)
        shown = os.path.normpath(Path(display).parent / str(named.value))
        seen = [earlier for earlier, _ in chain]
        try:
            resolved = path.resolve()
        except (OSError, RuntimeError) as error:
            self.issues.append(
                issue_at(named, f"cannot be read ({error}); accepted: a readable scenario file")
            )
            return None
        if resolved in seen:
            cycle = " -> ".join([name for _, name in chain[seen.index(resolved) :]] + [shown])
            self.issues.append(issue_at(named, f"extends itself: {cycle}; accepted: no cycles"))
            return None
        self.files += 1
        if self.files > _MOST_FILES:
            raise Unreadable(
                issue_at(named, f"is one file too many; accepted: up to {_MOST_FILES} bases in all")
            )
        try:
            return self.read(path, shown, chain)
        except Unreadable as error:
            if error.issue.mark.line:
                self.issues.append(error.issue)
            else:
                self.issues.append(issue_at(named, error.issue.reason))
            return None


@dataclass(frozen=True, slots=True)
class _Override:
    """One `--set a.b.c=value`: the keys and the value that replaces what is there."""

    keys: tuple[str, ...]
    item: Item


def _parse_override(text: str) -> tuple[_Override | None, list[Issue]]:
    """Parse one override; relative paths in it refer to the working directory."""
    mark = Mark(f"--set {text}", 0, 0, Path.cwd())
    path, equals, written = text.partition("=")
    keys = tuple(_arrow(quoted or bare.strip()) for quoted, bare in _SEGMENT.findall(path))
    if not equals or not keys or not all(keys):
        return None, [
            Issue(mark, "", "is not an override; accepted: a.b.c=value, for example links.A->D.delay=5 ms")
        ]
    if keys[0] == "extends":
        reason = "cannot be set on the command line; accepted: extends in a scenario file, keys of the scenario here"
        return None, [Issue(mark, "extends", reason)]
    try:
        item, issues = (
            parse_text(written, mark.origin, mark.folder)
            if written.strip()
            else (Item(None, mark, "", mark, "null"), [])
        )
    except Unreadable as error:
        return None, [Issue(mark, "", error.issue.reason)]
    shown = ""
    for key in keys:
        shown = child_path(shown, key)
    issues = [Issue(mark, shown, f"{issue.subject}: {issue.reason}") for issue in issues]
    return _Override(keys, rebased(_unmarked(item, mark), shown)), issues


def _unmarked(item: Item, mark: Mark) -> Item:
    """Return the same value, with the override as the only place."""
    if isinstance(item.value, dict):
        entries = {key: _unmarked(entry, mark) for key, entry in item.value.items()}
        return replace(item, value=entries, mark=mark, key_mark=mark)
    if isinstance(item.value, list):
        return replace(item, value=[_unmarked(entry, mark) for entry in item.value], mark=mark, key_mark=mark)
    return replace(item, mark=mark, key_mark=mark)


def _arrow(key: str) -> str:
    """Return a link's key without spaces; other keys as they are."""
    match = ARROW.fullmatch(key)
    return "".join(match.groups()) if match else key


def _override_all(root: Item, overrides: Sequence[_Override], issues: list[Issue]) -> Item:
    """Apply overrides in their order; one that leads nowhere is an error."""
    for override in overrides:
        try:
            root = _laid(root, override.keys, override, ())
        except Unreadable as error:
            issues.append(error.issue)
    return root


def _laid(item: Item, keys: tuple[str, ...], override: _Override, above: tuple[str, ...]) -> Item:
    """Return `item` with the override's value at `keys` below it."""
    if not keys:
        return override.item
    key, rest = keys[0], keys[1:]
    item = _unfolded(item, above)
    if isinstance(item.value, list):
        if re.fullmatch(r"[0-9]{1,9}", key) is None or int(key) >= len(item.value):
            accepted = f"0 to {len(item.value) - 1}" if item.value else "nothing, the list is empty"
            raise _nowhere(override, f'"{key}" is not an index of this list; accepted: {accepted}')
        entries = list(item.value)
        entries[int(key)] = _laid(entries[int(key)], rest, override, (*above, key))
        return replace(item, value=entries)
    known = {_arrow(name): name for name in item.mapping}
    if key in known:
        name = known[key]
        return replace(
            item,
            value={**item.mapping, name: _laid(item.mapping[name], rest, override, (*above, key))},
        )
    if not isinstance(item.value, dict) or (len(above) == 1 and above[0] in NAMED_SECTIONS and rest):
        where = ".".join(above) or "the scenario"
        names = ", ".join(sorted(known)[:20]) or "nothing"
        raise _nowhere(override, f'"{key}" is not in {where}; accepted: {names}{did_you_mean(key, known)}')
    mark = override.item.mark
    empty = Item({}, mark, ".".join((*above, key)), mark)
    return replace(item, value={**item.mapping, key: _laid(empty, rest, override, (*above, key))})


def _unfolded(item: Item, above: tuple[str, ...]) -> Item:
    """Return the mapping that a short form stands for, so that one of its keys can be set."""
    if isinstance(item.value, dict) or not above:
        return item
    if len(above) == 3 and above[-1] in _LISTS and isinstance(item.value, str):
        return replace(item, value=[item])
    short = (
        {"nodes": "kind", "policies": "use"}.get(above[0]) if len(above) == 2 else _SHORT_KEYS.get(above[-1])
    )
    if item.value is None and len(above) <= 1:
        return replace(item, value={})
    if short is None or item.value is None or isinstance(item.value, list):
        return item
    entries = {short: item}
    if above[-1] in _SHORT_KINDS:
        kind = _SHORT_KINDS[above[-1]]
        entries["kind"] = replace(item, value=kind, text=kind)
    return replace(item, value=entries)


def _nowhere(override: _Override, reason: str) -> Unreadable:
    return Unreadable(Issue(override.item.mark, "", f"leads nowhere: {reason}"))
