"""Counts of a quantity in fixed bins: a distribution over many users and instants in little memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Histogram:
    """Counts in equal bins; what lies outside is counted in the first or last one.

    Parameters
    ----------
    low, high : float               Ends of the range, `low` < `high`.
    bins : int                      Number of bins, >= 1.
    decades : bool                  Whether the bins are equal in the decimal logarithm; then `low` > 0, and values
                                    at or below 0 are counted in the first bin.
    """

    def __init__(self, low: float, high: float, bins: int, *, decades: bool = False) -> None:
        self._decades = decades
        self._low = np.log10(low) if decades else low
        self._step = ((np.log10(high) if decades else high) - self._low) / bins
        self.counts = np.zeros(bins, dtype=np.int64)

    @property
    def edges(self) -> Floats:
        """(bins + 1,) ends of the bins."""
        edges = self._low + self._step * np.arange(len(self.counts) + 1)
        return np.asarray(10.0**edges if self._decades else edges)

    def add(self, values: Floats) -> None:
        """Count some values."""
        if self._decades:
            values = np.log10(np.maximum(values, 10.0**self._low))
        place = np.floor((values - self._low) / self._step)
        place = np.clip(place, 0, len(self.counts) - 1).astype(np.int64)
        self.counts += np.bincount(place, minlength=len(self.counts))
