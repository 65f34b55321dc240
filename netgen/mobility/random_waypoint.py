"""Random waypoint: straight to a uniform point at a uniform speed, pause, and again."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.mobility.area import Area
from netgen.mobility.contract import Floats, checked_range
from netgen.mobility.draws import START_LEGS, UserDraws
from netgen.mobility.legs import Legs

Ints = NDArray[np.int64]

# Slots of a leg.
_WHERE, _SPEED, _PAUSE = 0, 2, 3
# The start: what is drawn once, where a pause is, and the attempts at a first leg, which have a leg each.
_ONCE, _FIRST_PAUSE, _FIRST_TRY = START_LEGS, START_LEGS + 1, START_LEGS + 2


class RandomWaypoint(Legs):
    """Users who walk between uniform points of an area, started in the stationary regime.

    The instant 0 is any instant long after the start: there is no warm-up, and the mean speed does not
    decay. Positions are denser in the middle of the area than at its border; that is a property of the
    model. A user's path depends on its identity and the key only.

    Parameters
    ----------
    area : Area                     Where the waypoints lie; convex, so the users stay in it.
    identities : (U,) int           One per user; see `UserDraws`.
    key : uint64                    Key of the stream (`Streams.key`).
    speed_mps : (low, high), m/s    Speed of a leg, uniform; 0 < low <= high.
    pause_s : (low, high), s        Pause at a waypoint, uniform; 0 <= low <= high. (0, 0) for none.

    Raises
    ------
    ValueError                      A range is out of order or out of bounds, or identities repeat.

    Valid for                       Speeds bounded away from 0: with low = 0 there is no stationary regime
                                    (Yoon, Liu, Noble, INFOCOM 2003).
    Source                          Model: Johnson, Maltz, Mobile Computing 1996, ch. 5. Stationary start:
                                    Navidi, Camp, IEEE Trans. Mobile Computing 3(1), 2004,
                                    doi:10.1109/TMC.2004.1261820; Le Boudec, Vojnovic, INFOCOM 2005.
    """

    def __init__(
        self,
        area: Area,
        identities: ArrayLike,
        *,
        key: np.uint64,
        speed_mps: tuple[float, float],
        pause_s: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        self._speed_mps = checked_range(speed_mps, "speed_mps", "m/s", positive=True)
        self._pause_s = checked_range(pause_s, "pause_s", "s", positive=False)
        self._area = area
        self._draws = UserDraws(identities, key)
        super().__init__(self._draws.users, max_speed_mps=self._speed_mps[1])
        self._leg = np.zeros(self.users, dtype=np.int64)
        self._pausing = np.zeros(self.users, dtype=np.bool_)
        everyone = np.arange(self.users, dtype=np.int64)
        paused = self._draws.uniform(everyone, _ONCE, 0) < self.pausing_share
        self._start_pausing(everyone[paused])
        self._start_walking(everyone[~paused])

    @property
    def pausing_share(self) -> float:
        """Long-run share of time that a user pauses."""
        low, high = self._speed_mps
        slowness = 1.0 / low if low == high else float(np.log(high / low) / (high - low))
        pause_s = sum(self._pause_s) / 2.0
        return pause_s / (pause_s + self._area.mean_distance_m * slowness)

    def _start_pausing(self, users: Ints) -> None:
        """Pauses met at a random instant: longer ones more often, uniformly far into them."""
        at_m = self._area.point(
            self._draws.uniform(users, _FIRST_PAUSE, 0), self._draws.uniform(users, _FIRST_PAUSE, 1)
        )
        low, high = self._pause_s
        met_s = np.sqrt(low**2 + (high**2 - low**2) * self._draws.uniform(users, _FIRST_PAUSE, 2))
        left_s = met_s * (1.0 - self._draws.uniform(users, _FIRST_PAUSE, 3))
        self._set_leg(users, 0.0, at_m, velocity_mps=(0.0, 0.0), lasting_s=left_s)
        self._pausing[users] = True

    def _start_walking(self, users: Ints) -> None:
        """Legs met at a random instant: longer and slower ones more often, uniformly far along them."""
        low, high = self._speed_mps
        speed_mps = low * (high / low) ** self._draws.uniform(users, _ONCE, 1)
        share = self._draws.uniform(users, _ONCE, 2)
        attempt = _FIRST_TRY
        while users.size:
            draw = [self._draws.uniform(users, attempt, slot) for slot in range(5)]
            from_x, from_y = self._area.point(draw[0], draw[1])
            to_x, to_y = self._area.point(draw[2], draw[3])
            away_x, away_y = to_x - from_x, to_y - from_y
            length_m = np.hypot(away_x, away_y)
            met = draw[4] * self._area.diameter_m < length_m
            done, gone, left = users[met], share[met], 1.0 - share[met]
            rate = speed_mps[met] / length_m[met]
            self._set_leg(
                done,
                0.0,
                (from_x[met] + gone * away_x[met], from_y[met] + gone * away_y[met]),
                velocity_mps=(rate * away_x[met], rate * away_y[met]),
                lasting_s=left / rate,
            )
            users, speed_mps, share = users[~met], speed_mps[~met], share[~met]
            attempt += 1

    def _next_leg(self, users: Ints) -> None:
        """A pause after a walk, when there are pauses, and a walk after a pause."""
        if self._pause_s[1] > 0:
            arrived = ~self._pausing[users]
            self._pausing[users] = arrived
            resting = users[arrived]
            lasting_s = self._draws.between(resting, self._leg[resting], _PAUSE, self._pause_s)
            self._wait(resting, self._leg_end(resting), lasting_s)
            users = users[~arrived]
        self._walk(users)

    def _walk(self, users: Ints) -> None:
        """Legs to new waypoints."""
        self._leg[users] += 1
        leg = self._leg[users]
        at_m = self._leg_end(users)
        to_x, to_y = self._area.point(
            self._draws.uniform(users, leg, _WHERE), self._draws.uniform(users, leg, _WHERE + 1)
        )
        speed_mps = self._draws.between(users, leg, _SPEED, self._speed_mps)
        away_x, away_y = to_x - at_m[0], to_y - at_m[1]
        length_m: Floats = np.hypot(away_x, away_y)
        rate = speed_mps / length_m
        self._set_leg(
            users,
            self._end_s[users],
            at_m,
            velocity_mps=(rate * away_x, rate * away_y),
            lasting_s=1.0 / rate,
        )
