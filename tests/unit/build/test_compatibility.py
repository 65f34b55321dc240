"""What a node contracts for one device is not sent to be expanded on another."""

import pytest

from netgen.build.assembly import build_simulation
from netgen.errors import InputError
from netgen.ledger import LedgerWriter

TEXT = """
name: ends
duration: 5 s
nodes:
  A: {kind: edge, gpu: L4}
  D: {kind: edge, gpu: RTX-3090, actions: []}
  F: {kind: edge, gpu: RTX-3090}
  M: {kind: cell, radio: {capacity: 8 Mbit/s, peak_rate: 4 Mbit/s}}
links: {A -> D: {capacity: 5 Mbit/s}, D -> F: {capacity: 5 Mbit/s}, F -> M: {capacity: 5 Mbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
actions:
  hyper: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB}, bits_per_pixel: 0.01,
          semantic_fidelity: 0.9, mode: semi-reference, compatibility: device}
services: {s: {content: v, from: A, to: M}}
audiences: {fans: {count: 2, cells: M, watches: s}}
"""


@pytest.fixture
def build(scenario_of, tmp_path):
    def go(*overrides):
        writer = LedgerWriter(tmp_path)
        try:
            return build_simulation(scenario_of(TEXT, *overrides), writer, seed=1)
        finally:
            writer.close()

    return go


def test_both_ends_are_named(build):
    with pytest.raises(InputError) as told:
        build()
    message = str(told.value)
    assert message.startswith('actions.hyper: what "A" contracts on L4 cannot be expanded by "F" on RTX-3090')
    assert 'service "s"' in message


@pytest.mark.parametrize(
    "overrides",
    [
        ("nodes.F.gpu=L4",),
        ("nodes.F.actions=[]",),
        ("nodes.A.actions=[]",),
        ("actions.hyper.compatibility=weights",),
        ("actions.hyper.compatibility=null",),
    ],
)
def test_what_fits_is_accepted(build, overrides):
    (service,) = build(*overrides).services
    assert [link.name for link in service.paths["M"]] == ["A->D", "D->F", "F->M"]


def test_terminals_are_an_end_as_well(build):
    with pytest.raises(InputError, match="the terminals of fans"):
        build(
            "nodes.F.actions=[]",
            "audiences.fans.terminal={generator: {device: RTX-3090, memory: 8 GB, power: 5 W}}",
        )
    build("nodes.F.actions=[]", "audiences.fans.terminal={generator: {device: L4, memory: 8 GB, power: 5 W}}")
