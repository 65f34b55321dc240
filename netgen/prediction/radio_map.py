"""A map of the loss of segments, learned from reports: one mean for each square of the plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FARTHEST = 1 << 30
"""Squares from the origin beyond which everything counts as one square."""


class RadioMap:
    """Mean of the losses that were reported in each square; squares are kept in the order of their keys.

    Parameters
    ----------
    bin_m : float, m                Side of the squares, > 0; the origin is a corner of four.

    Raises
    ------
    ValueError                      The side is not positive.
    """

    def __init__(self, bin_m: float) -> None:
        if not bin_m > 0.0:
            raise ValueError(f"bin_m = {bin_m} m; accepted: > 0")
        self.bin_m = bin_m
        self.reports = 0
        self._total = 0.0
        self._keys = np.empty(0, dtype=np.int64)
        self._sums, self._counts = np.empty(0), np.empty(0)

    @property
    def squares(self) -> int:
        """Number of squares with reports."""
        return len(self._keys)

    @property
    def mean(self) -> float:
        """Mean of all reports, 0..1; 0 without any."""
        return self._total / self.reports if self.reports else 0.0

    def learn(self, x_m: Floats, y_m: Floats, loss: Floats) -> None:
        """Take in losses, 0..1, that were reported at some places, m; sums do not depend on the order of reports."""
        order = np.lexsort((loss, y_m, x_m))
        x_m, y_m, loss = x_m[order], y_m[order], loss[order]
        seen, which = np.unique(self._squares(x_m, y_m), return_inverse=True)
        keys = np.union1d(self._keys, seen)
        sums, counts = np.zeros(len(keys)), np.zeros(len(keys))
        old, new = np.searchsorted(keys, self._keys), np.searchsorted(keys, seen)
        sums[old], counts[old] = self._sums, self._counts
        sums[new] += np.bincount(which, weights=loss, minlength=len(seen))
        counts[new] += np.bincount(which, minlength=len(seen))
        self._keys, self._sums, self._counts = keys, sums, counts
        self.reports += len(loss)
        self._total += float(loss.sum())

    def at(self, x_m: Floats, y_m: Floats) -> Floats:
        """Mean loss in the squares of some places, m; where nobody has reported, the mean of all reports."""
        found = np.full(len(x_m), self.mean)
        if self.squares:
            keys = self._squares(x_m, y_m)
            where = np.minimum(np.searchsorted(self._keys, keys), self.squares - 1)
            known = self._keys[where] == keys
            found[known] = self._sums[where[known]] / self._counts[where[known]]
        return found

    def _squares(self, x_m: Floats, y_m: Floats) -> Ints:
        """One number for each square."""
        column, row = (
            np.clip(np.floor(place_m / self.bin_m), -_FARTHEST, _FARTHEST).astype(np.int64)
            for place_m in (x_m, y_m)
        )
        keys: Ints = (column + _FARTHEST) * np.int64(1 << 32) + (row + _FARTHEST)
        return keys
