"""Links and routes of a scenario as parts of the engine."""

import numpy as np
import pytest

from netgen.build.network import build_network, service_paths
from netgen.errors import InputError
from netgen.rng import Streams

SIZE = np.array(12_000)

TEXT = """
name: network
duration: 20 s
nodes: {A: server, B: relay, C: relay, D: terminal, M: {kind: tower, radio: {capacity: 8 Mbit/s, delay: 3 ms}}}
links:
  A -> B: {capacity: 1 Mbit/s, delay: 1 ms, queue: 2 kB, loss: 2 %, retransmissions: 3}
  B -> D: {capacity: 1 Mbit/s, delay: 1 ms}
  A -> C: {capacity: {kind: steps, steps: {0 s: 9 Mbit/s, 5 s: 1 Mbit/s}, period: 10 s}, delay: 9 ms, queue: null}
  C -> D: {capacity: {kind: trace, path: c.csv}, delay: 9 ms}
  A -> M: {capacity: 20 Mbit/s, delay: 4 ms, loss: {kind: gilbert, loss_bad: 50 %, good: 2 s, bad: 1 s}}
  M -> A: {capacity: 20 Mbit/s, delay: 4 ms, loss: {kind: gilbert, loss_bad: 50 %, good: 2 s, bad: 1 s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
services:
  s: {content: v, from: A, to: D}
  t: {content: v, from: A, to: M}
audiences: {crowd: {count: 3, tower: M, watches: t}}
"""
FILES = {"c.csv": "time_s,rate_bps\n0,5e6\n2,7e6\n"}


@pytest.fixture
def built(scenario_of):
    def go(*overrides, seed=1):
        scenario = scenario_of(TEXT, *overrides, files=FILES)
        return scenario, build_network(scenario, Streams(seed))

    return go


def names(path):
    return [link.name for link in path]


def test_links_are_what_the_scenario_says(built):
    _, network = built()
    assert list(network.links) == ["A->B", "B->D", "A->C", "C->D", "A->M", "M->A", "M->M:air"]
    link = network.links["A->B"]
    assert (link.source, link.target, link.delay_ns, link.queue_bits, link.retransmissions) == (
        "A", "B", 1_000_000, 16_000, 3,
    )  # fmt: skip
    assert link.loss.probability(np.array([1.0]), SIZE).tolist() == [0.02]
    assert network.links["A->C"].queue_bits is None
    rates = [network.links["A->C"].capacity.rate_at(time_s) for time_s in (0, 4.9, 5, 9.9, 10, 15)]
    assert rates == [9e6, 9e6, 1e6, 1e6, 9e6, 1e6]
    assert [network.links["C->D"].capacity.rate_at(time_s) for time_s in (0, 2, 99)] == [5e6, 7e6, 7e6]


def test_a_tower_has_a_channel_to_its_listeners(built):
    scenario, network = built()
    air = network.links["M->M:air"]
    assert (air.capacity.rate_at(0), air.delay_ns, air.queue_bits) == (8e6, 3_000_000, None)
    assert names(service_paths("t", scenario.services["t"], scenario, network)["M:air"]) == [
        "A->M",
        "M->M:air",
    ]


def test_bursts_belong_to_the_link_and_the_seed(built):
    def bursts(*overrides, name="A->M", **more):
        _, network = built(*overrides, **more)
        return network.links[name].loss.unit.change_s.tolist()

    assert bursts() == bursts("links.A->B.capacity=5 Mbit/s")
    assert bursts() != bursts(seed=2)
    assert bursts() != bursts(name="M->A")
    assert bursts()[-1] >= 20


@pytest.mark.parametrize(
    ("route", "path"),
    [
        ("{weight: delay}", ["A->B", "B->D"]),
        ("{weight: inverse-capacity}", ["A->C", "C->D"]),
        ("{paths: [[A, C, D]]}", ["A->C", "C->D"]),
    ],
)
def test_routes(built, route, path):
    scenario, network = built(f"services.s.route={route}")
    assert names(service_paths("s", scenario.services["s"], scenario, network)["D"]) == path


def test_a_receiver_that_cannot_be_reached_is_an_error(built):
    scenario, network = built()
    lost = scenario.services["s"].model_copy(update={"source": "D", "receivers": ("A",)})
    with pytest.raises(InputError, match=r'services\.s: no way from "D" to "A"'):
        service_paths("s", lost, scenario, network)
