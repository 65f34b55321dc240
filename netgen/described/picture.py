"""Small pictures of a scene: wavelet coefficients, coarsely quantised, in context-adaptive binary arithmetic code."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.described.entropy import Coder, Contexts, code_count, code_signed
from netgen.described.wavelet import FRACTION_BITS, Plane, band_shapes, forward, inverse, levels_of

_DEAD_ZONE = 0.66
"""Share of a step below which a coefficient counts as nothing: chosen on training photographs."""
_BLOCK = 4
_GREATER = 14


def coefficients_of(plane: Plane) -> Plane:
    """Transform a plane of samples, 0..255 in 1/16."""
    return forward(plane - (128 << FRACTION_BITS), levels_of(*plane.shape))


def quantised(plane: Plane, step: int, expected: Plane | None = None) -> Plane:
    """Transform a plane of samples in 0..255 and quantise what differs from the coefficients expected.

    Parameters
    ----------
    plane : (height, width) int64   Samples.
    step : int                      Quantiser step in 1/16.
    expected : (height, width) int64, optional      Coefficients of a prediction; None: nothing is expected.
    """
    coefficients = coefficients_of(plane << FRACTION_BITS)
    size = np.abs(coefficients if expected is None else coefficients - expected) / step
    whole = np.where(size < _DEAD_ZONE, 0, np.maximum(np.rint(size), 1))
    signs = np.sign(coefficients if expected is None else coefficients - expected)
    return (signs * whole).astype(np.int64)


def restored(numbers: Plane, step: int, expected: Plane | None = None) -> NDArray[np.uint8]:
    """Return the samples that quantised coefficients stand for."""
    coefficients = numbers * step if expected is None else numbers * step + expected
    plane = inverse(coefficients, levels_of(*numbers.shape))
    half = 1 << (FRACTION_BITS - 1)
    samples: NDArray[np.uint8] = np.clip(((plane + half) >> FRACTION_BITS) + 128, 0, 255).astype(np.uint8)
    return samples


def code_plane(
    coder: Coder, contexts: Contexts, shape: tuple[int, int], *, numbers: Plane | None, kind: str
) -> Plane:
    """Write or read the quantised coefficients of a plane.

    Parameters
    ----------
    coder : Coder                   A writer, or a reader.
    contexts : Contexts             Of this message.
    shape : (int, int)              Of the plane.
    numbers : (height, width) int64 What to write; None to read.
    kind : str                      Planes of one kind share their contexts.

    Returns
    -------
    (height, width) int64           What was written or read.
    """
    levels = levels_of(*shape)
    shapes = band_shapes(*shape, levels)
    out = np.zeros(shape, np.int64)
    height, width = shapes[-1]
    _code_low(
        coder, contexts, out[:height, :width], None if numbers is None else numbers[:height, :width], kind
    )
    empty = 0 if numbers is None else _empty_levels(numbers, shapes)
    empty = min(code_count(coder, contexts.row(f"{kind}empty", 7), empty), levels)
    parents: list[Plane | None] = [None, None, None]
    for level in range(levels, empty, -1):
        (low_h, low_w), (high_h, high_w) = shapes[level], shapes[level - 1]
        right, down = slice(low_w, high_w), slice(low_h, high_h)
        sibling: Plane | None = None
        for band, where in enumerate(((slice(0, low_h), right), (down, slice(0, low_w)), (down, right))):
            part = out[where]
            around = _expected(parents[band], sibling, (part.shape[0], part.shape[1]))
            name = f"{kind}{min(levels - level, 2)}{band // 2}"
            _code_band(coder, contexts, name, part, None if numbers is None else numbers[where], around)
            parents[band] = sibling = np.minimum(np.abs(part), 3)
    return out


def _empty_levels(numbers: Plane, shapes: list[tuple[int, int]]) -> int:
    """Return how many of the finest levels hold nothing."""
    for empty, (height, width) in enumerate(shapes[1:]):
        if np.count_nonzero(numbers) > np.count_nonzero(numbers[:height, :width]):
            return empty
        numbers = numbers[:height, :width]
    return len(shapes) - 1


def _expected(parent: Plane | None, sibling: Plane | None, shape: tuple[int, int]) -> Plane:
    """Return 0..3 for each coefficient: how much its parent band and its sibling band lead one to expect."""
    total = np.zeros(shape, np.int64)
    if parent is not None:
        wide = np.pad(parent, 1)
        around = wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] + 2 * parent
        total += _fitted(around.repeat(2, axis=0).repeat(2, axis=1), shape)
    if sibling is not None:
        wide = np.pad(_fitted(sibling, shape), 1)
        total += wide[:-2, 1:-1] + wide[2:, 1:-1] + wide[1:-1, :-2] + wide[1:-1, 2:] + 2 * wide[1:-1, 1:-1]
    return np.digitize(total, (1, 3, 6))


def _fitted(plane: Plane, shape: tuple[int, int]) -> Plane:
    """Return a plane with rows and columns cut or repeated at the end, to a shape at most a little larger."""
    missing = [(0, max(wanted - have, 0)) for wanted, have in zip(shape, plane.shape, strict=True)]
    return np.pad(plane, missing, mode="edge")[: shape[0], : shape[1]]


def _code_low(coder: Coder, contexts: Contexts, out: Plane, numbers: Plane | None, kind: str) -> None:
    """Code the lowest band: each number as its difference from a mean of its neighbours."""
    row = contexts.row(f"{kind}low", _GREATER + 1)
    height, width = out.shape
    for i in range(height):
        for j in range(width):
            if i and j:
                west, north, corner = int(out[i, j - 1]), int(out[i - 1, j]), int(out[i - 1, j - 1])
                guess = min(max(west + north - corner, min(west, north)), max(west, north))
            else:
                guess = int(out[i, j - 1]) if j else int(out[i - 1, j]) if i else 0
            value = 0 if numbers is None else int(numbers[i, j]) - guess
            out[i, j] = guess + code_signed(coder, row, value)


def _code_band(
    coder: Coder, contexts: Contexts, name: str, out: Plane, numbers: Plane | None, expected: Plane
) -> None:
    """Code a high band in blocks: whether a block holds anything, and if so each coefficient of it."""
    flags = contexts.row(name + "block", 12)
    present, sizes, signs = (
        contexts.row(name, 20),
        contexts.row(name + "size", 3 * _GREATER),
        contexts.row("sign", 1),
    )
    height, width = out.shape
    size = np.zeros((height + 1, width + 2), np.int64).tolist()
    filled = np.zeros((height // _BLOCK + 2, width // _BLOCK + 2), np.int64).tolist()
    wanted = None if numbers is None else numbers.tolist()
    hints = expected.tolist()
    for top in range(0, height, _BLOCK):
        for left in range(0, width, _BLOCK):
            rows, columns = range(top, min(top + _BLOCK, height)), range(left, min(left + _BLOCK, width))
            at_i, at_j = top // _BLOCK + 1, left // _BLOCK + 1
            hint = max(hints[i][j] for i in rows for j in columns)
            any_here = 0 if wanted is None else int(any(wanted[i][j] for i in rows for j in columns))
            context = 4 * (filled[at_i - 1][at_j] + filled[at_i][at_j - 1]) + hint
            if not coder.bit(flags[context], any_here):
                continue
            filled[at_i][at_j] = 1
            for i in rows:
                above = size[i]
                here = size[i + 1]
                for j in columns:
                    near = 2 * (here[j] + above[j + 1]) + above[j] + above[j + 2]
                    level = near if near < 3 else 3 if near < 5 else 4
                    value = 0 if wanted is None else wanted[i][j]
                    if not coder.bit(present[4 * level + hints[i][j]], int(value != 0)):
                        continue
                    start = _GREATER * (0 if near < 3 else 1 if near < 7 else 2)
                    extent = 1 + code_count(
                        coder, sizes[start : start + _GREATER], abs(value) - 1 if value else 0
                    )
                    negative = coder.bit(signs[0], int(value < 0))
                    here[j + 1] = min(extent, 3)
                    out[i, j] = -extent if negative else extent
