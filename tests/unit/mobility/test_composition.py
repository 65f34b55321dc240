"""Groups and populations side by side."""

import numpy as np
import pytest

from netgen.mobility.area import ConvexPolygon, Disc
from netgen.mobility.composition import Group
from netgen.mobility.contract import Static
from netgen.mobility.random_waypoint import RandomWaypoint
from netgen.mobility.trace import Trace, TraceSamples

AREA = ConvexPolygon.rectangle(0.0, 0.0, width_m=1000.0, height_m=1000.0)


def leaders():
    return RandomWaypoint(AREA, [0, 1, 2], key=np.uint64(1), speed_mps=(5.0, 10.0))


def test_members_stay_within_their_radius_of_the_leader():
    alone = leaders()
    around = RandomWaypoint(Disc(0, 0, 25.0), np.arange(90), key=np.uint64(2), speed_mps=(0.5, 1.5))
    leader_of = np.arange(90) % 3
    group = Group(leaders(), around, leader_of=leader_of)
    assert group.max_speed_mps == 11.5
    assert group.moving.all()
    places = []
    for time_s in (0.0, 100.0, 1000.0):
        x_m, y_m = group.positions_at(time_s)
        lead_x, lead_y = alone.positions_at(time_s)
        away = np.array([x_m - lead_x[leader_of], y_m - lead_y[leader_of]])
        assert np.hypot(*away).max() <= 25.0 + 1e-9
        assert np.hypot(*away).max() > 15.0
        places.append(away)
    assert np.abs(places[1] - places[0]).max() > 5.0


def test_a_formation_keeps_its_shape_and_a_group_at_rest_never_moves():
    group = Group(leaders(), Static([3.0, -3.0], [0.0, 4.0]), leader_of=[2, 2])
    for time_s in (0.0, 50.0, 500.0):
        x_m, y_m = group.positions_at(time_s)
        np.testing.assert_allclose([x_m[1] - x_m[0], y_m[1] - y_m[0]], [-6.0, 4.0], atol=1e-9)
    assert group.moving.all()
    assert not Group(Static([0.0], [0.0]), Static([1.0], [1.0]), leader_of=[0]).moving.any()


def test_members_are_absent_with_their_leader():
    samples = TraceSamples(
        ("bus",), np.zeros(2, dtype=int), np.array([10.0, 20.0]), np.array([0.0, 100.0]), np.zeros(2)
    )
    group = Group(Trace(samples), Static([1.0, 2.0], [0.0, 0.0]), leader_of=[0, 0])
    assert not group.present.any()
    np.testing.assert_allclose(group.positions_at(15.0)[0], [51.0, 52.0])
    assert group.present.all()
    group.positions_at(21.0)
    assert not group.present.any()


def test_what_does_not_fit_is_refused():
    for leader_of in ([0], [0, 3], [0, -1], [0.0, 1.0], [[0, 1]]):
        with pytest.raises(ValueError, match="leader_of"):
            Group(leaders(), Static([0.0, 0.0], [0.0, 0.0]), leader_of=leader_of)
