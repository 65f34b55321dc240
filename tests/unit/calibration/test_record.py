"""What a record holds when it is stored, and percentiles."""

import json
from dataclasses import replace

import pytest

from netgen.calibration.record import Spread
from netgen.generative.measured_rows import measured_row


def test_a_record_is_stored_as_agreed(record):
    assert record.as_json() == {
        "schema": 2,
        "profile": "restore-half",
        "action": "amplify.restore",
        "mode": "semi-reference",
        "playable": False,
        "learned": True,
        "compatibility": "weights",
        "domain": "amplify.restore[scale=2]",
        "config": {
            "parameters": {"scale": 2},
            "knob": "crf",
            "value": 31.0,
            "segment_s": 1.0,
            "fps": 25.0,
            "size": [480, 272],
        },
        "content": {"set": "clips-v1", "clip": "portrait", "class": "talking-face", "sha256": "ab12"},
        "rate": {
            "bpp": 0.00337010,
            "frames": 75,
            "segment_bits": [10000, 12000, 11000],
            "generative_bits": 24,
        },
        "quality": {"plane": "luma", "psnr_db": 34.1235, "ssim": 0.9, "ms_ssim": 0.987654, "vmaf": 71.25},
        "semantic": {
            "fidelity": 0.8,
            "low": 0.7,
            "high": 0.9,
            "method": "hog-correlation-v1",
            "mark": "estimated",
        },
        "time": {
            "contract_s_per_frame": {"p5": 0.001, "p50": 0.002123, "p95": 0.003},
            "expand_s_per_frame": {"p5": 0.01, "p50": 0.02, "p95": 0.03},
            "contract_to_rate_s_per_frame": 0.006123,
            "contract_to_rate_bpp": 0.0034,
            "stages_s_per_frame": {
                "contract": {"entropy-coding": {"p5": 0.001, "p50": 0.002, "p95": 0.003}},
                "expand": {"inference": {"p5": 0.01, "p50": 0.02, "p95": 0.03}},
            },
            "cold": {"load_s": 0.5, "contract_s": 0.25, "expand_s": 1.5},
            "repeats": 3,
            "segments": 3,
        },
        "memory": {"idle_bytes": 100, "peak_bytes": 900, "device_peak_bytes": None, "method": "VmHWM"},
        "energy": {"contract_j_per_frame": None, "expand_j_per_frame": None, "method": "none"},
        "model": {"bytes": 1000, "sha256": "cd34", "contract": False, "expand": True},
        "flops": {"contract_per_frame": None, "expand_per_frame": 2.5e9},
        "device": {
            "kind": "cpu",
            "name": "a processor",
            "cores": 2,
            "threads": 1,
            "driver": None,
            "cuda": None,
            "matmul_flops_per_s": 1.23457e11,
        },
        "provenance": {
            "mark": "measured",
            "date": "2026-01-31",
            "command": "netgen calibrate restore-half",
            "load": 0.5,
            "precision": "float32",
            "batch": 4,
            "compiled": False,
            "versions": {"netgen": "1", "av": "18"},
        },
    }


def test_a_stored_record_is_read_back_as_a_point(record):
    row = measured_row(json.dumps(record.as_json()), "here:1")
    assert row.point.bits_per_pixel == pytest.approx(record.bits_per_pixel, rel=1e-5)
    assert row.point.decode.seconds == pytest.approx(0.02 * 75)
    assert row.point.encode.seconds == pytest.approx(0.006123 * 75)
    assert row.point.semantic_interval == (0.7, 0.9)
    assert (row.expand_model_bytes, row.contract_model_bytes, row.segment_s) == (1000, 0, 1.0)
    small = replace(record, quality=replace(record.quality, ms_ssim=None, vmaf=None))
    assert measured_row(json.dumps(small.as_json()), "here:1").point.ms_ssim is None


def test_the_fidelity_of_scenes_whose_meaning_is_known_is_measured(record):
    """And what was kept stands beside it."""
    stored = replace(record, meaning={"kept_bits": 30.5}).as_json()
    assert (stored["semantic"]["mark"], stored["meaning"]) == ("measured", {"kept_bits": 30.5})


def test_percentiles_by_hand():
    """Of 1 to 5: the median is 3; 5 % lies a fifth of the way from 1 to 2; of one sample all are that sample."""
    spread = Spread.of([5.0, 3.0, 1.0, 4.0, 2.0])
    assert (spread.p5, spread.p50, spread.p95) == (pytest.approx(1.2), 3.0, pytest.approx(4.8))
    assert Spread.of([7.0]) == Spread(7.0, 7.0, 7.0)
