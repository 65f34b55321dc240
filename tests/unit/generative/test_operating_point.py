"""Work, operating points, and reading a curve."""

import math
from dataclasses import replace

import pytest

from netgen.errors import ModelRangeError
from netgen.generative.operating_point import (
    ANY_DEVICE,
    OperatingPoint,
    Work,
    covers,
    mean_point,
    point_on_curve,
    rate_range,
)
from netgen.provenance import Provenance

WORK = Work(2.0, None, 10, 4096, "cpu-a", None, 0, Provenance.MEASURED, "bench")


def point(bits_per_pixel, psnr_db=30.0, *, seconds=2.0, frames=10, clip="a", **figures):
    work = replace(WORK, seconds=seconds, frames=frames)
    return OperatingPoint(
        bits_per_pixel,
        psnr_db=psnr_db,
        ms_ssim=0.9,
        encode=work,
        decode=work,
        rate_provenance=Provenance.MEASURED,
        quality_provenance=Provenance.MEASURED,
        clip=clip,
        **figures,
    )


def test_halfway_in_log_rate_is_the_geometric_mean():
    curve = [point(0.01, 20.0, seconds=2.0), point(0.04, 30.0, seconds=4.0)]
    read = point_on_curve(curve, 0.02)
    assert read.psnr_db == pytest.approx(25.0)
    assert read.ms_ssim == pytest.approx(0.9)
    assert read.encode.seconds == pytest.approx(0.3)
    assert (read.encode.frames, read.encode.pixels, read.encode.device) == (1, 4096, "cpu-a")
    assert read.quality_provenance is Provenance.MEASURED
    assert read.fidelity_provenance is None


def test_a_curve_is_read_in_the_right_piece():
    curve = [point(0.01, 10.0), point(0.1, 20.0), point(1.0, 40.0)]
    assert point_on_curve(curve, math.sqrt(0.01 * 0.1)).psnr_db == pytest.approx(15.0)
    assert point_on_curve(curve, math.sqrt(0.1 * 1.0)).psnr_db == pytest.approx(30.0)


def test_a_curve_passes_through_its_points_also_after_rounding():
    curve = [point(0.01, 10.0), point(0.1, 20.0)]
    assert point_on_curve(curve, 0.1) is curve[1]
    assert point_on_curve(curve, 0.1 * (1 + 1e-12)) is curve[1]
    assert point_on_curve(curve, 0.01 * (1 - 1e-12)) is curve[0]


def test_two_points_at_one_rate_do_not_divide_by_zero():
    curve = [point(0.01, 10.0), point(0.1, 20.0), point(0.1, 22.0), point(1.0, 40.0)]
    assert point_on_curve(curve, 0.1).psnr_db == 20.0
    assert 22.0 < point_on_curve(curve, 0.2).psnr_db < 40.0


def test_range_and_cover_include_the_end_points_only():
    curve = [point(0.01), point(0.1)]
    assert rate_range(curve) == (0.01, 0.1)
    assert covers(curve, 0.01)
    assert covers(curve, 0.1)
    assert not covers(curve, 0.0099)
    assert not covers(curve, 0.101)
    with pytest.raises(ValueError, match="without a rate"):
        rate_range([OperatingPoint(None)])


def test_a_figure_that_one_side_lacks_is_not_interpolated_or_averaged():
    curve = [replace(point(0.01), psnr_db=None, decode=None), point(0.1)]
    read = point_on_curve(curve, 0.05)
    assert read.psnr_db is None
    assert read.decode is None
    assert read.ms_ssim == pytest.approx(0.9)
    mean = mean_point([replace(point(0.01), ms_ssim=None, encode=None), point(0.01, clip="b")], 0.01)
    assert mean.ms_ssim is None
    assert mean.encode is None
    assert mean.psnr_db == 30.0


def test_the_mean_over_clips_counts_each_clip_once_whatever_its_length():
    short, long = (
        point(0.01, 20.0, seconds=1.0, frames=10),
        point(0.01, 30.0, seconds=12.0, frames=40, clip="b"),
    )
    mean = mean_point([short, long], 0.01)
    assert mean.psnr_db == 25.0
    assert mean.clips == 2
    assert mean.encode.seconds == pytest.approx((0.1 + 0.3) / 2)
    assert mean.encode.std_s == pytest.approx(0.2 / math.sqrt(2))
    assert mean.clip == ""


def test_the_mean_of_one_point_is_the_point():
    only = point(0.01)
    assert mean_point([only], 0.01) is only


def test_the_mean_carries_the_weakest_mark_and_the_common_class():
    measured = point(0.01, content_class="natural")
    declared = replace(measured, clip="b", quality_provenance=Provenance.DECLARED)
    assert mean_point([measured, declared], 0.01).quality_provenance is Provenance.DECLARED
    assert mean_point([measured, declared], 0.01).content_class == "natural"
    assert mean_point([measured, replace(declared, content_class="screen")], 0.01).content_class == "mixed"


def test_times_of_different_devices_are_not_averaged():
    other = point(0.01, clip="b")
    other = replace(other, encode=replace(other.encode, device="cpu-b"))
    with pytest.raises(ModelRangeError, match=r"different devices \(cpu-a, cpu-b\)"):
        mean_point([point(0.01), other], 0.01)


def test_times_of_unlike_frame_sizes_meet_at_the_mean_size_as_an_estimate():
    """2 s for 10 frames of 4096 pixels and 2 s for 10 of 8192: at 6144 pixels 0.3 s and 0.15 s a frame."""
    other = point(0.01, clip="b")
    other = replace(other, encode=replace(other.encode, pixels=8192))
    mean = mean_point([point(0.01), other], 0.01)
    assert mean.encode.seconds == pytest.approx((0.3 + 0.15) / 2)
    assert mean.encode.pixels == 6144
    assert mean.encode.provenance is Provenance.ESTIMATED
    assert mean.decode.provenance is Provenance.MEASURED
    assert mean.quality_provenance is Provenance.MEASURED


def test_operations_and_weights_are_combined_per_frame():
    first = replace(point(0.01), encode=replace(WORK, flops=50.0, memory_bytes=6))
    second = replace(point(0.01, clip="b"), encode=replace(WORK, frames=5, flops=50.0, memory_bytes=8))
    work = mean_point([first, second], 0.01).encode
    assert work.flops == pytest.approx((5.0 + 10.0) / 2)
    assert work.memory_bytes == 8


def test_a_declared_work_shared_by_all_points_is_kept():
    declared = Work(0.5, None, None, None, ANY_DEVICE, None, 0, Provenance.DECLARED, "x", duration_s=1.0)
    curve = [replace(point(rate), encode=declared) for rate in (0.01, 0.1)]
    assert point_on_curve(curve, 0.05).encode is declared
    assert mean_point([curve[0], replace(curve[0], clip="b")], 0.01).encode is declared


@pytest.mark.parametrize(
    "change",
    [{"seconds": -1.0}, {"seconds": math.nan}, {"frames": 0}, {"pixels": -4}, {"duration_s": 0.0}],
)
def test_impossible_work_is_refused(change):
    with pytest.raises(ValueError, match="work"):
        replace(WORK, **change)


@pytest.mark.parametrize(
    "figures",
    [{"bits_per_pixel": 0.0}, {"bits_per_pixel": math.nan}, {"ms_ssim": 1.1}, {"semantic_fidelity": -0.1}],
)
def test_impossible_points_are_refused(figures):
    with pytest.raises(ValueError, match=next(iter(figures))):
        OperatingPoint(**({"bits_per_pixel": 0.1} | figures))
