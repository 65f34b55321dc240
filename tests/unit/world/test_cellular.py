"""Cellular networks built from scenarios: sectors, terminals, link adaptation, and users that keep their luck."""

import numpy as np
import pytest
import simpy

from netgen.access.download import Download
from netgen.errors import InputError
from netgen.propagation.building_entry import Building, wall_loss_db, wall_sigma_db
from netgen.propagation.path_loss import Environment
from netgen.rng import Streams
from netgen.scheduling.allocation import Scheduler
from netgen.topology.outages import Outages
from netgen.transport.train import Meaning
from netgen.world.audiences import build_columns, cell_users
from netgen.world.cellular import (
    build_layouts,
    build_networks,
    build_sectors,
    build_terminals,
    sector_names,
)
from netgen.world.crowd import build_crowd
from netgen.world.receivers import build_receivers

TEXT = """
name: cellular
duration: 20 s
nodes:
  S: server
  ran:
    kind: ran
    radio:
      layout: {kind: hexagonal, sites: 1, spacing: 500 m}
      carrier: 3.5 GHz
      bandwidth: 20 MHz
      tolerance: 0 m
links: {S -> ran: {capacity: 1 Gbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  one: {content: v, from: S, to: ran}
  two: {content: v, from: S, to: ran}
audiences:
  people:
    {count: 40, cells: ran, watches: [one, two], mobility: {kind: random-waypoint, speed: 5 m/s},
     terminal: {indoor: 60 %, floors: 5, in_car: 50 %}}
"""


@pytest.fixture
def network(scenario_of):
    def go(*overrides, text=TEXT, seed=1, files=None):
        scenario = scenario_of(text, *overrides, files=files)
        return build_receivers(scenario, Streams(seed), simpy.Environment(0), {}).downlinks["ran"]

    return go


@pytest.fixture
def terminals(scenario_of):
    def go(*overrides, text=TEXT, seed=1):
        scenario, streams = scenario_of(text, *overrides), Streams(seed)
        return build_terminals(
            scenario, streams, users=cell_users(build_columns(scenario, streams), "ran"),
            environment=Environment.UMA, carrier_hz=3.5e9,
        )  # fmt: skip

    return go


def columns_of(found, rows=slice(None)):
    return np.column_stack([found.height_m, found.indoor, found.entry_loss_db, found.inside_m])[rows]


def snr_of(network, users, time_s=3.0):
    """What the first users receive from every sector at an instant."""
    crowd, members, signals = network.parts.crowd, network.parts.members, network.parts.signals
    crowd.look(time_s)
    signals.move(crowd.x_m[members], crowd.y_m[members])
    return signals.snr[users].tolist()


def test_the_network_is_that_of_the_scenario(network):
    found = network()
    assert found.name == "ran:downlink"
    assert found.parts.sector_names == ("site-1-1", "site-1-2", "site-1-3")
    assert found.parts.air.blocks.tolist() == [51.0] * 3  # TS 38.101-1: 20 MHz at 30 kHz
    assert found.parts.air.scheduler is Scheduler.PROPORTIONAL_FAIR
    assert found.parts.members.tolist() == list(range(40))
    assert found.parts.signals.noise_dbm == pytest.approx(-173.975 + 10 * np.log10(51 * 12 * 30e3) + 9)
    other = network("nodes.ran.radio.scheduler=max-min", "nodes.ran.radio.bandwidth=50 MHz")
    assert other.parts.air.scheduler is Scheduler.MAX_MIN
    assert other.parts.air.blocks.tolist() == [133.0] * 3


def test_sectors_have_the_power_and_the_tilt_of_the_radio(scenario_of):
    scenario = scenario_of(TEXT, "nodes.ran.radio.power=43 dBm", "nodes.ran.radio.antenna={tilt: 8 deg}")
    radio = scenario.nodes["ran"].radio
    layout = build_layouts(scenario)["ran"]
    sectors = build_sectors(radio, layout)
    assert sectors.power_dbm == pytest.approx([43.0] * 3)
    assert sectors.azimuth_deg.tolist() == [30, 150, 270]
    assert sectors.height_m.tolist() == [25.0] * 3
    assert {antenna.tilt_deg for antenna in sectors.antennas} == {8.0}
    assert sector_names(layout) == ("site-1-1", "site-1-2", "site-1-3")


def test_sites_of_a_file_have_their_own_tilts_on_top(scenario_of):
    sites = "name,x_m,y_m,height_m,azimuth_deg,tilt_deg\n"
    sites += "north,0,900,30,90;270,2;0\nsouth,0,-900,,0,-3\n"
    text = TEXT.replace(
        "{kind: hexagonal, sites: 1, spacing: 500 m}", "{kind: sites, path: sites.csv, height: 40 m}"
    )
    scenario = scenario_of(text, files={"sites.csv": sites})
    layout = build_layouts(scenario)["ran"]
    sectors = build_sectors(scenario.nodes["ran"].radio, layout)
    assert sector_names(layout) == ("north-1", "north-2", "south-1")
    assert sectors.height_m.tolist() == [30, 30, 40]
    assert [sectors.antennas[number].tilt_deg for number in sectors.antenna] == [14, 12, 9]


def test_terminals_are_as_the_audience_says(terminals):
    """3000 users of whom 60 % are indoors on 5 floors, and half of the others in cars."""
    found = terminals("audiences.people.count=3000")
    indoor = found.indoor
    assert abs(indoor.mean() - 0.6) < 4 * np.sqrt(0.24 / 3000)
    floors = (found.height_m - 1.5) / 3.0
    assert set(floors[indoor].tolist()) == {0, 1, 2, 3, 4}
    assert not floors[~indoor].any()
    assert not found.inside_m[~indoor].any()
    assert found.inside_m[indoor].min() > 0
    assert found.inside_m.max() <= 25
    cars = ~indoor & (found.entry_loss_db != 0)
    assert abs(cars.sum() / (~indoor).sum() - 0.5) < 4 * 0.5 / np.sqrt((~indoor).sum())
    assert abs(found.entry_loss_db[cars].mean() - 9) < 4 * 5 / np.sqrt(cars.sum())  # TR 38.901, 7.4.3.2


@pytest.mark.parametrize(("share", "building"), [("0 %", Building.LOW), ("100 %", Building.HIGH)])
def test_walls_are_low_or_high_loss(terminals, share, building):
    found = terminals(
        "audiences.people.count=4000", "audiences.people.terminal={indoor: 100 %, high_loss: " + share + "}"
    )
    walls_db = found.entry_loss_db - 0.5 * found.inside_m  # TR 38.901, Table 7.4.3-2: 0.5 dB per metre
    sigma_db = wall_sigma_db(building)
    assert abs(walls_db.mean() - wall_loss_db(building, 3.5e9)) < 4 * sigma_db / np.sqrt(4000)
    assert walls_db.std() == pytest.approx(sigma_db, rel=0.05)


def test_a_terminal_belongs_to_its_user(terminals):
    before = columns_of(terminals())
    assert columns_of(terminals()).tolist() == before.tolist()
    assert (columns_of(terminals(seed=2)) != before).any(axis=1).mean() > 0.5
    assert columns_of(terminals("audiences.people.count=55"), slice(40)).tolist() == before.tolist()
    text = TEXT.replace(
        "audiences:\n",
        "audiences:\n  first: {count: 6, cells: ran, watches: one, terminal: {indoor: 50 %}}\n",
    ).replace("services:\n", "services:\n  more: {content: v, from: S, to: ran}\n")
    text = text.replace("watches: [one, two]", "watches: [one, two, more]")
    assert columns_of(terminals(text=text), slice(6, 46)).tolist() == before.tolist()


def test_more_indoors_leaves_those_who_were_indoors_where_they_were(terminals):
    few, many = terminals(), terminals("audiences.people.terminal.indoor=80 %")
    assert (many.indoor >= few.indoor).all()
    assert many.indoor.sum() > few.indoor.sum()
    assert columns_of(many)[few.indoor].tolist() == columns_of(few)[few.indoor].tolist()


def test_what_a_user_receives_belongs_to_the_user_and_the_place(network):
    """Other services, more users, another audience first: the same levels from every sector."""
    before = snr_of(network(), slice(40))
    assert snr_of(network(), slice(40)) == before
    assert snr_of(network(seed=2), slice(40)) != before
    assert snr_of(network("audiences.people.count=47"), slice(40)) == before
    text = TEXT.replace("audiences:\n", "audiences:\n  zero: {count: 3, cells: ran, watches: two}\n")
    assert snr_of(network(text=text), slice(3, 43)) == before
    fewer = TEXT.replace("watches: [one, two]", "watches: one").replace(
        "  two: {content: v, from: S, to: ran}\n", ""
    )
    assert snr_of(network(text=fewer), slice(40)) == before


def test_users_of_a_choice_are_the_same_as_without(network, scenario_of):
    """By Zipf all 40 watch one title each, so all are the network's; the order of titles is not theirs."""
    assert snr_of(network("audiences.people.choice=zipf"), slice(40)) == snr_of(network(), slice(40))


def test_guarantees_and_multicast_go_by_service(network):
    found = network(
        "nodes.ran.radio.guarantees={two: {rate: 3 Mbit/s, priority: 4}}", "nodes.ran.radio.multicast=[one]"
    )
    assert found.parts.multicast == {0}
    promise = found.parts.air._promises[1]
    assert (promise.rate_bps, promise.priority) == (3e6, 4)


def test_what_only_a_file_says_is_checked_against_the_model(network):
    """The heights of sites are in the file, where the check of the scenario does not look."""
    text = TEXT.replace(
        "{kind: hexagonal, sites: 1, spacing: 500 m}", "{kind: sites, path: sites.csv}"
    ).replace("carrier: 3.5", "environment: umi\n      carrier: 3.5")
    with pytest.raises(InputError, match=r"nodes\.ran\.radio: .*300"):
        network(text=text, files={"sites.csv": "name,x_m,y_m,height_m\nhigh,0,0,300\n"})


# Outages ----------------------------------------------------------------------------------------------------------


def network_with(scenario, outages):
    """The network of a scenario some of which is out of order at times, and its clock."""
    streams, layouts, env = Streams(1), build_layouts(scenario), simpy.Environment(0)
    networks = build_networks(
        scenario, streams, env, columns=build_columns(scenario, streams),
        located=build_crowd(scenario, streams, layouts), layouts=layouts, outages=outages,
    )  # fmt: skip
    return networks["ran"], env


@pytest.mark.parametrize("compute", ["numpy", "numba", "torch"])
def test_users_leave_a_sector_in_an_outage_and_come_back(scenario_of, compute):
    """Whatever computes: nobody is with the second sector 3 s into its outage; as many as before, 5 s after it."""
    if compute != "numpy":
        pytest.importorskip(compute)
    scenario = scenario_of(
        TEXT, f"nodes.ran.radio.compute={compute}", "audiences.people.mobility={kind: static}"
    )
    plain, plain_env = network_with(scenario, {})
    found, env = network_with(
        scenario, {"ran:site-1-2": Outages.of([(2.05, 9.0)]), "other": Outages.of([(0, 1)])}
    )
    everybody = np.arange(40)
    places = {}
    for at_s in (2, 5, 14):
        for where, cell, clock in (("plain", plain, plain_env), ("outage", found, env)):
            if at_s == 2:
                bits, share, meaning = 10**8, 0.0, Meaning("v", 0, 1.0)
                cell.enqueue(Download(everybody, bits, share, meaning, lambda *_: None, service="one"))
            clock.run(until=at_s * 10**9)
            places[where, at_s] = cell.place_of(everybody)
    assert (places["plain", 2] == 1).any()
    assert places["outage", 2].tolist() == places["plain", 2].tolist()
    assert not (places["outage", 5] == 1).any()
    assert places["outage", 14].tolist() == places["plain", 14].tolist()
    assert found.books.block_s[:, 1].sum() == pytest.approx((14 - 6.95) * 51, abs=2 * 51)
    assert found.books.carried_bits[4:8, 1].tolist() == [0, 0, 0, 0]
    assert found.received_bits < plain.received_bits


def test_an_outage_of_the_network_is_one_of_all_sectors(scenario_of):
    found, env = network_with(scenario_of(TEXT), {"ran": Outages.of([(1.0, 2.0)])})
    env.run(until=1_500_000_000)
    assert found.places() == ("ran:site-1-1", "ran:site-1-2", "ran:site-1-3")
    assert found.on_air().tolist() == [False] * 3
    env.run(until=2_500_000_000)
    assert found.on_air().tolist() == [True] * 3


def test_an_outage_of_a_sector_that_is_not_there_is_refused(scenario_of):
    with pytest.raises(
        InputError,
        match=r'^faults: where: "ran:site-2-1" names no sector of ran; accepted: ran:site-1-1, ran:',
    ):
        network_with(scenario_of(TEXT), {"ran:site-2-1": Outages.of([(1, 2)])})
