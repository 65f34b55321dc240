"""When what is out of order: the outages that the faults of a scenario make, as part of its world."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from netgen.rng import Streams, hashed_uniform
from netgen.schema.scenario import Scenario
from netgen.topology.fault_times import outage_spans
from netgen.topology.outages import NOTHING_DOWN, Outages

CORES = "cores"
NO_FAULTS: Mapping[str, Mapping[str, Outages]] = MappingProxyType({})
"""Nothing breaks."""


def build_outages(scenario: Scenario, streams: Streams) -> Mapping[str, Mapping[str, Outages]]:
    """Outages by what breaks (tower, cell, link, cores, gpu) and where; those of the cores under their own name.

    The time of a random repair belongs to what breaks, where and for the how many-th time, so that other faults do not
    shift it.
    """
    spans: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for fault in scenario.faults:
        where = CORES if fault.where is None else fault.where
        known = spans.setdefault(fault.what, {}).setdefault(where, [])
        luck = hashed_uniform(streams.key(f"world/faults/{fault.what}/{where}"), np.array([len(known)]))
        known += outage_spans(fault.at_s, fault.repair_s, random=fault.random, luck=luck)
    return {what: {where: Outages.of(each) for where, each in found.items()} for what, found in spans.items()}


def fault_rows(outages: Mapping[str, Mapping[str, Outages]]) -> list[dict[str, str | float | None]]:
    """What is out of order from when until when, by its begin; an end that never comes is None."""
    rows: list[dict[str, str | float | None]] = [
        {"what": what, "where": where, "begin_s": begin_s, "end_s": end_s if math.isfinite(end_s) else None}
        for what, places in outages.items()
        for where, found in places.items()
        for begin_s, end_s in found.spans()
    ]
    return sorted(rows, key=lambda row: (row["begin_s"], row["what"], row["where"]))


def outages_of(outages: Mapping[str, Mapping[str, Outages]], what: str) -> Mapping[str, Outages]:
    """Outages of one kind of thing, by where."""
    return outages.get(what, NOTHING_DOWN)
