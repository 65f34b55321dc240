"""How much of the radio a run used: of cells and sectors, and of the channels of towers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from netgen.ledger import LedgerReader

_DOWNLINK = ":downlink"
_SLACK_S = 1e-9
"""Instants of intervals are rounded to the nanosecond of the clock."""


def cell_loads(ledger: LedgerReader, *, since_s: float = 0.0) -> dict[str, float]:
    """Share of each cell's resources that was used.

    Parameters
    ----------
    since_s : float, s              Intervals that begin before are left out.

    Returns
    -------
    dict                            By name of a cell of fixed rates the bits carried over its capacity; by
                                    `NODE:SECTOR` of a cellular network the share of the resource blocks in use.
    """
    sectors = _since(ledger.table("sectors", ["node", "sector", "start_s", "length_s", "block_use"]), since_s)
    names = pc.binary_join_element_wise(sectors["node"], sectors["sector"], ":")
    length_s = sectors["length_s"].to_numpy()
    used_s = sectors["block_use"].to_numpy() * length_s
    found = _ratios(names, used_s, length_s)
    networks = set(sectors["node"].to_pylist())
    of_links = _link_loads(ledger, since_s)
    own = {name.removesuffix(_DOWNLINK): load for name, load in of_links.items() if name.endswith(_DOWNLINK)}
    return {name: load for name, load in own.items() if name not in networks} | found


def channel_loads(ledger: LedgerReader, *, since_s: float = 0.0) -> dict[str, float]:
    """Share of the capacity of each tower's channel, or of each of its pipes, that was used, by `TOWER:PIPE`."""
    return {
        name.partition("->")[2]: load for name, load in _link_loads(ledger, since_s).items() if is_air(name)
    }


def is_air(link: str) -> bool:
    """Whether a link, by its name, is a tower's channel: `TOWER->TOWER:PIPE`; names in scenarios hold no colon."""
    return ":" in link.partition("->")[2]


def _link_loads(ledger: LedgerReader, since_s: float) -> dict[str, float]:
    """Carried bits over capacity of every link."""
    links = _since(ledger.table("links", ["link", "start_s", "capacity_bits", "carried_bits"]), since_s)
    carried_bits = links["carried_bits"].to_numpy().astype(np.float64)
    return _ratios(links["link"], carried_bits, links["capacity_bits"].to_numpy())


def _since(table: pa.Table, since_s: float) -> pa.Table:
    """Intervals that begin no earlier."""
    return table.filter(pc.greater_equal(table["start_s"], since_s - _SLACK_S))


def _ratios(names: pa.ChunkedArray, above: np.ndarray, below: np.ndarray) -> dict[str, float]:
    """Sum over sum, by name in the order of first appearance; 0 where there was nothing to use."""
    column = np.array(names.to_pylist(), dtype=object)
    found: dict[str, float] = {}
    for name in dict.fromkeys(column.tolist()):
        mine = column == name
        total = float(below[mine].sum())
        found[name] = float(above[mine].sum()) / total if total else 0.0
    return found
