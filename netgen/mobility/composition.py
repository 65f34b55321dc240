"""Movement made of other movement: groups that travel together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from netgen.mobility.contract import Bools, Floats, Mobility, read_only


class Group:
    """Reference-point group mobility: each member moves around a leader that moves.

    Position of a member = position of its leader + its own place around the leader, which is any mobility
    in leader-centred coordinates: `RandomWaypoint` in a `Disc` around (0, 0), or `Static` offsets. Members
    may leave the leaders' area by as much as the reach of those places.

    Parameters
    ----------
    leaders : Mobility              Where the reference points are; they are no users themselves.
    around : Mobility               Places of the U members around their leaders.
    leader_of : (U,) int            Position of each member's leader among the leaders.

    Raises
    ------
    ValueError                      Lengths differ, or a member refers to no leader.

    Source                          Hong, Gerla, Pei, Chiang, A group mobility model for ad hoc wireless
                                    networks, MSWiM 1999, doi:10.1145/313237.313248.
    """

    def __init__(self, leaders: Mobility, around: Mobility, *, leader_of: ArrayLike) -> None:
        given = np.array(leader_of)
        if given.ndim != 1 or given.dtype.kind not in "iu" or given.size != around.moving.size:
            raise ValueError(f"leader_of needs one integer for each of {around.moving.size} members")
        wrong = np.flatnonzero((given < 0) | (given >= leaders.moving.size))
        if wrong.size:
            raise ValueError(
                f"leader_of[{wrong[0]}] = {given[wrong[0]]}; there are {leaders.moving.size} leaders"
            )
        self._leaders, self._around, self._leader_of = leaders, around, given.astype(np.int64)
        self._x_m, self._y_m = np.zeros(given.size), np.zeros(given.size)
        self.max_speed_mps = leaders.max_speed_mps + around.max_speed_mps

    @property
    def moving(self) -> Bools:
        """(U,) False for members who never move: neither they nor their leader."""
        return read_only(self._leaders.moving[self._leader_of] | self._around.moving)

    @property
    def present(self) -> Bools:
        """(U,) True for members who are there and whose leader is there."""
        return read_only(self._leaders.present[self._leader_of] & self._around.present)

    def positions_at(self, time_s: float) -> tuple[Floats, Floats]:
        """Coordinates of all members at an instant, m; read-only."""
        leader_x, leader_y = self._leaders.positions_at(time_s)
        around_x, around_y = self._around.positions_at(time_s)
        np.add(leader_x[self._leader_of], around_x, out=self._x_m)
        np.add(leader_y[self._leader_of], around_y, out=self._y_m)
        return _shown(self._x_m), _shown(self._y_m)


def _shown(array: Floats) -> Floats:
    """A read-only view."""
    view = array.view()
    view.flags.writeable = False
    return view
