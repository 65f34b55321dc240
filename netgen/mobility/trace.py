"""Recorded movement: straight from one sample to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.mobility.contract import Floats, frozen
from netgen.mobility.legs import Legs

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class TraceSamples:
    """Where users were seen; the order of the samples does not matter.

    Parameters
    ----------
    names : (U,) str                Names of the users.
    user : (N,) int                 Position in `names` of the user of each sample.
    time_s : (N,) float, s          Instants, >= 0.
    x_m, y_m : (N,) float, m        Places.

    Raises
    ------
    ValueError                      Lengths differ, a value is not finite, an instant is negative, a user
                                    has no sample or two at one instant.
    """

    names: tuple[str, ...]
    user: Ints
    time_s: Floats
    x_m: Floats
    y_m: Floats

    def __post_init__(self) -> None:
        for name in ("time_s", "x_m", "y_m"):
            column = frozen(getattr(self, name), name)
            if column.size != self.user.size:
                raise ValueError(f"{column.size} values of {name} for {self.user.size} samples")
            object.__setattr__(self, name, column)
        if (self.time_s < 0).any():
            first = int(np.argmax(self.time_s < 0))
            raise ValueError(f"time_s[{first}] = {self.time_s[first]} s; accepted: >= 0")
        if ((self.user < 0) | (self.user >= len(self.names))).any():
            raise ValueError("a sample belongs to a user without a name")
        order = np.lexsort([self.time_s, self.user])
        user, time_s = self.user[order], self.time_s[order]
        again = np.flatnonzero((user[1:] == user[:-1]) & (time_s[1:] == time_s[:-1]))
        if again.size:
            raise ValueError(
                f"the user {self.names[user[again[0]]]} is in two places at {time_s[again[0]]} s"
            )
        unseen = np.flatnonzero(np.bincount(user, minlength=len(self.names)) == 0)
        if unseen.size:
            raise ValueError(f"the user {self.names[unseen[0]]} has no sample")
        ordered = {"user": user, "time_s": time_s, "x_m": self.x_m[order], "y_m": self.y_m[order]}
        for name, values in ordered.items():
            values.flags.writeable = False
            object.__setattr__(self, name, values)


class Trace(Legs):
    """Users who follow recorded samples, at constant speed from each to the next.

    A user is present from its first sample to its last, both included, and absent (`present` is False)
    otherwise; its coordinates are then those of the nearest of the two. Between samples that lie further
    apart than `longest_gap_s` it is absent too, and stays at the earlier one.

    Parameters
    ----------
    samples : TraceSamples          What was recorded.
    longest_gap_s : float, s        Longest time between two samples that is bridged, > 0. Infinite: all.

    Raises
    ------
    ValueError                      `longest_gap_s` is not positive.
    """

    def __init__(self, samples: TraceSamples, *, longest_gap_s: float = float("inf")) -> None:
        if not longest_gap_s > 0:
            raise ValueError(f"longest_gap_s = {longest_gap_s} s; accepted: > 0")
        self._samples = samples
        self._longest_gap_s = float(longest_gap_s)
        users = len(samples.names)
        same = samples.user[1:] == samples.user[:-1]
        lasting_s, away_x, away_y = (
            np.diff(part)[same] for part in (samples.time_s, samples.x_m, samples.y_m)
        )
        bridged = lasting_s <= longest_gap_s
        length_m = np.hypot(away_x, away_y)
        speed_mps = length_m[bridged] / lasting_s[bridged]
        super().__init__(users, max_speed_mps=float(speed_mps.max(initial=0.0)))
        counts = np.bincount(samples.user, minlength=users)
        self._last = np.cumsum(counts) - 1
        self._sample = self._last - counts
        self._moving[:] = np.bincount(samples.user[1:][same], weights=length_m > 0, minlength=users) > 0
        self._under_way = np.zeros(users, dtype=np.bool_)
        first = self._sample + 1
        self._start_s[:] = -1.0
        self._end_s[:] = samples.time_s[first]
        self._start_x_m[:], self._start_y_m[:] = samples.x_m[first], samples.y_m[first]
        self._present[:] = False

    @property
    def names(self) -> tuple[str, ...]:
        """(U,) Names of the users."""
        return self._samples.names

    def positions_at(self, time_s: float) -> tuple[Floats, Floats]:
        """Coordinates of all users at an instant, m; see `Legs.positions_at` and `present`."""
        places = super().positions_at(time_s)
        np.equal(self._start_s, time_s, out=self._present)
        np.logical_or(self._present, self._under_way, out=self._present)
        return places

    def _next_leg(self, users: Ints) -> None:
        """From the sample just reached to the next one; wait there when there is none near enough."""
        self._sample[users] += 1
        begin = self._sample[users]
        end = np.minimum(begin + 1, self._last[users])
        samples = self._samples
        lasting_s = np.where(end > begin, samples.time_s[end] - samples.time_s[begin], np.inf)
        bridged = (end > begin) & (lasting_s <= self._longest_gap_s)
        rate = np.where(bridged, 1.0 / lasting_s, 0.0)
        self._under_way[users] = bridged
        self._set_leg(
            users,
            samples.time_s[begin],
            (samples.x_m[begin], samples.y_m[begin]),
            velocity_mps=(
                (samples.x_m[end] - samples.x_m[begin]) * rate,
                (samples.y_m[end] - samples.y_m[begin]) * rate,
            ),
            lasting_s=lasting_s,
        )
        # Exactly the sample's instant: start + (end - start) may round to a neighbour of it.
        self._end_s[users] = np.where(end > begin, samples.time_s[end], np.inf)
