"""When a source offers its segments."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def periodic_offers_s(*, start_s: float, stop_s: float, period_s: float) -> Floats:
    """Instants start + k * period before `stop_s`; never a repeated sum, so that none drifts."""
    count = max(0, math.ceil((stop_s - start_s) / period_s - 1e-9))
    offers: Floats = start_s + np.arange(count, dtype=np.float64) * period_s
    return offers


def poisson_offers_s(*, start_s: float, stop_s: float, mean_gap_s: float, rng: np.random.Generator) -> Floats:
    """Instants of a Poisson process of mean gap `mean_gap_s` in [start, stop), in order."""
    if stop_s <= start_s:
        return np.empty(0)
    count = int(rng.poisson((stop_s - start_s) / mean_gap_s))
    # Given their number, the arrivals of a Poisson process are uniform and independent.
    return np.sort(rng.uniform(start_s, stop_s, size=count))
