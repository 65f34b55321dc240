"""Append-only columnar writer of a run's records; what is written stays readable if the run fails."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from netgen.ledger.records import RECORD_TYPES
from netgen.ledger.tables import schema_of

_FLUSH_ROWS = 20_000


class LedgerWriter:
    """Writes one Parquet file per table into a folder.

    Rows are buffered and written in groups, so that memory stays flat however long the run is. `close`
    makes every file complete; it is called on success and on failure alike.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.decisions = 0
        self._schemas = {table: schema_of(table) for table in RECORD_TYPES}
        self._table_of = {record_type: table for table, record_type in RECORD_TYPES.items()}
        self._names = {
            table: [spec.name for spec in dataclasses.fields(record_type)]
            for table, record_type in RECORD_TYPES.items()
        }
        self._rows: dict[str, list[Any]] = {table: [] for table in RECORD_TYPES}
        self._files = {
            table: pq.ParquetWriter(folder / f"{table}.parquet", schema, compression="zstd")
            for table, schema in self._schemas.items()
        }

    def number_decision(self) -> int:
        """Number of the next decision of a policy, from 0."""
        self.decisions += 1
        return self.decisions - 1

    def add(self, record: object) -> None:
        """Append one record."""
        rows = self._rows[self._table_of[type(record)]]
        rows.append(record)
        if len(rows) >= _FLUSH_ROWS:
            self._flush(self._table_of[type(record)])

    def add_columns(self, table: str, columns: Mapping[str, Sequence[object] | np.ndarray]) -> None:
        """Append many rows of a table of scalars at once, given as columns of equal length.

        What is masked in a masked array is null.
        """
        self._flush(table)
        schema = self._schemas[table]
        arrays = [_array(columns[name], schema.field(name).type) for name in self._names[table]]
        self._files[table].write_table(pa.Table.from_arrays(arrays, schema=schema))

    def close(self) -> None:
        """Write what is buffered and finish every file."""
        for table, file in self._files.items():
            self._flush(table)
            file.close()

    def _flush(self, table: str) -> None:
        """Write the buffered rows of one table."""
        rows = self._rows[table]
        if not rows:
            return
        schema = self._schemas[table]
        arrays = [
            pa.array([_plain(getattr(row, name)) for row in rows], type=schema.field(name).type)
            for name in self._names[table]
        ]
        self._files[table].write_table(pa.Table.from_arrays(arrays, schema=schema))
        rows.clear()


def _array(column: Sequence[object] | np.ndarray, kind: pa.DataType) -> pa.Array:
    """A column as Arrow holds it."""
    if isinstance(column, np.ma.MaskedArray):
        return pa.array(column.data, type=kind, mask=np.ma.getmaskarray(column))
    return pa.array(column, type=kind)


def _plain(value: object) -> object:
    """Nested records as the dictionaries that Arrow takes."""
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {spec.name: _plain(getattr(value, spec.name)) for spec in dataclasses.fields(value)}
    return value
