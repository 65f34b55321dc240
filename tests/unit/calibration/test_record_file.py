"""The file of records: other actions and devices stay, writing is all or nothing."""

import json
from dataclasses import replace

import pytest

from netgen.calibration.record_file import read_lines, write_records
from netgen.errors import InputError


def on(record, name):
    return replace(record, device=replace(record.device, name=name))


def test_writing_replaces_the_same_action_on_the_same_device_and_keeps_the_others(tmp_path, record):
    path = tmp_path / "deep" / "measured.jsonl"
    other = replace(record, profile="svtav1")
    write_records(path, [record, other, on(record, "another processor")])
    before = path.read_text(encoding="utf-8").splitlines()
    write_records(path, [replace(record, knob_value=40.0), replace(record, knob_value=51.0)])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:2] == before[1:]
    assert [json.loads(line)["config"]["value"] for line in lines] == [31.0, 31.0, 40.0, 51.0]
    assert [(one.profile, one.device) for one in read_lines(path)] == [
        ("svtav1", "a processor, 2 cores"),
        ("restore-half", "another processor, 2 cores"),
        ("restore-half", "a processor, 2 cores"),
        ("restore-half", "a processor, 2 cores"),
    ]
    assert [entry.name for entry in path.parent.iterdir()] == ["measured.jsonl"]


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path, record):
    path = tmp_path / "measured.jsonl"
    write_records(path, [record])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_records(path, [replace(record, origin=replace(record.origin, load=float("nan")))])
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["measured.jsonl"]


@pytest.mark.parametrize("line", ["not json", "[1]", '{"schema": 2}', '{"profile": "x"}', "3"])
def test_a_file_of_something_else_is_not_overwritten(tmp_path, record, line):
    path = tmp_path / "notes.jsonl"
    path.write_text(json.dumps(record.as_json()) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes\.jsonl:2: is not a calibration record"):
        write_records(path, [record])
    assert path.read_text(encoding="utf-8").endswith(line + "\n")


def test_a_missing_file_holds_no_records(tmp_path):
    assert read_lines(tmp_path / "none.jsonl") == []


def test_a_directory_is_no_file_of_records(tmp_path):
    with pytest.raises(InputError, match="is a directory; accepted: a JSON Lines file"):
        read_lines(tmp_path)
