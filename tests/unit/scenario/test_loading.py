"""Loading: presets, bases, overrides, paths, and what a loaded scenario holds."""

from pathlib import Path

import pytest

from netgen.errors import ScenarioError
from netgen.scenario import Scenario, load_scenario, scenario_warnings

SAMPLES = Path(__file__).parent / "samples"
BASE = """
name: base
duration: 10 s
nodes: {A: edge, B: terminal}
links:
  A -> B: {capacity: 10 Mbit/s, queue: null}
contents:
  talk: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: talking-face, semantic_bits: 25}
services:
  s1: {content: talk, from: A, to: B}
"""


def load(folder, text, *overrides, **named):
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return load_scenario(path, overrides, **named)


def test_numbers_are_in_si_units():
    scenario = load_scenario(SAMPLES / "relayed.yaml")
    assert (scenario.duration_s, scenario.warmup_s, scenario.interval_s, scenario.packet_bits) == (
        60.0,
        5.0,
        0.5,
        11200,
    )
    link = scenario.links["A->D"]
    assert (link.source, link.target, link.delay_s, link.queue_bits) == ("A", "D", 0.005, 16_000_000)
    assert link.loss.probability == 0.01
    assert scenario.links["D->F"].capacity.steps == ((0.0, 20e6), (60.0, 5e6))
    assert scenario.links["F->D"].queue_bits is None
    burst = scenario.links["F->H"].loss
    assert (burst.loss_bad, burst.loss_good, burst.good_s, burst.bad_s) == (0.2, 0.0, 2.0, 0.05)
    gpu = scenario.nodes["F"].gpu
    assert (gpu.device, gpu.streams, gpu.memory_bytes, gpu.load_rate_bytes_per_s) == (
        "L4",
        2,
        24 * 10**9,
        16e9,
    )
    assert gpu.idle_power_w == pytest.approx(19.9526, abs=1e-4)  # 43 dBm
    assert scenario.services["s1"].route.paths == (("A", "D", "F", "H"),)
    assert scenario.policies["scaling"].parameters["names"] == ["x", "no", "1e-3", None, True, "012x"]


def test_a_small_scenario_is_complete(tmp_path):
    scenario = load(tmp_path, BASE)
    assert isinstance(scenario, Scenario)
    assert scenario.seed is None
    assert scenario.nodes["A"].gpu.device == "L4"  # the preset of an edge
    assert scenario.nodes["B"].gpu is None
    assert scenario.services["s1"].policy == "forward"
    assert scenario.policies["forward"].use == "forward"
    assert scenario.services["s1"].receivers == ("B",)


def test_a_preset_gives_way_to_what_is_written(tmp_path):
    text = BASE.replace("A: edge", "A: {kind: edge, gpu: A100}")
    assert load(tmp_path, text).nodes["A"].gpu.device == "A100"
    text = BASE.replace("A: edge", "A: {kind: edge, gpu: null}")
    assert load(tmp_path, text).nodes["A"].gpu is None
    text = BASE.replace("A: edge", "A: {kind: edge, gpu: {streams: 3}}")
    gpu = load(tmp_path, text).nodes["A"].gpu
    assert (gpu.device, gpu.streams) == ("L4", 3)


def test_models_are_frozen(tmp_path):
    scenario = load(tmp_path, BASE)
    with pytest.raises(ValueError, match="frozen"):
        scenario.duration_s = 1.0


def test_the_radio_is_in_si_units():
    scenario = load_scenario(SAMPLES / "radio.yaml")
    radio = scenario.nodes["ran"].radio
    assert (radio.carrier_hz, radio.bandwidth_hz, radio.subcarrier_spacing_hz) == (2.6e9, 20e6, 15e3)
    assert radio.power_w == pytest.approx(39.8107, abs=1e-4)  # 46 dBm
    assert (radio.layout.sites, radio.layout.spacing_m, radio.layout.wrap_around) == (7, 1700.0, True)
    assert (radio.guarantees["talk"].rate_bps, radio.guarantees["talk"].priority) == (2e6, 1)
    assert radio.multicast == ("title-02", "title-03")
    assert scenario.nodes["listed"].radio.layout.path == SAMPLES / "sites.csv"
    tower = scenario.nodes["mast"].radio
    assert tower.transmitters["far"].at == (30e3, -500.0)
    assert tower.transmitters["far"].delay_s == pytest.approx(20e-6)
    assert list(tower.pipes) == ["robust", "rich"]
    assert scenario.services["title-03"].content == "title-03"
    assert scenario.services["news"].pipe == "rich"
    audiences = scenario.audiences
    assert audiences["all"].watches == ("title-01", "title-02", "title-03")
    assert audiences["drivers"].mobility.speed_mps == (pytest.approx(30 / 3.6), pytest.approx(50 / 3.6))
    assert audiences["train"].mobility.speed_mps == (80.0, 80.0)
    assert audiences["recorded"].mobility.path == SAMPLES / "positions.csv"
    assert scenario_warnings(scenario) == ()


def test_an_override_reaches_a_numbered_entry():
    changes = ["services.title-02.deadline=9 s", "nodes.ran.radio.layout.sites=1"]
    scenario = load_scenario(SAMPLES / "radio.yaml", changes)
    assert [scenario.services[f"title-0{number}"].deadline_s for number in (1, 2, 3)] == [4.0, 9.0, 4.0]
    assert scenario.nodes["ran"].radio.layout.sites == 1


def test_places_without_effect_are_warned_of(tmp_path):
    text = (SAMPLES / "broadcast.yaml").read_text(encoding="utf-8")
    text = text.replace("watches: common, join: start", "watches: common, join: start, terminal: {indoor: 1}")
    assert scenario_warnings(load(tmp_path, text)) == (
        "audiences.early.terminal.indoor has no effect: neither a cellular network nor a tower with transmitters "
        "serves it",
    )
    scenario = load_scenario(SAMPLES / "radio.yaml", ["audiences.train.place={kind: disc, radius: 1 km}"])
    assert scenario_warnings(scenario) == (
        "audiences.train.place has no effect: users are where their mobility has them",
    )


def test_bases_are_merged():
    base, derived = load_scenario(SAMPLES / "relayed.yaml"), load_scenario(SAMPLES / "derived.yaml")
    assert derived.name == "derived"
    assert list(derived.services) == ["s1"]
    assert derived.links["A->D"].capacity.rate_bps == 2e6
    assert derived.links["A->D"].delay_s == base.links["A->D"].delay_s == 0.005
    assert derived.links["D->F"].capacity.kind == "constant"
    assert derived.links["D->F"].queue_bits is None


def test_later_bases_win_and_paths_stay_with_their_file(tmp_path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "sizes.csv").write_text("segment_bits\n100\n")
    (tmp_path / "parts" / "one.yaml").write_text(
        "duration: 1 s\ncontents:\n"
        "  t: {kind: trace, path: sizes.csv, format: 720p25, class: sports, semantic_bits: 1}\n"
    )
    (tmp_path / "two.yaml").write_text(BASE)
    scenario = load(tmp_path, "extends: [parts/one.yaml, two.yaml]\nservices: {s1: {content: t}}\n")
    assert scenario.duration_s == 10.0
    assert scenario.contents["t"].path == tmp_path / "parts" / "sizes.csv"


def test_overrides_set_values(tmp_path):
    scenario = load(
        tmp_path,
        BASE,
        "links.A->B.capacity=2 Mbit/s",
        "links.A -> B.delay = 3 ms",
        "nodes.A.gpu.streams=4",
        "duration=20 s",
        "nodes.C={kind: relay}",
        "baseline=forward",
        "services.s1.to.0=B",
    )
    link = scenario.links["A->B"]
    assert (link.capacity.rate_bps, link.delay_s, link.queue_bits) == (2e6, 0.003, None)
    assert (scenario.nodes["A"].gpu.device, scenario.nodes["A"].gpu.streams) == ("L4", 4)
    assert scenario.duration_s == 20.0
    assert scenario.nodes["C"].kind == "relay"
    assert scenario.baseline == "forward"


def test_an_override_reaches_generated_links_and_both_directions():
    changes = [
        "topology.nodes=31",
        "links.n00<->n05.capacity=7 Mbit/s",
        "nodes.n09.gpu=A100",
        "nodes.n09.policy=forward",
    ]
    mesh = load_scenario(SAMPLES / "mesh.yaml", changes)
    assert mesh.nodes["n09"].gpu.device == "A100"
    assert len(mesh.nodes) == 31
    assert {mesh.links[key].capacity.rate_bps for key in ("n00->n05", "n05->n00")} == {7e6}
    assert mesh.links["n00->n26"].capacity.rate_bps == 40e6


def test_the_seed_can_be_given(tmp_path):
    assert load(tmp_path, BASE, seed=12).seed == 12
    assert load(tmp_path, BASE, "seed=3", seed=12).seed == 12
    with pytest.raises(ScenarioError, match=">= 0"):
        load(tmp_path, BASE, seed=-1)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sed=4", '--set sed=4: sed: unknown key; accepted: .*; did you mean "seed"'),
        (
            "links.A->C.capacity=1 Mbit/s",
            '--set links.A->C.capacity=1 Mbit/s: leads nowhere: "A->C" is not in links; accepted: A->B; did',
        ),
        ("nodes.Z.gpu=L4", '"Z" is not in nodes; accepted: A, B'),
        ("services.s1.to.5=B", '"5" is not in|"5" is not an index'),
        ("services.s1.to.00000000001=B", "is not an index"),
        ("links.A->B.capacity=fast", 'links.A->B.capacity = "fast": is not a bit rate'),
        ("links.A->B.capacity.rate.more=1", "leads nowhere"),
        ("duration", "is not an override; accepted: a.b.c=value"),
        ("=5", "is not an override"),
        ("a..b=5", "unknown key"),
        ("name=[1", "not valid YAML"),
        ("seed=0x10", "is another number in YAML 1.1"),
        ("nodes.A.gpu=&x [*x]", "inside its own anchor"),
    ],
)
def test_a_wrong_override_says_so(tmp_path, override, message):
    with pytest.raises(ScenarioError, match=message) as caught:
        load(tmp_path, BASE, override)
    assert str(caught.value).startswith("--set ")


def test_all_overrides_and_the_file_are_reported_together(tmp_path):
    with pytest.raises(ScenarioError) as caught:
        load(tmp_path, BASE.replace("10 Mbit/s", "10 Mbit"), "duration=5", "nodes.Q.kind=x")
    assert len(str(caught.value).splitlines()) == 3


def test_a_policy_file_is_found_beside_or_above_the_scenario(tmp_path, monkeypatch):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "mine.py").write_text("")
    monkeypatch.chdir("/")
    text = BASE + "policies:\n  mine: policies/mine.py:Mine\n"
    scenario = load(tmp_path / "scenarios", text)
    assert scenario.policies["mine"].use == f"{tmp_path / 'policies' / 'mine.py'}:Mine"


def test_warnings_name_what_is_not_used(tmp_path):
    text = BASE.replace("A: edge", "A: {kind: server, actions: [x]}") + (
        "actions: {x: {profile: cttr}}\npolicies: {idle: forward}\nbackground: {}\n"
    )
    scenario = load(
        tmp_path,
        text.replace(
            "services:",
            "  spare: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: screen, semantic_bits: 1}\nservices:",
        ),
    )
    assert scenario_warnings(scenario) == (
        "contents.spare is not used: no service sends it",
        "policies.idle is not used: no service, node, mode of collaboration or baseline names it",
        "actions.x is not used: no node with a GPU may run it",
        "nodes.A.actions has no effect: the node has no GPU",
    )
    assert scenario_warnings(load(tmp_path, BASE)) == ()
