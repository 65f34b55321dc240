"""How near the decisions about offloading came to the most that any choice of contents could have freed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow.compute as pc

from netgen.ledger import LedgerReader

_CAPACITY = ".capacity_bps"


def freed_of_bound(ledger: LedgerReader, warmup_s: float) -> float | None:
    """What the contents on the tower freed of the cells, over the most that could be freed, over all decisions.

    The most is the linear relaxation, in which parts of contents may be moved, of each decision for itself: no choice
    that fits into the channels frees more, so a policy that is at 1 is optimal, and one that is not may still be. What
    is freed is what the reachable users of contents take, or would take, of their cells.

    Parameters
    ----------
    warmup_s : float, s             Decisions before do not count.

    Returns
    -------
    float or None                   0..1, but for contents that grew on the tower; None where there was nothing to free.

    Source                          G. B. Dantzig, Discrete-variable extremum problems, Operations Research 5(2), 1957.
    """
    table = ledger.table("decisions", ["mode", "time_s", "action", "options", "saw"])
    table = table.filter(
        pc.and_(pc.equal(table["mode"], "offloading"), pc.greater_equal(table["time_s"], warmup_s))
    )
    freed, bound = list[float](), list[float]()
    for row in table.to_pylist():
        contents = [{"service": each["action"], **_values(each["figures"])} for each in row["options"]]
        on_tower = set(row["action"].split(", "))
        freed += [content["share"] for content in contents if content["service"] in on_tower]
        seen = _values(row["saw"])
        bound.append(most_freed(contents, [seen[name] for name in seen if name.endswith(_CAPACITY)]))
    most = math.fsum(bound)
    return math.fsum(freed) / most if most else None


def most_freed(contents: Sequence[Mapping[str, Any]], capacity_bps: Sequence[float]) -> float:
    """Each channel filled by share per bit, to the brim.

    Parameters
    ----------
    contents : sequence of mappings     `channel`, its number, `rate_bps` (> 0) and `share` of each content.
    capacity_bps : sequence, bit/s      Rate of each channel.
    """
    left_bps = list(capacity_bps)
    total = 0.0
    for content in sorted(contents, key=lambda content: -content["share"] / content["rate_bps"]):
        channel = int(content["channel"])
        part = max(0.0, min(1.0, left_bps[channel] / content["rate_bps"]))
        total += part * content["share"]
        left_bps[channel] -= part * content["rate_bps"]
    return total


def _values(figures: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Named numbers by name."""
    return {figure["name"]: figure["value"] for figure in figures}
