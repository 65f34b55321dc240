"""One wrong value inside of collaboration is one error: nothing follows from what was left out."""

import pytest

from netgen.errors import ScenarioError
from netgen.scenario import load_scenario
from tests.unit.scenario.test_policy_check import POLICIES, TEXT

FAULTS = "faults: [{what: cores, at: 2 s, repair: 1 s}]\n"


@pytest.fixture
def told(tmp_path, monkeypatch):
    """The lines of the message about a scenario whose collaboration is this, in the flow style of YAML."""
    monkeypatch.chdir(tmp_path)

    def go(collaboration, baseline="moving"):
        text = TEXT.replace("BASELINE", f"baseline: {baseline}").replace("NODE", "policy: forward")
        text = text.replace("SERVICE", "policy: forward").partition("collaboration:")[0]
        text += f'collaboration: {collaboration}\n{FAULTS}policies: {{moving: "{POLICIES}/continuation.py:Threshold"}}\n'
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
