"""The shipped measurements: what must hold of any conventional codec's rate and quality."""

import csv
from importlib.resources import files
from itertools import pairwise

import pytest

from netgen.catalogue.variants import VARIANTS
from netgen.errors import ModelRangeError
from netgen.generative.device import find_device
from netgen.generative.profile import load_profiles
from netgen.generative.service_time import service_time
from netgen.provenance import Provenance
from netgen.robustness.records import shipped_robustness

ACTIONS = ("x264", "x265", "x265-half", "x265-quarter", "svtav1", "svtav1-half", "svtav1-quarter")


def curves(name):
    by_clip = {}
    for point in load_profiles()[name].points:
        by_clip.setdefault(point.clip, []).append(point)
    return by_clip


def test_no_measured_profile_is_left_out():
    published = files("netgen.generative") / "profiles" / "published.csv"
    names = {row["profile"] for row in csv.DictReader(published.read_text(encoding="utf-8").splitlines())}
    elsewhere = {
        "describe.scene",
        *(part for part, found in shipped_robustness().items() if found.cost is not None),
    }
    assert set(load_profiles()) - names - elsewhere == set(VARIANTS) >= set(ACTIONS)
    assert elsewhere <= set(load_profiles())


@pytest.mark.parametrize("name", ACTIONS)
def test_more_bits_never_cost_quality(name):
    """A finer quantiser spends more bits and comes closer to the source; 0.2 dB allows for rate control."""
    assert len(curves(name)) >= 3
    for clip, points in curves(name).items():
        for worse, better in pairwise(points):
            assert better.psnr_db > worse.psnr_db - 0.2, clip
            assert better.ms_ssim > worse.ms_ssim - 0.005, clip


@pytest.mark.parametrize("name", ACTIONS)
def test_reading_the_curves_stays_inside_what_was_measured(name):
    profile = load_profiles()[name]
    low, high = profile.rate_range
    assert profile.provenance is Provenance.MEASURED
    for step in range(9):
        point = profile.at(low * (high / low) ** (step / 8))
        psnrs = [p.psnr_db for p in profile.points]
        assert min(psnrs) <= point.psnr_db <= max(psnrs)
        assert 1 <= point.clips <= len(curves(name))
        assert point.encode.seconds > 0
        assert point.decode.seconds > 0
    with pytest.raises(ModelRangeError, match="accepted"):
        profile.at(low / 2)


@pytest.mark.parametrize("codec", ["x265", "svtav1"])
def test_a_smaller_picture_reaches_lower_rates(codec):
    lowest = [load_profiles()[f"{codec}{scale}"].rate_range[0] for scale in ("", "-half", "-quarter")]
    assert lowest[0] > lowest[1] > lowest[2]


@pytest.mark.parametrize("name", ACTIONS)
def test_measured_times_hold_on_their_device_and_nowhere_else(name):
    profile = load_profiles()[name]
    work = profile.points[0].encode
    device = find_device(work.device)
    estimate = service_time(work, device, frames=work.frames, pixels=work.pixels)
    assert estimate.seconds == work.seconds
    assert estimate.provenance is Provenance.MEASURED
    with pytest.raises(ModelRangeError, match="declare the time of this action"):
        service_time(work, find_device("L4"), frames=work.frames, pixels=work.pixels)
