"""Laws of profiles and service times over random curves, devices and jobs."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.errors import ModelRangeError
from netgen.generative.device import Device, find_device
from netgen.generative.operating_point import OperatingPoint, Work
from netgen.generative.profile import CodingMode, Profile, find_profile
from netgen.generative.service_time import service_time
from netgen.provenance import Provenance

QUICK = settings(max_examples=60, derandomize=True, deadline=None)
POSITIVE = st.floats(1e-3, 1e3)


def curve(clip, rates, psnrs):
    work = Work(1.0, None, 10, 4096, "cpu-a", None, 0, Provenance.MEASURED, "bench")
    return [
        OperatingPoint(rate, psnr_db=psnr, encode=replace(work, seconds=psnr), clip=clip)
        for rate, psnr in zip(sorted(rates), sorted(psnrs), strict=True)
    ]


@st.composite
def curves(draw):
    """One to four clips, each with quality rising with rate, at rates apart by more than rounding."""
    clips = []
    for number in range(draw(st.integers(1, 4))):
        steps = draw(st.lists(st.integers(1, 60), min_size=2, max_size=6, unique=True))
        psnrs = draw(st.lists(st.floats(10, 50), min_size=len(steps), max_size=len(steps)))
        clips.append(curve(f"clip-{number}", [0.001 * 1.1**step for step in steps], psnrs))
    return clips


def profile_of(clips):
    points = tuple(point for clip in clips for point in clip)
    return Profile("p", CodingMode.FULL_REFERENCE, True, False, Provenance.MEASURED, points, "bench", 0, 0)


@QUICK
@given(curves())
def test_each_clips_curve_passes_through_its_points(clips):
    for clip in clips:
        for point in clip:
            assert profile_of([clip]).at(point.bits_per_pixel) is point


@QUICK
@given(curves(), st.floats(0, 1))
def test_a_read_point_lies_between_the_extremes_of_the_clips_that_cover_it(clips, share):
    low, high = profile_of(clips).rate_range
    rate = low * (high / low) ** share
    covering = [c for c in clips if c[0].bits_per_pixel <= rate <= c[-1].bits_per_pixel]
    if not covering:
        return
    point = profile_of(clips).at(rate)
    psnrs = [p.psnr_db for clip in covering for p in clip]
    assert min(psnrs) - 1e-9 <= point.psnr_db <= max(psnrs) + 1e-9
    assert point.clips == len(covering)


@QUICK
@given(curves(), st.floats(0, 1), st.floats(0, 1))
def test_one_clips_quality_rises_with_rate(clips, first, second):
    profile = profile_of(clips[:1])
    low, high = profile.rate_range
    rates = sorted(min(max(low * (high / low) ** share, low), high) for share in (first, second))
    worse, better = (profile.at(rate).psnr_db for rate in rates)
    assert worse <= better + 1e-9


@QUICK
@given(curves())
def test_the_order_of_the_points_does_not_matter(clips):
    rate = clips[0][0].bits_per_pixel
    assert profile_of(clips).at(rate) == profile_of([clip[::-1] for clip in clips]).at(rate)


@QUICK
@given(curves(), st.floats(1.001, 100))
def test_outside_the_range_raises(clips, factor):
    profile = profile_of(clips)
    low, high = profile.rate_range
    for rate in (low / factor, high * factor):
        with pytest.raises(ModelRangeError, match="accepted"):
            profile.at(rate)


@QUICK
@given(st.integers(1, 5000), st.integers(1, 5000), st.sampled_from(["L4", "Tesla A100", "H100-SXM5"]))
def test_time_adds_over_frames(first, second, name):
    work, device = find_profile("cttr").at(None).decode, find_device(name)
    apart = sum(service_time(work, device, frames=n, pixels=65536).seconds for n in (first, second))
    assert service_time(work, device, frames=first + second, pixels=65536).seconds == pytest.approx(apart)


@QUICK
@given(
    peak=POSITIVE,
    bandwidth=POSITIVE,
    faster=st.floats(1, 100),
    flops=POSITIVE,
    weights=st.integers(1, 10**12),
)
def test_a_faster_device_is_never_slower(peak, bandwidth, faster, flops, weights):
    reference = find_device("RTX-3090")
    work = Work(1.0, 0.1, 1, 100, reference.name, flops * 1e12, weights, Provenance.PUBLISHED, "x")
    device = Device("d", "gpu", peak * 1e12, 10**10, bandwidth * 1e9, None, None)
    more_flops = replace(device, peak_flops=peak * faster * 1e12)
    more_bandwidth = replace(device, memory_bandwidth_byte_per_s=bandwidth * faster * 1e9)
    both = replace(more_flops, memory_bandwidth_byte_per_s=bandwidth * faster * 1e9)
    base, *better, best = (
        service_time(work, d, frames=1, pixels=100).seconds
        for d in (device, more_flops, more_bandwidth, both)
    )
    assert all(best <= seconds * (1 + 1e-12) for seconds in better)
    assert all(seconds <= base * (1 + 1e-12) for seconds in better)
    assert best == pytest.approx(base / faster)


@QUICK
@given(flops=POSITIVE, weights=st.integers(1, 10**12))
def test_a_twin_of_the_reference_device_takes_the_reference_time(flops, weights):
    reference = find_device("RTX-3090")
    work = Work(3.0, None, 1, 100, reference.name, flops * 1e12, weights, Provenance.PUBLISHED, "x")
    twin = replace(reference, name="twin")
    assert service_time(work, twin, frames=1, pixels=100).seconds == pytest.approx(3.0)
