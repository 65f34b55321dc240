"""Street grid: along straight streets, with a turn by chance at every crossing."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.mobility.contract import Floats, checked_range
from netgen.mobility.draws import UserDraws
from netgen.mobility.legs import Legs

Ints = NDArray[np.int64]

_TURN = 0
_WHERE, _ALONG, _WAY, _SPEED = 1, 2, 3, 4
_EAST = np.array([1, 0, -1, 0])
_NORTH = np.array([0, 1, 0, -1])


class StreetGrid(Legs):
    """Users on the streets of a rectangular grid, uniformly spread over them at every instant.

    At a crossing a user turns left, turns right or goes on. At the edge of the grid a turn that would lead
    out becomes straight on, and straight on that would lead out becomes a turn back, as if another user
    came in for the one who left. So each way into a street is taken as often as each other and the uniform
    start is stationary.

    Parameters
    ----------
    identities : (U,) int           One per user; see `UserDraws`.
    key : uint64                    Key of the stream (`Streams.key`).
    block_m : (width, height), m    Distance between parallel streets, each > 0.
    blocks : (columns, rows)        Blocks in each direction, each >= 1.
    speed_mps : (low, high), m/s    Speed of a user, uniform, kept for ever; 0 < low <= high.
    left_share, right_share : float Chance of each turn at a crossing. ASSUMED: a quarter each, half go
                                    straight on, as in the Manhattan model of UMTS 30.03.
    corner_m : (x, y), m            South-west corner of the grid.

    Raises
    ------
    ValueError                      A value breaks the rules above, or identities repeat.

    Valid for                       Free flow: no traffic lights, no queues.
    Source                          ETSI TR 101 112 (UMTS 30.03), annex B, for the kind of model; there the
                                    speed changes on the way, here a user keeps one.
    """

    def __init__(
        self,
        identities: ArrayLike,
        *,
        key: np.uint64,
        block_m: tuple[float, float],
        blocks: tuple[int, int],
        speed_mps: tuple[float, float],
        left_share: float = 0.25,
        right_share: float = 0.25,
        corner_m: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        bounds = checked_range(speed_mps, "speed_mps", "m/s", positive=True)
        if not (np.isfinite(block_m).all() and min(block_m) > 0 and min(blocks) >= 1):
            raise ValueError(
                f"blocks of {block_m} m, {blocks} of them; accepted: > 0 m and at least 1 each way"
            )
        if not (left_share >= 0 and right_share >= 0 and left_share + right_share <= 1):
            raise ValueError(f"left {left_share} and right {right_share}; accepted: >= 0 with a sum <= 1")
        if not np.isfinite(corner_m).all():
            raise ValueError(f"corner_m = {corner_m} is not finite")
        self._block_m = np.array([block_m[0], block_m[1], block_m[0], block_m[1]], dtype=np.float64)
        self._columns, self._rows = int(blocks[0]), int(blocks[1])
        self._corner_m = (float(corner_m[0]), float(corner_m[1]))
        self._left, self._right = float(left_share), float(right_share)
        self._draws = UserDraws(identities, key)
        super().__init__(self._draws.users, max_speed_mps=bounds[1])
        everyone = np.arange(self.users, dtype=np.int64)
        self._leg = np.zeros(self.users, dtype=np.int64)
        self._user_speed_mps = self._draws.between(everyone, 0, _SPEED, bounds)
        self._begin(everyone)

    @property
    def street_length_m(self) -> float:
        """Length of all streets together, m."""
        width_m, height_m = self._columns * self._block_m[0], self._rows * self._block_m[1]
        return float((self._rows + 1) * width_m + (self._columns + 1) * height_m)

    def _begin(self, users: Ints) -> None:
        """A uniform point of a street, in either way of it."""
        width_m, height_m = self._columns * self._block_m[0], self._rows * self._block_m[1]
        level_m = (self._rows + 1) * width_m
        place_m = self._draws.uniform(users, 0, _WHERE) * self.street_length_m
        level = place_m < level_m
        share = np.where(level, place_m / width_m, (place_m - level_m) / height_m)
        street = np.minimum(share.astype(np.int64), np.where(level, self._rows, self._columns))
        count = np.where(level, self._columns, self._rows)
        block = np.minimum((self._draws.uniform(users, 0, _ALONG) * count).astype(np.int64), count - 1)
        within = self._draws.uniform(users, 0, _ALONG) * count - block
        onward = self._draws.uniform(users, 0, _WAY) < 0.5
        self._way = np.where(level, np.where(onward, 0, 2), np.where(onward, 1, 3))
        # The crossing behind the user, from which the block is entered.
        behind = np.where(onward, block, block + 1)
        self._column, self._row = np.where(level, behind, street), np.where(level, street, behind)
        self._enter(users, 0.0, gone=np.where(onward, within, 1.0 - within))

    def _next_leg(self, users: Ints) -> None:
        """Choose the next street at a crossing."""
        way = self._way[users]
        self._column[users] += _EAST[way]
        self._row[users] += _NORTH[way]
        self._leg[users] += 1
        drawn = self._draws.uniform(users, self._leg[users], _TURN)
        wish = np.where(drawn < self._left, 1, np.where(drawn < self._left + self._right, 3, 0))
        chosen = (way + wish) % 4
        chosen = np.where(self._leads_out(users, chosen), way, chosen)
        chosen = np.where(self._leads_out(users, chosen), (way + 2) % 4, chosen)
        self._way[users] = chosen
        self._enter(users, self._end_s[users], gone=np.zeros(users.size))

    def _leads_out(self, users: Ints, way: Ints) -> np.ndarray:
        """Whether a way from the users' crossings leaves the grid."""
        column, row = self._column[users] + _EAST[way], self._row[users] + _NORTH[way]
        out: np.ndarray = (column < 0) | (column > self._columns) | (row < 0) | (row > self._rows)
        return out

    def _enter(self, users: Ints, start_s: Floats | float, *, gone: Floats) -> None:
        """Put users on the block ahead of their crossing, a share of it already behind them."""
        way, speed_mps = self._way[users], self._user_speed_mps[users]
        block_m = self._block_m[way]
        x_m = self._corner_m[0] + self._column[users] * self._block_m[0] + _EAST[way] * gone * block_m
        y_m = self._corner_m[1] + self._row[users] * self._block_m[1] + _NORTH[way] * gone * block_m
        self._set_leg(
            users,
            start_s,
            (x_m, y_m),
            velocity_mps=(_EAST[way] * speed_mps, _NORTH[way] * speed_mps),
            lasting_s=(1.0 - gone) * block_m / speed_mps,
        )
