"""A simulation of a scenario: every part wired to the right one."""

import pytest

from netgen.build.assembly import build_simulation
from netgen.errors import InputError
from netgen.ledger import LedgerWriter

TEXT = """
name: assembly
seed: 1
duration: 10 s
nodes: {A: server, B: relay, C: terminal, D: terminal}
links: {A -> B: {capacity: 9 Mbit/s}, B -> C: {capacity: 9 Mbit/s}, B -> D: {capacity: 9 Mbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 1 Mbit/s, segment: 500 ms, class: sports, semantic_bits: 10}}
services:
  s: {content: v, from: A, to: [C, D], start: 2 s, stop: 4 s, deadline: 1.5 s}
  t: {content: v, from: A, to: C, arrivals: poisson, start: 1 s, cast: multicast, stop: 99 s}
background: {b: {from: A, to: D, rate: 2 Mbit/s, packet: 1000 B, kind: constant, start: 3 s}}
"""


@pytest.fixture
def built(scenario_of, tmp_path):
    def go(*overrides, seed=1):
        scenario = scenario_of(TEXT, *overrides)
        folder = tmp_path / f"records-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        return build_simulation(scenario, LedgerWriter(folder), seed=seed)

    return go


def test_services_offer_when_they_are_told_to(built):
    one, other = built().services
    assert [int(ns) for ns in one.offers_ns] == [2_000_000_000, 2_500_000_000, 3_000_000_000, 3_500_000_000]
    assert (one.deadline_ns, other.deadline_ns) == (1_500_000_000, None)
    assert (one.multicast, other.multicast) == (False, True)
    assert 5 < len(other.offers_ns) < 35
    assert other.offers_ns[0] >= 1_000_000_000
    assert other.offers_ns[-1] < 10_000_000_000


def test_random_offers_depend_on_seed_and_name_alone(built):
    def offers(*overrides, **more):
        return built(*overrides, **more).services[1].offers_ns.tolist()

    assert offers() == offers("services.s.start=3 s", "background={}")
    assert offers() != offers(seed=2)


def test_links_know_how_many_services_use_them(built):
    simulation = built()
    assert {link.name: link.services for link in simulation.transport.links} == {
        "A->B": 2,
        "B->C": 2,
        "B->D": 1,
    }


def test_background_goes_the_shortest_way(built):
    [flow] = built().background
    assert [link.name for link in flow.path] == ["A->B", "B->D"]
    assert (flow.packet_bits, flow.start_ns, flow.stop_ns, flow.poisson) == (
        8000,
        3 * 10**9,
        10 * 10**9,
        False,
    )


def test_a_forced_policy_that_is_not_there_is_an_error(scenario_of, tmp_path):
    scenario = scenario_of(TEXT.replace("A: server", "A: {kind: edge, gpu: L4}"))
    with pytest.raises(InputError, match='did you mean "forward"'):
        build_simulation(scenario, LedgerWriter(tmp_path), seed=1, forced_policy="forwrad")
