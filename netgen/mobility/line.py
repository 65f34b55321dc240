"""Along a line: a road or a railway in both directions."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.mobility.contract import checked_range, frozen
from netgen.mobility.draws import UserDraws
from netgen.mobility.legs import Legs
from netgen.mobility.random_direction import Border

Ints = NDArray[np.int64]

_WHERE, _SPEED, _WAY = 0, 1, 2


class Line(Legs):
    """Users on a polyline, each at a speed of its own, uniformly spread at every instant.

    Parameters
    ----------
    x_m, y_m : (V,) float, m        The line's corners in order, V >= 2, no two in a row alike.
    identities : (U,) int           One per user; see `UserDraws`.
    key : uint64                    Key of the stream (`Streams.key`).
    speed_mps : (low, high), m/s    Speed of a user, uniform, kept for ever; 0 < low <= high.
    forward_share : float           Share of users who start towards the last corner, 0..1.
    border : Border                 At the ends: reflect (turn round) or wrap (appear at the other end, as
                                    if another user entered). Unless the ends meet, wrapping is a jump,
                                    which makes `max_speed_mps` infinite.

    Raises
    ------
    ValueError                      The line or a range breaks the rules above, or identities repeat.

    Valid for                       Free flow: users do not see each other and do not brake at corners.
    """

    def __init__(
        self,
        x_m: ArrayLike,
        y_m: ArrayLike,
        identities: ArrayLike,
        *,
        key: np.uint64,
        speed_mps: tuple[float, float],
        forward_share: float = 0.5,
        border: Border = Border.REFLECT,
    ) -> None:
        bounds = checked_range(speed_mps, "speed_mps", "m/s", positive=True)
        if not 0.0 <= forward_share <= 1.0:
            raise ValueError(f"forward_share = {forward_share}; accepted: 0..1")
        self._line_x_m, self._line_y_m = frozen(x_m, "x_m"), frozen(y_m, "y_m")
        if self._line_x_m.size != self._line_y_m.size or self._line_x_m.size < 2:
            raise ValueError(
                f"{self._line_x_m.size} and {self._line_y_m.size} corners; accepted: equal, >= 2"
            )
        self._along_x, self._along_y = np.diff(self._line_x_m), np.diff(self._line_y_m)
        self._length_m = np.hypot(self._along_x, self._along_y)
        if not self._length_m.all():
            raise ValueError(f"corner {int(np.argmin(self._length_m)) + 1} repeats the corner before it")
        self._along_x, self._along_y = self._along_x / self._length_m, self._along_y / self._length_m
        self._wraps = Border(border) is Border.WRAP
        draws = UserDraws(identities, key)
        ends_meet = self._line_x_m[0] == self._line_x_m[-1] and self._line_y_m[0] == self._line_y_m[-1]
        super().__init__(draws.users, max_speed_mps=np.inf if self._wraps and not ends_meet else bounds[1])
        everyone = np.arange(self.users, dtype=np.int64)
        reach_m = np.concatenate([[0.0], np.cumsum(self._length_m)])
        start_m = draws.uniform(everyone, 0, _WHERE) * reach_m[-1]
        self._part = np.minimum(np.searchsorted(reach_m, start_m, side="right") - 1, self._length_m.size - 1)
        self._way = np.where(draws.uniform(everyone, 0, _WAY) < forward_share, 1, -1)
        self._user_speed_mps = draws.between(everyone, 0, _SPEED, bounds)
        self._set_part(everyone, 0.0, gone_m=start_m - reach_m[self._part])

    @property
    def length_m(self) -> float:
        """Length of the line, m."""
        return float(self._length_m.sum())

    def _next_leg(self, users: Ints) -> None:
        """The next part of the line, or what the end of it asks for."""
        parts = self._length_m.size
        part = self._part[users] + self._way[users]
        beyond = (part < 0) | (part >= parts)
        if self._wraps:
            part = part % parts
        else:
            self._way[users[beyond]] *= -1
            part = np.clip(part, 0, parts - 1)
        self._part[users] = part
        gone_m = np.where(self._way[users] > 0, 0.0, self._length_m[part])
        self._set_part(users, self._end_s[users], gone_m=gone_m)

    def _set_part(self, users: Ints, start_s: np.ndarray | float, *, gone_m: np.ndarray) -> None:
        """Put users on their part of the line, a distance from its beginning."""
        part, way, speed_mps = self._part[users], self._way[users], self._user_speed_mps[users]
        along_x, along_y = self._along_x[part], self._along_y[part]
        left_m = np.where(way > 0, self._length_m[part] - gone_m, gone_m)
        self._set_leg(
            users,
            start_s,
            (self._line_x_m[part] + gone_m * along_x, self._line_y_m[part] + gone_m * along_y),
            velocity_mps=(way * speed_mps * along_x, way * speed_mps * along_y),
            lasting_s=left_m / speed_mps,
        )
