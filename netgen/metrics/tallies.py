"""Sums, quotients and selections that all figures are made of."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from netgen.ledger import LedgerReader


def total(column: pa.ChunkedArray) -> float:
    """Sum of a column, of truth values their number; 0 for an empty one."""
    return float(pc.sum(column).as_py() or 0)


def ratio(above: float, below: float) -> float | None:
    """Quotient; None where there is nothing to divide by."""
    return above / below if below else None


def among(table: pa.Table, column: str, names: Iterable[str]) -> pa.Table:
    """Rows whose column has one of some names."""
    return table.filter(pc.is_in(table[column], pa.array(sorted(set(names)), type=pa.string())))


def segments_offered(ledger: LedgerReader) -> dict[tuple[str, str], int]:
    """Number of the last segment that was offered, and one more, by service and receiver."""
    table = ledger.table("segments", ["service", "receiver", "index"])
    found = table.group_by(["service", "receiver"]).aggregate([("index", "max")]).to_pylist()
    return {(row["service"], row["receiver"]): row["index_max"] + 1 for row in found}
