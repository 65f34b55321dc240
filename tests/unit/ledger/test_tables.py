"""The files document themselves: types, nullability, units and meanings."""

import dataclasses

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from netgen.ledger import RECORD_TYPES, LedgerWriter, OptionSeen, Stage
from netgen.ledger.tables import schema_of

UNIT_BY_SUFFIX = {
    "_bits": "bit",
    "_s": "s",
    "_bps": "bit/s",
    "_joule": "J",
    "_db": "dB",
    "_delivered_bits": "bit",
}


@pytest.mark.parametrize("table", RECORD_TYPES)
def test_every_column_says_what_it_means_and_in_which_unit(table):
    for field in schema_of(table):
        assert field.metadata[b"meaning"], field.name
        suffix = next((end for end in UNIT_BY_SUFFIX if field.name.endswith(end)), None)
        if suffix is not None:
            assert field.metadata[b"unit"].decode() == UNIT_BY_SUFFIX[suffix], field.name


@pytest.mark.parametrize("record_type", [*RECORD_TYPES.values(), Stage, OptionSeen])
def test_every_field_is_documented(record_type):
    for field in dataclasses.fields(record_type):
        assert set(field.metadata) == {"unit", "meaning"}, field.name
        assert len(field.metadata["meaning"]) > 2, field.name


def test_units_and_meanings_are_in_the_files(tmp_path):
    LedgerWriter(tmp_path).close()
    field = pq.read_schema(tmp_path / "links.parquet").field("capacity_bits")
    assert field.metadata[b"unit"] == b"bit"
    assert field.metadata[b"meaning"] == b"integral of the capacity over the interval"


def test_types_follow_the_annotations():
    links, segments = schema_of("links"), schema_of("segments")
    assert links.field("link").type == pa.string()
    assert links.field("carried_bits").type == pa.int64()
    assert links.field("capacity_bits").type == pa.float64()
    assert segments.field("warmup").type == pa.bool_()
    assert segments.field("path").type == pa.list_(pa.string())
    stages = segments.field("stages").type
    assert [stages.value_type.field(index).name for index in range(6)] == [
        "kind", "where", "start_s", "end_s", "bits", "semantic_bits",
    ]  # fmt: skip


def test_only_optional_fields_may_be_null():
    schema = schema_of("segments")
    nullable = {field.name for field in schema if field.nullable}
    assert nullable == {
        "completed_s", "delay_s", "deadline_s", "psnr_db", "ms_ssim", "measured_fidelity", "vmaf",
    }  # fmt: skip
