"""The near future of each user: the worst predicted loss within the horizon, and how soon it is poor."""

from __future__ import annotations

from math import floor

import numpy as np
from numpy.typing import NDArray

from netgen.prediction.contract import Predictor

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_SLACK = 1e-9


class Horizon:
    """Predictions for instants a period apart, up to the horizon, of the same users at every look.

    What was predicted once is remembered, unless the predictor revises it: then every look asks for all instants.
    At the first look the whole horizon is asked for, instant after instant.

    Parameters
    ----------
    predictor : Predictor           Asked by nobody else.
    period_s : float, s             Time between predicted instants, and usually between looks, > 0.
    horizon_s : float, s            How far ahead, > 0; when less than `period_s`, only its end is predicted.
    poor : float                    Loss from which on reception is poor, 0..1.

    Raises
    ------
    ValueError                      A period or horizon outside these ranges.
    """

    def __init__(self, predictor: Predictor, *, period_s: float, horizon_s: float, poor: float) -> None:
        if not (0.0 < period_s < np.inf and 0.0 < horizon_s < np.inf):
            raise ValueError(
                f"period_s = {period_s} s and horizon_s = {horizon_s} s; accepted: > 0 and finite"
            )
        self.predictor, self.poor = predictor, poor
        self._period_s, self._horizon_s = period_s, horizon_s
        self._slots = floor(horizon_s / period_s + _SLACK)
        self._rows: Rows | None = None
        self._loss = np.empty((0, 0))
        self._origin_s = self._looked_s = 0.0
        self._asked = 0

    def look(self, rows: Rows, *, time_s: float, size_bits: int) -> tuple[Floats, Floats]:
        """Look ahead from an instant.

        Parameters
        ----------
        rows : (n,) int64               Rows of the population; the same at every look.
        time_s : float, s               Now, not before the last look.
        size_bits : int, bit            Size of a segment; what is remembered holds for that of its own look.

        Returns
        -------
        worst : (n,) float              Largest predicted loss within (now, now + horizon].
        time_to_poor_s : (n,) float, s  Until the first predicted instant at which it is poor; infinite without one.

        Raises
        ------
        ValueError                      Other rows than before, or an earlier instant.
        """
        if self._rows is None:
            self._begin(rows, time_s)
        elif not np.array_equal(self._rows, rows):
            raise ValueError(f"a look at {len(rows)} rows after one at {len(self._rows)} others")
        elif time_s < self._looked_s:
            raise ValueError(f"a look at {time_s} s after one at {self._looked_s} s")
        self._looked_s = time_s
        # Instants are origin + k * period; those after now, up to the horizon.
        first = floor((time_s - self._origin_s) / self._period_s + _SLACK) + 1
        last = floor((time_s + self._horizon_s - self._origin_s) / self._period_s + _SLACK)
        begin = first if self.predictor.revises else max(first, self._asked)
        for number in range(begin, last + 1):
            at_s = self._origin_s + number * self._period_s
            self._loss[number % len(self._loss)] = self.predictor.loss_ahead(
                rows, at_s=at_s, size_bits=size_bits
            )
        self._asked = last + 1
        return self._summed_up(range(first, last + 1), time_s)

    def _begin(self, rows: Rows, time_s: float) -> None:
        """Lay the instants so that the last one lies at the horizon."""
        self._rows = rows.copy()
        self._loss = np.zeros((self._slots + 1, len(rows)))
        self._origin_s = time_s + self._horizon_s - self._slots * self._period_s

    def _summed_up(self, numbers: range, time_s: float) -> tuple[Floats, Floats]:
        """Worst loss over some instants, and time to the first poor one."""
        worst = np.zeros(self._loss.shape[1])
        time_to_poor_s = np.full(len(worst), np.inf)
        for number in reversed(numbers):
            loss = self._loss[number % len(self._loss)]
            np.maximum(worst, loss, out=worst)
            time_to_poor_s[loss >= self.poor] = self._origin_s + number * self._period_s - time_s
        return worst, time_to_poor_s
