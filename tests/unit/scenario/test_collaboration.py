"""Collaboration, faults, surges and churn: what a loaded scenario holds, and what is warned of."""

from pathlib import Path

import pytest

from netgen.scenario import load_scenario, resolved_yaml, scenario_warnings
from netgen.scenario.radio_check import is_located
from netgen.schema.audience import StayConstant
from netgen.schema.collaboration import PerfectPredictor
from netgen.schema.places import DiscPlace, RectanglePlace

SAMPLES = Path(__file__).parent / "samples"
SAMPLE = SAMPLES / "collaboration.yaml"
OTHER = "audiences.other={count: 1, tower: far, cells: ran, watches: [title-1, title-2, title-3]}"


def warnings_with(*overrides):
    return scenario_warnings(load_scenario(SAMPLE, overrides))


def test_numbers_are_in_si_units():
    scenario = load_scenario(SAMPLE)
    together = scenario.collaboration
    cores = together.cores
    assert (cores.delay_s, cores.rate_bps, cores.message_bits, cores.context_bits, cores.period_s) == (
        0.02,
        1e7,
        2000,
        4000,
        0.5,
    )
    continuation = together.continuation
    assert (continuation.services, continuation.policy) == (("main", "news"), "ahead")
    assert (continuation.horizon_s, continuation.predictor.error_m, continuation.poor) == (8.0, 30.0, 0.2)
    assert (continuation.repair.offset_s, continuation.repair.backoff_s) == (0.2, 2.0)
    assert together.offloading.services == ("title-1", "title-2", "title-3", "news")
    assert (together.addition.services, together.addition.policy) == (("personal",), "never-collaborate")
    assert together.admission == 0.95


def test_arrivals_and_churn_are_in_seconds():
    audiences = load_scenario(SAMPLE).audiences
    step, ramp, event = (audiences[name].join for name in ("crowd", "growing", "final"))
    assert (step.at_s, step.over_s, step.before) == (20.0, 5.0, 0.02)
    assert (ramp.start_s, ramp.over_s, ramp.before) == (10.0, 30.0, 0.1)
    assert (event.start_s, event.rise_s, event.before) == (60.0, 20.0, 0.01)
    assert audiences["recorded"].join.path == SAMPLES / "joins.csv"
    assert audiences["crowd"].stay.mean_s == 60.0
    assert audiences["growing"].stay == StayConstant(kind="constant", **{"for": "40 s"})
    assert audiences["final"].stay.for_s == 90.0
    assert audiences["train"].stay is None


def test_terminals_hold_batteries_and_generators():
    terminal = load_scenario(SAMPLE).audiences["train"].terminal
    generator = terminal.generator
    assert (terminal.tuner, terminal.battery_joule, terminal.charge) == (0.9, 54_000.0, 0.6)
    assert (generator.device, generator.slowdown, generator.memory_bytes, generator.power_w) == (
        "L4",
        4.0,
        6 * 10**9,
        5.0,
    )


def test_holes_are_places_and_make_their_listeners_be_somewhere():
    scenario = load_scenario(SAMPLE)
    tunnel, valley = scenario.nodes["mast"].radio.holes
    assert isinstance(tunnel, RectanglePlace)
    assert isinstance(valley, DiscPlace)
    assert (tunnel.low, tunnel.high, valley.centre, valley.radius_m) == (
        (2000.0, -50.0),
        (2600.0, 50.0),
        (5000.0, 0.0),
        300.0,
    )
    assert is_located(scenario, scenario.audiences["train"])
    without = load_scenario(SAMPLE, ["nodes.mast.radio.holes=[]"])
    assert not is_located(without, without.audiences["train"])


def test_a_link_that_is_cut_has_the_key_of_that_link():
    scenario = load_scenario(SAMPLE)
    (fault,) = (fault for fault in scenario.faults if fault.what == "link")
    assert fault.where == "core->c2"
    assert fault.where in scenario.links


def test_never_collaborate_needs_no_declaration_and_gets_none():
    scenario = load_scenario(SAMPLE)
    assert scenario.baseline == "never-collaborate"
    assert "never-collaborate" not in scenario.policies


@pytest.mark.parametrize(
    ("override", "found"),
    [
        (
            "collaboration.continuation.predictor=perfect",
            lambda s: s.collaboration.continuation.predictor.kind,
        ),
        (
            "collaboration.continuation.policy=never-collaborate",
            lambda s: s.collaboration.continuation.policy,
        ),
        ("collaboration.offloading.services.0=title-2", lambda s: s.collaboration.offloading.services[0]),
        ("faults.3.where=c2", lambda s: s.faults[3].where),
    ],
)
def test_overrides_reach_every_part(override, found):
    changes = ["collaboration.offloading.services=[title-1]", override]
    assert found(load_scenario(SAMPLE, changes)) == override.partition("=")[2]


def test_overrides_reach_into_short_forms():
    scenario = load_scenario(
        SAMPLE, ["audiences.growing.stay.for=10 s", "collaboration.addition.services.0=personal"]
    )
    assert scenario.audiences["growing"].stay.for_s == 10.0
    changes = ["collaboration.continuation.predictor=learned", "collaboration.continuation.predictor.bin=5 m"]
    assert load_scenario(SAMPLE, changes).collaboration.continuation.predictor.bin_m == 5.0


def test_what_is_left_out_is_filled_in(tmp_path):
    scenario = load_scenario(
        SAMPLE, ["collaboration={continuation: {services: main}}", "faults=[]", "baseline=null"]
    )
    continuation = scenario.collaboration.continuation
    assert continuation.policy == "never-collaborate"
    assert continuation.predictor == PerfectPredictor(kind="perfect")
    assert scenario.collaboration.offloading is None
    (tmp_path / "again.yaml").write_text(resolved_yaml(scenario), encoding="utf-8")
    assert load_scenario(tmp_path / "again.yaml") == scenario


def test_a_whole_scenario_is_not_warned_of():
    assert warnings_with() == ()


@pytest.mark.parametrize(
    ("overrides", "warning"),
    [
        (
            ["collaboration.continuation.horizon=200 ms"],
            "collaboration.continuation.horizon is 0.2 s, less than cores.period, which is 0.5 s: what turns poor in "
            "between is not foreseen",
        ),
        (
            ["audiences.final.cells=[]"],
            "audiences.final watches main, which continuation moves between a tower and cells, and has no cells: users "
            "there cannot be moved",
        ),
        (
            [OTHER, "audiences.crowd.tower=null"],
            "audiences.crowd watches title-1, which offloading moves between a tower and cells, and has no tower to "
            "which it is sent: users there cannot be moved",
        ),
        (
            ["services.main.to=[mast, c1]"],
            "audiences.final watches main, which continuation moves between a tower and cells, and has cells to which "
            "it is not sent (c2): users there cannot be moved",
        ),
        (
            ["nodes.c1.gpu=null", "nodes.c2.gpu=null", "audiences.train.terminal={}", "faults=[]"],
            "collaboration.addition.action has no effect: no cell that sends the enhancements has a GPU that may run "
            "it, and no terminal of their users a generator",
        ),
        (
            ["collaboration.addition.action=null"],
            "audiences.train.terminal.generator has no effect: collaboration.addition has no action for a service that "
            "it watches, and no node has actions",
        ),
        (
            ["audiences.train.terminal={battery: 15 Wh}"],
            "audiences.train.terminal.battery has no effect: nothing is generated in the terminal",
        ),
        (
            ["audiences.train.terminal={charge: 50 %}"],
            "audiences.train.terminal.charge has no effect: the terminal has no battery",
        ),
        (
            [OTHER, "audiences.crowd.terminal={tuner: 50 %}", "audiences.crowd.tower=null"],
            "audiences.crowd.terminal.tuner has no effect: the audience has no tower",
        ),
        (
            ["collaboration.continuation=null"],
            "nodes.mast.radio.lost_share has no effect: continuation has no service that the tower sends",
        ),
        (
            ["audiences.final.join.start=3 min"],
            "audiences.final.join: who is not there from the start comes at 160 s, after the end of the run",
        ),
        (
            ["audiences.crowd.join.at=2 min"],
            "audiences.crowd.join: who is not there from the start comes at 120 s, after the end of the run",
        ),
        (
            ["nodes.mast.radio.holes=[]"],
            "audiences.train.mobility has no effect: neither a cellular network nor a tower with transmitters or holes "
            "serves it",
        ),
        (
            ["collaboration={}", "faults=[]", "baseline=null"],
            "collaboration has no effect: it has neither continuation, offloading, addition nor admission",
        ),
        (["collaboration.continuation.policy=never-collaborate"], "policies.ahead is not used: no service, node, "
            "mode of collaboration or baseline names it"),
        (["collaboration.addition.action=null", "nodes.c1.gpu=null", "nodes.c2.gpu=null", "faults=[]"],
            "actions.synthesis is not used: no node with a GPU may run it"),
    ],
)  # fmt: skip
def test_what_has_no_effect_is_warned_of(overrides, warning):
    assert warning in warnings_with(*overrides)


def test_an_action_that_only_terminals_run_is_used():
    assert warnings_with("nodes.c1.gpu=null", "nodes.c2.gpu=null", "faults=[]") == ()
