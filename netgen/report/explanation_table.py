"""What people see of why a user was served as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

Row = Mapping[str, Any]
_SERVED = {
    "broadcast": "by the tower",
    "repaired": "by the tower, a cell repairs what is lost",
    "cellular": "by a cell",
    "wired": "by wire",
}


def explanation_tables(explained: Row) -> list[Table]:
    """One table for each service of the user, in the order of the scenario."""
    title = f"{explained['user']} at {explained['time_s']:g} s"
    return [_table(f"{title}: {name}", found) for name, found in explained["services"].items()]


def _table(title: str, found: Row) -> Table:
    """How one service came, and why."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_header=False)
    table.add_column("what", no_wrap=True)
    table.add_column("answer")
    for label, text in _lines(found):
        table.add_row(label, Text(text))
    return table


def _lines(found: Row) -> Iterator[tuple[str, str]]:
    """What is told of a service, as labels and texts."""
    served = _SERVED.get(found["served"], found["served"])
    going = found["moving_to"]
    yield "served ", str(served if going is None else f"{served}; on the way: {_SERVED.get(going, going)}")
    if found["added"] is not None:
        yield "enhancement ", found["added"]
    if found["switch"] is not None:
        yield "move ", _move(found["switch"])
    if found["decision"] is not None:
        yield from _decision(found["decision"])
    for decision in found["unchanged"]:
        yield (
            "unchanged ",
            f"{_asked(decision)} asked for nothing else: {decision['reason'] or 'no reason given'}",
        )
        if found["decision"] is None:
            yield "  saw ", _figures(decision["saw"])
            yield "  options ", _options(decision["options"])
    if found["next"] is not None:
        coming = found["next"]["decision"]
        reason = coming["reason"] or "no reason given"
        yield "next ", f"{_asked(coming)}: {_change(coming, found['next']['switch'])}; {reason}"
    for relayed in found["relay"]:
        chose = f"{relayed['kind']} {relayed['action']}".strip()
        reason = relayed["reason"] or "no reason given"
        yield (
            f"at {relayed['node']} ",
            f"{relayed['time_s']:g} s, segment {relayed['index']}: {relayed['policy']} chose {chose}; {reason}",
        )
    if not (found["decision"] or found["unchanged"] or found["relay"]):
        yield "decision ", "none: no policy was asked about it by then"


def _decision(decision: Row) -> Iterator[tuple[str, str]]:
    """The decision behind a change."""
    yield "decided ", f"{_asked(decision)}, decision {decision['decision']}"
    yield "  reason ", decision["reason"] or "none given"
    change = decision["chose_for_user"]
    own = "" if change is None else f"; this user: {change['was']} -> {change['chosen']}"
    action = f" ({decision['chose_action']})" if decision["chose_action"] else ""
    yield "  chose ", f"{decision['chose']}{action}{own}"
    if decision["saw_of_user"] is not None:
        yield "  saw of user ", _figures(decision["saw_of_user"])
    yield "  saw ", _figures(decision["saw"])
    yield "  options ", _options(decision["options"])


def _asked(decision: Row) -> str:
    """When, where and whom."""
    tower = f" for {decision['tower']}" if decision["tower"] else ""
    return f"{decision['time_s']:g} s, {decision['core']}{tower}, {decision['mode']} by {decision['policy']}"


def _change(decision: Row, move: Row | None) -> str:
    """What a decision changed for the user, by a move or without."""
    if move is not None:
        return _move(move)
    change = decision["chose_for_user"]
    return "" if change is None else f"{change['was']} -> {change['chosen']}"


def _move(move: Row) -> str:
    """A move between tower and cells."""
    told = [f"{move['origin']} -> {move['target']} decided at {move['decided_s']:g} s"]
    if move["effective_s"] is not None:
        later_s = move["effective_s"] - move["decided_s"]
        told.append(f"effective at {move['effective_s']:.6g} s ({later_s * 1e3:.6g} ms later)")
    elif move["transfer_s"] is not None:
        told.append("refused")
    else:
        told.append("not arrived before the end")
    if move["context_bits"]:
        told.append(f"context of {move['context_bits']:,} bit")
    if move["segments_resent"]:
        told.append(f"{move['segments_resent']} segments sent again")
    if move["needless"] is not None:
        told.append("needless as it turned out" if move["needless"] else "not needless")
    return ", ".join(told)


def _options(options: list[Row]) -> str:
    """What could be asked for."""
    told = []
    for option in options:
        figures = {key: value for key, value in option.items() if key not in {"kind", "action"}}
        name = " ".join(part for part in (option["kind"], option["action"]) if part)
        told.append(f"{name} ({_figures(figures)})" if figures else name)
    return "; ".join(told) or "-"


def _figures(figures: Row) -> str:
    """Named numbers in a line."""
    return ", ".join(f"{name} {_number(value)}" for name, value in figures.items()) or "-"


def _number(value: float | None) -> str:
    """Six digits; a word for what has no end."""
    return "infinite" if value is None else f"{value:.6g}"
