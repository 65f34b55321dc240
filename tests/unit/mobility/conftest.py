"""One small population of each model, for tests that hold for all of them."""

import numpy as np
import pytest

from netgen.mobility.area import ConvexPolygon, Disc
from netgen.mobility.composition import Group
from netgen.mobility.contract import Static
from netgen.mobility.line import Line
from netgen.mobility.random_direction import Border, RandomDirection
from netgen.mobility.random_waypoint import RandomWaypoint
from netgen.mobility.street_grid import StreetGrid
from netgen.mobility.trace import Trace, TraceSamples

SQUARE = ConvexPolygon.rectangle(0.0, 0.0, width_m=300.0, height_m=300.0)
HEXAGON = ConvexPolygon.hexagon(0.0, 0.0, circumradius_m=200.0, first_corner_deg=12.0)
KEY = np.uint64(20261121)


def waypoint(users):
    return RandomWaypoint(SQUARE, users, key=KEY, speed_mps=(2.0, 20.0), pause_s=(0.0, 10.0))


def direction(users):
    return RandomDirection(HEXAGON, users, key=KEY, speed_mps=(5.0, 20.0), mean_time_s=15.0)


def direction_wrapping(users):
    return RandomDirection(
        HEXAGON, users, key=KEY, speed_mps=(5.0, 20.0), mean_time_s=15.0, border=Border.WRAP
    )


def direction_disc(users):
    return RandomDirection(Disc(0.0, 0.0, 150.0), users, key=KEY, speed_mps=(5.0, 20.0), mean_time_s=15.0)


def line(users):
    return Line([0, 100, 100, 300], [0, 0, 50, 50], users, key=KEY, speed_mps=(5.0, 30.0))


def line_wrapping(users):
    return Line([0, 100, 100, 300], [0, 0, 50, 50], users, key=KEY, speed_mps=(5, 30), border=Border.WRAP)


def street_grid(users):
    return StreetGrid(users, key=KEY, block_m=(80.0, 50.0), blocks=(3, 4), speed_mps=(1.0, 15.0))


def group(users):
    around = RandomWaypoint(Disc(0, 0, 20.0), users, key=np.uint64(5), speed_mps=(0.5, 1.0))
    return Group(waypoint(np.arange(4)), around, leader_of=np.asarray(users) % 4)


RANDOM = {
    "waypoint": waypoint,
    "direction": direction,
    "direction, wrapping": direction_wrapping,
    "direction, disc": direction_disc,
    "line": line,
    "line, wrapping": line_wrapping,
    "street grid": street_grid,
    "group": group,
}


def trace(users):
    rng = np.random.default_rng(1)
    count = len(users)
    samples = TraceSamples(
        names=tuple(f"user {number}" for number in users),
        user=np.repeat(np.arange(count), 5),
        time_s=np.cumsum(rng.uniform(1.0, 30.0, (count, 5)), axis=1).ravel(),
        x_m=rng.uniform(0.0, 100.0, 5 * count),
        y_m=rng.uniform(0.0, 100.0, 5 * count),
    )
    return Trace(samples, longest_gap_s=25.0)


def static(users):
    return Static(np.asarray(users) * 1.5, np.asarray(users) * -2.0)


ALL = RANDOM | {"trace": trace, "static": static}


@pytest.fixture(params=ALL.values(), ids=ALL.keys())
def make(request):
    """A function from identities to a population, for each model in turn."""
    return request.param


@pytest.fixture(params=RANDOM.values(), ids=RANDOM.keys())
def make_random(request):
    """The same for each model whose paths are drawn."""
    return request.param
