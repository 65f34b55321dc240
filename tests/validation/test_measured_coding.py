"""The shipped measurements of conventional coding: plausible, complete, and reproduced here and now."""

import json
import statistics
from collections import defaultdict
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

from netgen.actions.contract import Placement
from netgen.calibration import measuring
from netgen.calibration.clips import read_clips
from netgen.calibration.energy import NoMeter
from netgen.calibration.fresh_process import FreshStart
from netgen.calibration.measuring import Campaign, ClipMeasurement
from netgen.calibration.record import Memory
from netgen.catalogue.variants import VARIANTS
from netgen.media.content_class import ContentClass

CLIPS = Path(__file__).parents[2] / "scenarios" / "clips"
RESOURCE = files("netgen.generative") / "profiles" / "measured.jsonl"
CONVENTIONAL = {"x264", "x265", "x265-half", "x265-quarter", "svtav1", "svtav1-half", "svtav1-quarter"}


@pytest.fixture(scope="module")
def records():
    return [json.loads(line) for line in RESOURCE.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def curves(records):
    """(profile, clip) of conventional coding to its records by rising rate factor."""
    found = defaultdict(list)
    for record in records:
        if record["profile"] in CONVENTIONAL:
            found[record["profile"], record["content"]["clip"]].append(record)
    return {key: sorted(curve, key=lambda record: record["config"]["value"]) for key, curve in found.items()}


def test_every_profile_has_every_clip_at_the_same_values_of_its_grid_once(records):
    listing = json.loads((CLIPS / "clips.json").read_text(encoding="utf-8"))
    clips = {(Path(entry["file"]).stem, entry["class"], entry["sha256"]) for entry in listing["clips"]}
    values = defaultdict(lambda: defaultdict(list))
    for record in records:
        content = record["content"]
        values[record["profile"]][content["clip"], content["class"], content["sha256"]].append(
            record["config"]["value"]
        )
    assert CONVENTIONAL <= set(values) <= set(VARIANTS)
    for profile, by_clip in values.items():
        assert set(by_clip) == clips, profile
        (first, *others) = by_clip.values()
        assert all(other == first for other in others), profile
        assert len(set(first)) == len(first), profile
        assert set(first) <= set(VARIANTS[profile].make().knob.grid), profile


def test_records_are_marked_measured_and_name_no_place_or_host(records):
    text = RESOURCE.read_text(encoding="utf-8")
    assert len(text.encode()) < 3_000_000
    assert "/" not in text
    for record in records:
        assert record["provenance"]["mark"] == "measured"
        assert record["provenance"]["command"].startswith("netgen calibrate ")
        assert record["content"]["set"] == "clips-v1"
        assert record["content"]["class"] in set(ContentClass)
        time = record["time"]
        assert time["repeats"] * time["segments"] >= 3
        if record["profile"] in CONVENTIONAL:
            assert 0 < time["expand_s_per_frame"]["p50"] < 0.1
            assert 0 < time["contract_s_per_frame"]["p50"] < 0.5
        width_px, height_px = record["config"]["size"]
        bits = record["rate"]["segment_bits"]
        if bits is not None:
            pixels = record["rate"]["frames"] * width_px * height_px
            assert record["rate"]["bpp"] == pytest.approx(sum(bits) / pixels, rel=1e-5)


def test_at_equal_clip_bits_and_quality_fall_as_the_rate_factor_rises(curves):
    for key, curve in curves.items():
        for better, worse in pairwise(curve):
            assert better["rate"]["bpp"] > worse["rate"]["bpp"], key
            assert better["quality"]["psnr_db"] > worse["quality"]["psnr_db"], key
            assert better["quality"]["ms_ssim"] > worse["quality"]["ms_ssim"], key


def test_a_smaller_scale_cannot_reach_the_quality_of_the_full_one(curves):
    for (profile, clip), curve in curves.items():
        full = profile.partition("-")[0]
        if profile != full:
            best, reduced = curves[full, clip][0], curve[0]
            assert reduced["quality"]["psnr_db"] < best["quality"]["psnr_db"]
            assert reduced["rate"]["bpp"] < best["rate"]["bpp"]


def _bpp_at(curve, psnr_db):
    """Bits per pixel at a quality between two measured ones, or None outside the measured range."""
    for better, worse in pairwise(curve):
        low, high = worse["quality"]["psnr_db"], better["quality"]["psnr_db"]
        if low <= psnr_db <= high:
            share = (psnr_db - low) / (high - low)
            return worse["rate"]["bpp"] * (better["rate"]["bpp"] / worse["rate"]["bpp"]) ** share
    return None


def test_newer_codecs_need_fewer_bits_at_equal_quality(curves):
    """On the median clip x265 and SVT-AV1 need less than x264, as the literature has it (bits at 35 dB)."""
    ratios = defaultdict(list)
    for clip in {clip for _, clip in curves}:
        reference = _bpp_at(curves["x264", clip], 35.0)
        for profile in ("x265", "svtav1"):
            needed = _bpp_at(curves[profile, clip], 35.0)
            if reference and needed:
                ratios[profile].append(needed / reference)
    for profile, values in ratios.items():
        assert len(values) >= 3, profile
        assert 0.3 < statistics.median(values) < 1.0, profile


@pytest.mark.parametrize(
    ("profile", "crf"), [("x264", 38), ("x265-quarter", 38), ("svtav1-half", 48), ("svtav1-quarter", 65)]
)
def test_measuring_again_gives_the_shipped_rate_and_quality(profile, crf, curves, monkeypatch):
    """Times belong to a machine; bits and quality belong to the codec (2 % and 0.1 dB for other versions)."""
    shipped = next(one for one in curves[profile, "portrait"] if one["config"]["value"] == crf)
    for package in ("skimage", "imageio_ffmpeg"):
        pytest.importorskip(package)
    start = FreshStart(0.0, 0.0, 0.0, Memory(0, 0, None, "none"))
    monkeypatch.setattr(measuring, "measure_fresh", lambda *_, **__: start)
    campaign = Campaign(profile, Placement(), 1, "netgen calibrate", NoMeter())
    (source,) = read_clips([CLIPS / "portrait.mkv"])
    now = ClipMeasurement(campaign, source).at(crf)
    assert now.bits_per_pixel == pytest.approx(shipped["rate"]["bpp"], rel=0.02)
    assert now.quality.psnr_db == pytest.approx(shipped["quality"]["psnr_db"], abs=0.1)
    assert now.quality.ms_ssim == pytest.approx(shipped["quality"]["ms_ssim"], abs=0.002)
