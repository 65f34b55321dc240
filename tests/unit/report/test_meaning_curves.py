"""Curves of kept meaning, and where they cross."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netgen.fidelity.curve import FidelityCurve
from netgen.fidelity.curve_file import CurveSet
from netgen.report.meaning_curves import (
    REFERENCE,
    advantage_below,
    calibration_table,
    curve_of,
    densities,
    draw_calibration,
    draw_meaning,
    meaning_table,
    shipped_meaning,
)


def record(profile: str, mode: str, bpp: float, kept: float, half: float = 0.5) -> dict[str, Any]:
    """Return a record of a scene of 40 semantic bits, a million pixels."""
    figures = {"kept_bits": kept, "low_bits": kept - half, "high_bits": kept + half}
    shares = {"fidelity": kept / 40, "low": (kept - half) / 40, "high": (kept + half) / 40}
    return {
        "profile": profile,
        "mode": mode,
        "rate": {"bpp": bpp, "segment_bits": [bpp * 0.5e6, bpp * 1.5e6]},
        "semantic": shares,
        "meaning": {"entropy_bits": 40.0, "ceiling": {"kept_bits": 39.0}} | figures,
    }


X265 = [record("x265", "full-reference", bpp, kept) for bpp, kept in ((0.002, 10), (0.01, 30), (0.05, 38))]


def test_a_curve_is_sorted_by_rate() -> None:
    """Whatever the order of the records."""
    curve = curve_of(X265[::-1], "x265")
    np.testing.assert_array_equal(curve[:, 0], [0.002, 0.01, 0.05])
    np.testing.assert_allclose(densities(curve)[0], [10 / 2000, 9.5 / 2000, 10.5 / 2000])


def test_a_crossing_is_found_between_measured_rates() -> None:
    """Flat at 34 bits: better than x265 until about where that one's upper end passes 33.5 bits."""
    flat = [record("flat", "no-reference", bpp, 34) for bpp in (0.001, 0.04)]
    rate, met = advantage_below([*X265, *flat], "flat") or (0.0, False)
    assert met
    assert rate == pytest.approx(0.01 * 5 ** ((33.5 - 30.5) / 8), rel=0.02)


def test_below_the_lowest_rate_of_x265_there_is_nothing_to_beat() -> None:
    """A description of 48 bits, never better where both exist."""
    short = [record("short", "no-reference", 3e-5, 20)]
    assert advantage_below([*X265, *short], "short") == (0.002, False)
    worse = [record("worse", "semi-reference", bpp, 5) for bpp in (0.003, 0.03)]
    assert advantage_below([*X265, *worse], "worse") is None


def test_table_and_picture_hold_every_profile(tmp_path: Path) -> None:
    """A row each; a picture that is one."""
    records = [*X265, record("flat", "no-reference", 0.001, 20), record("flat", "no-reference", 0.004, 30)]
    lines = meaning_table(records).splitlines()
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["`x265`", "`flat`"]
    assert "0.950 [0.938, 0.963]" in lines[2]
    draw_meaning(records, tmp_path / "meaning.png")
    assert (tmp_path / "meaning.png").read_bytes().startswith(b"\x89PNG")


def test_calibration_is_a_row_and_a_panel_for_every_estimator(tmp_path: Path) -> None:
    """Halfway between two places of the curve, halfway between its values; beyond its end, up to 1."""
    columns = {
        "estimates": (0.4, 0.6, 0.92),
        "fidelity": (0.2, 0.4, 0.72),
        "low": (0.1, 0.2, 0.6),
        "high": (0.4, 0.6, 0.8),
    }
    told = {"variants": ("a", "b", "c", "d"), "pairs": 20, "ceiling": 0.94}
    curve = FidelityCurve(method="made-up-v1", held_out_coverage=0.9, held_out_error=0.05, **columns, **told)
    made = {
        "measured": ["2026-01-30", "2026-01-31"],
        "scenes": {"count": 60, "seed": 1},
        "command": "python -m x",
    }
    curves = CurveSet({curve.method: curve}, made)
    lines = calibration_table(curves).splitlines()
    assert lines[2].startswith(
        "| `made-up-v1` | 20 (4) | 0.30 [0.15, 0.50] | 0.50 [0.32, 0.66] | 0.70 [0.57, 0.79] |"
    )
    assert "0.72 [0.60, 1.00] | 0.90 | 0.050 |" in lines[2]
    assert "Measured 2026-01-31 on 60 scenes of seed 1; untouched, the reader keeps 0.940." in lines[-1]
    draw_calibration(curves, tmp_path / "curves.png")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_shipped_records_are_of_labelled_scenes() -> None:
    """Measured, with x265 among them to hold the others against."""
    records = shipped_meaning()
    assert REFERENCE in {record["profile"] for record in records}
    assert {record["semantic"]["mark"] for record in records} == {"measured"}
    assert {record["content"]["class"] for record in records} == {"labelled"}
