"""Where users are going: straight on, as between their last two reports."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Course:
    """Last reported place and velocity of each user.

    Parameters
    ----------
    users : int                     How many there are.
    """

    def __init__(self, users: int) -> None:
        self._x_m, self._y_m, self._time_s = (np.full(users, np.nan) for _ in range(3))
        self._velocity_x_mps, self._velocity_y_mps = np.zeros(users), np.zeros(users)

    def report(self, users: Rows, x_m: Floats, y_m: Floats, *, time_s: float) -> None:
        """Take in where some users are now; a second report of the same instant changes nothing.

        Raises ValueError for an instant before the last report of one of them.
        """
        since_s = time_s - self._time_s[users]
        if (since_s < 0.0).any():
            raise ValueError(f"a report of {time_s} s came after one of {self._time_s[users].max()} s")
        again = np.flatnonzero(since_s > 0.0)
        moved = users[again]
        self._velocity_x_mps[moved] = (x_m[again] - self._x_m[moved]) / since_s[again]
        self._velocity_y_mps[moved] = (y_m[again] - self._y_m[moved]) / since_s[again]
        new = ~(since_s == 0.0)
        self._x_m[users[new]], self._y_m[users[new]] = x_m[new], y_m[new]
        self._time_s[users[new]] = time_s

    def place(self, users: Rows, *, at_s: float) -> tuple[Floats, Floats]:
        """Coordinates, m, of some users at an instant, at their last velocity; NaN for who never reported.

        Who has reported once is taken to stand still.
        """
        since_s = at_s - self._time_s[users]
        return (
            self._x_m[users] + self._velocity_x_mps[users] * since_s,
            self._y_m[users] + self._velocity_y_mps[users] * since_s,
        )
