"""Figures of the collaborative service modes of a run, from its ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from netgen.ledger import LedgerReader
from netgen.metrics.bound import freed_of_bound
from netgen.metrics.loads import cell_loads, is_air
from netgen.metrics.tallies import among, ratio, total

_SEGMENT_COLUMNS = [
    "service", "source_kind", "warmup", "users", "users_delivered", "users_late", "outcome", "received_bits",
    "cell_bits",
]  # fmt: skip
_CARRIED = {"broadcast": "segments_broadcast", "cellular": "segments_cellular", "wired": None}
"""Ways of delivery, each with the column of users.parquet that counts what came that way."""


@dataclass(frozen=True, slots=True)
class ModesInUse:
    """Which modes a scenario has, and for which services.

    Parameters
    ----------
    enhancements : mapping          Enhancement service to the common service that it adds to.
    continued, offloaded : tuple    Services of continuation and of offloading; empty without the mode.
    warmup_s : float, s             What was offered or decided before does not count.
    """

    enhancements: Mapping[str, str] = field(default_factory=dict)
    continued: tuple[str, ...] = ()
    offloaded: tuple[str, ...] = ()
    warmup_s: float = 0.0


def service_modes(ledger: LedgerReader, used: ModesInUse) -> dict[str, Any]:
    """Figures of every way of delivery and of every mode that a run used.

    Returns
    -------
    dict                            `broadcast`, `cellular`, `wired`: users, segments and bits by the way on which
                                    segments were delivered or lost; `continuation`, `offloading`, `addition`: when
                                    the scenario has the mode (docs/metrics.md explains every key).
    """
    users, segments = ledger.table("users"), ledger.table("segments", _SEGMENT_COLUMNS)
    modes = {kind: found for kind in _CARRIED if (found := _carried(users, segments, kind))["users"]}
    if used.continued:
        modes["continuation"] = _continuation(ledger, users, segments, used.continued, used.warmup_s) | {
            "services": {
                name: _continuation(ledger, users, segments, (name,), used.warmup_s)
                for name in used.continued
            }
        }
    if used.offloaded:
        modes["offloading"] = _offloading(ledger, users, segments, used.offloaded, used.warmup_s)
    if used.enhancements:
        modes["addition"] = _addition(ledger, users, segments, used.enhancements, used.warmup_s)
    return modes


def _carried(users: pa.Table, segments: pa.Table, kind: str) -> dict[str, Any]:
    """What towers, cells or wires delivered and lost; users begin there, or got a segment that way."""
    here = pc.equal(users["source_kind"], kind)
    column = _CARRIED[kind]
    if column is not None:
        here = pc.or_(here, pc.greater(users[column], 0))
    mine = segments.filter(pc.equal(segments["source_kind"], kind))
    counted = mine.filter(pc.invert(mine["warmup"]))
    ended = counted.filter(pc.not_equal(counted["outcome"], "in-flight"))
    complete, late = total(counted["users_delivered"]), total(counted["users_late"])
    return {
        "users": _distinct(users.filter(here)),
        "segments_offered": int(total(counted["users"])),
        "segments_delivered": int(complete - late),
        "segments_late": int(late),
        "segments_lost": int(total(ended["users"]) - total(ended["users_delivered"])),
        "bits_received": _bits(mine),
    }


def _continuation(
    ledger: LedgerReader, users: pa.Table, segments: pa.Table, services: tuple[str, ...], warmup_s: float
) -> dict[str, Any]:
    """Hand-overs of some services, what they cost, and what users lost all the same."""
    mine = _watching(users, services)
    switches = _switches(ledger, "continuation", services, warmup_s)
    back = pc.equal(switches["target"], "broadcast")
    effective = pc.is_valid(switches["effective_s"])
    arrived = pc.is_valid(switches["transfer_s"])
    judged = pc.drop_null(switches["needless"])
    needless = int(total(judged))
    delays_s = pc.drop_null(switches.filter(pc.greater(switches["context_bits"], 0))["transfer_s"])
    interruption_s, count = total(mine["interruption_s"]), _distinct(mine)
    return {
        "users": count,
        "handovers": int(total(pc.and_(effective, pc.invert(back)))),
        "returns": int(total(pc.and_(effective, back))),
        "needless": needless,
        "needless_share": ratio(needless, len(judged)),
        "refused": int(total(pc.and_(arrived, pc.invert(effective)))),
        "unfinished": int(total(pc.invert(arrived))),
        "interruption_s": interruption_s,
        "interruption_mean_s": ratio(interruption_s, count),
        "interrupted_users": _distinct(mine.filter(pc.greater(mine["interruption_s"], 0.0))),
        "segments_lost": int(total(mine["segments_lost"])),
        "segments_repaired": int(total(mine["segments_repaired"])),
        "segments_resent": int(total(switches["segments_resent"])),
        "cellular_bits": _cellular_bits(segments, services),
        "context_bits": int(total(switches["context_bits"])),
        "transfer_delay_mean_s": pc.mean(delays_s).as_py(),
        "transfer_delay_max_s": pc.max(delays_s).as_py(),
    }


def _offloading(
    ledger: LedgerReader, users: pa.Table, segments: pa.Table, services: tuple[str, ...], warmup_s: float
) -> dict[str, Any]:
    """Contents moved to the tower and back, the load of the cells, and who was served badly all the same."""
    mine = _watching(users, services)
    switches = _switches(ledger, "offloading", services, warmup_s)
    moved = switches.filter(
        pc.and_(pc.equal(switches["target"], "broadcast"), pc.is_valid(switches["effective_s"]))
    )
    to_tower, back = _moves(ledger, warmup_s)
    late, lost = total(mine["segments_late"]), total(mine["segments_lost"])
    badly = pc.greater(pc.add(mine["segments_late"], mine["segments_lost"]), 0)
    return {
        "users": _distinct(mine),
        "moves_to_tower": len(to_tower),
        "moves_back": back,
        "moved_users": _distinct(moved),
        "freed_of_bound": freed_of_bound(ledger, warmup_s),
        "time_to_offload_mean_s": _time_to_offload_s(moved, to_tower),
        **_cell_loads(ledger, warmup_s),
        "late_or_blocked_users": _distinct(mine.filter(badly)),
        "late_or_blocked_segments_share": ratio(late + lost, total(mine["segments_offered"])),
        "blocked_users": _distinct(mine.filter(pc.greater(mine["segments_blocked"], 0))),
        "segments_late": int(late),
        "segments_lost": int(lost),
        "segments_blocked": int(total(mine["segments_blocked"])),
        "tower_bits": _air_bits(ledger, services),
        "cellular_bits": _cellular_bits(segments, services),
    }


def _addition(
    ledger: LedgerReader,
    users: pa.Table,
    segments: pa.Table,
    enhancements: Mapping[str, str],
    warmup_s: float,
) -> dict[str, Any]:
    """Common streams shown enhanced and alone, and how enhancements came."""
    enhanced = among(users, "service", enhancements)
    common = among(users, "service", enhancements.values())
    shown, shown_enhanced = int(total(common["segments_delivered"])), int(total(common["segments_joined"]))
    joined = int(total(enhanced["segments_joined"]))
    counted = segments.filter(pc.invert(segments["warmup"]))
    bits = _bits(among(counted, "service", enhancements))
    energy = enhanced["terminal_energy_joule"]
    return {
        "enhancements_offered": int(total(enhanced["segments_offered"])),
        "enhancements_joined": joined,
        "segments_enhanced": shown_enhanced,
        "segments_common_alone": shown - shown_enhanced,
        "enhancements_late": int(total(enhanced["segments_late"])),
        "enhancements_lost": int(total(enhanced["segments_lost"])),
        **_ways(ledger, tuple(enhancements)),
        "enhancement_bits": bits,
        "bits_per_enhanced_segment": ratio(bits, joined),
        "terminal_energy_joule": None if energy.null_count == len(energy) else total(energy),
        **_cell_loads(ledger, warmup_s),
    }


def _cell_loads(ledger: LedgerReader, warmup_s: float) -> dict[str, float | None]:
    """Share of the cells' resources in use, over all cells and of the busiest."""
    loads = list(cell_loads(ledger, since_s=warmup_s).values())
    return {
        "cell_load_mean": float(np.mean(loads)) if loads else None,
        "cell_load_busiest": max(loads, default=None),
    }


def _ways(ledger: LedgerReader, services: tuple[str, ...]) -> dict[str, int]:
    """Enhancements delivered by how they came: as bits, generated at a node, generated in the terminal."""
    columns = ["service", "warmup", "users_delivered", "generated", "stages"]
    table = among(ledger.table("segments", columns), "service", services)
    table = table.filter(pc.invert(table["warmup"]))
    made = table.filter(table["generated"])
    stages = made["stages"].combine_chunks()
    # A terminal generates after it has received; a node before that, so that receiving comes last.
    last = pc.take(pc.struct_field(stages.values, "kind"), pa.array(stages.offsets.to_numpy()[1:] - 1))
    at_terminal = int(total(made.filter(pc.equal(last, "expand"))["users_delivered"]))
    generated = int(total(made["users_delivered"]))
    return {
        "enhancements_sent": int(total(table["users_delivered"])) - generated,
        "enhancements_generated_at_cell": generated - at_terminal,
        "enhancements_generated_at_terminal": at_terminal,
    }


def _moves(ledger: LedgerReader, warmup_s: float) -> tuple[list[tuple[int, str, float]], int]:
    """Contents asked to the tower, as (decision, service, time), and how many were asked back."""
    decisions = ledger.table("decisions", ["decision", "mode", "time_s", "action"])
    decisions = decisions.filter(pc.equal(decisions["mode"], "offloading")).sort_by("decision")
    to_tower, back = list[tuple[int, str, float]](), 0
    before: list[str] = []
    for row in decisions.to_pylist():
        now = row["action"].split(", ") if row["action"] else []
        if row["time_s"] >= warmup_s:
            to_tower += [(row["decision"], name, row["time_s"]) for name in now if name not in before]
            back += sum(name not in now for name in before)
        before = now
    return to_tower, back


def _time_to_offload_s(moved: pa.Table, to_tower: list[tuple[int, str, float]]) -> float | None:
    """Mean over moves of contents of the time from the decision until the tower serves the first users."""
    first_s: dict[tuple[int, str], float] = {}
    for row in moved.select(["decision", "service", "effective_s"]).to_pylist():
        key = (row["decision"], row["service"])
        first_s[key] = min(row["effective_s"], first_s.get(key, np.inf))
    taken_s = [
        first_s[number, name] - time_s for number, name, time_s in to_tower if (number, name) in first_s
    ]
    return float(np.mean(taken_s)) if taken_s else None


def _air_bits(ledger: LedgerReader, services: tuple[str, ...]) -> int:
    """Bits that towers put on the air for some services; a broadcast counts once."""
    columns = ["service", "source_kind", "warmup", "stages"]
    table = among(ledger.table("segments", columns), "service", services)
    table = table.filter(pc.and_(pc.equal(table["source_kind"], "broadcast"), pc.invert(table["warmup"])))
    stages = pc.list_flatten(table["stages"]).combine_chunks()
    links = stages.filter(pc.equal(pc.struct_field(stages, "kind"), "link"))
    where = pc.struct_field(links, "where").to_pylist()
    by_air = np.array([is_air(name) for name in where], dtype=np.bool_)
    return int(pc.struct_field(links, "bits").to_numpy()[by_air].sum())


def _cellular_bits(segments: pa.Table, services: tuple[str, ...]) -> int:
    """Bits that cells sent for some services, repairs included; a multicast counts once for each cell or sector."""
    mine = among(segments, "service", services)
    return int(total(mine.filter(pc.invert(mine["warmup"]))["cell_bits"]))


def _bits(segments: pa.Table) -> int:
    """Bits of segments that users received complete."""
    return int(total(pc.multiply(segments["received_bits"], segments["users_delivered"])))


def _watching(users: pa.Table, services: tuple[str, ...]) -> pa.Table:
    """Rows of users who were offered a segment of some services."""
    mine = among(users, "service", services)
    return mine.filter(pc.greater(mine["segments_offered"], 0))


def _switches(ledger: LedgerReader, mode: str, services: tuple[str, ...], warmup_s: float) -> pa.Table:
    """Moves of a mode that were decided after the warm-up."""
    table = among(ledger.table("switches"), "service", services)
    return table.filter(
        pc.and_(pc.equal(table["mode"], mode), pc.greater_equal(table["decided_s"], warmup_s))
    )


def _distinct(table: pa.Table) -> int:
    """Number of different users in a table."""
    return int(pc.count_distinct(table["user"]).as_py())
