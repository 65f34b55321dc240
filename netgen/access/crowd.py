"""Where all located users are, as one pair of arrays that is brought up to date when somebody looks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from netgen.mobility.contract import Mobility, Static

Floats = NDArray[np.float64]


class Crowd:
    """All users who are somewhere, group after group.

    Parameters
    ----------
    groups : sequence of Mobility   How the users of each group move; user k of the crowd is user k of the first
                                    group that has so many left.

    Attributes
    ----------
    x_m, y_m : (N,) float, m        Where they were when somebody looked last.
    present : (N,) bool             Who was there; `all_present` when everybody was.
    moving : (N,) bool              False for users who never move at all.
    """

    def __init__(self, groups: Sequence[Mobility]) -> None:
        sizes = [len(group.moving) for group in groups]
        edges = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self.count = int(edges[-1])
        self.x_m, self.y_m = np.empty(self.count), np.empty(self.count)
        self.present = np.ones(self.count, dtype=np.bool_)
        self.all_present = True
        self.moving = np.concatenate([np.zeros(0, dtype=np.bool_), *(group.moving for group in groups)])
        self._groups = [
            (slice(int(low), int(high)), group, not isinstance(group, Static))
            for low, high, group in zip(edges[:-1], edges[1:], groups, strict=True)
        ]
        self._time_s = -1.0

    def look(self, time_s: float) -> None:
        """Bring positions and presence to an instant, s, not before the last one asked."""
        if time_s == self._time_s:
            return
        first = self._time_s < 0
        for place, group, moves in self._groups:
            if first or moves:
                self.x_m[place], self.y_m[place] = group.positions_at(time_s)
                self.present[place] = group.present
        self.all_present = bool(self.present.all())
        self._time_s = time_s
