"""Measured records as operating points, on one device and on several, and the conditions that they hold for."""

import copy
import json
from datetime import date

import pytest

from netgen.errors import InputError
from netgen.generative.measured_rows import MeasuredConditions, measured_row, merged_points
from netgen.generative.operating_point import CodingMode
from netgen.provenance import Provenance
from netgen.version import __version__

RECORD = {
    "schema": 2,
    "profile": "restore-half",
    "action": "amplify.restore",
    "mode": "semi-reference",
    "playable": True,
    "learned": True,
    "compatibility": "weights",
    "domain": "a domain",
    "config": {
        "parameters": {"scale": 2},
        "knob": "crf",
        "value": 31,
        "segment_s": 1.0,
        "fps": 25.0,
        "size": [256, 128],
    },
    "content": {"set": "clips-v1", "clip": "pan", "class": "natural", "sha256": "0"},
    "rate": {"bpp": 0.0134, "frames": 48, "segment_bits": [1, 2], "generative_bits": 0},
    "quality": {"plane": "luma", "psnr_db": 27.4, "ssim": 0.8, "ms_ssim": 0.94, "vmaf": 61.5},
    "semantic": {"fidelity": 0.7, "low": 0.6, "high": 0.8, "method": "m", "mark": "estimated"},
    "time": {
        "contract_s_per_frame": {"p5": 0.0009, "p50": 0.001, "p95": 0.002},
        "expand_s_per_frame": {"p5": 0.01, "p50": 0.02, "p95": 0.03},
        "contract_to_rate_s_per_frame": 0.003,
    },
    "model": {"bytes": 2000, "sha256": "1", "contract": False, "expand": True},
    "flops": {"contract_per_frame": None, "expand_per_frame": 5e9},
    "device": {"kind": "cpu", "name": "some-cpu", "cores": 2, "threads": 1},
    "provenance": {
        "mark": "measured",
        "date": "2026-01-02",
        "command": "netgen calibrate restore-half",
        "versions": {"netgen": __version__},
    },
}


def changed(*changes):
    """The record with (path, value) put in; None as a value removes the key."""
    record = copy.deepcopy(RECORD)
    for path, value in changes:
        *parents, last = path
        target = record
        for key in parents:
            target = target[key]
        if value is None:
            del target[last]
        else:
            target[last] = value
    return json.dumps(record)


def row(*changes):
    return measured_row(changed(*changes), "here:1")


def test_a_measured_record_becomes_a_point():
    found = row()
    assert found.profile == "restore-half"
    assert json.loads(found.config) == RECORD["config"]
    assert (found.mode, found.playable, found.learned, found.compatibility) == (
        CodingMode.SEMI_REFERENCE, True, True, "weights",
    )  # fmt: skip
    point = found.point
    assert (point.bits_per_pixel, point.psnr_db, point.ms_ssim) == (0.0134, 27.4, 0.94)
    assert (point.ssim, point.vmaf) == (0.8, 61.5)
    assert (point.clip, point.content_class) == ("clips-v1/pan", "natural")
    assert (point.semantic_fidelity, point.semantic_interval) == (0.7, (0.6, 0.8))
    assert point.fidelity_provenance is Provenance.ESTIMATED
    assert point.quality_provenance is point.encode.provenance is Provenance.MEASURED
    assert (point.encode.frames, point.encode.pixels, point.encode.device) == (
        48,
        256 * 128,
        "some-cpu, 2 cores",
    )
    assert "2026-01-02" in point.encode.source


def test_a_contraction_takes_the_time_of_meeting_a_rate():
    """Three codings instead of one: 3 ms for each of 48 frames; its operations are three times as many, too."""
    with_flops = row((("flops", "contract_per_frame"), 1e6)).point.encode
    assert with_flops.seconds == pytest.approx(0.144)
    assert with_flops.flops == pytest.approx(3e6 * 48)
    alone = json.loads(changed())
    alone["time"]["contract_to_rate_s_per_frame"] = None
    assert measured_row(json.dumps(alone), "here:1").point.encode.seconds == pytest.approx(0.048)


def test_only_the_direction_that_runs_the_model_needs_its_weights_and_operations():
    found = row()
    assert (found.contract_model_bytes, found.expand_model_bytes) == (0, 2000)
    assert (found.point.encode.memory_bytes, found.point.encode.flops) == (0, None)
    assert (found.point.decode.memory_bytes, found.point.decode.flops) == (2000, 5e9 * 48)
    assert found.point.decode.seconds == pytest.approx(0.96)


def test_a_processor_is_known_by_model_and_cores_and_a_gpu_by_name():
    def device_of(**device):
        return row((("device",), device)).point.encode.device

    assert device_of(kind="cpu", name="AMD EPYC", cores=2, threads=1) == "AMD-EPYC-2-cores"
    assert device_of(kind="cpu", name="AMD EPYC", cores=8, threads=1) == "AMD EPYC, 8 cores"
    assert device_of(kind="cuda", name="NVIDIA L4", cores=8, threads=1) == "L4"


def test_what_was_not_measured_stays_empty():
    record = json.loads(changed())
    record["semantic"] = record["content"]["class"] = None
    record["quality"] |= {"ssim": None, "ms_ssim": None, "vmaf": None}
    point = measured_row(json.dumps(record), "here:1").point
    assert (point.ssim, point.ms_ssim, point.vmaf, point.semantic_fidelity) == (None, None, None, None)
    assert (point.fidelity_provenance, point.semantic_interval, point.content_class) == (None, None, "")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{", "not a measured record"),
        ("[1]", "not a measured record"),
        (changed((("schema",), 1)), "schema 1 is not read here; accepted: 2"),
        (changed((("rate", "bpp"), None)), "has no 'bpp'"),
        (changed((("quality",), None)), "has no 'quality'"),
        (changed((("rate", "bpp"), -1)), "bits_per_pixel must be positive"),
        (changed((("rate", "bpp"), "much")), "not a measured record"),
        (changed((("config", "size"), [256])), "not a measured record"),
        (changed((("mode",), "no-mode")), "not a valid CodingMode"),
        (changed((("semantic", "fidelity"), 1.5)), "semantic_fidelity must lie in 0..1"),
        (changed((("provenance", "mark"), "guessed")), "not a valid Provenance"),
        (changed((("provenance", "date"), "yesterday")), "not a measured record"),
        (changed((("time", "expand_s_per_frame", "p50"), -0.1)), "finite time"),
    ],
)
def test_a_broken_record_is_an_error_with_its_place(line, message):
    with pytest.raises(InputError, match=r"^here:7: ") as caught:
        measured_row(line, "here:7")
    assert message in str(caught.value)


GPU = (("device",), {"kind": "cuda", "name": "NVIDIA L4", "cores": 8, "threads": 1})


def test_one_point_holds_the_times_of_every_device_and_the_processors_quality():
    on_gpu = row(GPU, (("time", "expand_s_per_frame", "p50"), 0.0001), (("quality", "psnr_db"), 27.5))
    for rows in ([on_gpu, row()], [row(), on_gpu]):
        (point,) = merged_points(rows)
        assert point.psnr_db == 27.4
        assert point.decode.device == "some-cpu, 2 cores"
        assert [(one.device, one.seconds) for one in point.decode.elsewhere] == [
            ("L4", pytest.approx(0.0048))
        ]
    other_clip = row(GPU, (("content", "clip"), "zoom"))
    assert [point.decode.device for point in merged_points([row(), other_clip])] == [
        "some-cpu, 2 cores",
        "L4",
    ]


def conditions():
    return MeasuredConditions.of([row(), row((("config", "size"), [512, 256]), (("config", "fps"), 30.0))])


def warned(today=None, **different):
    use = {
        "content_class": "natural", "width_px": 256, "height_px": 128, "frame_rate_hz": 25.0, "segment_s": 1.0,
    }  # fmt: skip
    return conditions().warnings(**(use | different), today=today)


def test_inside_what_was_measured_there_is_no_warning():
    assert warned() == warned(today=date(2027, 1, 2)) == []
    assert warned(width_px=256, height_px=64) == warned(width_px=512, height_px=512) == []
    assert warned(frame_rate_hz=12.5) == warned(frame_rate_hz=60.0) == []


@pytest.mark.parametrize(
    ("different", "message"),
    [
        ({"content_class": "sports"}, 'on contents of class "sports" (on: natural)'),
        ({"height_px": 62}, "frames of 256x128, 512x256, not within a factor of 2 of 256x62"),
        ({"width_px": 1024, "height_px": 514}, "not within a factor of 2 of 1024x514"),
        ({"frame_rate_hz": 12.0}, "at 25, 30 Hz, not within a factor of 2 of 12 Hz"),
        ({"segment_s": 2.0}, "in segments of 1 s, not of 2 s"),
        ({"today": date(2027, 1, 3)}, "366 days ago, on 2026-01-02"),
    ],
)
def test_each_difference_is_one_warning(different, message):
    (text,) = warned(**different)
    assert message in text


def test_records_of_another_version_are_told():
    old = MeasuredConditions.of([row((("provenance", "versions"), {"netgen": "0.0.1"}))])
    (text,) = old.warnings(
        content_class="natural",
        width_px=256,
        height_px=128,
        frame_rate_hz=25.0,
        segment_s=1.0,
        today=date(2026, 11, 21),
    )
    assert "by netgen 0.0.1; this is" in text
