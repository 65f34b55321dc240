"""The headline figures of a run, from its ledger."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from netgen.ledger import LedgerReader
from netgen.metrics.tallies import ratio, total
from netgen.provenance import Provenance, weakest

SCHEMA_VERSION = 1


def headline(ledger: LedgerReader) -> dict[str, Any]:
    """Headline figures over everything offered after the warm-up; segments count once per user.

    The percentile of the delay takes the segments of a cell at the mean delay of their users. The energy is
    null when the power of some node's GPU is not known: a sum over the others would look complete.
    """
    users = ledger.table("users")
    links = ledger.table("links", ["carried_bits"])
    nodes = ledger.table("nodes", ["gpu_busy_s", "energy_joule", "deadline_misses"])
    segments = _counted(ledger)
    delay_s, weight = _delays(segments)
    offered_bits, delivered_bits = (
        total(users["semantic_bits_offered"]),
        total(users["semantic_bits_delivered"]),
    )
    ratings = pc.drop_null(users["utility"])
    experiences = pc.drop_null(users["qoe"])
    stalls = pc.drop_null(users["stall_ratio"])
    delivered = segments.filter(pc.greater(segments["users_delivered"], 0))
    marks = {Provenance(mark) for mark in delivered["fidelity_provenance"].to_pylist()}
    return {
        "segments_offered": int(total(users["segments_offered"])),
        "segments_delivered": int(total(users["segments_delivered"])),
        "segments_late": int(total(users["segments_late"])),
        "segments_lost": int(total(users["segments_lost"])),
        "segments_in_flight": int(total(users["segments_in_flight"])),
        "segments_generated": int(total(users["segments_generated"])),
        "deadline_misses": int(total(nodes["deadline_misses"])),
        "bits_sent": int(total(links["carried_bits"])),
        "bits_delivered": int(total(users["bits_received"])),
        "semantic_bits_offered": offered_bits,
        "semantic_bits_delivered": delivered_bits,
        "semantic_fidelity_mean": ratio(delivered_bits, offered_bits),
        "semantic_fidelity_provenance": weakest(marks).value if marks else None,
        "delay_mean_s": ratio(float(delay_s @ weight), float(weight.sum())),
        "delay_p95_s": weighted_quantile(delay_s, weight, 0.95),
        "stall_ratio_mean": pc.mean(stalls).as_py(),
        "utility_mean": pc.mean(ratings).as_py(),
        "qoe_mean": pc.mean(experiences).as_py(),
        "gpu_seconds": total(nodes["gpu_busy_s"]),
        "energy_joule": None if nodes["energy_joule"].null_count else total(nodes["energy_joule"]),
    }


def weighted_quantile(values: np.ndarray, weights: np.ndarray, share: float) -> float | None:
    """Smallest value that at least `share` of the weight does not exceed; None without any weight."""
    if not weights.sum():
        return None
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) >= share * weights.sum() - 1e-9
    return float(values[order][int(np.argmax(reached))])


def per_link(ledger: LedgerReader) -> dict[str, Any]:
    """Totals of every link."""
    table = ledger.table("links")
    totals = table.group_by("link", use_threads=False).aggregate(
        [(name, "sum") for name in table.column_names if name.endswith("_bits")]
    )
    found: dict[str, Any] = {}
    for row in totals.to_pylist():
        name = row.pop("link")
        figures = {key.removesuffix("_sum"): value for key, value in row.items()}
        figures["utilisation"] = ratio(figures["carried_bits"], figures["capacity_bits"])
        figures["semantic_utilisation"] = ratio(figures["semantic_bits"], figures["semantic_capacity_bits"])
        found[name] = figures
    return found


def per_node(ledger: LedgerReader) -> dict[str, Any]:
    """Totals of every node."""
    table = ledger.table("nodes")
    columns = [
        "gpu_busy_s",
        "gpu_load_s",
        "gpu_jobs",
        "deadline_misses",
        "energy_joule",
        "contracted",
        "expanded",
        "forwarded",
    ]
    totals = table.group_by("node", use_threads=False).aggregate(
        [(name, "sum") for name in columns] + [("gpu_queue", "max")]
    )
    found = {}
    for row in totals.to_pylist():
        name = row.pop("node")
        found[name] = {key.removesuffix("_sum"): value for key, value in row.items()}
    return found


def per_receiver(ledger: LedgerReader) -> dict[str, Any]:
    """Figures of every service at every receiver."""
    users = ledger.table("users")
    sums = ["segments_offered", "segments_delivered", "segments_late", "segments_lost"]
    sums += ["semantic_bits_offered", "semantic_bits_delivered"]
    wanted = [(name, "sum") for name in sums] + [
        ("user", "count"),
        ("delay_mean_s", "mean"),
        ("utility", "mean"),
        ("qoe", "mean"),
    ]
    totals = users.group_by(["service", "node"], use_threads=False).aggregate(wanted)
    found: dict[str, Any] = {}
    for row in totals.to_pylist():
        found.setdefault(row["service"], {})[row["node"]] = {
            "users": row["user_count"],
            "segments_offered": row["segments_offered_sum"],
            "segments_delivered": row["segments_delivered_sum"],
            "segments_late": row["segments_late_sum"],
            "segments_lost": row["segments_lost_sum"],
            "semantic_fidelity": ratio(row["semantic_bits_delivered_sum"], row["semantic_bits_offered_sum"]),
            "delay_mean_s": row["delay_mean_s_mean"],
            "utility": row["utility_mean"],
            "qoe": row["qoe_mean"],
        }
    return found


def compared(mine: dict[str, Any], baseline: dict[str, Any], policy: str) -> dict[str, Any]:
    """A run beside its baseline on the same world: what each receiver gained, and the modes without."""
    receivers: dict[str, Any] = {}
    for service, found in mine["receivers"].items():
        for receiver, figures in found.items():
            other = baseline["receivers"][service][receiver]
            receivers.setdefault(service, {})[receiver] = {
                "semantic_fidelity": figures["semantic_fidelity"],
                "baseline_semantic_fidelity": other["semantic_fidelity"],
                "difference": _difference(figures["semantic_fidelity"], other["semantic_fidelity"]),
            }
    keys = ("semantic_fidelity_mean", "segments_delivered", "segments_late", "segments_lost")
    more = ("delay_mean_s", "utility_mean", "qoe_mean", "bits_sent", "energy_joule")
    return {
        "policy": policy,
        **{key: baseline[key] for key in (*keys, *more)},
        "service_modes": baseline["service_modes"],
        "receivers": receivers,
    }


def _counted(ledger: LedgerReader) -> pa.Table:
    """Segments offered after the warm-up."""
    table = ledger.table("segments", ["warmup", "delay_s", "users_delivered", "fidelity_provenance"])
    return table.filter(pc.invert(table["warmup"]))


def _delays(segments: pa.Table) -> tuple[np.ndarray, np.ndarray]:
    """Delays of complete segments, and the users behind each."""
    complete = segments.filter(pc.is_valid(segments["delay_s"]))
    return complete["delay_s"].to_numpy(), complete["users_delivered"].to_numpy().astype(np.float64)


def _difference(one: float | None, other: float | None) -> float | None:
    """Difference; None where either is not known."""
    return None if one is None or other is None else one - other
