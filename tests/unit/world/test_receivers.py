"""Who is served by which radio, and where each user stands in it."""

import numpy as np
import pytest
import simpy

from netgen.access.broadcast_channel import FixedChannel
from netgen.access.broadcast_network import PipeChannel
from netgen.access.cellular import CellularNetwork
from netgen.access.downlink import Downlink
from netgen.rng import Streams
from netgen.world.receivers import build_receivers

TEXT = """
name: receivers
duration: 20 s
nodes:
  S: server
  cell: {kind: cell, radio: {capacity: 20 Mbit/s, peak_rate: 5 Mbit/s}}
  ran:
    kind: ran
    radio: {layout: {kind: hexagonal, sites: 1, spacing: 500 m}, carrier: 3.5 GHz, bandwidth: 20 MHz}
  idle:
    kind: ran
    radio: {layout: {kind: hexagonal, sites: 1, spacing: 500 m}, carrier: 3.5 GHz, bandwidth: 20 MHz}
  old: {kind: tower, radio: {capacity: 8 Mbit/s}}
  mast:
    kind: tower
    radio:
      kind: atsc3
      carrier: 600 MHz
      transmitters: {main: {at: [0 m, 0 m], height: 100 m, power: 1 kW}}
      pipes: {low: {constellation: QPSK, code_rate: 6/15}}
links:
  S -> cell: {capacity: 1 Gbit/s}
  S -> ran: {capacity: 1 Gbit/s}
  S -> idle: {capacity: 1 Gbit/s}
  S -> old: {capacity: 1 Gbit/s}
  S -> mast: {capacity: 1 Gbit/s}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  a: {content: v, from: S, to: [ran, cell]}
  b: {content: v, from: S, to: [ran, mast]}
  c: {content: v, from: S, to: [ran, old]}
audiences:
  first: {count: 10, cells: ran, watches: [a, b, c], choice: zipf}
  second: {count: 6, cells: ran, watches: [c, a]}
  third: {count: 5, cells: cell, watches: a}
  fourth: {count: 4, tower: old, cells: ran, watches: [a, c]}
  fifth: {count: 3, tower: mast, watches: b, place: {kind: disc, radius: 3 km}}
"""


@pytest.fixture(scope="module")
def finished():
    return {}


@pytest.fixture
def built(scenario_of, finished):
    """Build once what no test changes."""

    def go(*overrides, text=TEXT):
        if (text, overrides) not in finished:
            made = build_receivers(scenario_of(text, *overrides), Streams(1), simpy.Environment(0))
            finished[text, overrides] = made
        return finished[text, overrides]

    return go


def test_every_kind_of_radio_is_made_where_it_serves_anybody(built):
    found = built()
    assert {name: type(hop) for name, hop in found.downlinks.items()} == {
        "cell": Downlink,
        "ran": CellularNetwork,
    }
    assert {name: type(channel) for name, channel in found.channels.items()} == {
        "old:air": FixedChannel, "mast:low": PipeChannel,
    }  # fmt: skip
    assert list(found.networks) == ["ran"]


def test_a_user_of_several_services_is_one_user_of_the_network(built):
    """10 + 6 + 4 users; those of the third and fifth audience are elsewhere."""
    found = built()
    people, position = found.population, found.downlink_users["ran"]
    assert len(found.downlinks["ran"].parts.members) == 20
    place_of = {}
    for user, node, place in zip(people.users, people.nodes, position.tolist(), strict=True):
        assert (place >= 0) == (node == "ran")
        if place >= 0:
            assert place_of.setdefault(user, place) == place
    assert sorted(place_of.values()) == list(range(20))


def test_the_network_knows_its_users_where_they_stand(built):
    """The position of a user in the network leads to its place in the crowd."""
    found = built()
    members = found.downlinks["ran"].parts.members
    first = {"first": 0, "second": 10, "fourth": 16, "fifth": 20}  # in the crowd; the third is in no network
    for user, place in zip(found.population.users, found.downlink_users["ran"].tolist(), strict=True):
        if place >= 0:
            audience, number = user.split(":")
            assert members[place] == first[audience] + int(number)


def test_the_rows_of_a_service_are_in_the_order_of_the_network(built):
    """Downloads look users up by that order."""
    found = built()
    for service in "abc":
        rows = found.population.reach(service, "ran").rows
        assert (np.diff(found.downlink_users["ran"][rows]) > 0).all()
        assert len(rows) > 0


def test_a_channel_knows_its_users_where_they_stand(built):
    found = built()
    channel = found.channels["mast:low"]
    for user, node, place in zip(
        found.population.users, found.population.nodes, channel._place.tolist(), strict=True
    ):
        if node == "mast:low":
            assert place == 20 + int(user.split(":")[1])


def test_who_chooses_another_title_keeps_the_place_in_the_crowd(built):
    """Without the choice all ten watch all three; those who watch one stand where they stood."""
    chosen, all_of_it = built(), built("audiences.first.choice=all")
    assert chosen.downlinks["ran"].parts.members.tolist() == all_of_it.downlinks["ran"].parts.members.tolist()
    for found in (chosen, all_of_it):
        found.downlinks["ran"].parts.crowd.look(0.0)
    assert (
        chosen.downlinks["ran"].parts.crowd.x_m.tolist()
        == all_of_it.downlinks["ran"].parts.crowd.x_m.tolist()
    )


def test_zipf_choices_are_one_each_and_popular_ones_more_often(built):
    found = built("audiences.first.count=6000").population
    mine = [
        (user, service)
        for user, service, audience in zip(found.users, found.services, found.audiences, strict=True)
        if audience == "first"
    ]
    assert len({user for user, _ in mine}) == len(mine) == 6000
    counts = np.array([sum(service == name for _, service in mine) for name in "abc"])
    assert counts / 6000 == pytest.approx([6 / 11, 3 / 11, 2 / 11], abs=4 * 0.5 / np.sqrt(6000))


def test_choices_belong_to_users(built):
    def chosen(*overrides, text=TEXT):
        people = built(*overrides, text=text).population
        return {
            user: service
            for user, service, audience in zip(people.users, people.services, people.audiences, strict=True)
            if audience == "first"
        }

    before = chosen()
    more = chosen("audiences.first.count=25", "audiences.second.count=77")
    assert len(more) == 25
    assert {user: more[user] for user in before} == before
    text = TEXT.replace(
        "audiences:\n", "audiences:\n  zeroth: {count: 9, cells: ran, watches: [c, b], choice: zipf}\n"
    )
    assert chosen(text=text) == before
