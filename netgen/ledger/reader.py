"""Reads the records of a run directory."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from netgen.errors import InputError
from netgen.ledger.records import RECORD_TYPES


class LedgerReader:
    """The records of one run; raises InputError when the folder is not a run directory."""

    def __init__(self, folder: Path) -> None:
        missing = [table for table in RECORD_TYPES if not (folder / f"{table}.parquet").is_file()]
        if missing:
            raise InputError(f"{folder} is not a run directory: it has no {missing[0]}.parquet")
        self.folder = folder

    def table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """Return one table, or some of its columns."""
        return pq.read_table(self.folder / f"{name}.parquet", columns=columns)
