"""From records to curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from netgen.calibration.fidelity_curves import curves_from, main, read_records
from netgen.errors import InputError
from netgen.fidelity.curve_file import read_curves


def records(variants: int = 6) -> list[dict[str, Any]]:
    """Of two estimators; the second has nothing to say of the coarsest setting."""
    found = []
    for number in range(variants):
        for step in range(5):
            phi = 0.2 + 0.14 * step + 0.01 * number
            estimates = {"one-v1": round(0.1 + 0.2 * step, 3)} | ({"two-v1": phi} if step else {})
            meaning = {
                "scenes": {"count": 40, "seed": 1},
                "fidelity": phi,
                "low": phi - 0.03,
                "high": phi + 0.03,
                "ceiling": {"fidelity": 0.94},
                "reader_sha256": "ab",
                "estimates": estimates,
            }
            found.append(
                {
                    "profile": f"v{number}",
                    "meaning": meaning,
                    "provenance": {"date": f"2026-01-0{1 + number}"},
                }
            )
    return found


def test_there_is_a_curve_for_every_estimator() -> None:
    """Records of clips without labels do not count."""
    found = curves_from([*records(), {"profile": "x264"}], seed=1, command="c", digest="d")
    assert list(found.curves) == ["one-v1", "two-v1"]
    assert [curve.pairs for curve in found.curves.values()] == [30, 24]
    assert found.provenance["scenes"] == {"count": 40, "seed": 1}
    assert found.provenance["records"] == 30
    told = found.calibrated("one-v1", 0.5)
    assert told.fidelity == pytest.approx(0.505, abs=0.01)
    assert told.low < 0.485
    assert told.high > 0.525


def test_the_command_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = tmp_path / "records.jsonl", tmp_path / "curves.json"
    source.write_text("".join(json.dumps(one) + "\n" for one in records()))
    assert main([str(source), "--out", str(out), "--seed", "4"]) == 0
    assert "one-v1: 30 settings of 6 variants" in capsys.readouterr().out
    found = read_curves(out)
    assert (
        found.provenance["command"] == "python -m netgen.calibration.fidelity_curves records.jsonl --seed 4"
    )
    assert len(found.provenance["records_sha256"]) == 64
    again = tmp_path / "again.json"
    main([str(source), "--out", str(again), "--seed", "4"])
    assert again.read_bytes() == out.read_bytes()


def test_wrong_records_are_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gone.jsonl"), "--out", str(tmp_path / "c.json")]) == 2
    assert "gone.jsonl: is not there" in capsys.readouterr().err
    path = tmp_path / "records.jsonl"
    path.write_text("{}\n[]\n")
    with pytest.raises(InputError, match=r"records\.jsonl:2: is not a calibration record, but list"):
        read_records([path])
    path.write_text("nonsense\n")
    with pytest.raises(InputError, match=r"records\.jsonl:1: is not a calibration record"):
        read_records([path])


def test_what_gives_no_curve_is_refused() -> None:
    with pytest.raises(InputError, match="no record has measured meaning"):
        curves_from([{"profile": "x264"}], seed=1, command="c", digest="d")
    with pytest.raises(InputError, match="one-v1: 3 variants"):
        curves_from(records(3), seed=1, command="c", digest="d")
    mixed = records()
    mixed[3]["meaning"]["scenes"] = {"count": 60, "seed": 1}
    with pytest.raises(InputError, match="records of different scenes"):
        curves_from(mixed, seed=1, command="c", digest="d")
