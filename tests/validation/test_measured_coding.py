"""The shipped measurements of conventional coding: plausible, complete, and reproduced here and now."""

import json
import statistics
from collections import defaultdict
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from netgen.generative.calibrate import ACTIONS, calibrate
from netgen.media.content_class import ContentClass

CLIPS = Path(__file__).parents[2] / "scenarios" / "clips"
RESOURCE = files("netgen.generative") / "profiles" / "measured.jsonl"
NAMES = {1: "", 2: "-half", 4: "-quarter"}


@pytest.fixture(scope="module")
def records():
    return [json.loads(line) for line in RESOURCE.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def curves(records):
    """(profile, clip) to its records by rising rate factor."""
    found = defaultdict(list)
    for record in records:
        found[record["profile"], record["content"]["clip"]].append(record)
    return {key: sorted(curve, key=lambda record: record["config"]["crf"]) for key, curve in found.items()}


def test_every_action_scale_rate_factor_and_clip_is_there_once(records):
    listing = json.loads((CLIPS / "clips.json").read_text(encoding="utf-8"))
    expected = {
        (f"codec.{name}", f"{name}{NAMES[scale]}", scale, crf, Path(entry["file"]).stem, entry["class"])
        for name, action in ACTIONS.items()
        for scale in action.scales
        for crf in action.crfs
        for entry in listing["clips"]
    }
    found = [
        (
            record["action"],
            record["profile"],
            record["config"]["scale"],
            record["config"]["crf"],
            record["content"]["clip"],
            record["content"]["class"],
        )
        for record in records
    ]
    assert set(found) == expected
    assert len(found) == len(expected) == 294


def test_records_are_marked_measured_and_name_no_place_or_host(records):
    text = RESOURCE.read_text(encoding="utf-8")
    assert len(text.encode()) < 300_000
    assert "/" not in text.replace("bit/pixel", "")
    for record in records:
        assert record["provenance"]["mark"] == "measured"
        assert (
            record["provenance"]["command"] == f"netgen calibrate {record['action'].removeprefix('codec.')}"
        )
        assert record["content"]["set"] == "clips-v1"
        assert record["content"]["class"] in set(ContentClass)
        assert record["latency"]["repeats"] >= 3
        assert 0 < record["latency"]["decode_s_per_frame"] < 0.1
        assert 0 < record["latency"]["encode_s_per_frame"] < 0.5
        width_px, height_px = record["config"]["size"]
        pixels = record["rate"]["frames"] * width_px * height_px
        assert record["rate"]["bpp"] == pytest.approx(8 * record["rate"]["bytes"] / pixels, rel=1e-5)


def test_at_equal_clip_bits_and_quality_fall_as_the_rate_factor_rises(curves):
    for key, curve in curves.items():
        for better, worse in pairwise(curve):
            assert better["rate"]["bytes"] > worse["rate"]["bytes"], key
            assert better["quality"]["psnr_db"] > worse["quality"]["psnr_db"], key
            assert better["quality"]["ms_ssim"] > worse["quality"]["ms_ssim"], key


def test_a_smaller_scale_cannot_reach_the_quality_of_the_full_one(curves):
    for (profile, clip), curve in curves.items():
        full = profile.partition("-")[0]
        if profile != full:
            best, reduced = curves[full, clip][0], curve[0]
            assert reduced["quality"]["psnr_db"] < best["quality"]["psnr_db"]
            assert reduced["rate"]["bytes"] < best["rate"]["bytes"]


def _bytes_at(curve, psnr_db):
    """Bytes at a quality between two measured ones, or None outside the measured range."""
    for better, worse in pairwise(curve):
        low, high = worse["quality"]["psnr_db"], better["quality"]["psnr_db"]
        if low <= psnr_db <= high:
            share = (psnr_db - low) / (high - low)
            return worse["rate"]["bytes"] * (better["rate"]["bytes"] / worse["rate"]["bytes"]) ** share
    return None


def test_newer_codecs_need_fewer_bits_at_equal_quality(curves):
    """On the median clip x265 and SVT-AV1 need less than x264, as the literature has it (bits at 35 dB)."""
    ratios = defaultdict(list)
    for clip in {clip for _, clip in curves}:
        reference = _bytes_at(curves["x264", clip], 35.0)
        for profile in ("x265", "svtav1"):
            needed = _bytes_at(curves[profile, clip], 35.0)
            if reference and needed:
                ratios[profile].append(needed / reference)
    for profile, values in ratios.items():
        assert len(values) >= 3, profile
        assert 0.3 < statistics.median(values) < 1.0, profile


@pytest.mark.parametrize("action", ["x264", "x265", "svtav1"])
def test_measuring_again_gives_the_shipped_rate_and_quality(action, curves, monkeypatch):
    """Times belong to a machine; bits and quality belong to the codec (2 % and 0.1 dB for other versions)."""
    from netgen.generative import calibrate as module  # noqa: PLC0415

    grid = ACTIONS[action]
    one = type(grid)(grid.codec, grid.scales[-1:], grid.crfs[3:4])
    monkeypatch.setattr(module, "ACTIONS", {action: one})
    (now,) = calibrate(action, videos=[CLIPS / "portrait.mkv"], repeats=1, progress=lambda _: None)
    shipped = next(record for record in curves[now.profile, "portrait"] if record["config"]["crf"] == now.crf)
    assert now.size_bytes == pytest.approx(shipped["rate"]["bytes"], rel=0.02)
    assert now.psnr_db == pytest.approx(shipped["quality"]["psnr_db"], abs=0.1)
    assert now.ms_ssim == pytest.approx(shipped["quality"]["ms_ssim"], abs=0.002)
