"""Where users are: part of the world, and their own."""

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.rng import Streams
from netgen.world.cellular import build_layouts
from netgen.world.crowd import build_crowd

TEXT = """
name: crowd
duration: 20 s
nodes:
  S: server
  ran:
    kind: ran
    radio: {layout: {kind: hexagonal, sites: 7, spacing: 500 m}, carrier: 3.5 GHz, bandwidth: 20 MHz}
  M: {kind: tower, radio: {capacity: 8 Mbit/s}}
links: {S -> ran: {capacity: 1 Gbit/s}, S -> M: {capacity: 20 Mbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  own: {content: v, from: S, to: ran}
  common: {content: v, from: S, to: M}
audiences:
  walkers: {count: 30, cells: ran, watches: own, mobility: {kind: random-waypoint, speed: [1 m/s, 2 m/s]}}
  sitting: {count: 20, cells: ran, watches: own}
  listeners: {count: 5, tower: M, watches: common}
"""

MOBILITIES = {
    "static": "static",
    "waypoint": "{kind: random-waypoint, speed: [1 m/s, 9 m/s], pause: 2 s}",
    "direction": "{kind: random-direction, speed: 5 m/s}",
    "streets": "{kind: street-grid, block: 100 m, speed: 10 m/s}",
    "line": "{kind: line, points: [[0 m, 0 m], [500 m, 0 m]], speed: 10 m/s}",
    "group": "{kind: group, members: 4, radius: 20 m, speed: 2 m/s}",
}


@pytest.fixture
def located(scenario_of):
    def go(*overrides, text=TEXT, seed=1, files=None):
        scenario = scenario_of(text, *overrides, files=files)
        return build_crowd(scenario, Streams(seed), build_layouts(scenario))

    return go


def course(found, audience, count, *, until_s=30.0, step_s=0.5):
    """Places of the first users of an audience over time, (steps, 2, count)."""
    first = found.first[audience]
    places = []
    for at_s in np.arange(0.0, until_s, step_s):
        found.crowd.look(at_s)
        places.append(
            np.stack([found.crowd.x_m[first : first + count], found.crowd.y_m[first : first + count]])
        )
    return np.array(places)


def test_audiences_stand_one_behind_the_other(located):
    found = located()
    assert dict(found.first) == {"walkers": 0, "sitting": 30}
    assert found.crowd.count == 50


def test_who_has_no_radio_that_depends_on_places_is_nowhere(located):
    assert located("audiences.listeners.count=1000").crowd.count == 50


@pytest.mark.parametrize("mobility", MOBILITIES.values(), ids=MOBILITIES)
def test_the_same_seed_gives_the_same_world_and_another_one_another(located, mobility):
    change = f"audiences.walkers.mobility={mobility}"
    once, again, other = (course(located(change, seed=seed), "walkers", 30) for seed in (1, 1, 2))
    assert (once == again).all()
    assert (once != other).mean() > 0.4
    moving = mobility != "static"
    assert (np.abs(np.diff(once, axis=0)).sum() > 1) == moving


@pytest.mark.parametrize("mobility", MOBILITIES.values(), ids=MOBILITIES)
@pytest.mark.parametrize("count", [29, 31, 57])
def test_more_users_leave_the_first_ones_where_they_are(located, mobility, count):
    change = f"audiences.walkers.mobility={mobility}"
    before = course(located(change), "walkers", min(count, 30))
    after = course(located(change, f"audiences.walkers.count={count}"), "walkers", min(count, 30))
    assert (before == after).all()


@pytest.mark.parametrize("mobility", MOBILITIES.values(), ids=MOBILITIES)
def test_other_audiences_and_services_move_nobody(located, mobility):
    change = f"audiences.walkers.mobility={mobility}"
    before = course(located(change), "walkers", 30)
    text = TEXT.replace("audiences:\n", "audiences:\n  aaa: {count: 9, cells: ran, watches: [own, more]}\n")
    text = text.replace("services:\n", "services:\n  more: {content: v, from: S, to: ran}\n")
    after = course(located(change, "audiences.sitting.count=99", text=text), "walkers", 30)
    assert (before == after).all()
    changed = "audiences.sitting.mobility={kind: random-direction, speed: 3 m/s}"
    assert (before == course(located(change, changed), "walkers", 30)).all()


def test_audiences_alike_are_at_places_of_their_own(located):
    text = TEXT + "  too: {count: 20, cells: ran, watches: own}\n"
    found = located(text=text)
    assert not (
        course(found, "sitting", 20, until_s=0.5) == course(located(text=text), "too", 20, until_s=0.5)
    ).any()


def test_users_are_inside_their_place(located):
    disc = course(
        located("audiences.sitting.place={kind: disc, centre: [1 km, -2 km], radius: 50 m}"), "sitting", 20
    )
    assert (np.hypot(disc[:, 0] - 1000, disc[:, 1] + 2000) <= 50).all()
    box = course(
        located("audiences.walkers.place={kind: rectangle, from: [1 km, 2 km], to: [1200 m, 2100 m]}"),
        "walkers",
        30,
    )
    assert ((box[:, 0] >= 1000) & (box[:, 0] <= 1200) & (box[:, 1] >= 2000) & (box[:, 1] <= 2100)).all()
    network = course(located("audiences.sitting.count=500"), "sitting", 500, until_s=0.5)[0]
    assert 500 < np.hypot(*network).max() < 1000
    assert (np.abs(network.mean(axis=1)) < 80).all()


def test_users_fill_a_disc_evenly(located):
    places = course(
        located("audiences.sitting.count=4000", "audiences.sitting.place={kind: disc, radius: 100 m}"),
        "sitting", 4000, until_s=0.5,
    )[0]  # fmt: skip
    inner = (np.hypot(*places) < 50).mean()
    assert abs(inner - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 4000)


def test_members_of_a_group_stay_around_their_leader(located):
    found = course(located(f"audiences.walkers.mobility={MOBILITIES['group']}"), "walkers", 30)
    for first in range(0, 28, 4):
        group = found[:, :, first : first + 4]
        assert np.abs(group - group.mean(axis=2, keepdims=True)).max() <= 40
    assert np.abs(found[0, :, 0] - found[0, :, 4]).max() > 20


def test_a_block_larger_than_the_area_is_refused(located):
    with pytest.raises(InputError, match=r"audiences\.walkers\.mobility\.block: 5000 m"):
        located("audiences.walkers.mobility={kind: street-grid, block: 5 km, speed: 10 m/s}")


TRACE = "time_s,user,x_m,y_m\n0,a,1,2\n10,a,11,2\n0,b,5,5\n4,b,5,9\n"


TRACED = TEXT.replace("{kind: random-waypoint, speed: [1 m/s, 2 m/s]}", "{kind: trace, path: walk.csv}")


def test_a_trace_is_followed(located):
    found = located("audiences.walkers.count=2", text=TRACED, files={"walk.csv": TRACE})
    found.crowd.look(2.0)
    assert found.crowd.x_m[:2].tolist() == [3.0, 5.0]
    assert found.crowd.y_m[:2].tolist() == [2.0, 7.0]
    found.crowd.look(5.0)
    assert found.crowd.present[:3].tolist() == [True, False, True]


def test_a_trace_of_another_number_of_users_is_refused(located):
    with pytest.raises(
        InputError, match=r"audiences\.walkers\.count: 30 users, but .* has 2; accepted: count: 2"
    ):
        located(text=TRACED, files={"walk.csv": TRACE})
