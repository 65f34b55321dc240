"""When users begin to watch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def uniform_joins_s(count: int, *, over_s: float, rng: np.random.Generator) -> Floats:
    """Join instants of `count` users, uniform in [0, over_s)."""
    return rng.uniform(0.0, over_s, size=count)


def poisson_joins_s(count: int, *, rate_hz: float, rng: np.random.Generator) -> Floats:
    """Join instants of `count` users who come one after another as a Poisson process of rate `rate_hz`."""
    joins: Floats = np.cumsum(rng.exponential(1.0 / rate_hz, size=count))
    return joins
