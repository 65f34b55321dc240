"""Resampling of planes: Lanczos reduction and enlargement as matrix products, and sampling at moved positions."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatPlane = NDArray[np.float32]

_LOBES = 3


def resampled(plane: NDArray[np.uint8] | FloatPlane, height: int, width: int) -> FloatPlane:
    """Return a plane at another size, by a Lanczos kernel of three lobes, stretched when the plane shrinks.

    Parameters
    ----------
    plane : (rows, columns)         Samples.
    height, width : int             Wanted size.

    Source                          Duchon, Lanczos filtering in one and two dimensions, J. Appl. Meteorol. 18, 1979.
    """
    rows, columns = _matrix(plane.shape[0], height), _matrix(plane.shape[1], width)
    out: FloatPlane = rows @ plane.astype(np.float32) @ columns.T
    return out


def shifted(plane: FloatPlane, rows: FloatPlane, columns: FloatPlane) -> FloatPlane:
    """Return the samples of a plane at fractional positions, bilinearly; beyond the edge, the edge continues.

    Parameters
    ----------
    plane : (height, width) float32 Samples.
    rows, columns : (...) float32   Positions in samples.
    """
    height, width = plane.shape
    y, x = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    top = np.minimum(y.astype(np.int32), max(height - 2, 0))
    left = np.minimum(x.astype(np.int32), max(width - 2, 0))
    down, right = y - top, x - left
    at = top * width + left
    flat = plane.reshape(-1)
    below, beside = (width if height > 1 else 0), (1 if width > 1 else 0)
    upper = flat[at] * (1 - right) + flat[at + beside] * right
    lower = flat[at + below] * (1 - right) + flat[at + below + beside] * right
    out: FloatPlane = upper + (lower - upper) * down
    return out


@lru_cache(maxsize=64)
def _matrix(size: int, wanted: int) -> FloatPlane:
    """Return the (wanted, size) matrix that resamples a side; rows sum to one."""
    stretch = max(size / wanted, 1.0)
    centres = (np.arange(wanted) + 0.5) * size / wanted - 0.5
    distance = (np.arange(size)[None, :] - centres[:, None]) / stretch
    weights = np.where(np.abs(distance) < _LOBES, np.sinc(distance) * np.sinc(distance / _LOBES), 0.0)
    matrix: FloatPlane = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    matrix.flags.writeable = False
    return matrix
