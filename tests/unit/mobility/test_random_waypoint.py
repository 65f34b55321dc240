"""Random waypoint: pauses, legs, parameters."""

import itertools

import numpy as np
import pytest

from netgen.errors import ModelRangeError
from netgen.mobility.area import ConvexPolygon, Disc
from netgen.mobility.draws import START_LEGS, UserDraws
from netgen.mobility.random_waypoint import RandomWaypoint

AREA = ConvexPolygon.rectangle(0.0, 0.0, width_m=1000.0, height_m=500.0)
KEY = np.uint64(3)


def test_users_stand_still_for_the_share_of_time_that_they_pause():
    model = RandomWaypoint(AREA, np.arange(20_000), key=KEY, speed_mps=(10.0, 10.0), pause_s=(30.0, 30.0))
    expected = 30.0 / (30.0 + AREA.mean_distance_m / 10.0)
    assert model.pausing_share == pytest.approx(expected)
    for time_s in (0.0, 100.0, 1000.0):
        before = np.array(model.positions_at(time_s))
        after = np.array(model.positions_at(time_s + 1e-3))
        still = (before == after).all(axis=0).mean()
        assert abs(still - expected) < 3.9 * np.sqrt(expected * (1 - expected) / 20_000)


def test_a_path_is_straight_at_a_constant_speed_between_pauses():
    model = RandomWaypoint(AREA, [5], key=KEY, speed_mps=(2.0, 9.0), pause_s=(4.0, 8.0))
    place = np.array([np.ravel(model.positions_at(step * 0.05)) for step in range(40_000)])
    speed = np.hypot(*np.diff(place, axis=0).T) / 0.05
    stops = speed < 1e-9
    changes = np.flatnonzero(stops[1:] != stops[:-1])
    lasting_s = np.diff(changes) * 0.05
    pauses_s = lasting_s[::2] if stops[changes[0] + 1] else lasting_s[1::2]
    assert pauses_s.size > 5
    assert ((pauses_s > 3.85) & (pauses_s < 8.15)).all()
    for begin, end in itertools.pairwise(changes):
        if not stops[begin + 1]:
            leg = speed[begin + 2 : end - 1]
            assert np.ptp(leg) < 1e-6
            assert 2.0 <= leg[0] <= 9.0


def test_users_stay_in_their_area():
    for area in (AREA, Disc(0.0, 0.0, 300.0), ConvexPolygon.hexagon(0, 0, circumradius_m=300.0)):
        model = RandomWaypoint(area, np.arange(500), key=KEY, speed_mps=(5.0, 50.0))
        for time_s in np.linspace(0.0, 2000.0, 50):
            x_m, y_m = model.positions_at(time_s)
            assert area.contains(x_m * (1 - 1e-9), y_m * (1 - 1e-9)).all()


def test_another_key_gives_other_paths():
    one, other = (RandomWaypoint(AREA, [1, 2], key=np.uint64(key), speed_mps=(1, 2)) for key in (1, 2))
    assert not np.isin(one.positions_at(10.0), other.positions_at(10.0)).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"speed_mps": (0.0, 5.0)}, r"speed_mps = 0.0..5.0 m/s; accepted: two finite values > 0"),
        ({"speed_mps": (5.0, 1.0)}, "low to high"),
        ({"speed_mps": (5.0, np.inf)}, "finite"),
        ({"pause_s": (-1.0, 5.0)}, "pause_s"),
        ({"identities": [1, 2, 1]}, "the identity 1 is given to 2 users"),
        ({"identities": [0.5]}, "integers"),
        ({"identities": [-1]}, r"identities\[0\] = -1"),
        ({"identities": [0, 1 << 34]}, r"identities\[1\]"),
        ({"identities": [[1]]}, "one dimension"),
    ],
)
def test_wrong_parameters_are_refused(changes, message):
    asked = {"identities": [1, 2], "speed_mps": (1.0, 2.0), "pause_s": (0.0, 0.0)} | changes
    with pytest.raises(ValueError, match=message):
        RandomWaypoint(AREA, asked.pop("identities"), key=KEY, **asked)


def test_nobody_is_a_population_too():
    model = RandomWaypoint(AREA, [], key=KEY, speed_mps=(1.0, 2.0))
    assert model.positions_at(3.0)[0].size == 0


def test_draws_belong_to_user_leg_and_slot():
    draws = UserDraws(np.array([0, 1, (1 << 34) - 1]), KEY)
    everyone = np.arange(3)
    seen = np.concatenate(
        [draws.uniform(everyone, np.full(3, leg), slot) for leg in range(300) for slot in range(8)]
    )
    assert np.unique(seen).size == seen.size
    np.testing.assert_array_equal(draws.uniform(everyone, 7, 2), draws.uniform(everyone, np.full(3, 7), 2))
    assert (UserDraws([1], KEY).uniform(np.array([0]), 7, 2) == draws.uniform(everyone, 7, 2)[1]).all()
    with pytest.raises(ModelRangeError, match="legs"):
        draws.uniform(everyone, np.full(3, START_LEGS), 0)
