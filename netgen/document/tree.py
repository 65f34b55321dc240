"""A YAML document with the place of every value, so that any later error can say where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

Scalar = str | int | float | bool | None
Key = str | int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where something is written.

    Parameters
    ----------
    origin : str                File as the user named it, or the override as the user typed it.
    line, column : int          From 1; zero when the origin has no lines.
    folder : Path               Folder that relative paths written there refer to.
    """

    origin: str
    line: int
    column: int
    folder: Path

    def __str__(self) -> str:
        return f"{self.origin}:{self.line}:{self.column}" if self.line else self.origin


@dataclass(frozen=True, slots=True)
class Item:
    """One value of the document.

    Parameters
    ----------
    value : scalar, dict of str to Item, or list of Item
    mark : Mark                 Where the value begins.
    path : str                  Path of keys, as a person writes it: `services.s1.to[0]`.
    key_mark : Mark             Where its key begins; the same as `mark` when it has none.
    text : str                  Scalars as they were written.
    """

    value: Scalar | dict[str, Item] | list[Item]
    mark: Mark
    path: str
    key_mark: Mark
    text: str = ""

    @property
    def mapping(self) -> dict[str, Item]:
        """The entries when it is a mapping, else nothing."""
        return self.value if isinstance(self.value, dict) else {}

    @property
    def found(self) -> str:
        """What was found, for messages."""
        if isinstance(self.value, dict):
            return "a mapping"
        if isinstance(self.value, list):
            return "a list"
        text = self.text if len(self.text) <= 80 else self.text[:77] + "..."
        return '"' + text.encode("unicode_escape").decode("ascii").replace('"', '\\"') + '"'


@dataclass(frozen=True, slots=True)
class Issue:
    """One error of a scenario.

    Parameters
    ----------
    mark : Mark                 Where it is.
    subject : str               Path of keys and what was found there; may be empty.
    reason : str                What is wrong, what is accepted, the nearest valid name.
    """

    mark: Mark
    subject: str
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.mark}: {self.subject}: {self.reason}" if self.subject else f"{self.mark}: {self.reason}"
        )


def issue_at(item: Item, reason: str, *, at_key: bool = False) -> Issue:
    """Return an error at a value, or at its key when the key itself is wrong."""
    if at_key or not item.path:
        return Issue(item.key_mark, item.path, reason)
    return Issue(item.mark, f"{item.path} = {item.found}", reason)


def report(issues: Iterable[Issue], *, limit: int = 100) -> str:
    """Return one line for each different error, in the order of the file."""
    ordered = sorted(
        set(issues), key=lambda issue: (issue.mark.origin, issue.mark.line, issue.mark.column, str(issue))
    )
    lines = [str(issue) for issue in ordered[:limit]]
    if len(ordered) > limit:
        lines.append(f"{ordered[0].mark.origin}: {len(ordered) - limit} more errors are not shown")
    return "\n".join(lines)


def child_path(path: str, key: Key) -> str:
    """Return the path of an entry below `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key


def plain(item: Item) -> Any:  # noqa: ANN401  (whatever YAML can hold)
    """Return the bare values, as `yaml.safe_load` would."""
    if isinstance(item.value, dict):
        return {key: plain(entry) for key, entry in item.value.items()}
    if isinstance(item.value, list):
        return [plain(entry) for entry in item.value]
    return item.value


def rebased(item: Item, path: str) -> Item:
    """Return the same value under another path; marks stay where it is written."""
    if isinstance(item.value, dict):
        entries = {key: rebased(entry, child_path(path, key)) for key, entry in item.value.items()}
        return replace(item, value=entries, path=path)
    if isinstance(item.value, list):
        return replace(
            item, value=[rebased(e, child_path(path, i)) for i, e in enumerate(item.value)], path=path
        )
    return replace(item, path=path)


def deepest(item: Item, keys: Sequence[Key]) -> tuple[Item, list[Key]]:
    """Follow `keys` as far as they lead; keys that are not there are passed over and returned."""
    passed: list[Key] = []
    for key in keys:
        if isinstance(item.value, dict) and key in item.value:
            item = item.value[str(key)]
        elif isinstance(item.value, list) and isinstance(key, int) and 0 <= key < len(item.value):
            item = item.value[key]
        else:
            passed.append(key)
    return item, passed


NAMED_SECTIONS = (
    "nodes", "links", "contents", "actions", "policies", "services", "audiences", "background", "evaluations",
)  # fmt: skip


def merged(base: Item, over: Item, keys: tuple[str, ...] = ()) -> Item:
    """Lay `over` on `base`: mappings merge, everything else replaces.

    A mapping with another `kind` replaces. A null removes a top-level key, a named entry (`nodes.A`) or a
    step of a capacity; elsewhere it is the value null.
    """
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    kinds = [
        item.value["kind"].value
        for item in (base, over)
        if isinstance(item.value, dict) and "kind" in item.value
    ]
    if len(kinds) == 2 and kinds[0] != kinds[1]:
        return over
    removes = not keys or (len(keys) == 1 and keys[0] in NAMED_SECTIONS) or keys[-1] == "steps"
    entries = dict(base.value)
    for key, entry in over.value.items():
        if removes and entry.value is None:
            entries.pop(key, None)
        elif key in entries:
            entries[key] = merged(entries[key], entry, (*keys, key))
        else:
            entries[key] = entry
    return replace(over, value=entries)


def walk(item: Item) -> Iterator[Item]:
    """Yield the item and everything below it."""
    yield item
    below = (
        item.value.values()
        if isinstance(item.value, dict)
        else item.value
        if isinstance(item.value, list)
        else ()
    )
    for entry in below:
        yield from walk(entry)
