"""Rows of the published tables and measured records as operating points."""

import copy
import csv
import json
from importlib.resources import files

import pytest

from netgen.errors import InputError
from netgen.generative.profile_rows import measured_point, published_memory_bytes, published_point
from netgen.provenance import Provenance

RECORD = {
    "schema": 1,
    "action": "codec.x265",
    "profile": "x265-half",
    "config": {"scale": 2, "crf": 31, "preset": "medium", "fps": 25, "size": [256, 128]},
    "content": {"set": "clips-v1", "clip": "pan", "class": "natural"},
    "rate": {"bytes": 1234, "bpp": 0.0134, "frames": 48},
    "quality": {"psnr_db": 27.4, "ms_ssim": 0.94},
    "latency": {
        "encode_s_per_frame": 0.001,
        "decode_s_per_frame": 0.0005,
        "repeats": 3,
        "threads": 1,
        "load": 0.5,
    },
    "device": {"kind": "cpu", "name": "some-cpu", "cores": 2},
    "provenance": {
        "mark": "measured",
        "date": "2026-01-02",
        "command": "netgen calibrate x265",
        "versions": {},
    },
}


def row(profile):
    text = (files("netgen.generative") / "profiles" / "published.csv").read_text(encoding="utf-8")
    return next(row for row in csv.DictReader(text.splitlines()) if row["profile"] == profile)


def test_operations_are_two_per_multiply_add_and_frame():
    decode = published_point(row("cttr")).decode
    assert decode.flops == pytest.approx(2 * 189.858e9 * 250)
    assert decode.memory_bytes == 43_910_000 * 2
    assert (decode.frames, decode.pixels) == (250, 65536)


def test_a_direction_without_a_time_is_no_work():
    point = published_point(row("cdc"))
    assert point.encode is None
    assert point.decode.seconds == 3.324
    assert point.decode.flops is None


def test_weights_are_the_directions_own_or_the_whole_models_or_none():
    assert published_memory_bytes(row("fomm"), "encode") == 14_215_000 * 2
    assert published_memory_bytes(row("fomm"), "decode") == 45_575_000 * 2
    assert published_memory_bytes(row("hific"), "encode") == 370_000_000
    assert published_memory_bytes(row("vtm"), "decode") == 0
    assert published_memory_bytes(row("cmvc-it2v"), "decode") is None


def test_a_work_without_frames_keeps_its_time():
    point = published_point(row("cmvc-it2v"))
    assert (point.encode.seconds, point.encode.frames, point.encode.pixels) == (722.54, None, None)


def test_a_measured_record_becomes_a_point():
    name, config, point = measured_point(json.dumps(RECORD), "here:1")
    assert name == "x265-half"
    assert json.loads(config) == RECORD["config"]
    assert (point.bits_per_pixel, point.psnr_db, point.ms_ssim) == (0.0134, 27.4, 0.94)
    assert (point.clip, point.content_class) == ("clips-v1/pan", "natural")
    assert point.semantic_fidelity is None
    assert point.encode.seconds == pytest.approx(0.048)
    assert point.decode.seconds == pytest.approx(0.024)
    assert (point.encode.frames, point.encode.pixels, point.encode.device) == (
        48,
        256 * 128,
        "some-cpu, 2 cores",
    )
    assert point.quality_provenance is point.encode.provenance is Provenance.MEASURED
    assert "2026-01-02" in point.encode.source


def test_a_processor_is_known_by_model_and_cores():
    def device_of(cores):
        record = RECORD | {"device": {"kind": "cpu", "name": "AMD EPYC", "cores": cores}}
        return measured_point(json.dumps(record), "here:1")[2].encode.device

    assert device_of(2) == "AMD-EPYC-2-cores"
    assert device_of(8) == "AMD EPYC, 8 cores"


def test_a_clip_of_no_stated_class_has_an_empty_one():
    record = RECORD | {"content": RECORD["content"] | {"class": None}}
    assert measured_point(json.dumps(record), "here:1")[2].content_class == ""


def broken(path, value):
    record = copy.deepcopy(RECORD)
    *parents, last = path
    target = record
    for key in parents:
        target = target[key]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return json.dumps(record)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not a measured record"),
        ("[1]", "not a measured record"),
        (broken(["schema"], 2), "schema 2 is not read here; accepted: 1"),
        (broken(["action"], "gan.x"), 'action "gan.x" is not known; accepted: codec'),
        (broken(["rate", "bpp"], None), "has no 'bpp'"),
        (broken(["quality"], None), "has no 'quality'"),
        (broken(["rate", "bpp"], -1), "bits_per_pixel must be positive"),
        (broken(["rate", "bpp"], "much"), "not a measured record"),
        (broken(["config", "size"], [256]), "not a measured record"),
        (broken(["provenance", "mark"], "guessed"), "not a valid Provenance"),
        (broken(["latency", "encode_s_per_frame"], -0.1), "finite time"),
    ],
)
def test_a_broken_record_is_an_error_with_its_place(line, message):
    with pytest.raises(InputError, match=r"^here:7: ") as caught:
        measured_point(line, "here:7")
    assert message in str(caught.value)
