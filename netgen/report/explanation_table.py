"""What people see of why a user was served as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from netgen.report.quantities import percent, quantities

Row = Mapping[str, Any]
_OFFLOADING = "offloading"
_GONE = ("absent", "left")
_SERVED = {
    "broadcast": "by the tower",
    "repaired": "by the tower, a cell repairs what is lost",
    "cellular": "by a cell",
    "wired": "by wire",
}


def explanation_tables(explained: Row) -> list[Table]:
    """One table for each service of the user, in the order of the scenario."""
    title = f"{explained['user']} at {explained['time_s']:g} s"
    return [
        _table(f"{title}: {name}", name, found, explained["failed"])
        for name, found in explained["services"].items()
    ]


def _table(title: str, service: str, found: Row, failed: str | None) -> Table:
    """How one service came, and why."""
    table = Table(title=title, box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_header=False)
    table.add_column("what", no_wrap=True)
    table.add_column("answer")
    if failed is not None:
        table.add_row("run ", Text(f"failed: {failed}"))
    for label, text in _lines(service, found):
        table.add_row(label, Text(text))
    return table


def _lines(service: str, found: Row) -> Iterator[tuple[str, str]]:
    """What is told of a service, as labels and texts."""
    yield "served ", _served(found)
    for fault in found["out_of_order"]:
        yield "out of order ", _fault(fault)
    if found["served"] in _GONE:
        return
    if found["room"] is not None and found["served"] != "blocked":
        yield "room ", _room(service, found["room"])
    if found["added"] is not None:
        yield "enhancement ", found["added"]
    if found["switch"] is not None:
        yield "move ", _move(found["switch"])
    if found["decision"] is not None:
        yield from _decision(found["decision"], service, found)
    for decision in found["unchanged"]:
        yield (
            "unchanged ",
            f"{_asked(decision)} asked for nothing else: {decision['reason'] or 'no reason given'}",
        )
        if found["decision"] is None:
            yield from _seen(decision, service, found)
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


def _served(found: Row) -> str:
    """By whom, or why not."""
    served, room = found["served"], found["room"]
    if served == "absent":
        when = "never joins" if found["join_s"] is None else f"joins at {found['join_s']:.6g} s"
        return f"not: has not joined yet ({when})"
    if served == "left":
        return f"not: has left at {found['leave_s']:.6g} s"
    if served == "blocked":
        where = "no room in its cell" if found["cell"] else "the tower does not send it, and there is no cell"
        return f"not: blocked: {where} (all of its {room['of']} segments)"
    if found["added"] == "none":
        return "not: the enhancement is left out"
    going = found["moving_to"]
    cell = found["cell"] if served == "cellular" else None
    sector = f":{found['sector']}" if found["sector"] else ""
    told = f"{_SERVED.get(served, served)}{f', {cell}{sector}' if cell else ''}"
    return told if going is None else f"{told}; on the way: {_SERVED.get(going, going)}"


def _room(service: str, room: Row) -> str:
    """How many segments were blocked; which ones is not recorded."""
    one = room["segments"] == 1
    told = (
        f"{room['segments']} of its {room['of']} segments {'was' if one else 'were'} blocked "
        f"(which {'one' if one else 'ones'} is not recorded)"
    )
    if room["users"] is None:
        return told
    whom = "nobody" if not room["users"] else f"{room['users']} user{'' if room['users'] == 1 else 's'}"
    return f"{told}; the one offered at {room['offered_s']:g} s was blocked for {whom} of {service}"


def _fault(fault: Row) -> str:
    """What is broken, from when until when."""
    name = fault["what"] if fault["where"] == fault["what"] else f"{fault['what']} {fault['where']}"
    name = "way between the cores" if fault["what"] == "cores" else name
    end = "the end" if fault["end_s"] is None else f"{fault['end_s']:.6g} s"
    maybe = "" if fault["certain"] else "; of its network, which sector served it then is not recorded"
    return f"{name} since {fault['begin_s']:.6g} s until {end}{maybe}"


def _decision(decision: Row, service: str, found: Row) -> Iterator[tuple[str, str]]:
    """The decision behind a change."""
    yield "decided ", f"{_asked(decision)}, decision {decision['decision']}"
    yield "  reason ", decision["reason"] or "none given"
    change = decision["chose_for_user"]
    own = "" if change is None else f"; this user: {change['was']} -> {change['chosen']}"
    action = f" ({decision['chose_action']})" if decision["chose_action"] else ""
    yield "  chose ", f"{decision['chose']}{action}{own}"
    if decision["saw_of_user"] is not None:
        yield "  saw of user ", quantities(decision["saw_of_user"])
    yield from _seen(decision, service, found)


def _seen(decision: Row, service: str, found: Row) -> Iterator[tuple[str, str]]:
    """What a policy saw and could choose; of offloading what is about the user's own service and carriers."""
    if decision["mode"] != _OFFLOADING:
        yield "  saw ", quantities(decision["saw"])
        yield "  options ", _options(decision["options"])
        return
    yield "  saw ", _saw_nearby(decision["saw"], found)
    own = [option for option in decision["options"] if option["action"] == service]
    others = len(decision["options"]) - len(own)
    more = f"; {others} other{'' if others == 1 else 's'}: see --json" if others else ""
    yield "  options ", f"{_options(own)}{more}"


def _saw_nearby(saw: Row, found: Row) -> str:
    """Load of the user's cell, or of all sectors of its network, and its tower's channels."""
    cell, tower = found["cell"], found["tower"]
    owners = {name: name.rpartition(".")[0] for name in saw}
    whole = f"{cell}:{found['sector']}" if found["sector"] else cell
    mine = {name: value for name, value in saw.items() if owners[name] == whole}
    sectors = {name: value for name, value in saw.items() if owners[name].startswith(f"{cell}:")}
    air = {name: saw[name] for name in saw if owners[name] == tower or owners[name].startswith(f"{tower}:")}
    told = [quantities(mine)] if mine else []
    if sectors and not mine:
        loads = [value for value in sectors.values() if value is not None]
        told.append(
            f"{len(sectors)} sectors of {cell}: load {percent(min(loads))} to {percent(max(loads))} (which of them "
            "served it then is not recorded)"
        )
    told += [quantities(air)] if air else []
    others = len(saw) - len(air) - len(mine or sectors)
    return ", ".join(told or ["-"]) + (
        f"; {others} other{'' if others == 1 else 's'}: see --json" if others else ""
    )


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
        told.append(f"{name} ({quantities(figures)})" if figures else name)
    return "; ".join(told) or "-"
