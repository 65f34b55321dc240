"""Picture quality by comparison with the source: PSNR and MS-SSIM, both on luma.

Luma is the plane that is coded: BT.601 or BT.709 weights are the source's own, and no colour conversion
adds its error. The peak is 255 although limited-range luma ends at 235, as codec comparisons do.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

PEAK = 255.0
MS_SSIM_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the five scales, finest first (Wang, Simoncelli, Bovik 2003, section 3.2)."""

_WINDOW = 11
SMALLEST_MS_SSIM_SIDE_PX = _WINDOW * 2 ** (len(MS_SSIM_WEIGHTS) - 1)
"""Sides that still hold one whole window after four halvings: 176."""

_SIGMA = 1.5
_C1 = (0.01 * PEAK) ** 2
_C2 = (0.03 * PEAK) ** 2


def psnr_db(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of a sequence, from the mean squared error over all its samples.

    Parameters
    ----------
    reference, shown : (...) uint8  Samples of 8 bit, for example the luma of a clip (n, height, width).

    Returns
    -------
    float, dB                       10 log10(255^2 / mean squared error); infinite for equal arrays.

    Raises
    ------
    ValueError                      Shapes differ, or there are no samples.

    Valid for                       8-bit samples. The mean is taken over errors, not over each frame's
                                    decibels, so that one perfect frame does not make the result infinite.
    Source                          ITU-T J.340 (2010), PSNR; 8-bit peak.
    """
    _check_shapes(reference, shown, dimensions=None)
    squares, samples = 0, 0
    for one, other in zip(np.atleast_2d(reference), np.atleast_2d(shown), strict=True):
        error = one.astype(np.int64) - other.astype(np.int64)
        squares += int(np.vdot(error, error))
        samples += error.size
    return float("inf") if squares == 0 else float(10 * np.log10(PEAK**2 * samples / squares))


def ssim(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Mean structural similarity of two pictures, at one scale.

    Parameters
    ----------
    reference, shown : (height, width) uint8    Sides of at least 11 samples.

    Returns
    -------
    float                           1 for equal pictures.

    Raises
    ------
    ValueError                      Shapes differ, or a side is too short.

    Valid for                       8-bit samples; only whole windows count (no padding at the border).
    Source                          Wang, Bovik, Sheikh, Simoncelli, IEEE Trans. Image Processing 13(4), 2004,
                                    doi:10.1109/TIP.2003.819861, eq. 13: Gaussian window 11 x 11, sigma 1.5,
                                    K1 = 0.01, K2 = 0.03.
    """
    _check_shapes(reference, shown, dimensions=2)
    _check_side(reference.shape, scales=1)
    luminance, contrast_structure = _ssim_maps(reference.astype(np.float64), shown.astype(np.float64))
    return float(np.mean(luminance * contrast_structure))


def ms_ssim(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Multi-scale structural similarity of two pictures.

    Parameters
    ----------
    reference, shown : (height, width) uint8    Sides of at least 176 samples.

    Returns
    -------
    float                           1 for equal pictures; in [0, 1].

    Raises
    ------
    ValueError                      Shapes differ, or a side is too short.

    Valid for                       8-bit samples. Each scale is the mean of 2 x 2 blocks of the one before
                                    (an odd last row or column is left out). A negative mean of a scale counts
                                    as 0, since its fractional power is not real.
    Source                          Wang, Simoncelli, Bovik, Multi-scale structural similarity for image
                                    quality assessment, Asilomar 2003, doi:10.1109/ACSSC.2003.1292216, eq. 7.
    """
    _check_shapes(reference, shown, dimensions=2)
    _check_side(reference.shape, scales=len(MS_SSIM_WEIGHTS))
    one, other = reference.astype(np.float64), shown.astype(np.float64)
    similarity = 1.0
    for scale, weight in enumerate(MS_SSIM_WEIGHTS, start=1):
        luminance, contrast_structure = _ssim_maps(one, other)
        is_last = scale == len(MS_SSIM_WEIGHTS)
        term = float(np.mean(luminance * contrast_structure if is_last else contrast_structure))
        similarity *= max(term, 0.0) ** weight
        if not is_last:
            one, other = _halved(one), _halved(other)
    return similarity


def sequence_ms_ssim(reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
    """Mean of `ms_ssim` over the frames of a sequence.

    Parameters
    ----------
    reference, shown : (n, height, width) uint8     Luma of a clip.

    Returns
    -------
    float
    """
    _check_shapes(reference, shown, dimensions=3)
    return float(np.mean([ms_ssim(one, other) for one, other in zip(reference, shown, strict=True)]))


def _ssim_maps(
    one: NDArray[np.float64], other: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the luminance term and the contrast-structure term at every whole window."""
    mean_one, mean_other = _windowed(one), _windowed(other)
    product, squares = mean_one * mean_other, mean_one**2 + mean_other**2
    covariance = _windowed(one * other) - product
    variances = _windowed(one**2 + other**2) - squares
    luminance = (2 * product + _C1) / (squares + _C1)
    return luminance, (2 * covariance + _C2) / (variances + _C2)


def _windowed(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian-weighted mean in every whole window, by a matrix product along each side."""
    rows, columns = (_window_matrix(side) for side in plane.shape)
    filtered: NDArray[np.float64] = rows @ plane @ columns.T
    return filtered


@lru_cache(maxsize=32)
def _window_matrix(side: int) -> NDArray[np.float64]:
    """Return the banded (side - 10, side) matrix that slides the window along a side."""
    offsets = np.arange(_WINDOW) - (_WINDOW - 1) / 2
    window = np.exp(-(offsets**2) / (2 * _SIGMA**2))
    window /= window.sum()
    matrix = np.zeros((side - _WINDOW + 1, side))
    for row in range(len(matrix)):
        matrix[row, row : row + _WINDOW] = window
    matrix.flags.writeable = False
    return matrix


def _halved(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the means of 2 x 2 blocks."""
    height, width = plane.shape[0] // 2, plane.shape[1] // 2
    even = plane[: 2 * height, : 2 * width].reshape(height, 2, width, 2)
    means: NDArray[np.float64] = even.mean(axis=(1, 3))
    return means


def _check_shapes(one: NDArray[np.uint8], other: NDArray[np.uint8], *, dimensions: int | None) -> None:
    """Raise ValueError unless both have the same shape, with samples in it."""
    if one.shape != other.shape or one.size == 0 or (dimensions is not None and one.ndim != dimensions):
        wanted = (
            "equal shapes with samples" if dimensions is None else f"equal shapes of {dimensions} dimensions"
        )
        raise ValueError(f"found {one.shape} and {other.shape}; accepted: {wanted}")


def _check_side(shape: tuple[int, ...], *, scales: int) -> None:
    """Raise ValueError when the coarsest scale has no whole window."""
    least = _WINDOW * 2 ** (scales - 1)
    if min(shape) < least:
        raise ValueError(f"pictures of {shape}; {scales} scales need sides of at least {least} samples")
