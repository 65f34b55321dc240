"""Curves come back from their file as they went in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from netgen.errors import InputError
from netgen.fidelity.curve import FidelityCurve
from netgen.fidelity.curve_file import CurveSet, read_curves, write_curves

CURVE = FidelityCurve(
    method="made-up-v1",
    estimates=(0.2, 0.6, 1.0),
    fidelity=(0.3, 0.5, 0.9),
    low=(0.1, 0.3, 0.8),
    high=(0.5, 0.7, 1.0),
    variants=("a", "b", "c", "d"),
    pairs=20,
    ceiling=0.94,
    held_out_coverage=0.9,
    held_out_error=0.05,
)
CURVES = CurveSet({"made-up-v1": CURVE}, {"date": "2026-01-31", "seed": 1})


def test_they_come_back(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "curves.json"
    write_curves(path, CURVES)
    found = read_curves(path)
    assert found.curves == {"made-up-v1": CURVE}
    assert found.provenance["seed"] == 1
    assert [one.name for one in path.parent.iterdir()] == ["curves.json"]


def test_an_estimate_is_calibrated_by_its_method() -> None:
    """Halfway between two places, halfway between their values."""
    told = CURVES.calibrated("made-up-v1", 0.4)
    assert (told.fidelity, told.low, told.high) == pytest.approx((0.4, 0.2, 0.6))
    with pytest.raises(InputError, match='"made-up-v2" has no calibration curve; did you mean "made-up-v1"'):
        CURVES.calibrated("made-up-v2", 0.4)


def test_a_missing_file_says_how_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"python -m netgen\.calibration\.fidelity_curves RECORDS"):
        read_curves(tmp_path / "curves.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 2, level 0.9; accepted: 1, 0.9"),
        ({"level": 0.5}, "level 0.5"),
        ({"curves": [{}]}, "is not a file of calibration curves"),
        ({"curves": None}, "is not a file of calibration curves"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "curves.json"
    path.write_text(json.dumps(CURVES.as_json() | change))
    with pytest.raises(InputError, match=message):
        read_curves(path)
    path.write_text("nonsense")
    with pytest.raises(InputError, match="is not a file of calibration curves"):
        read_curves(path)


def test_places_must_rise(tmp_path: Path) -> None:
    stored = CURVES.as_json()
    stored["curves"][0]["estimates"] = [0.6, 0.2, 1.0]
    path = tmp_path / "curves.json"
    path.write_text(json.dumps(stored))
    with pytest.raises(InputError, match="do not rise"):
        read_curves(path)
