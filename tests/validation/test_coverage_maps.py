"""Maps against the simulation's own reception: the same probability where its users stand, over many worlds."""

import numpy as np
import pytest

from netgen.coverage.made_map import MapOptions
from netgen.coverage.maps import coverage_maps
from netgen.nr.numerology import Numerology
from netgen.propagation.correlated_field import CorrelatedField
from netgen.propagation.path_loss import Environment
from netgen.radio.channel import Channel, Terminals
from netgen.radio.signals import make_signals
from netgen.rng import Streams
from netgen.scenario import load_scenario
from netgen.world.audiences import build_columns
from netgen.world.cellular import build_layouts, build_sectors, carrier_noise_dbm
from netgen.world.crowd import build_crowd
from netgen.world.towers import build_channels

SCENARIO = """
name: field
seed: 1
duration: 1 s
nodes:
  S: server
  ran:
    kind: ran
    radio:
      layout: {kind: hexagonal, sites: 7, spacing: 500 m, wrap_around: true}
      environment: uma
      carrier: 2 GHz
      bandwidth: 20 MHz
  mast:
    kind: tower
    radio:
      kind: atsc3
      carrier: 600 MHz
      transmitters: {main: {at: [0 m, 0 m], height: 100 m, power: 10 kW}}
      pipes: {only: {constellation: 64QAM, code_rate: 9/15}}
links: {S -> mast: {capacity: 50 Mbit/s}, S -> ran: {capacity: 50 Mbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services: {a: {content: v, from: S, to: mast}, b: {content: v, from: S, to: ran}}
audiences:
  far:
    {count: 500, tower: mast, watches: a, terminal: {receiver: portable-indoor}, place: {kind: disc, radius: 36 km}}
  near: {count: 10, cells: ran, watches: b}
"""
SEEDS = range(20, 30)
BINS = np.array([0.0, 0.2, 0.4, 0.65, 0.9, 1.0])


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    path = tmp_path_factory.mktemp("field") / "field.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    return lambda *overrides: load_scenario(path, overrides)


def received_share(scenario, seed):
    """Positions of the users and whether the simulation has them covered at the start."""
    streams = Streams(seed)
    columns, layouts = build_columns(scenario, streams), build_layouts(scenario)
    located = build_crowd(scenario, streams, layouts)
    channel = build_channels(scenario, streams, columns=columns, located=located)["mast:only"]
    covered, _ = channel.chances(np.arange(500), time_s=0.0, size_bits=1_000_000)
    return located.crowd.x_m[:500], located.crowd.y_m[:500], covered


def test_one_transmitter_is_received_as_often_as_its_map_says(field):
    """In each class of probability the share of 5,000 users covered is the map's mean; 4 standard errors."""
    scenario = field()
    wider = "audiences.far.place.radius=40 km"  # whichever places the worlds draw, the map holds them
    made = next(made for made in coverage_maps(field(wider)) if made.pipe == "only")
    worlds = [received_share(scenario, seed) for seed in SEEDS]
    x_m, y_m, covered = (np.concatenate(column) for column in zip(*worlds, strict=True))
    probability = made.coverage.at(x_m, y_m)
    assert made.receiver == "portable-indoor"
    bins = np.digitize(probability, BINS[1:-1])
    for number in range(len(BINS) - 1):
        mine = bins == number
        expected = probability[mine]
        error = np.sqrt((expected * (1.0 - expected)).sum()) / mine.sum()
        assert mine.sum() > 250
        assert error < 0.03
        assert covered[mine].mean() == pytest.approx(expected.mean(), abs=4.0 * error + 0.002)
    # The test sees an error of 1 dB: the same maps for a required C/N that is 1 dB off are refused.
    whole = np.sqrt((probability * (1.0 - probability)).sum()) / len(probability)
    for power in ("12.6 kW", "7.94 kW"):
        off = coverage_maps(field(wider, f"nodes.mast.radio.transmitters.main.power={power}"))[-1].coverage
        assert abs(off.at(x_m, y_m).mean() - covered.mean()) > 4.0 * whole


def test_cells_serve_random_drops_as_often_as_their_map_says(field):
    """Users dropped at random into the wrap-around layout, in 60 worlds, against the map at their places."""
    scenario, threshold_db, worlds = field(), 5.0, 60
    radio, layout = scenario.nodes["ran"].radio, build_layouts(scenario)["ran"]
    maps = {
        level: coverage_maps(scenario, MapOptions(sinr_db=level))[0].coverage for level in (4.0, 5.0, 6.0)
    }
    rng, sectors = np.random.default_rng(3), build_sectors(radio, layout)
    x_m, y_m = layout.drop(400, rng, min_distance_2d_m=40.0)
    everyone, served = np.arange(len(x_m)), np.zeros(len(x_m))
    noise_dbm = carrier_noise_dbm(radio, Numerology(radio.subcarrier_spacing_hz, radio.bandwidth_hz))
    shared = CorrelatedField.drawn(rng)
    for _ in range(worlds):
        channel = Channel.drawn(Environment.UMA, 2e9, sites=7, rng=rng, field=shared)
        signals = make_signals(sectors, Terminals(np.full(len(x_m), 1.5)), channel, noise_dbm=noise_dbm)
        signals.move(x_m, y_m)
        sinr = signals.sinr(everyone, signals.strongest(everyone), np.ones(sectors.count))
        served += sinr >= 10.0 ** (threshold_db / 10.0)
    share, probability = served / worlds, maps[5.0].at(x_m, y_m)
    assert share.mean() == pytest.approx(probability.mean(), abs=0.015)
    for level in (4.0, 6.0):
        assert abs(maps[level].at(x_m, y_m).mean() - share.mean()) > 0.03
    bins = np.digitize(probability, [0.35, 0.65, 0.9])
    for number in range(4):
        mine = bins == number
        assert mine.sum() > 20
        assert share[mine].mean() == pytest.approx(probability[mine].mean(), abs=0.05)
