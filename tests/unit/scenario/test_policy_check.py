"""A policy of another kind than its place wants is refused with its place; see also the messages."""

from pathlib import Path

import pytest

from netgen.errors import ScenarioError
from netgen.scenario import load_scenario

POLICIES = Path(__file__).resolve().parents[3] / "policies"
TEXT = """
name: kinds
duration: 5 s
BASELINE
nodes:
  A: server
  M: {kind: tower, radio: {capacity: 5 Mbit/s}, NODE}
  C: {kind: cell, radio: {capacity: 5 Mbit/s, peak_rate: 5 Mbit/s}}
links: {A -> M: {capacity: 5 Mbit/s}, A -> C: {capacity: 5 Mbit/s}}
contents: {c: {kind: parametric, format: 360p25, rate: 1 Mbit/s, class: natural, semantic_bits: 8}}
services: {s: {content: c, from: A, to: [M, C], SERVICE}}
audiences: {u: {count: 2, tower: M, cells: [C], watches: s}}
collaboration: {continuation: {services: [s], policy: MODE}}
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.py").write_text("raise RuntimeError\n", encoding="utf-8")

    def go(baseline="", node="policy: forward", service="policy: forward", mode="never-collaborate"):
        text = TEXT.replace("BASELINE", baseline).replace("NODE", node).replace("SERVICE", service)
        text = text.replace("MODE", mode)
        policies = (
            f'policies: {{relaying: "{POLICIES}/scaling.py:BppThreshold", '
            f'moving: "{POLICIES}/continuation.py:Threshold", adding: "{POLICIES}/addition.py:Cheapest", '
            'broken: "broken.py:Broken"}\n'
        )
        (tmp_path / "k.yaml").write_text(text + policies, encoding="utf-8")
        return load_scenario(tmp_path / "k.yaml")

    return go


def test_policies_of_the_right_kind_are_taken(load):
    made = load(
        baseline="baseline: never-collaborate",
        node="policy: relaying",
        service="policy: relaying",
        mode="moving",
    )
    assert made.baseline == "never-collaborate"
    load(baseline="baseline: relaying")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"node": "policy: moving"}, "nodes.M.policy = \"moving\": is a ContinuationPolicy; accepted: a RelayPolicy"),
        ({"service": "policy: adding"},
         "services.s.policy = \"adding\": is an AdditionPolicy; accepted: a RelayPolicy"),
        ({"mode": "relaying"},
         "collaboration.continuation.policy = \"relaying\": is a RelayPolicy; accepted: a ContinuationPolicy"),
        ({"mode": "adding"}, "is an AdditionPolicy; accepted: a ContinuationPolicy"),
        ({"baseline": "baseline: adding"},
         "k.yaml:4:11: baseline = \"adding\": is an AdditionPolicy, and replaces nothing here; accepted: "
         "a RelayPolicy or a ContinuationPolicy"),
    ],
)  # fmt: skip
def test_another_kind_is_refused_with_its_place(load, given, message):
    with pytest.raises(ScenarioError, match=r"k\.yaml:\d+:\d+: ") as refused:
        load(**given)
    assert message in str(refused.value)


def test_a_policy_that_cannot_be_loaded_is_left_to_whom_wants_it(load, tmp_path):
    assert load(mode="broken").policies["broken"].use == f"{tmp_path}/broken.py:Broken"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("{use: USE, with: {mucho: 1}}",
         'policies.relaying.with.mucho: no parameter "mucho"; accepted: full_bpp, none_bpp, share'),
        ("{use: USE, with: {shar: 1}}",
         'with.shar: no parameter "shar"; accepted: full_bpp, none_bpp, share; did you mean "share"?'),
        ("{use: USE, with: {share: viel}}",
         'policies.relaying.with.share = "viel": is not accepted; accepted: a number without a unit'),
        ("{use: USE, with: {share: -1}}",
         "policies.relaying.with: refused by the policy: share must be positive, got -1.0"),
    ],
)  # fmt: skip
def test_wrong_parameters_are_told_with_their_place(tmp_path, given, message):
    text = (
        TEXT.replace("BASELINE", "").replace("NODE", "policy: forward").replace("SERVICE", "policy: relaying")
    )
    text = text.replace("MODE", "never-collaborate")
    use = f'"{POLICIES}/scaling.py:BppThreshold"'
    path = tmp_path / "k.yaml"
    path.write_text(f"{text}policies:\n  relaying: {given.replace('USE', use)}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(path)
    (line,) = str(refused.value).splitlines()
    assert line.startswith(f"{path}:15:")
    assert message in line
    assert "nput should" not in line


def test_a_required_parameter_is_asked_for_at_its_policy(tmp_path):
    (tmp_path / "own.py").write_text(
        "from netgen.policy import RelayPolicy\n"
        "class Own(RelayPolicy):\n"
        "    def __init__(self, *, limit: float | None, most: int = 3) -> None: ...\n"
        "    def decide(self, view, rng): return view.forward.decision\n",
        encoding="utf-8",
    )
    path = tmp_path / "k.yaml"
    path.write_text("name: k\nduration: 1 s\npolicies: {mine: own.py:Own}\n", encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_scenario(path)
    assert str(refused.value) == (
        f'{path}:3:12: policies.mine: parameter "limit" is missing and has no default'
    )
