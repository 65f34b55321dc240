"""Random direction: straight on for an exponential time, then another way; the border turns users back."""

from __future__ import annotations

from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.mobility.area import Area, ConvexPolygon
from netgen.mobility.contract import Floats, checked_range
from netgen.mobility.draws import UserDraws
from netgen.mobility.legs import Legs

Ints = NDArray[np.int64]

_DIRECTION, _SPEED, _LASTING, _WHERE = 0, 1, 2, 3


class Border(StrEnum):
    """What happens at the border of an area or at the end of a line."""

    REFLECT = "reflect"
    WRAP = "wrap"


class RandomDirection(Legs):
    """Users who walk in uniform directions, uniformly spread over the area at every instant.

    Direction and speed are drawn anew after a time that is exponential with the given mean, which makes
    the start stationary. At the border a user is reflected like a ray of light, or leaves and comes in at
    the opposite side; both keep the density uniform.

    Parameters
    ----------
    area : Area                     Where users are. To wrap it must be a `ConvexPolygon` that tiles the
                                    plane: a parallelogram or a centrally symmetric hexagon.
    identities : (U,) int           One per user; see `UserDraws`.
    key : uint64                    Key of the stream (`Streams.key`).
    speed_mps : (low, high), m/s    Speed between two turns, uniform; 0 < low <= high.
    mean_time_s : float, s          Mean time between two turns, > 0.
    border : Border                 Reflect, or wrap: jump to the opposite side, which makes
                                    `max_speed_mps` infinite.

    Raises
    ------
    ValueError                      A range or the mean time is out of bounds, identities repeat, or the
                                    area cannot wrap.

    Source                          Nain, Towsley, Liu, Liu, Properties of random direction models,
                                    INFOCOM 2005 (uniform under both borders).
    """

    def __init__(
        self,
        area: Area,
        identities: ArrayLike,
        *,
        key: np.uint64,
        speed_mps: tuple[float, float],
        mean_time_s: float,
        border: Border = Border.REFLECT,
    ) -> None:
        self._speed_mps = checked_range(speed_mps, "speed_mps", "m/s", positive=True)
        if not (np.isfinite(mean_time_s) and mean_time_s > 0):
            raise ValueError(f"mean_time_s = {mean_time_s} s; accepted: > 0")
        self._mean_time_s = float(mean_time_s)
        self._area = area
        self._shift_m: tuple[Floats, Floats] | None = None
        if Border(border) is Border.WRAP:
            if not isinstance(area, ConvexPolygon):
                raise ValueError("only a parallelogram or a centrally symmetric hexagon can wrap around")
            self._shift_m = area.translations()
        self._draws = UserDraws(identities, key)
        top_mps = self._speed_mps[1] if self._shift_m is None else np.inf
        super().__init__(self._draws.users, max_speed_mps=top_mps)
        self._leg = np.zeros(self.users, dtype=np.int64)
        self._turn_s = np.zeros(self.users)
        self._side = np.zeros(self.users, dtype=np.int64)
        everyone = np.arange(self.users, dtype=np.int64)
        at_m = area.point(
            self._draws.uniform(everyone, 0, _WHERE), self._draws.uniform(everyone, 0, _WHERE + 1)
        )
        self._turn(everyone, 0.0, at_m)

    def _next_leg(self, users: Ints) -> None:
        """Another direction at a turn; the border's answer at the border."""
        at_m = self._leg_end(users)
        now_s = self._end_s[users]
        turning = self._turn_s[users] <= now_s
        done = users[turning]
        self._leg[done] += 1
        self._turn(done, now_s[turning], (at_m[0][turning], at_m[1][turning]))
        self._meet_border(users[~turning], now_s[~turning], (at_m[0][~turning], at_m[1][~turning]))

    def _turn(self, users: Ints, now_s: Floats | float, at_m: tuple[Floats, Floats]) -> None:
        """Draw direction, speed and the time until the next turn."""
        leg = self._leg[users]
        angle = 2.0 * np.pi * self._draws.uniform(users, leg, _DIRECTION)
        speed_mps = self._draws.between(users, leg, _SPEED, self._speed_mps)
        lasting_s = -self._mean_time_s * np.log1p(-self._draws.uniform(users, leg, _LASTING))
        self._turn_s[users] = now_s + lasting_s
        self._go(users, now_s, at_m, (speed_mps * np.cos(angle), speed_mps * np.sin(angle)))

    def _meet_border(self, users: Ints, now_s: Floats, at_m: tuple[Floats, Floats]) -> None:
        """Reflect at the border, or come in at the opposite side."""
        side = self._side[users]
        velocity_x, velocity_y = self._velocity_x_mps[users], self._velocity_y_mps[users]
        if self._shift_m is None:
            normal_x, normal_y = self._area.normal(at_m, side)
            outward = np.maximum(velocity_x * normal_x + velocity_y * normal_y, 0.0)
            velocity_x = velocity_x - 2.0 * outward * normal_x
            velocity_y = velocity_y - 2.0 * outward * normal_y
        else:
            at_m = (at_m[0] + self._shift_m[0][side], at_m[1] + self._shift_m[1][side])
        self._go(users, now_s, at_m, (velocity_x, velocity_y))

    def _go(
        self,
        users: Ints,
        now_s: Floats | float,
        at_m: tuple[Floats, Floats],
        velocity_mps: tuple[Floats, Floats],
    ) -> None:
        """Begin a leg that ends at the next turn or at the border."""
        until_border_s, self._side[users] = self._area.exit(at_m, velocity_mps)
        self._set_leg(users, now_s, at_m, velocity_mps=velocity_mps, lasting_s=until_border_s)
        self._end_s[users] = np.minimum(self._end_s[users], self._turn_s[users])
