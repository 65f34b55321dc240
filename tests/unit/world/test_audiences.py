"""Users of a scenario as rows of the population."""

import numpy as np
import pytest
import simpy

from netgen.rng import Streams
from netgen.world.receivers import build_receivers

TEXT = """
name: audiences
duration: 20 s
nodes:
  S: server
  T: terminal
  M: {kind: tower, radio: {capacity: 8 Mbit/s, coverage: 60 %, segment_loss: 5 %}}
  c1: {kind: cell, radio: {capacity: 20 Mbit/s, peak_rate: 5 Mbit/s}}
  c2: {kind: cell, radio: {capacity: 10 Mbit/s, peak_rate: 4 Mbit/s}}
links: {S -> M: {capacity: 20 Mbit/s}, S -> c1: {capacity: 20 Mbit/s}, S -> c2: {capacity: 20 Mbit/s},
        S -> T: {capacity: 20 Mbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  common: {content: v, from: S, to: [M, c1, c2]}
  own: {content: v, from: S, to: [c1, c2, T], personal: true}
audiences:
  crowd: {count: 200, tower: M, cells: [c1, c2], watches: [common, own], join: {kind: uniform, over: 5 s}}
  homes: {count: 5, cells: [c1, c2], watches: common}
  guests: {count: 200, tower: M, watches: common}
"""


@pytest.fixture
def built(scenario_of):
    def go(*overrides, seed=1):
        return build_receivers(scenario_of(TEXT, *overrides), Streams(seed), simpy.Environment(0))

    return go


def rows(audiences, **wanted):
    people = audiences.population
    columns = zip(
        people.users, people.nodes, people.audiences, people.services, people.source_kinds, people.join_s.tolist(),
        strict=True,
    )  # fmt: skip
    keys = ("user", "node", "audience", "service", "kind", "join_s")
    found = [dict(zip(keys, row, strict=True)) for row in columns]
    return [row for row in found if all(row[key] == value for key, value in wanted.items())]


def test_a_row_for_every_user_and_service(built):
    audiences = built()
    assert len(rows(audiences)) == 1 + 200 + 200 + 5 + 200
    assert rows(audiences, node="T") == [
        {"user": "T", "node": "T", "audience": "", "service": "own", "kind": "wired", "join_s": 0.0}
    ]
    common = rows(audiences, audience="crowd", service="common")
    assert {(row["node"], row["kind"]) for row in common} == {("M:air", "broadcast")}  # the tower goes first
    assert [row["user"] for row in common[:2]] == ["crowd:0", "crowd:1"]


def test_users_are_divided_in_turn_or_at_random(built):
    def cells(audiences, **wanted):
        found = {int(row["user"].split(":")[1]): row["node"] for row in rows(audiences, **wanted)}
        return [found[number] for number in range(len(found))]

    even = cells(built(), service="own", audience="crowd")
    assert even == ["c1", "c2"] * 100
    assert cells(built(), audience="homes") == ["c1", "c2", "c1", "c2", "c1"]
    drawn = cells(built("audiences.crowd.assignment=random"), service="own", audience="crowd")
    assert drawn != even
    assert 70 < drawn.count("c1") < 130


def test_a_user_joins_once_for_all_services(built):
    audiences = built()
    common = {row["user"]: row["join_s"] for row in rows(audiences, audience="crowd", service="common")}
    own = {row["user"]: row["join_s"] for row in rows(audiences, audience="crowd", service="own")}
    assert common == own
    assert 0 <= min(own.values()) < max(own.values()) < 5
    assert len(set(own.values())) == 200
    assert {row["join_s"] for row in rows(audiences, audience="homes")} == {0.0}


def test_coverage_is_a_share_of_the_audience_and_part_of_the_world(built):
    def covered(audience="crowd", **more):
        audiences = built(**more)
        people = audiences.population
        mine = np.array([name == audience and s == "common" for name, s in zip(people.audiences, people.services,
                                                                              strict=True)])  # fmt: skip
        return audiences.channels["M:air"].covered[mine]

    assert 0.48 < covered().mean() < 0.72
    assert covered().tolist() == covered().tolist()
    assert covered().tolist() != covered(seed=2).tolist()
    assert covered().tolist() != covered("guests").tolist()  # every audience has luck of its own
    assert built().channels["M:air"].segment_loss == 0.05


def test_cells_serve_their_users(built):
    audiences = built()
    assert set(audiences.downlinks) == {"c1", "c2"}
    downlink, positions = audiences.downlinks["c1"], audiences.downlink_users["c1"]
    assert downlink.capacity_bps == 20e6
    assert set(downlink.peak_bps.tolist()) == {5e6}
    here = {row["user"] for row in rows(audiences, node="c1")}
    assert len(downlink.peak_bps) == len(here) == 100 + 3
    # A user of two services at a cell is one user of its radio.
    names = {}
    for user, node, position in zip(
        audiences.population.users, audiences.population.nodes, positions, strict=True
    ):
        assert (position >= 0) == (node == "c1")
        if position >= 0:
            assert names.setdefault(position, user) == user
    assert set(names) == set(range(103))


def luck_of(audiences, audience="crowd"):
    """Per user of an audience: joining, cell, coverage and identity."""
    people = audiences.population
    found = {}
    for row, (user, name, service) in enumerate(
        zip(people.users, people.audiences, people.services, strict=True)
    ):
        if name == audience:
            one = found.setdefault(user, {"join": people.join_s[row], "identity": people.identity[row]})
            if service == "own":
                one["cell"] = people.nodes[row]
            if service == "common":
                one["covered"] = audiences.channels["M:air"].covered[row]
    return found


@pytest.mark.parametrize("count", [9, 45])
@pytest.mark.parametrize("join", ["{kind: uniform, over: 5 s}", "{kind: poisson, rate: 3 /s}", "start"])
def test_one_more_user_moves_nobody(built, join, count):
    same = [f"audiences.crowd.join={join}", "audiences.crowd.assignment=random"]
    before = luck_of(built(f"audiences.crowd.count={count}", *same))
    after = luck_of(built(f"audiences.crowd.count={count + 2}", *same))
    assert len(after) == len(before) + 2 == count + 2
    assert {user: after[user] for user in before} == before
    assert (
        len({user["cell"] for user in before.values()}) == len({u["covered"] for u in before.values()}) == 2
    )


def test_how_users_join_moves_neither_cells_nor_coverage(built):
    def places(join):
        found = luck_of(built("audiences.crowd.assignment=random", f"audiences.crowd.join={join}"))
        return [(user["cell"], user["covered"]) for user in found.values()]

    assert places("start") == places("{kind: uniform, over: 5 s}") == places("{kind: poisson, rate: 3 /s}")
    even = luck_of(built())
    drawn = luck_of(built("audiences.crowd.assignment=random"))
    assert [user["join"] for user in even.values()] == [user["join"] for user in drawn.values()]


def test_an_identity_belongs_to_the_user_and_to_nothing_else(built):
    people = built().population
    by_user = {}
    for user, identity in zip(people.users, people.identity.tolist(), strict=True):
        assert by_user.setdefault(user, identity) == identity
    assert people.identity.dtype == np.int64
    assert len(set(by_user.values())) == len(by_user) == 1 + 200 + 5 + 200
    assert min(by_user.values()) >= 0
    fewer = built("services.own.to=[c1, c2]", "audiences.homes.count=2").population
    assert dict(zip(fewer.users, fewer.identity.tolist(), strict=True)).items() <= by_user.items()


def test_a_terminal_called_like_a_numbered_user_is_no_user_of_an_audience(scenario_of):
    text = TEXT.replace("crowd:", "T:").replace("  T:", "  T-000:", 1).replace("S -> T", "S -> T-000")
    audiences = build_receivers(
        scenario_of(text.replace("c2, T]", "c2, T-000]")), Streams(1), simpy.Environment(0)
    )
    people = audiences.population
    assert len({(user, service) for user, service in zip(people.users, people.services, strict=True)}) == len(
        people.users
    )
    assert not audiences.channels["M:air"].covered[people.users.index("T-000")]
