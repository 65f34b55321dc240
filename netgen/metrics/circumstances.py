"""What was so about a user at an instant beside decisions: presence, room, and what was out of order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from netgen.ledger import LedgerReader, LossReason

Row = dict[str, Any]
_BASELINE = "baseline"


def told_of_run(folder: Path) -> tuple[str | None, list[Row]]:
    """Why a run failed, None when it did not, and its faults; of a baseline what the run beside it says."""
    path, beside = folder / "summary.json", folder.parent / "summary.json"
    if path.is_file():
        summary = json.loads(path.read_text(encoding="utf-8"))
        return summary.get("failed"), summary.get("faults", [])
    if folder.name == _BASELINE and beside.is_file():
        summary = json.loads(beside.read_text(encoding="utf-8"))
        return summary.get(_BASELINE, {}).get("failed"), summary.get("faults", [])
    return None, []


def unserved(row: Row, at_s: float) -> str | None:
    """Why nothing serves a row of users.parquet at an instant: absent, left or blocked; None when something may.

    Records say of a user how many segments were blocked, not which ones: only whose every segment was counts as
    blocked.
    """
    if row["join_s"] is None or at_s < row["join_s"]:
        return "absent"
    if row["leave_s"] is not None and at_s >= row["leave_s"]:
        return "left"
    return "blocked" if 0 < row["segments_blocked"] == row["segments_offered"] else None


def room(ledger: LedgerReader, row: Row, at_s: float) -> Row | None:
    """What the records tell of a lack of room for a user; None when no segment of its was blocked.

    Returns
    -------
    dict                            `segments` of the user's that were blocked, `of` so many after the warm-up, and
                                    `offered_s`, `users`: instant of the last segment offered by then, and users of
                                    the service for whom that one was blocked; None without any.
    """
    if not row["segments_blocked"]:
        return None
    table = pq.read_table(
        ledger.folder / "segments.parquet",
        columns=["offered_s", "users", "reason"],
        filters=(pc.field("service") == row["service"]) & (pc.field("offered_s") <= at_s),
    )
    last_s = pc.max(table["offered_s"]).as_py()
    blocked = pc.and_(
        pc.equal(table["reason"], LossReason.BLOCKED.value), pc.equal(table["offered_s"], last_s)
    )
    users = None if last_s is None else pc.sum(table.filter(blocked)["users"]).as_py() or 0
    return {
        "segments": row["segments_blocked"],
        "of": row["segments_offered"],
        "offered_s": last_s,
        "users": users,
    }


def carriers(row: Row) -> Row:
    """Tower, cell (or cellular network) and sector of a row of users.parquet.

    The sector is known where the user never changed it: users.parquet has that of the end.
    """
    tower, cell = {
        "broadcast": (row["node"], row["other_node"]),
        "cellular": (row["other_node"], row["node"]),
    }.get(row["source_kind"], ("", ""))
    sector = row["sector"] if row["handovers"] == 0 else None
    return {"tower": tower or None, "cell": cell or None, "sector": sector}


def out_of_order(ledger: LedgerReader, row: Row, faults: Sequence[Row], at_s: float) -> list[Row]:
    """Faults at an instant of what a user depends on.

    Returns
    -------
    list of dict                    Each fault of summary.json with `certain`: False for a sector of the user's
                                    network when the records do not tell which sector served the user then.
    """
    now = [
        fault
        for fault in faults
        if fault["begin_s"] <= at_s and (fault["end_s"] is None or at_s < fault["end_s"])
    ]
    if not now:
        return []
    own = {name for name in (row["node"], row["other_node"]) if name}
    way = own | (
        _passed(ledger, row["service"], own) if {f["what"] for f in now} & {"link", "gpu"} else set()
    )
    sector = carriers(row)["sector"]
    found = []
    for fault in now:
        what, where = fault["what"], fault["where"]
        node, _, part = where.partition(":")
        if what == "cell" and part:
            hit = node in own and sector in (None, part)
        elif what == "link":
            hit = set(where.split("->")) <= way
        elif what == "cores":
            hit = bool(row["other_node"])
        else:
            hit = where in (way if what == "gpu" else own)
        if hit:
            found.append(fault | {"certain": not (what == "cell" and part and sector is None)})
    return found


def _passed(ledger: LedgerReader, service: str, receivers: set[str]) -> set[str]:
    """Nodes that segments of a service passed on their way to some receivers, at any time of the run."""
    table = pq.read_table(
        ledger.folder / "segments.parquet",
        columns=["path"],
        filters=(pc.field("service") == service) & pc.field("receiver").isin(sorted(receivers)),
    )
    return set(pc.unique(pc.list_flatten(table["path"])).to_pylist())
