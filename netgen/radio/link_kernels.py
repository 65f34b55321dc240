"""The radio epoch between users and sites as functions that numba compiles, over blocks of users.

Users are taken in blocks of `LANES`, over which every inner loop runs, so that the processor's vector unit works
on them side by side. Each lane does the same operations wherever a user stands in a block, so neither the number
of threads nor the other users change a result. Losses are in octaves of power (binary logarithm) inside.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from netgen.propagation.path_loss import SHORTEST_DISTANCE_M
from netgen.radio.channel import LOS_FIELD
from netgen.radio.elementary import below, compiled, exp2, log2, singles
from netgen.radio.link_constants import (
    HEADROOM_M,
)

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Indices = NDArray[np.int64]
Integers = NDArray[np.int32]

LANES = 128

_HUNDREDTH, _SURE, _FALL = singles(0.01, 18.0, -math.log2(math.e) / 150.0)
_PER_2_16, _FIFTIETH = singles(2.0**-16, 0.02)
# Rows and columns of the field's cells in one tile (`tiled`), and its bytes.
_ROWS, _COLUMNS, _TILE = np.int32(15), np.int32(3), 64
_PER_ROWS, _PER_COLUMNS = singles(1.0 / 15.0, 1.0 / 3.0)
_ZERO, _HALF, _ONE, _TWO, _LEAST, _SHORTEST = singles(0.0, 0.5, 1.0, 2.0, 1e-12, SHORTEST_DISTANCE_M)
# Rows of the scratch arrays. One array each of floats, doubles and integers, with constant places, shows the
# compiler that the rows do not overlap.
DISTANCE, LIFT, ROOF, ALONG, ACROSS, VALUE, GAIN, COLUMN, AZIMUTH, DOWN = (row * LANES for row in range(10))
INSIDE, ENTRY, WALLS, CLIMB, BOTTOM, TOP = (row * LANES for row in range(10, 16))
# The same as `EAST`, `NORTH` and `RISE` in single precision: loops without doubles have twice the lanes.
EAST_1, NORTH_1, RISE_1 = (row * LANES for row in range(16, 19))
X, Y, HEIGHT, EAST, NORTH, RISE, INVERSE = (row * LANES for row in range(7))
# The phases of the four kinds of field (`Law.per_m`) follow one another.
SIGHT, INDOOR, PHASE_U, PHASE_V, CORNER, LOW, HIGH, NOW_U, NOW_V = (
    row * LANES for row in (0, 1, 2, 6, 10, 11, 12, 13, 14)
)
SINGLE_ROWS, DOUBLE_ROWS, INTEGER_ROWS = 19, 7, 15
_TURN_32 = 2.0**32


class Network(NamedTuple):
    """Sites, panels (sectors of one site with one antenna) and sectors, as the kernel reads them."""

    x_m: Floats
    y_m: Floats
    height_m: Floats
    images_m: Floats
    nlos: Singles
    nlos_slope: Singles
    starts: Integers
    panels: Indices
    elements: Indices
    spacing: Floats
    beam: Floats
    tilt: Floats
    members: Indices
    order: Indices
    bearing: Floats
    power: Singles


class Law(NamedTuple):
    """The path-loss model and the field, as the kernel reads them; losses in octaves."""

    los: np.float32
    los_slope: np.float32
    beyond_slope: np.float32
    turning_slope: np.float32
    excess: np.float32
    drop: np.float32
    turning_per_m: float
    roof_m: np.float32
    rural: bool
    shadowing: bool
    sure_m: np.float32
    decay: np.float32
    sigma: Singles
    per_m: Floats
    field: NDArray[np.int64]
    side: int
    stripe: int
    whole: np.float32
    edges: np.float32
    faces: np.float32
    key: np.uint64


class Users(NamedTuple):
    """Where the users are and what surrounds them."""

    x_m: Floats
    y_m: Floats
    height_m: Floats
    inside_m: Singles
    indoor: NDArray[np.bool_]
    entry: Singles
    walls: Singles
    climb: Singles
    identity: Indices


@compiled
def load(
    users: Users,
    law: Law,
    rows: Indices,
    first: int,
    count: int,
    s: Singles,
    d: Floats,
    n: Integers,
    identity: Indices,
) -> None:
    """Bring a block of users into the scratch arrays; lanes beyond the last user repeat that user.

    A phase is a position in the field as a part of its period, in units of 2^-32, so that it wraps by itself.
    """
    for k in range(LANES):
        user = rows[first + min(k, count - 1)]
        d[X + k], d[Y + k], d[HEIGHT + k] = users.x_m[user], users.y_m[user], users.height_m[user]
        s[INSIDE + k], s[ENTRY + k], s[WALLS + k] = (
            users.inside_m[user],
            users.entry[user],
            users.walls[user],
        )
        n[INDOOR + k], identity[k] = users.indoor[user], users.identity[user]
        s[CLIMB + k] = users.climb[user]
    for part in range(4):
        per_m, place = law.per_m[part], part * LANES
        for k in range(LANES):
            u, v = d[X + k] * per_m, d[Y + k] * per_m
            n[PHASE_U + place + k] = np.int32(np.int64((u - np.floor(u)) * _TURN_32))
            n[PHASE_V + place + k] = np.int32(np.int64((v - np.floor(v)) * _TURN_32))


@compiled
def place(net: Network, site: int, s: Singles, d: Floats) -> None:
    """Vector from the nearest image of the site, and the reciprocal of its length in space."""
    x_m, y_m, height_m = (
        net.x_m[site] + net.images_m[0, 0],
        net.y_m[site] + net.images_m[0, 1],
        net.height_m[site],
    )
    for k in range(LANES):
        d[EAST + k] = d[X + k] - x_m
        d[NORTH + k] = d[Y + k] - y_m
    for image in range(1, net.images_m.shape[0]):
        x_m, y_m = net.x_m[site] + net.images_m[image, 0], net.y_m[site] + net.images_m[image, 1]
        for k in range(LANES):
            east, north = d[X + k] - x_m, d[Y + k] - y_m
            old_east, old_north = d[EAST + k], d[NORTH + k]
            nearer = east * east + north * north < old_east * old_east + old_north * old_north
            d[EAST + k] = east if nearer else old_east
            d[NORTH + k] = north if nearer else old_north
    for k in range(LANES):
        rise = d[HEIGHT + k] - height_m
        d[RISE + k] = rise
        s[EAST_1 + k], s[NORTH_1 + k], s[RISE_1 + k] = (
            np.float32(d[EAST + k]),
            np.float32(d[NORTH + k]),
            np.float32(rise),
        )
    for k in range(LANES):
        east_1, north_1, rise_1 = s[EAST_1 + k], s[NORTH_1 + k], s[RISE_1 + k]
        flat2 = east_1 * east_1 + north_1 * north_1
        s[DISTANCE + k] = np.sqrt(flat2)
        s[VALUE + k] = _ONE / np.sqrt(max(flat2 + rise_1 * rise_1, _LEAST))
    for k in range(LANES):
        space2 = max(
            d[EAST + k] * d[EAST + k] + d[NORTH + k] * d[NORTH + k] + d[RISE + k] * d[RISE + k], 1e-12
        )
        guess = float(s[VALUE + k])
        d[INVERSE + k] = guess * (1.5 - 0.5 * space2 * guess * guess)


@compiled
def _cube(distance_m: np.float32) -> np.float32:
    """Distance term of C(d, h) in UMa: 0 up to 18 m."""
    scaled = distance_m * _HUNDREDTH
    return scaled * scaled * scaled * exp2(distance_m * _FALL) if distance_m > _SURE else _ZERO


@compiled
def roofs(law: Law, base_m: float, site: int, sites: int, s: Singles, d: Floats, identity: Indices) -> None:
    """Environment heights of high users in UMa, and the C(d, h) of their line-of-sight probability."""
    for k in range(LANES):
        s[LIFT + k] = s[CLIMB + k] * _cube(s[DISTANCE + k] - s[INSIDE + k])
        gain = float(s[CLIMB + k] * _cube(s[DISTANCE + k]))
        word = np.uint64(identity[k] * sites + site) * np.uint64(0x9E3779B97F4A7C15) + law.key
        word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        word ^= word >> np.uint64(31)
        drawn = float(np.int64(word >> np.uint64(11))) * 2.0**-53
        # Drawn below 1 / (1 + C) the height is 1 m; the rest of the interval is shared by the floors.
        rest = drawn * (1.0 + gain) - 1.0
        floors = max(np.floor((d[HEIGHT + k] - 13.5) / 3.0) + 1.0, 1.0)
        floor = min(np.floor(rest / max(gain, 1e-30) * floors), floors - 1.0)
        roof_m = min(12.0 + 3.0 * floor, base_m - HEADROOM_M)
        s[ROOF + k] = np.float32(roof_m) if rest >= 0.0 else law.roof_m


@compiled
def _scaled(phase: np.int32, side: np.int32) -> np.int32:
    """Grid points from the start of the period, in units of 2^-16, from a phase in units of 2^-32 of it."""
    high = np.int32(np.int32((phase >> 16) & 0xFFFF) * side)
    low = np.int32(np.int32(phase & 0xFFFF) * side)
    return np.int32(high + np.int32(low >> 16))


@compiled
def choose(starts: Integers, n: Integers) -> None:
    """Phases of every lane in the part of the field that belongs to the state of its shadow fading."""
    u0, u1, u2 = starts[0, 0], starts[1, 0], starts[2, 0]
    v0, v1, v2 = starts[0, 1], starts[1, 1], starts[2, 1]
    for k in range(LANES):
        sees, indoor = n[SIGHT + k] == 0, n[INDOOR + k] != 0
        u_los, u_nlos = np.int32(n[PHASE_U + k] + u0), np.int32(n[PHASE_U + LANES + k] + u1)
        v_los, v_nlos = np.int32(n[PHASE_V + k] + v0), np.int32(n[PHASE_V + LANES + k] + v1)
        u_indoor, v_indoor = (
            np.int32(n[PHASE_U + 2 * LANES + k] + u2),
            np.int32(n[PHASE_V + 2 * LANES + k] + v2),
        )
        u_outdoor, v_outdoor = (u_los if sees else u_nlos), (v_los if sees else v_nlos)
        n[NOW_U + k] = u_indoor if indoor else u_outdoor
        n[NOW_V + k] = v_indoor if indoor else v_outdoor


@compiled
def choose_state(starts: Integers, n: Integers) -> None:
    """Phases of every lane in the part of the field that belongs to the line-of-sight state."""
    u3, v3 = starts[LOS_FIELD, 0], starts[LOS_FIELD, 1]
    for k in range(LANES):
        n[NOW_U + k] = np.int32(n[PHASE_U + LOS_FIELD * LANES + k] + u3)
        n[NOW_V + k] = np.int32(n[PHASE_V + LOS_FIELD * LANES + k] + v3)


@compiled
def read(law: Law, s: Singles, n: Integers) -> None:
    """Read the field at every lane's phases; unit variance everywhere."""
    field, side, stripe = law.field, np.int32(law.side), np.int32(law.stripe)
    for k in range(LANES):
        u, v = _scaled(n[NOW_U + k], side), _scaled(n[NOW_V + k], side)
        i, j = np.int32(u >> 16), np.int32(v >> 16)
        s[ALONG + k] = np.float32(np.int32(u & 0xFFFF)) * _PER_2_16
        s[ACROSS + k] = np.float32(np.int32(v & 0xFFFF)) * _PER_2_16
        # Whole parts of the quotients: the sum is nowhere near a whole number from below.
        down = np.int32(np.float32(i) * _PER_ROWS + _FIFTIETH)
        right = np.int32(np.float32(j) * _PER_COLUMNS + _FIFTIETH)
        row = np.int32(np.int32(down * stripe) + np.int32(np.int32(i - np.int32(down * _ROWS)) << 2))
        n[CORNER + k] = row + np.int32(np.int32(right << 6) + np.int32(j - np.int32(right * _COLUMNS)))
    for k in range(LANES):
        word = field[n[CORNER + k]]
        n[LOW + k], n[HIGH + k] = np.int32(word & 0xFFFF), np.int32(word >> 32)
    for k in range(LANES):
        a, b = s[ALONG + k], s[ACROSS + k]
        near, far = _signed(n[LOW + k]), _signed(n[LOW + k] >> 8)
        near_next, far_next = _signed(n[HIGH + k]), _signed(n[HIGH + k] >> 8)
        low, high = near + b * (far - near), near_next + b * (far_next - near_next)
        both_a, both_b = a - a * a, b - b * b
        variance = law.whole + law.edges * (both_a + both_b) + law.faces * (both_a * both_b)
        s[VALUE + k] = (low + a * (high - low)) / np.sqrt(variance)


@compiled
def _signed(word: np.int32) -> np.float32:
    """Number in the lowest eight bits."""
    return np.float32(np.int32(np.int32(word << 24) >> 24))


@compiled
def see(law: Law, s: Singles, n: Integers) -> None:
    """State of every lane: line of sight where the field's own probability lies below that of the distance."""
    for k in range(LANES):
        out_m = max(s[DISTANCE + k] - s[INSIDE + k], law.sure_m)
        near = _ZERO if law.rural else law.sure_m / out_m
        fall = exp2((law.sure_m - out_m if law.rural else -out_m) * law.decay)
        probability = (near + fall * (_ONE - near)) * (_ONE + s[LIFT + k])
        sees = below(s[VALUE + k]) < probability or probability >= _ONE
        n[SIGHT + k] = 0 if sees else 1


@compiled
def lose(net: Network, law: Law, site: int, s: Singles, n: Integers) -> None:
    """Path gain of every lane without antennas, linear; `SIGHT` is the state of sight, `VALUE` the shadowing."""
    nlos, nlos_slope, base_m = net.nlos[site], net.nlos_slope[site], np.float32(net.height_m[site])
    sigma_near, sigma_without, sigma_indoor, sigma_far = (
        law.sigma[0],
        law.sigma[1],
        law.sigma[2],
        law.sigma[3],
    )
    turning_per_m = np.float32(law.turning_per_m)
    for k in range(LANES):
        rise, roof = s[RISE_1 + k], s[ROOF + k]
        flat = max(s[DISTANCE + k], _SHORTEST)
        space2 = flat * flat + rise * rise
        octaves = log2(space2)
        turning = turning_per_m * (base_m - roof) * (base_m + rise - roof)
        bent = law.beyond_slope * octaves - law.turning_slope * log2(
            turning * turning + law.drop * rise * rise
        )
        space = np.sqrt(space2)
        bent += law.excess * (turning - space)
        beyond = flat > turning
        los = law.los + law.los_slope * octaves + law.excess * space + (bent if beyond else _ZERO)
        without = max(los, nlos + s[ENTRY + k] + nlos_slope * octaves)
        sees = n[SIGHT + k] == 0
        sigma = (sigma_far if beyond else sigma_near) if sees else sigma_without
        sigma = sigma_indoor if n[INDOOR + k] != 0 else sigma
        s[GAIN + k] = exp2(-((los if sees else without) + sigma * s[VALUE + k] + s[WALLS + k]))


def tiled(steps: NDArray[np.int8]) -> tuple[NDArray[np.int64], int]:
    """Grid in overlapping tiles of a cache line, as words that begin at every byte, and bytes in a row of tiles.

    A tile has 16 rows of 4 values, of which the last row and column stand in the next tile as well: the word that
    begins at a value holds its neighbour in the second byte, and in the fifth and sixth those of the next row.
    """
    side = len(steps)
    down, right = -(-side // int(_ROWS)), -(-side // int(_COLUMNS))
    i = np.minimum(np.arange(down)[:, np.newaxis] * int(_ROWS) + np.arange(int(_ROWS) + 1), side) % side
    j = (
        np.minimum(np.arange(right)[:, np.newaxis] * int(_COLUMNS) + np.arange(int(_COLUMNS) + 1), side)
        % side
    )
    tiles = np.zeros(down * right * _TILE + _TILE, dtype=np.int8)
    inside = tiles[: down * right * _TILE].reshape(down, right, int(_ROWS) + 1, int(_COLUMNS) + 1)
    inside[:] = steps[i[:, np.newaxis, :, np.newaxis], j[np.newaxis, :, np.newaxis, :]]
    words = np.ndarray((down * right * _TILE,), dtype=np.int64, buffer=tiles.data, strides=(1,))
    words.flags.writeable = False
    return words, right * _TILE
