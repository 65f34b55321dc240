"""What the rest of netgen may ask of anything that moves, and the users who never do."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@runtime_checkable
class Mobility(Protocol):
    """Where each user is at any instant, as a pure function of the instant.

    The path of a user depends on the model's parameters, its key and the user's identity, never on the
    instants that were asked before, on the other users or on threads. Time only goes forward. The arrays
    are read-only and belong to the model: they are overwritten by the next call.

    Attributes
    ----------
    max_speed_mps : float, m/s      No user is ever faster; infinite when users may jump.
    moving : (U,) bool              False for users who never move at all.
    present : (U,) bool             False for users who are not there at the last instant asked.
    """

    @property
    def max_speed_mps(self) -> float:
        """Upper bound of the speed of every user, m/s."""
        ...

    @property
    def moving(self) -> Bools:
        """(U,) False for users who never move."""
        ...

    @property
    def present(self) -> Bools:
        """(U,) False for users who are absent at the last instant asked."""
        ...

    def positions_at(self, time_s: float) -> tuple[Floats, Floats]:
        """Coordinates of all users at an instant, m; raises ValueError when time would go back."""
        ...


class Static:
    """Users who stay where they are.

    Parameters
    ----------
    x_m, y_m : (U,) float, m        Where; copied.

    Raises
    ------
    ValueError                      The arrays differ in length or hold a value that is not finite.
    """

    def __init__(self, x_m: ArrayLike, y_m: ArrayLike) -> None:
        self._x_m = frozen(x_m, "x_m")
        self._y_m = frozen(y_m, "y_m")
        if self._x_m.shape != self._y_m.shape:
            raise ValueError(f"{self._x_m.size} values of x_m but {self._y_m.size} of y_m")
        self.max_speed_mps = 0.0
        self.moving = read_only(np.zeros(self._x_m.size, dtype=np.bool_))
        self.present = read_only(np.ones(self._x_m.size, dtype=np.bool_))

    def positions_at(self, time_s: float) -> tuple[Floats, Floats]:
        """The same coordinates at every instant, m."""
        if not np.isfinite(time_s):
            raise ValueError(f"the instant {time_s} s is not finite")
        return self._x_m, self._y_m


def frozen(values: ArrayLike, name: str) -> Floats:
    """A read-only copy of finite values in one dimension."""
    array = np.array(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} has {array.ndim} dimensions; accepted: 1")
    wrong = np.flatnonzero(~np.isfinite(array))
    if wrong.size:
        raise ValueError(f"{name}[{wrong[0]}] = {array[wrong[0]]} is not finite")
    array.flags.writeable = False
    return array


def read_only(mask: Bools) -> Bools:
    """The same array, which can no longer be written through this name."""
    view = mask.view()
    view.flags.writeable = False
    return view


def checked_range(
    bounds: tuple[float, float], name: str, unit: str, *, positive: bool
) -> tuple[float, float]:
    """A range low..high that is finite, in order, and > 0 (or >= 0)."""
    low, high = float(bounds[0]), float(bounds[1])
    if not (np.isfinite(low) and np.isfinite(high) and low <= high and (low > 0 if positive else low >= 0)):
        least = "> 0" if positive else ">= 0"
        raise ValueError(f"{name} = {low}..{high} {unit}; accepted: two finite values {least}, low to high")
    return low, high
