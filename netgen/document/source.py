"""Reads a YAML file safely into a tree with places; a hostile file ends in an error, never in a hang."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import yaml

from netgen.document.tree import Issue, Item, Mark, Scalar, child_path, rebased, walk

LARGEST_FILE_BYTES = 2**20
LARGEST_TREE = 100_000
DEEPEST = 64

_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_YAML_11_TRUTHS = frozenset({"yes", "no", "on", "off"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9]\d*)", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?", re.ASCII)
_AMBIGUOUS = re.compile(
    r"[-+]?(?:0\d+|0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0b[01_]+|\d[\d_]*_[\d_]*(?:\.[\d_]*)?|\d+(?::[0-5]?\d)+(?:\.\d*)?)",
    re.ASCII,
)
_STRING_TAG = "tag:yaml.org,2002:str"
_PLAIN_TAGS = frozenset({None, "!", _STRING_TAG, "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})


class Unreadable(Exception):  # noqa: N818  (not an error of its own: carries one issue up to the reader)
    """The document cannot be read any further; holds the reason."""

    def __init__(self, issue: Issue) -> None:
        super().__init__(str(issue))
        self.issue = issue


_WRONG = (
    (
        re.compile(r"yes|no|on|off", re.IGNORECASE),
        "is a truth value in YAML 1.1 and a word in YAML 1.2; accepted: true, false, or the word in quotes",
    ),
    (re.compile(r"[-+]?\.(?:inf|nan)", re.IGNORECASE), "is not a finite number; accepted: a finite number"),
    (
        _AMBIGUOUS,
        "is another number in YAML 1.1 than in YAML 1.2; accepted: a decimal number, or text in quotes",
    ),
)


def resolve_plain(text: str) -> tuple[Scalar, str]:
    """Return what an unquoted scalar means, and what is wrong with it (empty when nothing is).

    Only what YAML 1.1 and YAML 1.2 read alike is accepted, so that a file means the same in every tool; but
    `1e3`, which YAML 1.1 takes for text, is the number that whoever writes it means.
    """
    if text in _NULLS or text in _TRUTHS:
        return _TRUTHS.get(text), ""
    for pattern, wrong in _WRONG:
        if pattern.fullmatch(text):
            return text, wrong
    if not _FLOAT.fullmatch(text):
        return text, ""
    if _INTEGER.fullmatch(text) and len(text) <= 19:
        return int(text), ""
    number = float(text)
    if _INTEGER.fullmatch(text) or math.isinf(number):
        return (
            text,
            "is out of the range of numbers; accepted: whole numbers of up to 18 digits, or up to 1e308",
        )
    return number, ""


class _Place(Protocol):
    """What libyaml's and PyYAML's own marks have in common; both count from zero."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


@dataclass(slots=True)
class _Builder:
    """Builds the tree from parser events, which neither recurse nor construct objects."""

    origin: str
    folder: Path
    issues: list[Issue] = field(default_factory=list)
    anchors: dict[str, Item | None] = field(default_factory=dict)
    size: int = 0

    def mark(self, mark: _Place | None) -> Mark:
        if mark is None:
            return Mark(self.origin, 1, 1, self.folder)
        return Mark(self.origin, mark.line + 1, mark.column + 1, self.folder)

    def stop(self, mark: Mark, reason: str, subject: str = "") -> Unreadable:
        return Unreadable(Issue(mark, subject, reason))

    def grow(self, mark: Mark, amount: int = 1) -> None:
        self.size += amount
        if self.size > LARGEST_TREE:
            raise self.stop(
                mark, f"the file expands to too many values; accepted: up to {LARGEST_TREE:,} in all"
            )

    def build(self, events: list[yaml.Event], path: str, key_mark: Mark | None, depth: int) -> Item:
        """Take the events of one value off the end of `events` (which is reversed) and return it."""
        event = events.pop()
        mark = self.mark(event.start_mark)
        key_mark = key_mark or mark
        self.grow(mark)
        if depth > DEEPEST:
            raise self.stop(mark, f"the nesting is too deep; accepted: up to {DEEPEST} levels")
        if isinstance(event, yaml.AliasEvent):
            return self.aliased(event.anchor or "", mark, path, key_mark, depth)
        if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            raise self.stop(mark, f"not valid YAML: {type(event).__name__}", path)
        if event.tag not in _PLAIN_TAGS:
            tag = str(event.tag).encode("unicode_escape").decode("ascii")[:80]
            self.issues.append(
                Issue(mark, path, f'the tag "{tag}" is not accepted; accepted: values without a tag')
            )
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        if isinstance(event, yaml.ScalarEvent):
            item = self.scalar(event, mark, path, key_mark)
        elif isinstance(event, yaml.SequenceStartEvent):
            entries: list[Item] = []
            while not isinstance(events[-1], yaml.SequenceEndEvent):
                entries.append(self.build(events, child_path(path, len(entries)), None, depth + 1))
            events.pop()
            item = Item(entries, mark, path, key_mark)
        else:
            item = Item(self.entries(events, path, depth), mark, path, key_mark)
        if event.anchor is not None:
            self.anchors[event.anchor] = item
        return item

    def aliased(self, anchor: str, mark: Mark, path: str, key_mark: Mark, depth: int) -> Item:
        """Return a copy of what the anchor names."""
        if anchor not in self.anchors:
            raise self.stop(mark, f'the alias "*{anchor}" has no anchor "&{anchor}" before it', path)
        target = self.anchors[anchor]
        if target is None:
            raise self.stop(
                mark, f'the alias "*{anchor}" is inside its own anchor; accepted: no cycles', path
            )
        self.grow(mark, sum(1 for _ in walk(target)))
        if depth + _height(target) > DEEPEST:
            raise self.stop(mark, f"the nesting is too deep; accepted: up to {DEEPEST} levels", path)
        copy = rebased(target, path)
        return Item(copy.value, copy.mark, path, key_mark, copy.text)

    def scalar(self, event: yaml.ScalarEvent, mark: Mark, path: str, key_mark: Mark) -> Item:
        """Return a scalar; quoted ones are always text."""
        if event.style or event.tag == _STRING_TAG:
            return Item(event.value, mark, path, key_mark, event.value)
        value, wrong = resolve_plain(event.value)
        item = Item(value, mark, path, key_mark, event.value or "null")
        if wrong:
            self.issues.append(Issue(mark, f"{path} = {item.found}" if path else item.found, wrong))
        return item

    def entries(self, events: list[yaml.Event], path: str, depth: int) -> dict[str, Item]:
        """Return the entries of a mapping up to its end event."""
        entries: dict[str, Item] = {}
        while not isinstance(events[-1], yaml.MappingEndEvent):
            key_event = events[-1]
            key_mark = self.mark(key_event.start_mark)
            key = self.key(events, path, depth, key_mark)
            entry = self.build(events, child_path(path, key), key_mark, depth + 1)
            if key in entries:
                first = entries[key].key_mark.line
                reason = f"duplicate key, first given in line {first}; accepted: each key once"
                self.issues.append(Issue(key_mark, entry.path, reason))
                continue
            entries[key] = entry
        events.pop()
        return entries

    def key(self, events: list[yaml.Event], path: str, depth: int, mark: Mark) -> str:
        """Return the next key as text; a key that is no text is an error."""
        event = events[-1]
        if not isinstance(event, yaml.ScalarEvent):
            self.build(events, path, mark, depth + 1)
            self.issues.append(Issue(mark, path, "a key must be text; accepted: a name"))
            return f"?{len(self.issues)}"
        events.pop()
        self.grow(mark)
        text: str = event.value
        if not event.style and event.tag is None:
            self.check_key(text, path, mark)
        return text

    def check_key(self, text: str, path: str, mark: Mark) -> None:
        """Report a plain key that YAML reads as something else than text."""
        subject = child_path(path, text.encode("unicode_escape").decode("ascii")[:80])
        if text == "<<":
            self.issues.append(
                Issue(mark, subject, "merge keys are not accepted; accepted: extends, or aliases")
            )
        elif text in _NULLS or text in _TRUTHS:
            meaning = "null" if text in _NULLS else text.lower()
            reason = f"YAML reads this unquoted key as the value {meaning}; accepted: a name, or the text in quotes"
            self.issues.append(Issue(mark, subject, reason))
        elif text.lower() in _YAML_11_TRUTHS:
            reason = f"YAML 1.1 reads the unquoted key {text} as a truth value; accepted: the key in quotes"
            self.issues.append(Issue(mark, subject, reason))


def _height(item: Item) -> int:
    below = (
        item.value.values()
        if isinstance(item.value, dict)
        else item.value
        if isinstance(item.value, list)
        else ()
    )
    return 1 + max((_height(entry) for entry in below), default=0)


def parse_text(text: str, origin: str, folder: Path) -> tuple[Item, list[Issue]]:
    """Parse one YAML document.

    Returns
    -------
    Item, list of Issue         The tree and every error in it that does not prevent reading on.

    Raises
    ------
    Unreadable                  The text is no YAML, or hostile.
    """
    builder = _Builder(origin, folder)
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    events: list[yaml.Event] = []
    depth = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            events.append(event)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST or len(events) > 3 * LARGEST_TREE:
                place = builder.mark(event.start_mark)
                raise builder.stop(
                    place, f"the nesting is too deep or the file too long; accepted: {DEEPEST} levels"
                )
    except yaml.MarkedYAMLError as error:
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise builder.stop(
            builder.mark(error.problem_mark or error.context_mark), f"not valid YAML: {reason}"
        ) from None
    except yaml.YAMLError as error:
        reason = str(error).splitlines()[0] if str(error) else "unreadable"
        raise builder.stop(builder.mark(None), f"not valid YAML: {reason}") from None
    documents = [index for index, event in enumerate(events) if isinstance(event, yaml.DocumentStartEvent)]
    if not documents:
        raise builder.stop(
            builder.mark(None), "the file is empty; accepted: a scenario, at least name and duration"
        )
    if len(documents) > 1:
        second = builder.mark(events[documents[1]].start_mark)
        raise builder.stop(second, "a second document begins here; accepted: one document in a file")
    body = events[documents[0] + 1 : -2]
    body.reverse()
    return builder.build(body, "", None, 0), builder.issues


def read_file(path: Path, display: str) -> tuple[Item, list[Issue]]:
    """Read a scenario file whose root is a mapping; raises Unreadable when that is impossible."""
    start = Mark(display, 0, 0, Path.cwd())
    try:
        folder = path.resolve().parent
        if path.is_dir():
            raise Unreadable(Issue(start, "", "is a folder; accepted: a scenario file"))
        with path.open("rb") as stream:
            raw = stream.read(LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a cycle of symbolic links
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise Unreadable(
            Issue(start, "", f"cannot be read ({reason}); accepted: a readable scenario file")
        ) from None
    if len(raw) > LARGEST_FILE_BYTES:
        raise Unreadable(
            Issue(start, "", f"is larger than {LARGEST_FILE_BYTES:,} B; accepted: a smaller file")
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        column = error.start - raw.rfind(b"\n", 0, error.start)
        place = Mark(display, line, column, folder)
        raise Unreadable(
            Issue(place, "", f"byte 0x{raw[error.start]:02x} is not UTF-8; accepted: UTF-8 text")
        ) from None
    root, issues = parse_text(text, display, folder)
    if not isinstance(root.value, dict):
        reason = f"the file holds {root.found}; accepted: a mapping of keys such as name, duration, nodes"
        raise Unreadable(Issue(root.mark, "", reason))
    return root, issues
