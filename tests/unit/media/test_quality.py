import numpy as np
import pytest

from netgen.media.quality import MS_SSIM_WEIGHTS, ms_ssim, psnr_db, sequence_ms_ssim, ssim


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


def test_ssim_of_flat_pictures_by_hand():
    """Without variance only luminance counts: (2 a b + C1) / (a^2 + b^2 + C1), C1 = 6.5025."""
    one, other = np.full((16, 16), 100, np.uint8), np.full((16, 16), 120, np.uint8)
    assert ssim(one, other) == pytest.approx((2 * 100 * 120 + 6.5025) / (100**2 + 120**2 + 6.5025), abs=1e-12)


def test_ms_ssim_of_flat_pictures_by_hand():
    """Contrast and structure are 1 at every scale; luminance enters at the last, to the power 0.1333."""
    one, other = np.full((176, 176), 100, np.uint8), np.full((176, 176), 120, np.uint8)
    luminance = (2 * 100 * 120 + 6.5025) / (100**2 + 120**2 + 6.5025)
    assert ms_ssim(one, other) == pytest.approx(luminance**0.1333, abs=1e-12)
    assert sum(MS_SSIM_WEIGHTS) == pytest.approx(1, abs=2e-4)


def test_equal_pictures_score_one_and_damage_lowers_the_score(picture):
    assert ms_ssim(picture, picture) == pytest.approx(1, abs=1e-12)
    scores = [ms_ssim(picture, noisy(picture, sigma)) for sigma in (2, 6, 18, 54)]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] < scores[0] < 1
    assert ms_ssim(noisy(picture, 6), picture) == pytest.approx(scores[1], abs=1e-12)


def test_fine_noise_costs_less_at_many_scales_than_at_one(picture):
    """What averages out at coarser scales is punished less: the reason for more than one scale."""
    damaged = noisy(picture, 25)
    assert ms_ssim(picture, damaged) > ssim(picture, damaged) + 0.1


def test_an_inverted_picture_scores_zero_and_is_no_complex_number(picture):
    assert ms_ssim(picture, (255 - picture).astype(np.uint8)) == 0.0


def test_a_sequence_is_the_mean_of_its_frames(picture):
    reference = np.stack([picture, picture])
    shown = np.stack([picture, noisy(picture, 20)])
    assert sequence_ms_ssim(reference, shown) == pytest.approx(
        (1 + ms_ssim(picture, shown[1])) / 2, abs=1e-12
    )


@pytest.mark.parametrize(
    ("measure", "one", "other", "message"),
    [
        (psnr_db, (4, 4), (4, 5), r"\(4, 4\) and \(4, 5\)"),
        (psnr_db, (0, 4), (0, 4), "with samples"),
        (ssim, (10, 40), (10, 40), "at least 11 samples"),
        (ssim, (3, 16, 16), (3, 16, 16), "2 dimensions"),
        (ms_ssim, (175, 300), (175, 300), "at least 176 samples"),
        (sequence_ms_ssim, (176, 176), (176, 176), "3 dimensions"),
    ],
)
def test_shapes_that_cannot_be_compared_are_refused(measure, one, other, message):
    with pytest.raises(ValueError, match=message):
        measure(np.zeros(one, np.uint8), np.zeros(other, np.uint8))
