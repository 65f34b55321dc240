"""Curves of kept meaning, and where they cross."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from netgen.report.meaning_curves import (
    advantage_below,
    curve_of,
    densities,
    draw_meaning,
    meaning_table,
)


def record(profile: str, mode: str, bpp: float, kept: float, half: float = 0.5) -> dict[str, Any]:
    """Return a record of a scene of 40 semantic bits, a million pixels."""
    figures = {"kept_bits": kept, "low_bits": kept - half, "high_bits": kept + half}
    shares = {"fidelity": kept / 40, "low": (kept - half) / 40, "high": (kept + half) / 40}
    return {
        "profile": profile,
        "mode": mode,
        "rate": {"bpp": bpp, "bits_per_scene": bpp * 1e6},
        "semantic": {"entropy_bits": 40.0, "ceiling": {"kept_bits": 39.0}} | figures | shares,
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
