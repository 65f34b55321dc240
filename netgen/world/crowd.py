"""Where the users of a scenario are and how they move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from netgen.access.crowd import Crowd
from netgen.errors import InputError
from netgen.mobility.area import Area, ConvexPolygon, Disc
from netgen.mobility.composition import Group
from netgen.mobility.contract import Mobility, Static
from netgen.mobility.line import Line
from netgen.mobility.random_direction import RandomDirection
from netgen.mobility.random_waypoint import RandomWaypoint
from netgen.mobility.street_grid import StreetGrid
from netgen.mobility.trace import Trace
from netgen.mobility.trace_files import read_fcd, read_trace_csv
from netgen.prediction.twin import DisplacedCrowd
from netgen.rng import Streams, hashed_uniform
from netgen.scenario.radio_check import is_located
from netgen.schema import audience as spec
from netgen.schema.audience import Audience
from netgen.schema.network import RanNode
from netgen.schema.places import DiscPlace, RectanglePlace
from netgen.schema.radio import HexagonalLayout
from netgen.schema.scenario import Scenario
from netgen.topology.hexagonal import bounding_hexagon
from netgen.topology.layout import SiteLayout


@dataclass(frozen=True, slots=True, eq=False)
class Located:
    """The users who are somewhere.

    Parameters
    ----------
    crowd : Crowd                   All of them.
    first : mapping                 Where the users of each located audience begin in the crowd.
    """

    crowd: Crowd
    first: Mapping[str, int]


def build_crowd(
    scenario: Scenario, streams: Streams, layouts: Mapping[str, SiteLayout], *, error_m: float | None = None
) -> Located:
    """Place the users of every audience that needs a place for its radio.

    The same streams make the same crowd again, for predictors to be ahead with; with `error_m`, m, it is one whose
    places are missed by errors of that standard deviation.

    Raises
    ------
    InputError                      A trace cannot be read or does not fit its audience.
    """
    groups, identities, first, count = [], [np.zeros(0, dtype=np.int64)], {}, 0
    for name, audience in scenario.audiences.items():
        if not is_located(scenario, audience):
            continue
        first[name] = count
        groups.append(_mobility(name, audience, scenario, streams, layouts))
        count += audience.count
        if error_m is not None:
            numbers = hashed_uniform(streams.key(f"world/prediction/{name}"), np.arange(audience.count))
            identities.append((numbers * 2.0**53).astype(np.int64))
    if error_m is None:
        return Located(Crowd(groups), first)
    key = streams.key("world/prediction")
    displaced = DisplacedCrowd(groups, identity=np.concatenate(identities), key=key, error_m=error_m)
    return Located(displaced, first)


def _area(name: str, audience: Audience, scenario: Scenario, layouts: Mapping[str, SiteLayout]) -> Area:
    """Area in which the users of an audience are."""
    place = audience.place
    if isinstance(place, DiscPlace):
        return Disc(place.centre[0], place.centre[1], place.radius_m)
    if isinstance(place, RectanglePlace):
        width_m, height_m = place.high[0] - place.low[0], place.high[1] - place.low[1]
        return ConvexPolygon.rectangle(place.low[0], place.low[1], width_m=width_m, height_m=height_m)
    network = next((cell for cell in audience.cells if cell in layouts), None)
    if network is None:
        raise InputError(f"audiences.{name}: is nowhere; give place: {{kind: disc, radius: ...}}")
    node = scenario.nodes[network]
    assert isinstance(node, RanNode) and node.radio is not None  # noqa: S101, PT018  (it has a layout)
    layout = node.radio.layout
    if isinstance(layout, HexagonalLayout):
        radius_m, corner_deg = bounding_hexagon(
            layout.sites, inter_site_distance_m=layout.spacing_m, wrap_around=layout.wrap_around
        )
        return ConvexPolygon.hexagon(0.0, 0.0, circumradius_m=radius_m, first_corner_deg=corner_deg)
    corners = layouts[network].outline_m
    (west, south), (east, north) = corners.min(axis=0), corners.max(axis=0)
    return ConvexPolygon.rectangle(
        float(west), float(south), width_m=float(east - west), height_m=float(north - south)
    )


def _mobility(
    name: str, audience: Audience, scenario: Scenario, streams: Streams, layouts: Mapping[str, SiteLayout]
) -> Mobility:
    """How the users of one audience move."""
    key = streams.key(f"world/mobility/{name}")
    identities = np.arange(audience.count)
    moves = audience.mobility
    if isinstance(moves, spec.Traced):
        return _trace(name, audience, moves)
    if isinstance(moves, spec.AlongLine):
        x_m, y_m = np.array(moves.points, dtype=np.float64).T
        return Line(x_m, y_m, identities, key=key, speed_mps=moves.speed_mps)
    area = _area(name, audience, scenario, layouts)
    makers: dict[type, Callable[[], Mobility]] = {
        spec.StayPut: lambda: _static(area, identities, key),
        spec.RandomWaypoint: lambda: _waypoint(area, identities, key, moves),
        spec.RandomDirection: lambda: _direction(area, identities, key, moves),
        spec.StreetGrid: lambda: _streets(name, area, identities, key, moves),
        spec.GroupWalk: lambda: _groups(area, identities, streams, name, moves),
    }
    return makers[type(moves)]()


def _static(area: Area, identities: np.ndarray, key: np.uint64) -> Static:
    """Users who stay at places drawn uniformly."""
    x_m, y_m = area.point(hashed_uniform(key, 2 * identities), hashed_uniform(key, 2 * identities + 1))
    return Static(x_m, y_m)


def _waypoint(area: Area, identities: np.ndarray, key: np.uint64, moves: spec.Mobility) -> RandomWaypoint:
    assert isinstance(moves, spec.RandomWaypoint | spec.GroupWalk)  # noqa: S101  (chosen by its type)
    pause_s = (moves.pause_s, moves.pause_s)
    return RandomWaypoint(area, identities, key=key, speed_mps=moves.speed_mps, pause_s=pause_s)


def _direction(area: Area, identities: np.ndarray, key: np.uint64, moves: spec.Mobility) -> RandomDirection:
    assert isinstance(moves, spec.RandomDirection)  # noqa: S101  (chosen by its type)
    return RandomDirection(area, identities, key=key, speed_mps=moves.speed_mps, mean_time_s=moves.leg_s)


def _streets(
    name: str, area: Area, identities: np.ndarray, key: np.uint64, moves: spec.Mobility
) -> StreetGrid:
    """Streets over the rectangle around the area."""
    assert isinstance(moves, spec.StreetGrid)  # noqa: S101  (chosen by its type)
    west, south, east, north = _bounds(area)
    blocks = (int((east - west) // moves.block_m), int((north - south) // moves.block_m))
    if min(blocks) < 1:
        raise InputError(
            f"audiences.{name}.mobility.block: {moves.block_m:g} m, larger than the audience's area of "
            f"{east - west:g} m by {north - south:g} m"
        )
    corner = ((west + east - blocks[0] * moves.block_m) / 2, (south + north - blocks[1] * moves.block_m) / 2)
    return StreetGrid(
        identities, key=key, block_m=(moves.block_m, moves.block_m), blocks=blocks, speed_mps=moves.speed_mps,
        left_share=moves.turn / 2, right_share=moves.turn / 2, corner_m=corner,
    )  # fmt: skip


def _bounds(area: Area) -> tuple[float, float, float, float]:
    """West, south, east and north end of an area."""
    if isinstance(area, Disc):
        return (
            area.x_m - area.radius_m, area.y_m - area.radius_m, area.x_m + area.radius_m, area.y_m + area.radius_m,
        )  # fmt: skip
    assert isinstance(area, ConvexPolygon)  # noqa: S101  (there are no other areas)
    return float(area.x_m.min()), float(area.y_m.min()), float(area.x_m.max()), float(area.y_m.max())


def _groups(area: Area, identities: np.ndarray, streams: Streams, name: str, moves: spec.Mobility) -> Group:
    """Groups of users who stand around leaders that walk."""
    assert isinstance(moves, spec.GroupWalk)  # noqa: S101  (chosen by its type)
    leader_of = identities // moves.members
    leaders = _waypoint(
        area, np.arange(int(leader_of[-1]) + 1), streams.key(f"world/mobility/{name}/leaders"), moves
    )
    around = _static(
        Disc(0.0, 0.0, moves.radius_m), identities, streams.key(f"world/mobility/{name}/members")
    )
    return Group(leaders, around, leader_of=leader_of)


def _trace(name: str, audience: Audience, moves: spec.Traced) -> Trace:
    """Users whose positions were recorded."""
    path = moves.path
    samples = read_fcd(path) if path.suffix.lower() == ".xml" else read_trace_csv(path)
    if len(samples.names) != audience.count:
        raise InputError(
            f"audiences.{name}.count: {audience.count} users, but {path} has {len(samples.names)}; "
            f"accepted: count: {len(samples.names)}"
        )
    return Trace(samples)
