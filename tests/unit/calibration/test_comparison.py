"""Comparisons at equal rate: interpolation, the best rival, wins and intervals."""

import math

import pytest

from netgen.calibration.comparison import (
    Measurement,
    bootstrap_interval,
    compare_at,
    curves_of,
    measurements_of,
    paired,
    value_at,
)


def measured(profile, clip, *points, measure="psnr_db"):
    return [Measurement(profile, clip, rate, rate, {measure: value}) for rate, value in points]


def test_a_curve_is_linear_in_the_logarithm_of_the_rate_and_ends_where_it_was_measured():
    curve = curves_of(measured("a", "x", (0.04, 34.0), (0.01, 30.0)), "psnr_db")["a"]["x"]
    assert curve == ((0.01, 30.0), (0.04, 34.0))
    assert value_at(curve, 0.02) == pytest.approx(32.0)
    assert value_at(curve, 0.01) == 30.0
    assert value_at(curve, 0.009) is None
    assert value_at(curve, 0.041) is None
    assert value_at((), 0.01) is None


def test_the_best_of_the_others_is_found_per_clip():
    curves = curves_of(
        [
            *measured("net", "x", (0.01, 31.0), (0.02, 33.0)),
            *measured("net", "y", (0.01, 28.0), (0.02, 29.0)),
            *measured("half", "x", (0.01, 30.0), (0.02, 32.0)),
            *measured("half", "y", (0.01, 27.0), (0.02, 28.5)),
            *measured("full", "y", (0.01, 28.5), (0.02, 30.0)),
        ],
        "psnr_db",
    )
    found = compare_at(curves, "net", ["half", "full"], bits_per_pixel=0.01)
    assert (found.clips, found.wins) == (2, 1)
    assert found.gain == pytest.approx((1.0 - 0.5) / 2)
    assert found.rivals == ("full", "half")
    assert found.low <= found.gain <= found.high
    assert (found.low, found.high) == pytest.approx((-0.5, 1.0))


def test_where_nobody_else_reaches_the_rate_there_is_no_comparison():
    curves = curves_of(
        [
            *measured("net", "x", (0.001, 25.0), (0.02, 33.0)),
            *measured("half", "x", (0.01, 30.0), (0.02, 32.0)),
        ],
        "psnr_db",
    )
    found = compare_at(curves, "net", ["half"], bits_per_pixel=0.005)
    assert (found.clips, found.wins, found.rivals) == (0, 0, ())
    assert math.isnan(found.gain)
    assert math.isnan(found.low)


def test_what_was_not_measured_is_on_no_curve():
    assert curves_of([Measurement("a", "x", 1, 0.1, {"vmaf": 50.0})], "psnr_db") == {}


def test_the_interval_of_a_known_spread():
    values = [0.0, 1.0] * 50
    low, high = bootstrap_interval(values, resamples=4000)
    assert (low, high) == pytest.approx((0.5 - 1.96 * 0.05, 0.5 + 1.96 * 0.05), abs=0.01)
    assert bootstrap_interval(values, seed=3) == bootstrap_interval(values, seed=3)
    assert all(math.isnan(end) for end in bootstrap_interval([1.0]))


def test_pairs_of_one_bitstream_are_averaged_clip_by_clip():
    def at(profile, clip, knob, value):
        return Measurement(profile, clip, knob, 0.01, {"psnr_db": value})

    measurements = [
        *(at("net", "x", knob, 31.0) for knob in (40, 50, 63)),
        *(at("plain", "x", knob, 30.0) for knob in (40, 50, 63)),
        at("net", "y", 40, 28.0),
        at("plain", "y", 40, 28.5),
        at("net", "y", 50, 99.0),
    ]
    found = paired(measurements, "net", "plain", measure="psnr_db")
    assert (found.clips, found.wins, found.rivals) == (2, 1, ("plain",))
    assert found.gain == pytest.approx((1.0 - 0.5) / 2)
    assert math.isnan(paired(measurements, "net", "none", measure="psnr_db").gain)


def test_stored_records_are_read():
    record = {
        "profile": "x264",
        "content": {"set": "clips-v1", "clip": "portrait"},
        "config": {"value": 26},
        "rate": {"bpp": 0.05},
        "quality": {"psnr_db": 40.0, "ssim": 0.9, "ms_ssim": 0.95, "vmaf": None},
        "semantic": {"fidelity": 0.8},
    }
    (found,) = measurements_of([record])
    assert found == Measurement(
        "x264", "clips-v1/portrait", 26, 0.05,
        {"psnr_db": 40.0, "ssim": 0.9, "ms_ssim": 0.95, "semantic_fidelity": 0.8},
    )  # fmt: skip
