"""Every policy meets the same world: what it draws, decides, or breaks moves nothing that is not its own."""

import json

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.build.assembly import build_simulation
from netgen.errors import PolicyError
from netgen.ledger import LedgerWriter
from netgen.run import run
from netgen.scenario import load_scenario

POLICIES = """
import numpy as np

from netgen.policy import Drop, RelayPolicy


class Wild(RelayPolicy):
    '''Draws `draws` numbers, then drops with probability `drop`, contracts with `contract`, fails after `until`.'''

    def __init__(self, *, draws: int = 0, drop: float = 0.0, contract: float = 0.0, until: float = 1e9) -> None:
        self.draws, self.drop, self.contract, self.until = draws, drop, contract, until

    def decide(self, view, rng):
        if view.time_s > self.until:
            raise RuntimeError("had enough")
        rng.random(self.draws)
        luck = rng.random()
        if luck < self.drop:
            return Drop()
        if view.expansion is not None and not view.forward.expandable_downstream:
            return view.expansion.decision
        usable = view.contractions
        if luck < self.drop + self.contract and usable:
            return usable[0].decision
        return view.forward.decision


class Scribe(RelayPolicy):
    '''Forwards, and writes down what it drew.'''

    def decide(self, view, rng):
        from dataclasses import replace

        return replace(view.forward.decision, reason=repr(float(rng.random())))
"""

WORLD = """
name: world
seed: 11
duration: 8 s
nodes:
  X: server
  S: {kind: edge, gpu: {device: L4, streams: 4}}
  mast: {kind: tower, radio: {capacity: 8 Mbit/s, coverage: 70 %, segment_loss: 20 %}}
  c1: {kind: cell, gpu: {device: L4, streams: 4}, radio: {capacity: 30 Mbit/s, peak_rate: 9 Mbit/s}}
  T: terminal
links:
  X -> S: {capacity: 10 Mbit/s}
  S -> mast: {capacity: 10 Mbit/s}
  S -> c1: {capacity: 30 Mbit/s, queue: 9 MB}
  S -> T: {capacity: 6 Mbit/s, loss: {kind: gilbert, loss_bad: 60 %, good: 500 ms, bad: 300 ms}}
contents:
  base: {kind: parametric, format: 720p25, rate: 2 Mbit/s, sizes: exponential, class: sports, semantic_bits: 40}
  more: {kind: parametric, format: 720p25, rate: 1 Mbit/s, sizes: lognormal, variation: 40 %, class: sports,
         semantic_bits: 15}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB}, bits_per_pixel: 0.005,
        semantic_fidelity: 0.9, mode: semi-reference, playable: true}
policies:
  wild: {use: "wild.py:Wild"}
  scribe: {use: "wild.py:Scribe"}
services:
  common: {content: base, from: S, to: mast, policy: wild}
  personal: {content: more, from: S, to: c1, policy: wild, personal: true}
  call: {content: more, from: S, to: T, policy: wild, arrivals: poisson, loss_tolerance: 50 %}
  watched: {content: more, from: S, to: T, policy: scribe, arrivals: poisson}
audiences:
  crowd: {count: 9, tower: mast, cells: c1, watches: [common, personal], join: {kind: uniform, over: 6 s}}
background:
  noise: {from: X, to: T, rate: 1 Mbit/s}
"""


@pytest.fixture(scope="module")
def scenario_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    (folder / "wild.py").write_text(POLICIES, encoding="utf-8")
    (folder / "world.yaml").write_text(WORLD, encoding="utf-8")
    return folder / "world.yaml"


class World:
    """What happened to every policy alike, as records tell it, and what the policies did with it."""

    def __init__(self, folder) -> None:
        segments = pq.read_table(folder / "segments.parquet").to_pylist()
        self.offered, self.sizes, self.users, self.lucky = set(), {}, {}, {}
        self.broadcast_bits = set()
        for row in segments:
            key = (row["service"], row["index"], row["receiver"])
            self.offered.add((*key, row["offered_s"], row["semantic_bits_offered"]))
            self.sizes[key] = row["source_bits"]
            self.users[key] = self.users.get(key, 0) + row["users"]
            if row["service"] == "common" and row["users_delivered"]:
                self.lucky[key] = row["users_delivered"]
                self.broadcast_bits.add(row["received_bits"])
        links = pq.read_table(folder / "links.parquet").to_pylist()
        self.noise = [row["background_bits"] for row in links if row["link"] == "X->S"]
        decisions = pq.read_table(folder / "decisions.parquet").to_pylist()
        self.kinds = {(row["kind"]) for row in decisions if row["policy"] == "wild"}
        self.written = [row["reason"] for row in decisions if row["policy"] == "scribe"]


@pytest.fixture(scope="module")
def world_of(scenario_file, tmp_path_factory):
    def go(**parameters):
        out = tmp_path_factory.mktemp("run") / "out"
        run(scenario_file, overrides=[f"policies.wild.with={json.dumps(parameters)}"], out=out)
        return World(out)

    return go


@pytest.fixture(scope="module")
def plain(world_of):
    return world_of()


def test_the_reference_world_is_rich_enough(plain):
    assert len(plain.offered) > 25
    assert len(set(plain.sizes.values())) > 12
    assert len(set(plain.users.values())) > 4
    assert len(set(plain.noise)) > 4
    assert 0 < min(plain.lucky.values()) < max(plain.lucky.values())
    assert {row for row in plain.broadcast_bits if row > 0} != {round(0.005 * 1280 * 720 * 25)}
    assert len(set(plain.written)) == len(plain.written) > 4


@settings(max_examples=25)
@given(
    draws=st.integers(0, 20),
    drop=st.sampled_from([0.0, 0.3, 1.0]),
    contract=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_whatever_a_policy_draws_and_decides_the_world_is_the_same(world_of, plain, draws, drop, contract):
    world = world_of(draws=draws, drop=drop, contract=contract)
    assert world.offered == plain.offered
    assert world.sizes == plain.sizes
    assert world.users == plain.users
    assert world.noise == plain.noise
    assert world.written == plain.written
    shared = world.lucky.keys() & plain.lucky.keys()
    assert {key: world.lucky[key] for key in shared} == {key: plain.lucky[key] for key in shared}
    if drop == 0:
        assert shared == plain.lucky.keys()
    if drop == 1:
        assert world.kinds == {"drop"}
    if contract == 1 and drop == 0:
        assert world.kinds == {"contract", "expand", "forward"}
        assert world.broadcast_bits == {round(0.005 * 1280 * 720 * 25)}


@settings(max_examples=10)
@given(until=st.floats(0.5, 7.5))
def test_until_a_policy_fails_it_met_the_same_world(scenario_file, plain, tmp_path_factory, until):
    out = tmp_path_factory.mktemp("run") / "out"
    with pytest.raises(PolicyError, match="had enough"):
        run(scenario_file, overrides=[f"policies.wild.with={{until: {until!r}}}"], out=out)
    world = World(out)
    assert world.offered <= plain.offered
    assert {key: plain.sizes[key] for key in world.sizes} == world.sizes
    assert {key: plain.lucky[key] for key in world.lucky} == world.lucky
    assert world.written == plain.written[: len(world.written)]
    decided = [
        row["time_s"]
        for row in pq.read_table(out / "decisions.parquet").to_pylist()
        if row["policy"] == "wild"
    ]
    assert max(decided) <= until


def state_of_the_world(path, folder, parameters):
    """Everything that was drawn for a run, looked at after the run."""
    scenario = load_scenario(path, [f"policies.wild.with={json.dumps(parameters)}"])
    folder.mkdir()
    writer = LedgerWriter(folder)
    simulation = build_simulation(scenario, writer, seed=scenario.seed)
    simulation.run()
    writer.close()
    reception = simulation.relay.reception
    return {
        "bursts": {link.name: link.loss.unit.change_s.tolist() for link in simulation.transport.links},
        "noise": {link.name: int(link.noise_key) for link in simulation.transport.links},
        "offers": {service.name: service.offers_ns.tolist() for service in simulation.services},
        "packets": {service.name: int(service.key) for service in simulation.services},
        "joins": simulation.population.join_s.tolist(),
        "coverage": {name: tower.covered.tolist() for name, tower in reception.broadcasts.items()},
        "reception": {name: int(tower.key) for name, tower in reception.broadcasts.items()},
        "background": {flow.name: flow.rng.bit_generator.state for flow in simulation.background},
    }


def test_bursts_joins_coverage_and_background_are_drawn_alike(scenario_file, tmp_path):
    calm = state_of_the_world(scenario_file, tmp_path / "calm", {})
    wild = state_of_the_world(scenario_file, tmp_path / "wild", {"draws": 9, "drop": 0.4, "contract": 0.6})
    assert wild == calm
    assert len(calm["bursts"]["S->T"]) > 4


def test_a_policy_stream_is_its_own(world_of, scenario_file, tmp_path):
    """The draws of one policy stay where they are when a service is added or another policy is used."""
    before = world_of().written
    out = tmp_path / "more"
    more = "{content: base, from: S, to: T, policy: scribe}"
    run(scenario_file, overrides=[f"services.extra={more}", "services.call.policy=forward"], out=out)
    decisions = pq.read_table(out / "decisions.parquet").to_pylist()
    assert [row["reason"] for row in decisions if row["service"] == "watched"] == before
    assert {row["reason"] for row in decisions if row["service"] == "extra"}.isdisjoint(before)


def test_another_seed_is_another_world(scenario_file, plain, tmp_path):
    run(scenario_file, seed=12, out=tmp_path / "other")
    other = World(tmp_path / "other")
    assert other.offered != plain.offered
    assert other.noise != plain.noise
    assert other.written != plain.written
