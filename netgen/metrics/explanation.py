"""Why a user was served as it was at an instant: from the decisions, switches, users and segments of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from netgen import units
from netgen.errors import InputError, did_you_mean
from netgen.ledger import LedgerReader
from netgen.metrics.circumstances import carriers, out_of_order, room, told_of_run, unserved

Row = dict[str, Any]
_RELAY = "relay"
_USER_COLUMNS = [
    "user", "audience", "service", "node", "other_node", "source_kind", "join_s", "leave_s", "segments_offered",
    "segments_blocked", "handovers", "sector",
]  # fmt: skip


def explain_run(folder: Path, *, user: str, at: str) -> dict[str, Any]:
    """As `explain`, of a run directory, with the instant as a person writes it, for example `12 s`."""
    if not folder.is_dir():
        beside = [str(each) for each in folder.parent.glob("*") if each.is_dir()]
        raise InputError(f"{folder} is not a folder{did_you_mean(str(folder), beside)}")
    ledger = LedgerReader(folder)
    try:
        at_s = float(units.parse(at, units.DURATION))
    except ValueError as error:
        raise InputError(f'--at "{at}": {error}') from None
    return explain(ledger, user, at_s=at_s)


def explain(ledger: LedgerReader, user: str, *, at_s: float) -> dict[str, Any]:
    """How every service of a user came at an instant, and why.

    Parameters
    ----------
    user : str                      Name of the user, as in users.parquet.
    at_s : float, s                 The instant, within the run.

    Returns
    -------
    dict                            `user`, `time_s`, `audience`, `failed` (why the run failed), and by service:
                                    `served` (broadcast, repaired, cellular or wired; absent, left or blocked where
                                    nothing serves the user), `join_s`, `leave_s`, `tower`, `cell`, `sector` (None
                                    where the user changed it), `room` (what was blocked), `out_of_order` (faults of
                                    what the user depends on), `moving_to` (while a move is under way), `added` (how
                                    an enhancement comes; None where nobody decides about it), `switch` (the last
                                    move, effective or not), `decision` (the one behind what is, of the user's last
                                    change), `unchanged` (the last decision of each mode since, which asked for
                                    nothing else), `next` (the decision behind the next change, and its move) and
                                    `relay` (the last one about the service at each node). Infinite numbers are None.

    Raises
    ------
    InputError                      Nobody has that name, or the instant is outside the run.
    """
    failed, faults = told_of_run(ledger.folder)
    rows = _rows_of(ledger, user, failed)
    end_s = run_length_s(ledger)
    if not 0.0 <= at_s <= end_s:
        raise InputError(f"{at_s:g} s is not within the run; accepted: 0 s to {end_s:g} s")
    services = [row["service"] for row in rows]
    switches = _switches(ledger, user)
    decisions = _Decisions(ledger, services, user)
    return {
        "user": user,
        "time_s": at_s,
        "audience": rows[0]["audience"] or None,
        "failed": failed,
        "services": {
            row["service"]: _service(
                row, at_s, [move for move in switches if move["service"] == row["service"]], decisions
            )
            | {
                "room": room(ledger, row, at_s),
                "out_of_order": out_of_order(ledger, row, faults, at_s),
                "relay": _relayed(ledger, row["service"], at_s),
            }
            for row in rows
        },
    }


def run_length_s(ledger: LedgerReader) -> float:
    """Simulated time up to which a run has records."""
    nodes = ledger.table("nodes", ["start_s", "length_s"])
    return float(pc.max(pc.add(nodes["start_s"], nodes["length_s"])).as_py() or 0.0)


def _rows_of(ledger: LedgerReader, user: str, failed: str | None) -> list[Row]:
    """The user's row of each service; raises InputError when there is none."""
    known = pq.read_schema(ledger.folder / "users.parquet").names
    if not set(_USER_COLUMNS) <= set(known):
        raise InputError(f"{ledger.folder} was written by another version of netgen; accepted: a new run")
    users = ledger.table("users", _USER_COLUMNS)
    mine: list[Row] = users.filter(pc.equal(users["user"], user)).to_pylist()
    if not mine and failed is not None and not users.num_rows:
        raise InputError(f"{ledger.folder} has no users, because the run failed: {failed}")
    if not mine:
        names = pc.unique(users["user"]).to_pylist()
        some = f"; users are called {_ranges(names)}" if names else ""
        raise InputError(f'"{user}" is no user of {ledger.folder}{did_you_mean(user, names)}{some}')
    return mine


def _ranges(names: Iterable[str]) -> str:
    """Names of users in a line: of those that count up, `fans:0` and so on, the first and the last."""
    told: dict[str, list[str]] = {}
    for name in names:
        stem, colon, number = name.rpartition(":")
        told.setdefault(stem if colon and number.isdecimal() else name, []).append(name)
    return ", ".join(
        same[0] if len(same) == 1 else f"{same[0]} to {same[-1]}"
        for same in (sorted(each, key=lambda name: (len(name), name)) for each in told.values())
    )


def _switches(ledger: LedgerReader, user: str) -> list[Row]:
    """All moves of a user, in the order of their decisions."""
    table = ledger.table("switches")
    found: list[Row] = table.filter(pc.equal(table["user"], user)).to_pylist()
    return sorted(found, key=lambda move: (move["decided_s"], move["decision"]))


def _service(row: Row, at_s: float, moves: list[Row], decisions: _Decisions) -> Row:
    """What happened to one service of the user."""
    service = row["service"]
    past = [move for move in moves if move["decided_s"] <= at_s]
    effective = [move for move in past if move["effective_s"] is not None and move["effective_s"] <= at_s]
    under_way = [move for move in past if not _ended(move, at_s)]
    last = past[-1] if past else None
    coming = next((move for move in moves if move["decided_s"] > at_s), None)
    changes = decisions.changes(service)
    causes = {move["decision"] for move in moves} | {number for _, number in changes}
    before = [number for time_s, number in changes if time_s <= at_s]
    cause = last["decision"] if last is not None else (before[-1] if before else None)
    after = [number for time_s, number in changes if time_s > at_s]
    following = coming["decision"] if coming is not None else (after[0] if after else None)
    added = decisions.added(service, at_s)
    nothing = unserved(row, at_s)
    return {
        "served": nothing or (effective[-1]["target"] if effective else row["source_kind"]),
        "join_s": row["join_s"],
        "leave_s": row["leave_s"],
        **carriers(row),
        "moving_to": under_way[-1]["target"] if under_way else None,
        "added": added,
        "switch": last,
        "decision": None if cause is None else decisions.of(cause),
        "unchanged": decisions.unchanged(
            service, row["node"], at_s, causes, after=-1 if cause is None else cause
        ),
        "next": None if following is None else {"decision": decisions.of(following), "switch": coming},
    }


def _ended(move: Row, at_s: float) -> bool:
    """Whether a move has ended by an instant: in its target, or refused."""
    if move["effective_s"] is not None:
        return bool(move["effective_s"] <= at_s)
    return move["transfer_s"] is not None and bool(move["decided_s"] + move["transfer_s"] <= at_s)


class _Decisions:
    """Decisions of service policies that considered some services, and what they asked for one user."""

    def __init__(self, ledger: LedgerReader, services: list[str], user: str) -> None:
        self._user = user
        table = pq.read_table(
            ledger.folder / "decisions.parquet",
            columns=["decision", "mode", "time_s", "tower", "service", "options", "users"],
            filters=(pc.field("mode") != _RELAY) & pc.field("service").isin([*services, ""]),
        ).sort_by("decision")
        self._ledger = ledger
        self._number = table["decision"].to_numpy()
        self._time_s = table["time_s"].to_numpy()
        self._mode = table["mode"].to_pylist()
        self._service = table["service"].to_pylist()
        self._tower = table["tower"].to_pylist()
        self._offered = _lists(table["options"], "action")
        self._asked = _asked(table["users"], user)
        self._known: dict[int, Row] = {}

    def changes(self, service: str) -> list[tuple[float, int]]:
        """Decisions that asked for something else for the user and a service, as (time, number)."""
        return [
            (float(self._time_s[k]), int(self._number[k])) for k in self._asked if self._service[k] == service
        ]

    def added(self, service: str, at_s: float) -> str | None:
        """How the user gets an enhancement: as last asked for; None where no policy of addition was asked."""
        about = [
            k for k, (mode, name) in enumerate(zip(self._mode, self._service, strict=True))
            if mode == "addition" and name == service and self._time_s[k] <= at_s
        ]  # fmt: skip
        if not about:
            return None
        mine = [k for k in about if k in self._asked]
        return self._asked[mine[-1]] if mine else "none"

    def unchanged(self, service: str, node: str, at_s: float, causes: set[int], *, after: int) -> list[Row]:
        """The last decision of each mode about a service by then that changed nothing for the user at a node."""
        last: dict[str, int] = {}
        for k, mode in enumerate(self._mode):
            about = self._service[k] == service or (not self._service[k] and service in self._offered[k])
            about = about and self._tower[k] in ("", node)
            number = int(self._number[k])
            if about and self._time_s[k] <= at_s and number > after and number not in causes:
                last[mode] = number
        return [self.of(number) for number in last.values()]

    def of(self, number: int) -> Row:
        """One decision: when, where, by which policy, what it saw, its options, what it chose and why."""
        if number not in self._known:
            [row] = pq.read_table(
                self._ledger.folder / "decisions.parquet", filters=pc.field("decision") == number
            ).to_pylist()
            self._known[number] = _told(row, self._user)
        return self._known[number]


def _asked(column: pa.ChunkedArray, user: str) -> dict[int, str]:
    """Positions of decisions that asked for something else for a user, each with what it asked for."""
    combined = column.combine_chunks()
    parents = pc.list_parent_indices(combined).to_numpy()
    seen = pc.list_flatten(combined)
    mine = np.flatnonzero(pc.equal(pc.struct_field(seen, "user"), user).to_numpy(zero_copy_only=False))
    chosen = pc.struct_field(seen, "chosen").take(pa.array(mine)).to_pylist()
    return dict(zip(parents[mine].tolist(), chosen, strict=True))


def _lists(column: pa.ChunkedArray, name: str) -> list[set[str]]:
    """Per row the values of one field of its list of records."""
    combined = column.combine_chunks()
    found: list[set[str]] = [set() for _ in range(len(combined))]
    parents = pc.list_parent_indices(combined).to_pylist()
    values = pc.struct_field(pc.list_flatten(combined), name).to_pylist()
    for parent, value in zip(parents, values, strict=True):
        found[parent].add(value)
    return found


def _told(row: Row, user: str) -> Row:
    """A decision of a service policy for people and programs."""
    mine = next((seen for seen in row["users"] if seen["user"] == user), None)
    return {
        "decision": row["decision"],
        "mode": row["mode"],
        "time_s": row["time_s"],
        "core": row["node"],
        "tower": row["tower"] or None,
        "policy": row["policy"],
        "saw": _figures(row["saw"]),
        "saw_of_user": None if mine is None else _figures(mine["figures"]),
        "options": [
            {"kind": option["kind"], "action": option["action"], **_figures(option["figures"])}
            for option in row["options"]
        ],
        "chose": row["kind"],
        "chose_action": row["action"],
        "chose_for_user": None if mine is None else {"was": mine["was"], "chosen": mine["chosen"]},
        "reason": row["reason"],
    }


def _relayed(ledger: LedgerReader, service: str, at_s: float) -> list[Row]:
    """The last decision about a service's segments at each node by an instant."""
    names = ["decision", "mode", "time_s", "node", "service", "index"]
    about = (pc.field("mode") == _RELAY) & (pc.field("service") == service) & (pc.field("time_s") <= at_s)
    table = pq.read_table(ledger.folder / "decisions.parquet", columns=names, filters=about)
    last: dict[str, int] = {}
    for row in table.sort_by("decision").select(["node", "decision"]).to_pylist():
        last[row["node"]] = row["decision"]
    if not last:
        return []
    rows = pq.read_table(
        ledger.folder / "decisions.parquet", filters=pc.field("decision").isin(list(last.values()))
    ).to_pylist()
    return [_relay_told(row) for row in sorted(rows, key=lambda row: row["decision"])]


def _relay_told(row: Row) -> Row:
    """A decision about a segment for people and programs."""
    keys = ("decision", "time_s", "node", "index", "policy", "kind", "action", "reason", "missed")
    state = ("bits", "bits_per_pixel", "semantic_fidelity", "time_left_s", "backlog_bits", "available_bps")
    options = [{key: value for key, value in option.items() if key != "figures"} for option in row["options"]]
    return {
        **{key: row[key] for key in keys},
        "saw": {key: _finite(row[key]) for key in (*state, "gpu_queued")},
        "options": [{key: _finite(value) for key, value in option.items()} for option in options],
    }


def _figures(figures: Iterable[Mapping[str, Any]]) -> Row:
    """Named numbers as a mapping."""
    return {figure["name"]: _finite(figure["value"]) for figure in figures}


def _finite(value: Any) -> Any:  # noqa: ANN401  (whatever a record holds)
    """The same, and None for a number that JSON cannot hold."""
    return None if isinstance(value, float) and not np.isfinite(value) else value
