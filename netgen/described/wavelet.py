"""The 9/7 wavelet transform of a plane in whole numbers: the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.int64]

FRACTION_BITS = 4
"""Samples and coefficients are in 1/16."""

_SHIFT = 14
_STEPS = tuple(
    round(step * (1 << _SHIFT))
    for step in (-1.586134342059924, -0.052980118572961, 0.882911075530934, 0.443506852043971)
)
_GAIN = round(1.149604398860241 * (1 << _SHIFT))
_INVERSE_GAIN = round((1 << _SHIFT) / 1.149604398860241)
SHORTEST_SIDE = 4
"""A side is halved until it would be shorter than this."""


def levels_of(height: int, width: int) -> int:
    """Return how often a plane is halved."""
    levels = 0
    while min(height, width) >= 2 * SHORTEST_SIDE:
        height, width = (height + 1) // 2, (width + 1) // 2
        levels += 1
    return levels


def band_shapes(height: int, width: int, levels: int) -> list[tuple[int, int]]:
    """Return the shapes of the plane and of its low band after each level."""
    shapes = [(height, width)]
    for _ in range(levels):
        height, width = (height + 1) // 2, (width + 1) // 2
        shapes.append((height, width))
    return shapes


def forward(plane: Plane, levels: int) -> Plane:
    """Transform a plane: the low band of each level stands at the top left, as in JPEG 2000.

    Parameters
    ----------
    plane : (height, width) int64   Samples in 1/16.
    levels : int                    How often the low band is halved.

    Returns
    -------
    (height, width) int64           Coefficients in 1/16; nearly orthonormal, so that one quantiser step suits all.

    Source                          Daubechies and Sweldens, Factoring wavelet transforms into lifting steps, 1998,
                                    doi:10.1007/BF02476026, section 7.7; in fixed point with 14 fractional bits.
    """
    out = plane.copy()
    for height, width in band_shapes(plane.shape[0], plane.shape[1], levels)[:-1]:
        part = _analysed(out[:height, :width])
        out[:height, :width] = _analysed(part.T).T
    return out


def inverse(coefficients: Plane, levels: int) -> Plane:
    """Undo `forward`, but for roundings of some 1/16."""
    out = coefficients.copy()
    for height, width in reversed(band_shapes(coefficients.shape[0], coefficients.shape[1], levels)[:-1]):
        part = _synthesised(out[:height, :width].T).T
        out[:height, :width] = _synthesised(part)
    return out


def _scaled(plane: Plane, factor: int) -> Plane:
    return (plane * factor + (1 << (_SHIFT - 1))) >> _SHIFT


def _lift_odd(even: Plane, odd: Plane, step: int) -> Plane:
    """Return what a lifting step adds to the odd rows; rows are mirrored at the ends."""
    after = even[1:] if len(even) > len(odd) else np.concatenate([even[1:], even[-1:]])
    return _scaled(even[: len(odd)] + after, step)


def _lift_even(even: Plane, odd: Plane, step: int) -> Plane:
    """Return what a lifting step adds to the even rows."""
    before = np.concatenate([odd[:1], odd])
    after = odd if len(even) == len(odd) else np.concatenate([odd, odd[-1:]])
    return _scaled(before[: len(even)] + after, step)


def _analysed(plane: Plane) -> Plane:
    """Split the rows of a plane into a low half and a high half."""
    even, odd = plane[0::2].copy(), plane[1::2].copy()
    odd += _lift_odd(even, odd, _STEPS[0])
    even += _lift_even(even, odd, _STEPS[1])
    odd += _lift_odd(even, odd, _STEPS[2])
    even += _lift_even(even, odd, _STEPS[3])
    return np.concatenate([_scaled(even, _GAIN), _scaled(odd, _INVERSE_GAIN)])


def _synthesised(plane: Plane) -> Plane:
    """Undo `_analysed`."""
    half = (len(plane) + 1) // 2
    even, odd = _scaled(plane[:half], _INVERSE_GAIN), _scaled(plane[half:], _GAIN)
    even -= _lift_even(even, odd, _STEPS[3])
    odd -= _lift_odd(even, odd, _STEPS[2])
    even -= _lift_even(even, odd, _STEPS[1])
    odd -= _lift_odd(even, odd, _STEPS[0])
    out = np.empty_like(plane)
    out[0::2], out[1::2] = even, odd
    return out
