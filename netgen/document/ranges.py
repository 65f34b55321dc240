"""Numbered entries written once: `title-{01..40}` as a key or in a list stands for title-01 to title-40."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from netgen.document.tree import Issue, Item, child_path, issue_at, rebased, walk

MOST_NUMBERS = 10_000
MOST_VALUES = 200_000
WRITTEN_NAME_PATTERN = r"^[A-Za-z]([A-Za-z0-9_-]|\{(\d+\.\.\d+)?\}){0,80}$"
"""Names as a person writes them: with a range, or with `{}` for the number of the entry they stand in."""
_RANGE = re.compile(r"([A-Za-z][A-Za-z0-9_<> -]*)\{(\d{1,9})\.\.(\d{1,9})\}([A-Za-z0-9_<> -]*)", re.ASCII)
_NUMBER = "{}"


def with_ranges(root: Item, issues: list[Issue]) -> Item:
    """Return the document with every range written out, or as it is where that would be too much to hold.

    In the value of a numbered key, `{}` inside a text stands for the number of the entry. A number that is
    written with leading zeros keeps its width.

    Parameters
    ----------
    root : Item                 The document; marks of generated entries are those of the range.
    issues : list               Receives a range that runs backwards or is too long, or makes too much.
    """
    return _with_ranges(root, issues, _Budget())


@dataclass(slots=True)
class _Budget:
    """How many values ranges may still make: ranges in ranges multiply."""

    left: int = MOST_VALUES
    reported: bool = False


def _with_ranges(root: Item, issues: list[Issue], budget: _Budget) -> Item:
    """Return an item with every range in it written out."""
    if isinstance(root.value, dict):
        entries: dict[str, Item] = {}
        for key, entry in root.value.items():
            names = dict(_written_out(key, entry, issues, budget, at_key=True))
            for name, number in names.items() or [(key, "")]:
                if name in entries:
                    reason = f'gives "{name}" again; accepted: each name once'
                    issues.append(issue_at(entry, reason, at_key=True))
                made = entry
                if number:
                    made = rebased(_numbered(entry, number), child_path(root.path, name))
                entries[name] = _with_ranges(made, issues, budget)
        return replace(root, value=entries)
    if isinstance(root.value, list):
        items: list[Item] = []
        for item in root.value:
            found = (
                list(_written_out(item.value, item, issues, budget)) if isinstance(item.value, str) else []
            )
            items += [replace(item, value=name, text=name) for name, _ in found] or [
                _with_ranges(item, issues, budget)
            ]
        return replace(
            root, value=[rebased(item, child_path(root.path, index)) for index, item in enumerate(items)]
        )
    return root


def _written_out(
    text: str, item: Item, issues: list[Issue], budget: _Budget, *, at_key: bool = False
) -> Iterator[tuple[str, str]]:
    """Yield the names that a range stands for, each with its number; nothing when it is none."""
    match = _RANGE.fullmatch(text)
    if match is None:
        return
    before, first, last, after = match.groups()
    width = len(first) if first.startswith("0") or len(first) == len(last) else 0
    count = int(last) - int(first) + 1
    if not 1 <= count <= MOST_NUMBERS:
        wrong = "runs backwards" if count < 1 else f"stands for {count:,} names"
        reason = f'"{text}" {wrong}; accepted: the lower number first, up to {MOST_NUMBERS:,} names'
        issues.append(issue_at(item, reason, at_key=at_key))
        return
    budget.left -= count * sum(1 for _ in walk(item))
    if budget.left < 0:
        if not budget.reported:
            reason = (
                f'"{text}" makes more values than can be held; accepted: up to {MOST_VALUES:,} in all ranges'
            )
            issues.append(issue_at(item, reason, at_key=at_key))
        budget.reported = True
        return
    for number in range(int(first), int(last) + 1):
        shown = str(number).zfill(width)
        yield f"{before}{shown}{after}", shown


def _numbered(item: Item, number: str) -> Item:
    """Return an entry with its number in place of every `{}`."""
    if isinstance(item.value, dict):
        return replace(item, value={key: _numbered(entry, number) for key, entry in item.value.items()})
    if isinstance(item.value, list):
        return replace(item, value=[_numbered(entry, number) for entry in item.value])
    if isinstance(item.value, str) and _NUMBER in item.value:
        text = item.value.replace(_NUMBER, number)
        return replace(item, value=text, text=text)
    return item
