"""Labelled scenes as a clip to measure on: what is kept by actions that keep all, some or nothing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="the reader is a torch model")

from netgen.actions.contract import KnobTarget
from netgen.calibration.calibrate import calibrate_to_file
from netgen.calibration.clips import SegmentedClip
from netgen.calibration.meaning import MEANING_METHOD, labelled_clip
from netgen.catalogue.loading import find_action
from netgen.errors import InputError
from netgen.fidelity.estimators import shipped_estimators
from netgen.generative.profile import read_measured
from netgen.labelled.meaning import scene_entropy_bits
from netgen.media.yuv_clip import YuvClip
from netgen.provenance import Provenance

SCENES = 40


@pytest.fixture(scope="module")
def scenes() -> SegmentedClip:
    """As few as are allowed."""
    return labelled_clip(SCENES, 5)


def test_more_bits_keep_more_meaning(scenes: SegmentedClip) -> None:
    """From the coarsest of x265 at half size to the finest, which is close to what the reader keeps of the source."""
    assert scenes.assess is not None
    action = find_action("x265-half")
    kept = []
    for value in (action.knob.grid[0], action.knob.grid[-1]):
        shown = [action.expand(action.contract(one, KnobTarget(value))) for one in scenes.segments]
        semantic, told = scenes.assess(shown)
        assert semantic.method == MEANING_METHOD
        assert 0 <= semantic.low <= semantic.fidelity <= semantic.high <= 1
        assert told["kept_bits"] == pytest.approx(semantic.fidelity * scene_entropy_bits(), rel=1e-3)
        kept.append((semantic.fidelity, told))
    (fine, of_fine), (coarse, of_coarse) = kept
    assert fine > coarse
    assert of_fine["kept_bits"] > 0.9 * of_fine["ceiling"]["kept_bits"]
    assert of_fine["estimates"]["hog-correlation-v1"] > of_coarse["estimates"]["hog-correlation-v1"]


def test_nothing_is_kept_of_grey_pictures(scenes: SegmentedClip) -> None:
    """Whatever the reader makes of them, it is the same for all."""
    assert scenes.assess is not None
    first = scenes.segments[0]
    grey = YuvClip(np.full_like(first.planes, 128), first.frame_rate_hz)
    semantic, told = scenes.assess([grey] * SCENES)
    assert set(told["estimates"]) == {one.name for one in shipped_estimators()}
    assert all(0 <= estimate < 0.3 for estimate in told["estimates"].values())
    assert semantic.low < 0.02
    assert semantic.fidelity < 0.06


@pytest.mark.slow
def test_records_become_points_of_a_class_of_their_own(tmp_path: Path) -> None:
    """One record per value of the knob, its fidelity measured; measured again, they replace the earlier ones."""
    out = tmp_path / "meaning.jsonl"
    for _ in range(2):
        count = calibrate_to_file(
            ["x264"],
            videos=(),
            scenes=(SCENES, 6),
            out=out,
            repeats=1,
            options=["--scenes 40"],
            progress=lambda line: None,
        )
    records = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(records) == count
    for record in records:
        assert record["content"]["set"] == "labelled-scenes"
        assert record["semantic"]["mark"] == "measured"
        assert record["meaning"]["entropy_bits"] == pytest.approx(scene_entropy_bits(), abs=1e-4)
        assert record["meaning"]["scenes"] == {"count": SCENES, "seed": 6}
        assert len(record["meaning"]["reader_sha256"]) == 64
    profile = read_measured(out.read_text(), out.name)["x264"]
    low, high = profile.rate_range or (0.0, 0.0)
    point = profile.at((low * high) ** 0.5, content_class="labelled")
    assert point.fidelity_provenance is Provenance.MEASURED
    assert MEANING_METHOD in point.fidelity_source
    assert point.encode is not None


def test_too_few_scenes_are_refused() -> None:
    """A label might not occur."""
    with pytest.raises(InputError, match="at least 40"):
        labelled_clip(39, 1)
