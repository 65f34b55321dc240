"""One wrong value inside of collaboration is one error: nothing follows from what was left out."""

from pathlib import Path

import pytest

from netgen.errors import ScenarioError
from netgen.scenario import load_scenario

POLICIES = Path(__file__).resolve().parents[3] / "policies"
TEXT = f"""
name: modes
duration: 5 s
baseline: BASELINE
nodes:
  A: server
  M: {{kind: tower, radio: {{capacity: 5 Mbit/s}}}}
  C: {{kind: cell, radio: {{capacity: 5 Mbit/s, peak_rate: 5 Mbit/s}}}}
links: {{A -> M: {{capacity: 5 Mbit/s}}, A -> C: {{capacity: 5 Mbit/s}}}}
contents: {{c: {{kind: parametric, format: 360p25, rate: 1 Mbit/s, class: natural, semantic_bits: 8}}}}
services: {{s: {{content: c, from: A, to: [M, C]}}}}
audiences: {{u: {{count: 2, tower: M, cells: [C], watches: s}}}}
faults: [{{what: cores, at: 2 s, repair: 1 s}}]
policies: {{moving: "{POLICIES}/continuation.py:Threshold"}}
collaboration: COLLABORATION
"""


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The lines of the message about a scenario whose collaboration is this, in the flow style of YAML."""
    monkeypatch.chdir(tmp_path)

    def go(collaboration, baseline="moving"):
        text = TEXT.replace("BASELINE", baseline).replace("COLLABORATION", collaboration)
        (tmp_path / "k.yaml").write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError) as refused:
            load_scenario("k.yaml")
        return str(refused.value).splitlines()

    return go


@pytest.mark.parametrize(
    ("collaboration", "path"),
    [
        ("{continuation: {services: [s], policy: moving, poor: 0 %}}", "continuation.poor"),
        ("{continuation: {services: [s], policy: moving, horizon: 0 s}}", "continuation.horizon"),
        ("{continuation: {services: [s], policy: moving, predictor: perfct}}", "continuation.predictor"),
        ("{continuation: {services: [], policy: moving}}", "continuation.services"),
        ("{continuation: {services: [s], policy: moving}, admission: 150 %}", "admission"),
        ("{continuation: {services: [s], policy: moving}, cores: {period: 0 s}}", "cores.period"),
        ("{continuation: {services: [s], policy: moving}, offloading: {services: []}}", "offloading.services"),
        ("{continuaton: {services: [s], policy: moving}}", "continuaton"),
        ("{continuation: yes}", "continuation"),
        ("[continuation]", ""),
    ],
)  # fmt: skip
def test_only_what_is_wrong_is_told(told, collaboration, path):
    (line,) = told(collaboration)
    assert f"collaboration.{path}".rstrip(".") in line


def test_the_built_in_baseline_is_known_all_the_same(told):
    (line,) = told("[continuation]", baseline="never-collaborate")
    assert "collaboration" in line


def test_the_other_modes_are_still_checked(told):
    lines = told("{continuation: {services: [s], policy: moving, poor: 0}, offloading: {services: [absent]}}")
    assert len(lines) == 2
    assert "continuation.poor" in lines[0]
    assert 'offloading.services[0] = "absent": is not a service' in lines[1]


@pytest.mark.parametrize("collaboration", ["{}", "null", "{continuation: null, admission: 90 %}"])
def test_without_a_mode_the_consequences_are_told(told, collaboration):
    lines = told(collaboration)
    assert len(lines) == 2
    assert "baseline" in lines[0]
    assert "replaces nothing here" in lines[0]
    assert "no mode of collaboration uses the cores" in lines[1]
