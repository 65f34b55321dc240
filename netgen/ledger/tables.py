"""Arrow schemas of the record types."""

from __future__ import annotations

import dataclasses
import types
import typing

import pyarrow as pa

from netgen.ledger.records import RECORD_TYPES

_SCALARS: dict[object, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
}


def schema_of(table: str) -> pa.Schema:
    """Arrow schema of a table of the run directory, with unit and meaning as field metadata."""
    return pa.schema(_fields(RECORD_TYPES[table]))


def _fields(record_type: type) -> list[pa.Field]:
    """Arrow fields of a record class."""
    hints = typing.get_type_hints(record_type)
    return [
        pa.field(
            spec.name,
            _arrow_type(hints[spec.name]),
            nullable=_is_optional(hints[spec.name]),
            metadata={key: value for key, value in spec.metadata.items() if value},
        )
        for spec in dataclasses.fields(record_type)
    ]


def _is_optional(hint: object) -> bool:
    """Whether None is allowed."""
    return isinstance(hint, types.UnionType) and type(None) in typing.get_args(hint)


def _arrow_type(hint: object) -> pa.DataType:
    """Arrow type of an annotation."""
    if _is_optional(hint):
        (hint,) = (part for part in typing.get_args(hint) if part is not type(None))
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return pa.struct(_fields(hint))
    return _SCALARS[hint]
