"""Which contents and nodes are live, and what is wrong with a live scenario."""

import pytest

from netgen.errors import ScenarioError
from netgen.scenario import load_scenario
from netgen.scenario.live_check import live_contents, node_is_live

TEXT = """
name: live
duration: 4 s
nodes:
  A: {kind: edge, gpu: L4}
  B: {kind: edge, gpu: L4}
links: {A -> B: {capacity: 1 Mbit/s}}
contents:
  real: {kind: file, path: "CLIP", class: talking-face, semantic_bits: 20}
  drawn: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, class: sports, semantic_bits: 10}
actions:
  half: {profile: x265-half, bits_per_pixel: 0.02, semantic_fidelity: 0.9}
services:
  one: {content: real, from: A, to: B}
  two: {content: drawn, from: A, to: B}
"""


@pytest.fixture
def load(tmp_path, root):
    def go(*overrides):
        path = tmp_path / "scenario.yaml"
        clip = root / "scenarios" / "clips" / "portrait.mkv"
        path.write_text(TEXT.replace("CLIP", str(clip)), encoding="utf-8")
        return load_scenario(path, overrides)

    return go


@pytest.fixture
def root(request):
    return request.config.rootpath


def nodes_of(scenario, content):
    return {name: node_is_live(scenario, name, content) for name in scenario.nodes}


def test_nothing_is_live_unless_it_is_said(load):
    scenario = load()
    assert live_contents(scenario) == ()
    assert nodes_of(scenario, "real") == {"A": False, "B": False}


def test_a_content_is_live_at_every_node(load):
    scenario = load("contents.real.fidelity=live")
    assert live_contents(scenario) == ("real",)
    assert nodes_of(scenario, "real") == {"A": True, "B": True}
    assert nodes_of(scenario, "drawn") == {"A": False, "B": False}


def test_a_node_has_the_last_word(load):
    scenario = load("fidelity=live", "contents.drawn.fidelity=profile", "nodes.B.fidelity=profile")
    assert live_contents(scenario) == ("real",)
    assert nodes_of(scenario, "real") == {"A": True, "B": False}


def test_a_live_node_makes_contents_live(load):
    scenario = load("nodes.B.fidelity=live", "contents.drawn.fidelity=profile")
    assert live_contents(scenario) == ("real",)
    assert nodes_of(scenario, "real") == {"A": False, "B": True}


def test_a_content_without_frames_cannot_be_live(load):
    with pytest.raises(
        ScenarioError, match=r'contents.drawn.kind = "parametric": is parametric and has no frames'
    ):
        load("fidelity=live")


def test_a_declared_action_must_say_what_it_runs(load):
    declared = (
        "actions.half={declared: {contract_time: 1 ms, expand_time: 1 ms, memory: 1 GB}, bits_per_pixel: 0.01, "
        "semantic_fidelity: 0.9, mode: semi-reference}"
    )
    with pytest.raises(ScenarioError, match=r"actions\.half: is declared and names nothing to run"):
        load("contents.real.fidelity=live", declared)
    assert load(declared).actions["half"].run is None
