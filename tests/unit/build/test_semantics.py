"""What a link could carry at best, by hand."""

import math

import pytest

from netgen.build.assembly import build_simulation
from netgen.generative.semantic_capacity import Candidate
from netgen.ledger import LedgerWriter

TEXT = """
name: semantics
seed: 1
duration: 10 s
nodes:
  A: {kind: edge, gpu: {device: L4, streams: 2}}
  D: relay
  F: {kind: edge, gpu: {device: L4, streams: 1}}
  H: terminal
links: {A -> D: {capacity: 3 Mbit/s}, D -> F: {capacity: 2 Mbit/s}, F -> H: {capacity: 50 Mbit/s}}
contents: {v: {kind: parametric, format: 1000x1000@10, rate: 4 Mbit/s, class: sports, semantic_bits: 20}}
actions:
  key: {declared: {contract_time: 500 ms, expand_time: 2 s, memory: 2 GB}, bits_per_pixel: 0.01,
        semantic_fidelity: 0.9, mode: semi-reference}
services: {s: {content: v, from: A, to: H}}
"""
PLAIN = Candidate(20 / 4e6, math.inf)
SIZE = 0.01 * 10 * 1e6


@pytest.fixture
def candidates(scenario_of, tmp_path):
    def go(*overrides):
        simulation = build_simulation(scenario_of(TEXT, *overrides), LedgerWriter(tmp_path), seed=1)
        return simulation.candidates, simulation.uncontracted

    return go


def test_a_contracted_segment_counts_between_who_makes_and_who_uses_it(candidates):
    found, uncontracted = candidates()
    # A contracts 2 streams / 0.5 s = 4 segments a second; F expands one in 2 s.
    contracted = Candidate(20 * 0.9 / SIZE, 0.5 * SIZE)
    assert found["A->D"] == found["D->F"] == [PLAIN, contracted]
    assert found["F->H"] == [PLAIN]  # H cannot expand, and the representation cannot be shown as it is
    assert uncontracted == {name: pytest.approx(20 / 4e6) for name in ("A->D", "D->F", "F->H")}


def test_what_can_be_shown_as_it_is_needs_nobody_to_expand_it(candidates):
    """Up to F only A can contract it; on F's own link F's GPU can do so as well."""
    found, _ = candidates("actions.key.playable=true")
    assert found["D->F"] == [PLAIN, Candidate(20 * 0.9 / SIZE, 4 * SIZE)]
    assert found["F->H"] == [PLAIN, Candidate(20 * 0.9 / SIZE, 6 * SIZE)]


def test_what_the_service_does_not_accept_does_not_count(candidates):
    found, _ = candidates("services.s.required_fidelity=0.95")
    assert found["A->D"] == [PLAIN]


def test_no_gpu_no_contraction(candidates):
    found, _ = candidates("nodes.A.gpu=null")
    assert found["A->D"] == found["D->F"] == [PLAIN]
