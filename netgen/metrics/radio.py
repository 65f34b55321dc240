"""Distributions of SINR, rate and coverage, and the load of sectors, from the ledger."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc

from netgen.ledger import LedgerReader

PERCENTS = (5, 25, 50, 75, 95)


def radio(ledger: LedgerReader) -> dict[str, Any]:
    """Figures of every cellular network and of every channel of a broadcast network.

    Returns
    -------
    dict                            By node: `sinr_db` and `rate_bps` with their percentiles (p5 to p95) and mean
                                    over users and time, `coverage` (share of the samples that can carry data), and
                                    of cellular networks sectors, handovers, ping-pongs and block use.
    """
    found: dict[str, Any] = {}
    table = ledger.table("distributions")
    for node in dict.fromkeys(table["node"].to_pylist()):
        mine = table.filter(pc.equal(table["node"], node))
        for quantity in dict.fromkeys(mine["quantity"].to_pylist()):
            bins = mine.filter(pc.equal(mine["quantity"], quantity))
            low, high = (bins[name].to_numpy() for name in ("low", "high"))
            found.setdefault(node, {})[quantity] = percentiles(low, high, bins["count"].to_numpy())
            if quantity == "sinr_db":
                found[node]["coverage"] = float(bins["usable"][0].as_py())
    sectors = ledger.table("sectors")
    for node in dict.fromkeys(sectors["node"].to_pylist()):
        mine = sectors.filter(pc.equal(sectors["node"], node))
        use = mine.group_by("sector", use_threads=False).aggregate([("block_use", "mean")])
        found.setdefault(node, {}).update(
            {
                "sectors": len(use),
                "handovers": int(pc.sum(mine["handovers"]).as_py()),
                "ping_pongs": int(pc.sum(mine["ping_pongs"]).as_py()),
                "block_use_mean": pc.mean(mine["block_use"]).as_py(),
                "block_use_busiest": pc.max(use["block_use_mean"]).as_py(),
            }
        )
    return found


def percentiles(low: np.ndarray, high: np.ndarray, count: np.ndarray) -> dict[str, float]:
    """Percentiles and mean of samples counted in bins, as if spread evenly inside each bin.

    Parameters
    ----------
    low, high : (n,) float          Ends of the bins that hold samples, increasing; there is at least one.
    count : (n,) int                Samples in each, > 0.
    """
    reached = np.cumsum(count) / count.sum()
    before = np.concatenate([[0.0], reached[:-1]])
    found = {}
    for percent in PERCENTS:
        place = int(np.searchsorted(reached, percent / 100.0 - 1e-12))
        inside = (percent / 100.0 - before[place]) / (reached[place] - before[place])
        found[f"p{percent}"] = float(low[place] + inside * (high[place] - low[place]))
    found["mean"] = float(((low + high) / 2.0 * count).sum() / count.sum())
    return found
