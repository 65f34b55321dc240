"""Measured meaning: records, and what they say of actions that keep all or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the reader is a torch model")

from netgen.actions.contract import Placement
from netgen.calibration.meaning import (
    LabelledScenes,
    labelled_scenes,
    measure_meaning,
    measure_meaning_to_file,
    read_meaning_records,
)
from netgen.errors import InputError
from netgen.labelled.meaning import scene_entropy_bits

SCENES = 40


@pytest.fixture(scope="module")
def scenes() -> LabelledScenes:
    """As few as are allowed."""
    return labelled_scenes(SCENES, 5)


def test_more_bits_keep_more_meaning(scenes: LabelledScenes) -> None:
    """From the coarsest of x265 at half size to the finest, which is close to what the reader keeps of the source."""
    found = measure_meaning("x265-half", scenes, placement=Placement(), progress=lambda line: None)
    by_rate = sorted(found, key=lambda record: record.bits_per_pixel)
    assert by_rate[-1].kept.fidelity > by_rate[0].kept.fidelity
    assert by_rate[-1].kept.bits.bits > 0.9 * scenes.ceiling.bits.bits
    assert all(0 <= one.kept.low <= one.kept.fidelity <= one.kept.high <= 1 for one in found)
    assert by_rate[-1].estimate > by_rate[0].estimate
    assert by_rate[-1].psnr_db > by_rate[0].psnr_db


@pytest.mark.slow
def test_records_are_stored_and_replaced(tmp_path: Path) -> None:
    """One line per value of the knob; measured again, they take the place of the earlier ones."""
    out = tmp_path / "meaning.jsonl"
    for _ in range(2):
        count = measure_meaning_to_file(
            ["x264"], count=SCENES, seed=6, out=out, placement=Placement(),
            command="netgen calibrate x264 --scenes 40 --seed 6", progress=lambda line: None,
        )  # fmt: skip
    records = read_meaning_records(out)
    assert len(records) == count
    for record in records:
        assert record["semantic"]["entropy_bits"] == pytest.approx(scene_entropy_bits(), abs=1e-4)
        assert record["semantic"]["kept_bits"] <= record["semantic"]["entropy_bits"]
        assert record["provenance"]["command"].startswith("netgen calibrate x264")
        assert len(record["semantic"]["reader_sha256"]) == 64


def test_too_few_scenes_are_refused() -> None:
    """A label might not occur."""
    with pytest.raises(InputError, match="at least 40"):
        labelled_scenes(39, 1)


def test_other_files_are_refused(tmp_path: Path) -> None:
    """With file and line."""
    path = tmp_path / "other.jsonl"
    path.write_text(json.dumps({"schema": 7}) + "\n")
    with pytest.raises(InputError, match=r"other\.jsonl:1: schema 7"):
        read_meaning_records(path)
    path.write_text("nonsense\n")
    with pytest.raises(InputError, match=r"other\.jsonl:1: is not a record"):
        read_meaning_records(path)
