"""Paths made of straight legs at constant speed, for many users at once."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray

from netgen.mobility.contract import Bools, Floats, read_only

Ints = NDArray[np.int64]

_BLOCK = 1 << 14
"""Users per block: their arrays stay in the cache between the passes."""


class Legs(ABC):
    """Users on straight legs; a model says which leg comes next.

    On a leg, position = start + velocity * (time - start instant), evaluated afresh at each call, so that
    nothing accumulates between waypoints and the steps in which time is asked do not matter. The cost of a
    call is a few passes over the arrays plus work for the users who reached the end of a leg.

    Parameters
    ----------
    users : int                 How many users.
    max_speed_mps : float, m/s  Upper bound of the speed on every leg.
    """

    def __init__(self, users: int, *, max_speed_mps: float) -> None:
        self.max_speed_mps = max_speed_mps
        self._moving: Bools = np.ones(users, dtype=np.bool_)
        self._present: Bools = np.ones(users, dtype=np.bool_)
        self._start_s = np.zeros(users)
        self._end_s = np.full(users, np.inf)
        self._start_x_m, self._start_y_m = np.zeros(users), np.zeros(users)
        self._velocity_x_mps, self._velocity_y_mps = np.zeros(users), np.zeros(users)
        self._x_m, self._y_m = np.zeros(users), np.zeros(users)
        self._since_s = np.zeros(min(users, _BLOCK))
        self._time_s = 0.0

    @property
    def users(self) -> int:
        """How many users there are."""
        return self._x_m.size

    @property
    def moving(self) -> Bools:
        """(U,) False for users who never move."""
        return read_only(self._moving)

    @property
    def present(self) -> Bools:
        """(U,) False for users who are absent at the last instant asked."""
        return read_only(self._present)

    def positions_at(self, time_s: float) -> tuple[Floats, Floats]:
        """Coordinates of all users at an instant.

        Parameters
        ----------
        time_s : float, s           Not before the last instant asked; the first leg begins at 0.

        Returns
        -------
        two (U,) float, m           Read-only; overwritten by the next call.

        Raises
        ------
        ValueError                  The instant is not finite or lies before the last one.
        """
        if not (np.isfinite(time_s) and time_s >= self._time_s):
            raise ValueError(f"positions at {time_s} s were asked after those at {self._time_s} s")
        self._time_s = float(time_s)
        for begin in range(0, self.users, _BLOCK):
            block = slice(begin, begin + _BLOCK)
            due = np.flatnonzero(self._end_s[block] <= time_s)
            if due.size:
                self._advance(due + begin, time_s)
            self._place(block, time_s)
        return _view(self._x_m), _view(self._y_m)

    @abstractmethod
    def _next_leg(self, users: Ints) -> None:
        """Give each of these users, whose leg has ended, the leg that begins at that instant."""

    def _advance(self, users: Ints, time_s: float) -> None:
        """Go through legs until each of these users is on the leg of the instant."""
        while users.size:
            self._next_leg(users)
            users = users[self._end_s[users] <= time_s]

    def _place(self, block: slice, time_s: float) -> None:
        """Positions on the legs of a block of users."""
        start_s = self._start_s[block]
        since_s = self._since_s[: start_s.size]
        x_m, y_m = self._x_m[block], self._y_m[block]
        np.subtract(time_s, start_s, out=since_s)
        np.multiply(self._velocity_x_mps[block], since_s, out=x_m)
        np.add(x_m, self._start_x_m[block], out=x_m)
        np.multiply(self._velocity_y_mps[block], since_s, out=y_m)
        np.add(y_m, self._start_y_m[block], out=y_m)

    def _leg_end(self, users: Ints) -> tuple[Floats, Floats]:
        """Where these users' legs end, m."""
        lasting_s = self._end_s[users] - self._start_s[users]
        return (
            self._start_x_m[users] + self._velocity_x_mps[users] * lasting_s,
            self._start_y_m[users] + self._velocity_y_mps[users] * lasting_s,
        )

    def _wait(self, users: Ints, at_m: tuple[Floats, Floats], lasting_s: Floats) -> None:
        """Begin a leg without movement where the last one ended."""
        start_s = self._end_s[users]
        self._set_leg(users, start_s, at_m, velocity_mps=(0.0, 0.0), lasting_s=lasting_s)

    def _set_leg(
        self,
        users: Ints,
        start_s: Floats | float,
        at_m: tuple[Floats, Floats],
        *,
        velocity_mps: tuple[Floats | float, Floats | float],
        lasting_s: Floats,
    ) -> None:
        """Write one leg for each of some users."""
        self._start_s[users] = start_s
        self._end_s[users] = start_s + lasting_s
        self._start_x_m[users], self._start_y_m[users] = at_m
        self._velocity_x_mps[users], self._velocity_y_mps[users] = velocity_mps


def _view(array: Floats) -> Floats:
    """A read-only view."""
    view = array.view()
    view.flags.writeable = False
    return view
