import math
import sys
from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import CheckFailedError, MissingDependencyError
from netgen.media.quality import (
    compare,
    psnr_db,
    semantic_estimate,
    sequence_ms_ssim,
    sequence_ssim,
    ssim,
    vmaf,
)
from netgen.media.yuv_clip import YuvClip

pytest.importorskip("skimage")
pytest.importorskip("torchmetrics")


def noisy(picture, sigma, seed=0):
    noise = np.random.default_rng(seed).normal(0, sigma, picture.shape)
    return np.clip(np.rint(picture + noise), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def picture():
    x, y = np.meshgrid(np.arange(208), np.arange(192))
    wave = 128 + 50 * np.sin(x / 7) * np.cos(y / 11) + 40 * np.sin((x + 2 * y) / 31)
    return np.clip(wave, 0, 255).astype(np.uint8)


def test_psnr_by_hand():
    """An error of 5 everywhere: 10 log10(255^2 / 25) = 34.1514 dB; no error: infinite."""
    dark, bright = np.full((2, 8, 8), 100, np.uint8), np.full((2, 8, 8), 105, np.uint8)
    assert psnr_db(dark, bright) == pytest.approx(34.151403, abs=1e-6)
    assert psnr_db(bright, dark) == psnr_db(dark, bright)
    assert psnr_db(dark, dark) == float("inf")


def test_psnr_of_a_sequence_is_of_the_mean_error_not_the_mean_of_decibels():
    """One perfect frame and one with an error of 10: mean squared error 50, 31.1411 dB."""
    reference = np.zeros((2, 16, 16), np.uint8)
    shown = reference.copy()
    shown[1] = 10
    assert psnr_db(reference, shown) == pytest.approx(31.141104, abs=1e-6)


def ms_ssim_of(one, other):
    return sequence_ms_ssim(one[None], other[None])


def test_ssim_of_flat_pictures_by_hand():
    """Without variance only luminance counts: (2 a b + C1) / (a^2 + b^2 + C1), C1 = 6.5025."""
    one, other = np.full((16, 16), 100, np.uint8), np.full((16, 16), 120, np.uint8)
    assert ssim(one, other) == pytest.approx((2 * 100 * 120 + 6.5025) / (100**2 + 120**2 + 6.5025), abs=1e-12)


def test_ms_ssim_of_flat_pictures_by_hand():
    """Contrast and structure are 1 at every scale; luminance enters at the last, to the power 0.1333 (float32)."""
    one, other = np.full((176, 176), 100, np.uint8), np.full((176, 176), 120, np.uint8)
    luminance = (2 * 100 * 120 + 6.5025) / (100**2 + 120**2 + 6.5025)
    assert ms_ssim_of(one, other) == pytest.approx(luminance**0.1333, abs=2e-4)


def test_equal_pictures_score_one_and_damage_lowers_the_score(picture):
    assert ms_ssim_of(picture, picture) == pytest.approx(1, abs=1e-5)
    scores = [ms_ssim_of(picture, noisy(picture, sigma)) for sigma in (2, 6, 18, 54)]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] < scores[0] < 1
    assert ms_ssim_of(noisy(picture, 6), picture) == pytest.approx(scores[1], abs=1e-5)


def test_fine_noise_costs_less_at_many_scales_than_at_one(picture):
    """What averages out at coarser scales is punished less: the reason for more than one scale."""
    damaged = noisy(picture, 25)
    assert ms_ssim_of(picture, damaged) > ssim(picture, damaged) + 0.1


def test_an_inverted_picture_scores_zero_and_is_no_complex_number(picture):
    assert ms_ssim_of(picture, (255 - picture).astype(np.uint8)) == 0.0


def test_a_sequence_is_the_mean_of_its_frames(picture):
    reference = np.stack([picture, picture])
    shown = np.stack([picture, noisy(picture, 20)])
    assert sequence_ssim(reference, shown) == pytest.approx((1 + ssim(picture, shown[1])) / 2, abs=1e-12)
    assert sequence_ms_ssim(reference, shown) == pytest.approx(
        (1 + ms_ssim_of(picture, shown[1])) / 2, abs=1e-5
    )


@pytest.mark.parametrize(
    ("measure", "one", "other", "message"),
    [
        (psnr_db, (4, 4), (4, 5), r"\(4, 4\) and \(4, 5\)"),
        (psnr_db, (0, 4), (0, 4), "with samples"),
        (ssim, (10, 40), (10, 40), "at least 11 samples"),
        (ssim, (3, 16, 16), (3, 16, 16), "2 dimensions"),
        (sequence_ms_ssim, (1, 174, 300), (1, 174, 300), "at least 176 samples"),
        (sequence_ms_ssim, (1, 177, 300), (1, 177, 300), "must be even"),
        (sequence_ms_ssim, (176, 176), (176, 176), "3 dimensions"),
        (sequence_ssim, (176, 176), (176, 176), "3 dimensions"),
        (semantic_estimate, (2, 10, 40), (2, 10, 40), "at least 11 samples"),
        (semantic_estimate, (2, 40, 40), (3, 40, 40), "3 dimensions"),
    ],
)
def test_shapes_that_cannot_be_compared_are_refused(measure, one, other, message):
    with pytest.raises(ValueError, match=message):
        measure(np.zeros(one, np.uint8), np.zeros(other, np.uint8))


def clip(*luma, rate=Fraction(30000, 1001)):
    """Frames of the given luma, without colour."""
    planes = [np.concatenate([one, np.full((len(one) // 2, one.shape[1]), 128, np.uint8)]) for one in luma]
    return YuvClip(np.stack(planes), rate)


def test_meaning_is_whole_for_equal_frames_and_lost_on_flat_and_unrelated_ones(picture):
    unrelated = np.random.default_rng(1).integers(0, 256, picture.shape, dtype=np.uint8)
    frames = np.stack([picture, picture])
    for shown, low, high in (
        (picture, 1 - 1e-12, 1.0),
        ((picture // 2 + 40).astype(np.uint8), 0.98, 1.0),  # contrast and brightness carry no meaning
        (np.full_like(picture, 128), 0.0, 0.0),
        (unrelated, 0.0, 0.15),
    ):
        found = semantic_estimate(frames, np.stack([shown, shown]))
        assert low <= found.fidelity <= high
        assert found.low == found.fidelity == found.high  # two equal frames: no spread
    flat = np.full((2, 64, 64), 9, np.uint8)
    assert semantic_estimate(flat, flat).fidelity == 1.0


def test_meaning_falls_with_damage(picture):
    scores = [
        semantic_estimate(picture[None], noisy(picture, sigma)[None]).fidelity for sigma in (0, 10, 40, 160)
    ]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] - scores[-1] > 0.3


def test_the_semantic_interval_is_students_over_segments(picture):
    """Segments that score 1 and 0: mean 0.5, t(1; 0.975) = 12.706 times 0.5, cut at 0 and 1; alone, all is possible."""
    flat = np.full_like(picture, 128)
    reference, shown = np.stack([picture] * 4), np.stack([picture, picture, flat, flat])
    found = semantic_estimate(reference, shown, segment_frames=2)
    assert (found.fidelity, found.low, found.high) == (pytest.approx(0.5), 0.0, 1.0)
    # Over eight frames, one of them lost: standard deviation 0.35355 over the root of 8, times t(7; 0.975) = 2.3646.
    by_frame = semantic_estimate(np.stack([picture] * 8), np.stack([picture] * 7 + [flat]))
    assert by_frame.low == pytest.approx(0.875 - 2.364624 * 0.125, abs=1e-5)
    assert by_frame.high == 1.0
    one = semantic_estimate(picture[None], noisy(picture, 30)[None])
    assert (one.low, one.high) == (0.0, 1.0)


def test_vmaf_ranks_damage_and_is_near_100_for_equal_frames(picture):
    pytest.importorskip("imageio_ffmpeg")
    reference = clip(picture, picture, picture)
    scores = [
        vmaf(reference, clip(*(noisy(picture, sigma, seed) for seed in range(3)))) for sigma in (0, 10, 50)
    ]
    assert 95 < scores[0] <= 100
    assert scores[0] > scores[1] + 5 > scores[2] + 10


def test_vmaf_that_fails_or_takes_too_long_is_an_error_and_leaves_nothing_running(
    picture, monkeypatch, tmp_path
):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    two = clip(picture, picture)
    with pytest.raises(CheckFailedError, match=r"longer than 1e-06 s"):
        vmaf(two, two, limit_s=1e-6)
    with pytest.raises(ValueError, match="VMAF needs sides of at least 32"):
        vmaf(clip(picture[:30, :64]), clip(picture[:30, :64]))
    broken = tmp_path / "ffmpeg"
    broken.write_text("#!/bin/sh\necho 'no such filter: libvmaf' >&2\nexit 8\n", encoding="utf-8")
    broken.chmod(0o755)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(broken))
    with pytest.raises(CheckFailedError, match="ended with 8: no such filter: libvmaf"):
        vmaf(two, two)
    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", lambda: str(tmp_path / "gone"))
    with pytest.raises(CheckFailedError, match="cannot run"):
        vmaf(two, two)


def test_all_measures_together(picture):
    pytest.importorskip("imageio_ffmpeg")
    reference, shown = clip(*[picture] * 4), clip(*(noisy(picture, 12, seed) for seed in range(4)))
    found = compare(reference, shown, segment_frames=2)
    assert found.psnr_db == psnr_db(reference.luma, shown.luma)
    assert found.ssim == sequence_ssim(reference.luma, shown.luma)
    assert found.ms_ssim == sequence_ms_ssim(reference.luma, shown.luma)
    assert found.vmaf == vmaf(reference, shown)
    assert found.semantic == semantic_estimate(reference.luma, shown.luma, segment_frames=2)
    assert found.semantic.low <= found.semantic.fidelity <= found.semantic.high
    assert found.semantic.method == "hog-correlation-v1"


def test_frames_too_small_for_five_scales_have_no_ms_ssim_and_no_other_measure_in_its_place(picture):
    small = clip(picture[:144, :176])
    found = compare(small, small, with_vmaf=False)
    assert (found.ms_ssim, found.vmaf, found.psnr_db) == (None, None, math.inf)
    assert found.ssim == pytest.approx(1.0)


def test_a_missing_library_names_the_extra(picture, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingDependencyError, match=r"imageio_ffmpeg .*pip install netgen\[calibrate\]"):
        ms_ssim_of(picture, picture)
