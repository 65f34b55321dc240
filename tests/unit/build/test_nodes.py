"""Nodes of a scenario: their devices, what these can do, and who decides."""

import dataclasses

import pytest
import simpy

from netgen.build.contents import build_menu
from netgen.build.nodes import build_device, build_nodes, find_skills
from netgen.errors import InputError
from netgen.generative.action import Menu
from netgen.rng import Streams

TEXT = """
name: nodes
duration: 10 s
nodes:
  A: {kind: edge, gpu: {device: L4, streams: 3, memory: 4 GB, load_rate: 5 GB/s, idle_power: 9 W}}
  R: relay
  P: {kind: relay, policy: other}
  M: {kind: tower, radio: {capacity: 8 Mbit/s}}
  B: terminal
links: {A -> R: {capacity: 5 Mbit/s}, R -> P: {capacity: 5 Mbit/s}, P -> B: {capacity: 5 Mbit/s}}
contents: {v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}}
actions:
  small: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB}, bits_per_pixel: 0.01,
          semantic_fidelity: 0.9, mode: semi-reference}
  large: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 9 GB}, bits_per_pixel: 0.02,
          semantic_fidelity: 0.95, mode: semi-reference}
  half: {profile: x265-half, bits_per_pixel: 0.02, semantic_fidelity: 0.9}
  cttr: {profile: cttr, bits_per_pixel: 0.01, semantic_fidelity: 0.9}
  cdc: {profile: cdc, semantic_fidelity: 0.9}
policies: {other: forward, third: forward}
services: {s: {content: v, from: A, to: B}, t: {content: v, from: A, to: B, policy: third}}
"""


@pytest.fixture
def built(scenario_of):
    def go(*overrides, forced_policy=None):
        scenario = scenario_of(TEXT, *overrides)
        return build_nodes(
            scenario, Streams(1), simpy.Environment(0), menu=build_menu(scenario),
            forced_policy=forced_policy,
        )  # fmt: skip

    return go


def test_a_device_with_what_the_scenario_changes(built):
    nodes, _ = built()
    device = nodes["A"].gpu.device
    assert (device.name, device.streams, device.memory_bytes) == ("L4", 3, 4_000_000_000)
    assert (device.load_rate_byte_per_s, device.idle_power_w, device.peak_power_w) == (5e9, 9.0, 72.0)
    assert nodes["R"].gpu is nodes["B"].gpu is None


def test_what_a_device_can_do_and_why_it_cannot_do_the_rest(built):
    nodes, notes = built()
    assert nodes["A"].contractions == ("small", "cttr")
    # The weights of CDC's encoder are not known to take part: its paper gives no time to encode.
    assert nodes["A"].expansions == ("small", "cttr", "cdc")
    by_action = {note.split()[4].rstrip(":"): note for note in notes if note.startswith("node A cannot run ")}
    assert by_action["large"].endswith("needs 9000000000 byte of memory, L4 has 4000000000")
    assert by_action["cdc"].endswith("its profile gives no time to contract")
    assert "cannot be estimated for L4" in by_action["half"]
    assert set(by_action) == {"large", "half", "cdc"}


def test_an_action_must_be_possible_for_every_class_of_content(scenario_of):
    """One class is possible, another is not: whichever comes first in the scenario, this is found at once."""
    scenario = scenario_of(TEXT, "nodes.A.actions=[small]")
    menu = build_menu(scenario)
    possible = menu.of("small", "sports")
    impossible = dataclasses.replace(possible, expand_work=None)
    too_large = dataclasses.replace(possible, memory_bytes=10**13)
    device = build_device("A", scenario.nodes["A"].gpu)
    for other, expansions, contractions in ((impossible, (), ("small",)), (too_large, (), ())):
        for order in ([possible, other], [other, possible]):
            variants = {("small", f"class {place}"): action for place, action in enumerate(order)}
            skills = find_skills(device, ("small",), Menu(variants))
            assert (skills.expansions, skills.contractions) == (expansions, contractions)
            assert len(skills.refusals) == 1


def test_a_list_of_actions_is_kept_to(built):
    nodes, notes = built("nodes.A.actions=[small]")
    assert nodes["A"].contractions == nodes["A"].expansions == ("small",)
    assert notes == ()
    none, _ = built("nodes.A.actions=[]")
    assert none["A"].contractions == ()


def test_being_told_to_run_what_the_device_cannot_is_an_error(built):
    with pytest.raises(InputError, match=r"^nodes.A.actions: L4 cannot run large: needs 9000000000 byte"):
        built("nodes.A.actions=[small, large]")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("nodes.A.gpu.device=L44", 'no device is called "L44"; did you mean "L4"'),
        ("nodes.A.gpu={device: A100 (variant not given)}", "the memory of A100 .* is not known; give memory"),
        ("nodes.A.gpu.idle_power=90 W", "idle_power_w must lie in 0..peak_power_w"),
    ],
)
def test_impossible_devices_are_errors(built, override, message):
    with pytest.raises(InputError, match=message):
        built(override)


def test_who_decides_where(built):
    nodes, _ = built()
    assert {name: {s: d.name for s, d in node.deciders.items()} for name, node in nodes.items()} == {
        "A": {"s": "forward", "t": "third"},
        "R": {},
        "P": {"s": "other", "t": "other"},
        "M": {},
        "M:air": {},
        "B": {},
    }
    forced, _ = built(forced_policy="third")
    assert {d.name for node in forced.values() for d in node.deciders.values()} == {"third"}


def test_every_decider_has_an_instance_and_a_stream_of_its_own(built):
    nodes, _ = built()
    deciders = [decider for node in nodes.values() for decider in node.deciders.values()]
    assert len({id(decider.policy) for decider in deciders}) == len(deciders) == 4
    assert len({decider.rng.random() for decider in deciders}) == 4
