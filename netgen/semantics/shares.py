"""A share of what was counted, with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

_NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval of 95 %; of nothing it is NaN, and the interval is all of 0..1.

    Parameters
    ----------
    found, of : int                     How many have something, of how many.

    Source                              Wilson, J. Am. Stat. Assoc. 22, 1927.
    """

    found: int
    of: int

    def __post_init__(self) -> None:
        if not 0 <= self.found <= self.of:
            raise ValueError(f"a share needs 0 <= found <= of, got {self.found} of {self.of}")

    @property
    def value(self) -> float:
        """The share."""
        return self.found / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Its lower and its upper end."""
        if not self.of:
            return 0.0, 1.0
        square = _NORMAL_95**2
        middle = (self.found + square / 2) / (self.of + square)
        spread = math.sqrt(self.value * (1 - self.value) / self.of + square / (4 * self.of**2))
        half = _NORMAL_95 * spread * self.of / (self.of + square)
        return max(0.0, middle - half), min(1.0, middle + half)
