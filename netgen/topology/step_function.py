"""A quantity that jumps at given instants, and may repeat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StepFunction:
    """Piecewise constant in time; each value holds from its instant on.

    Parameters
    ----------
    change_s : (n,) float, s        Instants at which the value changes, increasing.
    values : (n + 1,) float         The value before the first change, and from each on.
    period_s : float or None, s     Repeats after this time when given; longer than the last instant.
    """

    change_s: Floats
    values: Floats
    period_s: float | None = None

    def __post_init__(self) -> None:
        if len(self.values) != len(self.change_s) + 1:
            raise ValueError(f"{len(self.change_s)} changes are between as many values and one more")
        for array in (self.change_s, self.values):
            array.flags.writeable = False

    @staticmethod
    def constant(value: float) -> StepFunction:
        """Return what never changes."""
        return StepFunction(np.empty(0), np.array([value]))

    @staticmethod
    def steps(
        start_s: Sequence[float], values: Sequence[float], period_s: float | None = None
    ) -> StepFunction:
        """Return what has each value from its start on; the first start is 0."""
        return StepFunction(
            np.array(start_s[1:], dtype=np.float64), np.array(values, dtype=np.float64), period_s
        )

    def at(self, time_s: Floats) -> Floats:
        """Values at instants, any shape."""
        if self.change_s.size == 0:
            return np.full(np.shape(time_s), self.values[0])
        wrapped = time_s if self.period_s is None else np.mod(time_s, self.period_s)
        return np.asarray(self.values[np.searchsorted(self.change_s, wrapped, side="right")])

    def at_one(self, time_s: float) -> float:
        """Value at one instant."""
        return float(self.at(np.array([time_s]))[0])
