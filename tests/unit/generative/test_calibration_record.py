import json
from dataclasses import replace

import pytest

from netgen.errors import InputError
from netgen.generative.calibration_record import CalibrationRecord, read_lines, write_records

RECORD = CalibrationRecord(
    action="codec.x265",
    profile="x265-half",
    scale=2,
    crf=31,
    gop_frames=25,
    preset="medium",
    frame_rate_hz=25.0,
    size_px=(480, 272),
    content_set="clips-v1",
    clip="portrait",
    content_class="talking-face",
    size_bytes=1234,
    bits_per_pixel=0.0123456789,
    frames=75,
    psnr_db=34.123456789,
    ms_ssim=0.98765432101,
    encode_s_per_frame=0.00312345,
    decode_s_per_frame=0.00041234,
    repeats=3,
    load=0.5,
    device_name="a processor",
    cores=2,
    date="2026-01-31",
    versions=(("av", "18.1.0"),),
)


def test_a_record_is_stored_as_agreed():
    assert RECORD.as_json() == {
        "schema": 1,
        "action": "codec.x265",
        "profile": "x265-half",
        "config": {"scale": 2, "crf": 31, "preset": "medium", "gop": 25, "fps": 25.0, "size": [480, 272]},
        "content": {"set": "clips-v1", "clip": "portrait", "class": "talking-face"},
        "rate": {"bytes": 1234, "bpp": 0.0123457, "frames": 75},
        "quality": {"psnr_db": 34.1235, "ms_ssim": 0.987654, "plane": "luma"},
        "latency": {
            "encode_s_per_frame": 0.003123,
            "decode_s_per_frame": 0.0004123,
            "repeats": 3,
            "threads": 1,
            "load": 0.5,
        },
        "device": {"kind": "cpu", "name": "a processor", "cores": 2},
        "provenance": {
            "mark": "measured",
            "date": "2026-01-31",
            "command": "netgen calibrate x265",
            "versions": {"av": "18.1.0"},
        },
    }


def test_writing_replaces_the_same_action_and_keeps_the_others(tmp_path):
    path = tmp_path / "deep" / "measured.jsonl"
    other = replace(RECORD, action="codec.svtav1", profile="svtav1")
    write_records(path, [RECORD, other])
    kept = path.read_text(encoding="utf-8").splitlines()[1]
    write_records(path, [replace(RECORD, crf=40), replace(RECORD, crf=51)])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == kept
    assert [json.loads(line)["config"]["crf"] for line in lines] == [31, 40, 51]
    assert [action for action, _ in read_lines(path)] == ["codec.svtav1", "codec.x265", "codec.x265"]
    assert [entry.name for entry in path.parent.iterdir()] == ["measured.jsonl"]


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path):
    path = tmp_path / "measured.jsonl"
    write_records(path, [RECORD])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_records(path, [replace(RECORD, load=float("nan"))])
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["measured.jsonl"]


@pytest.mark.parametrize("line", ["not json", "[1]", '{"schema": 1}', "3"])
def test_a_file_of_something_else_is_not_overwritten(tmp_path, line):
    path = tmp_path / "notes.jsonl"
    path.write_text(json.dumps(RECORD.as_json()) + "\n" + line + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"notes\.jsonl:2: is not a calibration record"):
        write_records(path, [RECORD])
    assert path.read_text(encoding="utf-8").endswith(line + "\n")


def test_a_missing_file_holds_no_records(tmp_path):
    assert read_lines(tmp_path / "none.jsonl") == []
