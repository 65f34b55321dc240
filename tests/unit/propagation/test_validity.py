"""Ranges of the TR 38.901 path loss: what passes, what is refused, and how the refusal reads."""

import pytest

from netgen.errors import ModelRangeError
from netgen.propagation.validity import check_ranges

URBAN = {"carrier_hz": 2e9, "base_height_m": 25.0, "user_height_m": 1.5, "distance_2d_m": 500.0}
RURAL = {**URBAN, "base_height_m": 35.0}


@pytest.mark.parametrize(
    ("environment", "changes"),
    [
        ("uma", {}),
        ("umi", {"base_height_m": 10.0}),
        ("rma", {}),
        ("uma", {"carrier_hz": [0.5e9, 100e9], "user_height_m": [1.5, 22.5], "distance_2d_m": [0.0, 5000.0]}),
        ("rma", {"carrier_hz": [0.5e9, 30e9], "user_height_m": [1.0, 10.0], "base_height_m": [10.0, 150.0]}),
        ("rma", {"distance_2d_m": [9999.0, 4999.0], "line_of_sight": [True, False]}),
        ("rma", {"building_height_m": [5.0, 50.0], "street_width_m": [5.0, 50.0]}),
        ("uma", {"building_height_m": 99.0}),
    ],
)
def test_within_the_table(environment, changes):
    check_ranges(environment, **{**RURAL, **changes})


@pytest.mark.parametrize(
    ("environment", "changes", "message"),
    [
        (
            "uma",
            {"carrier_hz": 0.4e9},
            r"carrier_hz = 4e\+08 Hz is outside the range 5e\+08\.\.1e\+11 Hz of the uma",
        ),
        ("rma", {"carrier_hz": 31e9}, "carrier_hz"),
        (
            "uma",
            {"user_height_m": [1.5, 23.0]},
            r"user_height_m\[1\] = 23 m is outside the range 1\.5\.\.22\.5 m",
        ),
        ("rma", {"user_height_m": 12.0}, "user_height_m = 12 m"),
        ("umi", {"base_height_m": 2.0}, "base_height_m"),
        ("rma", {"base_height_m": 200.0}, "base_height_m"),
        ("umi", {"distance_2d_m": [[10.0, 20.0], [30.0, 5001.0]]}, r"distance_2d_m .*\[1, 1\] = 5001 m"),
        ("uma", {"distance_2d_m": -1.0}, "distance_2d_m"),
        ("uma", {"distance_2d_m": float("nan")}, "distance_2d_m"),
        ("uma", {"distance_2d_m": 6000.0, "line_of_sight": True}, r"line of sight"),
        ("rma", {"distance_2d_m": 6000.0}, r"no line of sight"),
        ("rma", {"distance_2d_m": 10001.0, "line_of_sight": True}, r"\(line of sight\)"),
        ("rma", {"distance_2d_m": 6000.0, "line_of_sight": [True, False]}, r"\[1\] = 6000 m"),
        ("rma", {"building_height_m": 3.0}, "building_height_m"),
        ("rma", {"street_width_m": 51.0}, "street_width_m"),
    ],
)
def test_outside_the_table(environment, changes, message):
    with pytest.raises(ModelRangeError, match=message):
        check_ranges(environment, **{**URBAN, "base_height_m": 25.0, **changes})
