"""The wrappers of PSNR, SSIM and MS-SSIM: conventions against scikit-image, MS-SSIM against torchmetrics and others."""

import numpy as np
import pytest

from netgen.media.quality import psnr_db, sequence_ms_ssim, ssim

skimage_data = pytest.importorskip("skimage.data")
metrics = pytest.importorskip("skimage.metrics")
transform = pytest.importorskip("skimage.transform")
filters = pytest.importorskip("skimage.filters")

BORDER = 5  # whole windows of 11 only


def pairs():
    camera = skimage_data.camera()
    scene, detail = camera[:272, :480], camera[96:352, 128:448]
    noise = np.random.default_rng(7).normal(0, 12, scene.shape)
    blurred = filters.gaussian(scene.astype(float), 2.0, truncate=4.0, mode="reflect", preserve_range=True)
    return {
        "noise": (scene, np.clip(scene + noise, 0, 255).astype(np.uint8)),
        "blur": (scene, np.rint(blurred).astype(np.uint8)),
        "steps": (detail, (detail // 48 * 48 + 20).astype(np.uint8)),
    }


def of_pictures(one, other):
    return sequence_ms_ssim(one[None], other[None])


def ssim_map(one, other, *, k1=0.01):
    _, whole = metrics.structural_similarity(
        one,
        other,
        full=True,
        gaussian_weights=True,
        sigma=1.5,
        use_sample_covariance=False,
        data_range=255,
        K1=k1,
    )
    return whole[BORDER:-BORDER, BORDER:-BORDER]


@pytest.mark.parametrize("name", ["noise", "blur", "steps"])
def test_psnr_and_ssim_are_scikit_images(name):
    one, other = pairs()[name]
    assert psnr_db(one, other) == pytest.approx(metrics.peak_signal_noise_ratio(one, other), abs=1e-9)
    assert ssim(one, other) == pytest.approx(ssim_map(one, other).mean(), abs=1e-9)


@pytest.mark.parametrize("name", ["noise", "blur", "steps"])
def test_ms_ssim_is_built_from_scikit_images_scales(name):
    """Scales from scikit-image: with a huge K1 its luminance term is 1, which leaves contrast and structure.

    Exponents from Wang, Simoncelli, Bovik 2003, section 3.2, written out here again. Here pictures are halved by means
    of 2 x 2; libvmaf filters by a longer kernel before it leaves samples out. In the reverse order the exponents would
    be off by 0.04 on the noisy picture.
    """
    one, other = (plane.astype(float) for plane in pairs()[name])
    expected = 1.0
    for exponent, is_last in zip(
        (0.0448, 0.2856, 0.3001, 0.2363, 0.1333), (False,) * 4 + (True,), strict=True
    ):
        expected *= ssim_map(one, other, k1=0.01 if is_last else 1e9).mean() ** exponent
        one, other = (transform.downscale_local_mean(plane, (2, 2)) for plane in (one, other))
    assert of_pictures(*pairs()[name]) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize(("name", "expected"), [("noise", 0.870102), ("blur", 0.967345), ("steps", 0.836947)])
def test_ms_ssim_is_near_an_implementation_that_pads_the_border(name, expected):
    """Values by blazediff-ssim 6.1.1 (`metric="ms-ssim"`, follows msssim.m) on the same pictures.

    It also counts windows that hang over the border; over these pictures that moves the score by up to
    0.009. On the noisy picture, exponents in the reverse order would be off by 0.04.
    """
    one, other = pairs()[name]
    assert of_pictures(one, other) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("name", ["noise", "blur", "steps"])
def test_ms_ssim_agrees_with_torchmetrics(name):
    torch = pytest.importorskip("torch")
    images = pytest.importorskip("torchmetrics.functional.image")
    one, other = (torch.from_numpy(plane.astype(np.float32))[None, None] for plane in pairs()[name])
    theirs = float(
        images.multiscale_structural_similarity_index_measure(other, one, data_range=255.0, normalize="relu")
    )
    assert of_pictures(*pairs()[name]) == pytest.approx(theirs, abs=0.01)
