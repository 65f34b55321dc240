"""Records survive the way to disk and back, also when a run fails."""

import dataclasses
import typing

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.errors import InputError
from netgen.ledger import (
    RECORD_TYPES,
    DecisionRecord,
    DistributionRecord,
    EvaluationRecord,
    LedgerReader,
    LedgerWriter,
    LinkRecord,
    NodeRecord,
    SectorRecord,
    SegmentRecord,
    SwitchRecord,
    UserRecord,
)
from netgen.ledger import writer as writer_module

INT64 = st.integers(-(2**63), 2**63 - 1)
SCALARS = {
    str: st.text(alphabet='abz 0"\\\n\0é→😀', max_size=8),
    int: INT64,
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
}


def records(record_type) -> st.SearchStrategy:
    """Any record of a class, its fields drawn by their annotations."""

    def values(hint) -> st.SearchStrategy:
        if dataclasses.is_dataclass(hint):
            return records(hint)
        if typing.get_origin(hint) is tuple:
            return st.lists(values(typing.get_args(hint)[0]), max_size=3).map(tuple)
        if hint in SCALARS:
            return SCALARS[hint]
        return st.one_of(
            [st.none() if part is type(None) else values(part) for part in typing.get_args(hint)]
        )

    hints = typing.get_type_hints(record_type)
    return st.builds(record_type, **{name: values(hint) for name, hint in hints.items()})


def rebuilt(record_type, row: dict) -> object:
    """The record that a row of a Parquet file says it was."""
    nested = {
        name: typing.get_args(hint)[0]
        for name, hint in typing.get_type_hints(record_type).items()
        if typing.get_origin(hint) is tuple and dataclasses.is_dataclass(typing.get_args(hint)[0])
    }
    values = {
        name: tuple(rebuilt(nested[name], part) for part in value)
        if name in nested
        else tuple(value)
        if isinstance(value, list)
        else value
        for name, value in row.items()
    }
    return record_type(**values)


def example(record_type, **given):
    """A record whose fields are all zero, empty or null, but for the given ones."""
    empty = {str: "", int: 0, float: 0.0, bool: False}
    hints = typing.get_type_hints(record_type)
    values = {
        name: () if typing.get_origin(hint) is tuple else empty.get(hint) for name, hint in hints.items()
    }
    return record_type(**(values | given))


def link_record(link: str, start_s: float) -> LinkRecord:
    return example(LinkRecord, link=link, start_s=start_s, length_s=10.0, carried_bits=70, semantic_bits=12.5)


@pytest.mark.parametrize("table", RECORD_TYPES)
@settings(max_examples=15)
@given(data=st.data())
def test_any_records_come_back_as_they_were(table, data, tmp_path_factory):
    record_type = RECORD_TYPES[table]
    written = data.draw(st.lists(records(record_type), max_size=4))
    folder = tmp_path_factory.mktemp("run")
    writer = LedgerWriter(folder)
    for record in written:
        writer.add(record)
    writer.close()
    rows = LedgerReader(folder).table(table).to_pylist()
    assert [rebuilt(record_type, row) for row in rows] == written


def test_every_table_is_there_and_readable_when_nothing_was_recorded(tmp_path):
    LedgerWriter(tmp_path).close()
    reader = LedgerReader(tmp_path)
    for table, record_type in RECORD_TYPES.items():
        assert reader.table(table).num_rows == 0
        assert reader.table(table).column_names == [field.name for field in dataclasses.fields(record_type)]


def test_what_was_written_before_a_failure_is_complete_and_readable(tmp_path):
    writer = LedgerWriter(tmp_path)

    def fail_after(rows: int) -> None:
        try:
            for number in range(rows):
                writer.add(link_record("a->b", float(number)))
            raise RuntimeError("the policy failed")
        finally:
            writer.close()

    with pytest.raises(RuntimeError, match="the policy failed"):
        fail_after(5)
    assert LedgerReader(tmp_path).table("links", ["start_s"]).to_pydict() == {"start_s": [0, 1, 2, 3, 4]}


def test_rows_keep_their_order_over_flushes_and_memory_stays_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(writer_module, "_FLUSH_ROWS", 10)
    writer = LedgerWriter(tmp_path)
    longest = 0
    for number in range(105):
        writer.add(link_record("a->b", float(number)))
        longest = max(longest, len(writer._rows["links"]))
    writer.close()
    assert longest < 10
    assert pq.ParquetFile(tmp_path / "links.parquet").num_row_groups == 11
    assert LedgerReader(tmp_path).table("links")["start_s"].to_pylist() == list(range(105))


def test_columns_at_once_equal_rows_one_by_one_and_follow_what_was_added_before(tmp_path):
    rows = [
        example(
            UserRecord,
            user=f"u{number}",
            node="cell-1",
            bits_received=1000 + number,
            semantic_bits_delivered=150.0,
            semantic_fidelity=0.75 if number else None,
        )
        for number in range(6)
    ]
    for name in ("rows", "columns"):
        (tmp_path / name).mkdir()
    one_by_one = LedgerWriter(tmp_path / "rows")
    for row in rows:
        one_by_one.add(row)
    one_by_one.close()
    at_once = LedgerWriter(tmp_path / "columns")
    at_once.add(rows[0])
    columns = {
        field.name: [getattr(row, field.name) for row in rows[1:]] for field in dataclasses.fields(UserRecord)
    }
    columns["bits_received"] = np.array(columns["bits_received"])
    at_once.add_columns("users", columns)
    at_once.close()
    expected = LedgerReader(tmp_path / "rows").table("users")
    assert LedgerReader(tmp_path / "columns").table("users").equals(expected)


def test_the_same_records_give_the_same_bytes(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        writer = LedgerWriter(tmp_path / name)
        for number in range(100):
            writer.add(link_record(f"link-{number}", float(number)))
        writer.close()
    for table in RECORD_TYPES:
        first = (tmp_path / "first" / f"{table}.parquet").read_bytes()
        assert (tmp_path / "second" / f"{table}.parquet").read_bytes() == first


def test_a_value_of_the_wrong_kind_is_refused(tmp_path):
    writer = LedgerWriter(tmp_path)
    writer.add(dataclasses.replace(link_record("a->b", 0.0), carried_bits="many"))
    with pytest.raises(pa.ArrowInvalid, match="many"):
        writer.close()


def test_something_that_is_no_record_is_refused(tmp_path):
    writer = LedgerWriter(tmp_path)
    with pytest.raises(KeyError):
        writer.add({"link": "a->b"})
    writer.close()


@pytest.mark.parametrize("table", RECORD_TYPES)
def test_a_folder_without_a_table_is_no_run_directory(tmp_path, table):
    LedgerWriter(tmp_path).close()
    (tmp_path / f"{table}.parquet").unlink()
    with pytest.raises(InputError) as error:
        LedgerReader(tmp_path)
    assert str(error.value) == f"{tmp_path} is not a run directory: it has no {table}.parquet"


def test_the_table_names_are_those_of_the_run_directory():
    expected = {
        "links": LinkRecord,
        "nodes": NodeRecord,
        "users": UserRecord,
        "segments": SegmentRecord,
        "decisions": DecisionRecord,
        "switches": SwitchRecord,
        "sectors": SectorRecord,
        "distributions": DistributionRecord,
        "evaluations": EvaluationRecord,
    }
    assert expected == RECORD_TYPES
