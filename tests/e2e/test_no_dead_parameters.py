"""Every key of a scenario file can change a result: for each one a scenario in which it does."""

import copy

import pytest
import yaml

from netgen.run import run
from netgen.scenario.reference import ScenarioFile, _models, _models_in

POLICY = """
from netgen.policy import RelayPolicy


class Squeeze(RelayPolicy):
    def __init__(self, *, expand: bool = True) -> None:
        self.expand = expand

    def decide(self, view, rng):
        if view.expansion is not None and self.expand and not view.forward.expandable_downstream:
            return view.expansion.decision
        usable = [o for o in view.contractions if o.playable or o.expandable_downstream]
        return usable[0].decision if usable else view.forward.decision
"""

RELAYED = """
name: relayed
seed: 1
duration: 6 s
nodes:
  Z: server
  A: {kind: edge, gpu: {device: L4, streams: 1}}
  B: {kind: edge, gpu: {device: L4, streams: 1}}
  C: terminal
  D: terminal
links:
  Z -> A: {capacity: 20 Mbit/s}
  A -> B: {capacity: 3 Mbit/s, delay: 5 ms, loss: 2 %, retransmissions: 1}
  B -> C: {capacity: 30 Mbit/s, delay: 5 ms, queue: 40 kB}
  B -> D: {capacity: 30 Mbit/s, delay: 5 ms}
contents:
  v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, sizes: lognormal, variation: 30 %, class: sports,
      segment: 500 ms, semantic_bits: 10}
  w: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports,
      segment: 500 ms, semantic_bits: 10}
actions:
  key: {declared: {contract_time: 400 ms, expand_time: 600 ms, memory: 2 GB},
        bits_per_pixel: 0.01, semantic_fidelity: 0.9, mode: semi-reference, ms_ssim: 0.9, psnr_db: 31}
policies:
  squeeze: {use: "squeeze.py:Squeeze", with: {expand: true}}
services:
  s: {content: v, from: A, to: [C, D], policy: squeeze, deadline: 1 s}
"""

PLAIN = """
name: plain
seed: 1
duration: 6 s
nodes: {A: server, B: relay, E: relay, C: terminal}
links:
  A -> B: {capacity: 3 Mbit/s, delay: 2 ms, loss: 5 %, queue: 1 MB}
  B -> C: {capacity: 3 Mbit/s, delay: 2 ms}
  A -> E: {capacity: 9 Mbit/s, delay: 20 ms}
  E -> C: {capacity: 9 Mbit/s, delay: 20 ms}
contents:
  v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, sizes: exponential, class: sports, semantic_bits: 10}
services:
  s: {content: v, from: A, to: C, deadline: 2 s, loss_tolerance: 6 %}
background:
  b: {from: A, to: C, rate: 1 Mbit/s}
"""

CODED = """
name: coded
seed: 1
duration: 5 s
nodes:
  A: {kind: server, gpu: {device: AMD-EPYC-2-cores, streams: 2}}
  C: terminal
links:
  A -> C: {capacity: 2 Mbit/s}
contents:
  v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, sizes: lognormal, variation: 10 %,
      class: sports, semantic_bits: 10}
actions:
  half: {profile: x265-half, bits_per_pixel: 0.02, semantic_fidelity: 0.9}
policies:
  squeeze: {use: "squeeze.py:Squeeze"}
services:
  s: {content: v, from: A, to: C, policy: squeeze, deadline: 2 s}
"""

BROADCAST = """
name: broadcast
seed: 1
duration: 6 s
nodes:
  S: server
  E: {kind: edge, gpu: {device: L4, streams: 4}}
  mast: {kind: tower, gpu: L4, radio: {capacity: 8 Mbit/s, delay: 1 ms, coverage: 80 %, segment_loss: 10 %}}
  c1: {kind: cell, gpu: {device: L4, streams: 4}, radio: {capacity: 12 Mbit/s, peak_rate: 5 Mbit/s}}
  c2: {kind: cell, radio: {capacity: 12 Mbit/s, peak_rate: 5 Mbit/s}}
  spare_cell: {kind: cell}
  spare_tower: {kind: tower}
links:
  S -> E: {capacity: 100 Mbit/s, queue: 4 MB}
  E -> mast: {capacity: 20 Mbit/s}
  E -> c1: {capacity: 20 Mbit/s}
  E -> c2: {capacity: 20 Mbit/s}
contents:
  base: {kind: parametric, format: 720p25, rate: 3 Mbit/s, class: sports, semantic_bits: 40}
  more: {kind: parametric, format: 720p25, rate: 1 Mbit/s, sizes: lognormal, variation: 30 %,
         class: sports, semantic_bits: 15}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB},
        bits_per_pixel: 0.01, semantic_fidelity: 0.9, mode: semi-reference}
policies:
  squeeze: {use: "squeeze.py:Squeeze"}
services:
  common: {content: base, from: S, to: [mast, c1, c2], policy: squeeze, deadline: 2 s}
  personal: {content: more, from: S, to: [c1, c2], policy: squeeze, deadline: 2 s, personal: true, enhances: common}
audiences:
  crowd: {count: 7, tower: mast, cells: [c1, c2], watches: [common, personal], join: {kind: uniform, over: 3 s}}
  fans: {count: 3, tower: mast, cells: [c1, c2], watches: [common, personal], join: {kind: poisson, rate: 1 /s}}
"""

ISLANDS = """
name: islands
seed: 1
duration: 3 s
nodes: {A: server, B: terminal}
links:
  A -> B: {capacity: 5 Mbit/s}
contents:
  v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}
services:
  s: {content: v, from: A, to: B}
topology: {kind: circulant, prefix: n, nodes: 6, offsets: [1], node: relay, link: {capacity: 1 Mbit/s}}
"""

GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="a"/><node id="{second}"/><edge source="a" target="{second}"/></graph></graphml>
"""
NODE_LINK = """{{"directed": true, "multigraph": false, "graph": {{}},
"nodes": [{{"id": "a"}}, {{"id": "{second}"}}], "links": [{{"source": "a", "target": "{second}"}}]}}
"""
FILES = {
    "squeeze.py": POLICY,
    "one.csv": "segment_bits\n900000\n1100000\n",
    "two.csv": "segment_bits\n900000\n1000000\n",
    "rising.csv": "time_s,rate_bps\n0,2000000\n1,3000000\n",
    "falling.csv": "time_s,rate_bps\n0,3000000\n1,2000000\n",
    "one.graphml": GRAPHML.format(second="b"),
    "two.graphml": GRAPHML.format(second="c"),
    "one.json": NODE_LINK.format(second="b"),
    "two.json": NODE_LINK.format(second="c"),
    "base.yaml": "warmup: 2 s\n",
}
BASES = {
    "relayed": RELAYED,
    "plain": PLAIN,
    "coded": CODED,
    "broadcast": BROADCAST,
    "islands": ISLANDS,
}
ABSENT = "(absent)"

AB = "links/A -> B"


def row(base, place, one, other, also=None):
    """Return a row: the base, what is changed in both runs, and the place with its two values."""
    return base, also or {}, place, one, other


EXPANDING = {"nodes/C": "{kind: terminal, gpu: {device: AMD-EPYC-2-cores, streams: 2}}"}
GILBERT = {AB + "/loss": "{kind: gilbert, loss_good: 0, loss_bad: 50 %, good: 1 s, bad: 300 ms}"}
STEPS = {AB + "/capacity": "{kind: steps, steps: {0 s: 3 Mbit/s, 1 s: 2 Mbit/s}}"}
TRACED = {AB + "/capacity": "{kind: trace, path: rising.csv}"}
FILE = {"contents/v": "{kind: file, path: CLIPS/field-game.mkv, class: sports, semantic_bits: 10}"}
TRACE = {"contents/v": "{kind: trace, path: one.csv, format: 480x272@25, class: sports, semantic_bits: 10}"}
GRID = {"topology": "{kind: grid, rows: 2, columns: 3, link: {capacity: 1 Mbit/s}}"}
GRAPH = {"topology": "{kind: graphml, path: one.graphml, prefix: n, link: {capacity: 1 Mbit/s}}"}
NODES = {"topology": "{kind: node-link, path: one.json, prefix: n, link: {capacity: 1 Mbit/s}}"}
EXPLICIT = {"services/s/route": "{paths: [[A, B, C]]}"}
CIRCULANT = "{kind: circulant, nodes: 6, link: {capacity: 1 Mbit/s}}"

TABLE = {
    "ScenarioFile.seed": row("relayed", "seed", "1", "2"),
    "ScenarioFile.duration": row("relayed", "duration", "6 s", "7 s"),
    "ScenarioFile.warmup": row("relayed", "warmup", ABSENT, "2 s"),
    "ScenarioFile.interval": row("relayed", "interval", ABSENT, "2 s"),
    "ScenarioFile.epoch": row("broadcast", "epoch", "100 ms", "1 s"),
    "ScenarioFile.packet": row("relayed", "packet", ABSENT, "4 kbit"),
    "ScenarioFile.baseline": row("relayed", "baseline", ABSENT, "forward"),
    "ScenarioFile.extends": row("relayed", "extends", ABSENT, "base.yaml"),
    "FileContent.segment": row("coded", "contents/v/segment", "1 s", "2 s", FILE),
    "FileContent.class": row("coded", "contents/v/class", "sports", "natural", FILE),
    "FileContent.semantic_bits": row("coded", "contents/v/semantic_bits", "10", "20", FILE),
    "FileContent.kind": row("coded", "contents/v", "=", FILE["contents/v"]),
    "FileContent.path": row("coded", "contents/v/path", "=", "CLIPS/wall-balls.mp4", FILE),
    "TraceContent.segment": row("coded", "contents/v/segment", "1 s", "2 s", TRACE),
    "TraceContent.class": row("coded", "contents/v/class", "sports", "natural", TRACE),
    "TraceContent.semantic_bits": row("coded", "contents/v/semantic_bits", "10", "20", TRACE),
    "TraceContent.kind": row("coded", "contents/v", "=", TRACE["contents/v"]),
    "TraceContent.path": row("coded", "contents/v/path", "one.csv", "two.csv", TRACE),
    "TraceContent.format": row("coded", "contents/v/format", "480x272@25", "480x272@24", TRACE),
    "ParametricContent.segment": row("relayed", "contents/v/segment", "500 ms", "1 s"),
    "ParametricContent.class": row("coded", "contents/v/class", "sports", "screen"),
    "ParametricContent.semantic_bits": row("relayed", "contents/v/semantic_bits", "10", "20"),
    "ParametricContent.kind": row("coded", "contents/v", "=", TRACE["contents/v"]),
    "ParametricContent.format": row("relayed", "contents/v/format", "720p25", "720p30"),
    "ParametricContent.rate": row("relayed", "contents/v/rate", "2 Mbit/s", "2.1 Mbit/s"),
    "ParametricContent.sizes": row("plain", "contents/v/sizes", "exponential", "constant"),
    "ParametricContent.variation": row("relayed", "contents/v/variation", "30 %", "31 %"),
    "ProfiledAction.expanded_rate": row("coded", "actions/half/expanded_rate", ABSENT, "3 Mbit/s", EXPANDING),
    "ProfiledAction.generative_share": row("coded", "actions/half/generative_share", ABSENT, "0.5"),
    "ProfiledAction.profile": row("coded", "actions/half/profile", "x265-half", "svtav1-half"),
    "ProfiledAction.bits_per_pixel": row("coded", "actions/half/bits_per_pixel", "0.02", "0.021"),
    "ProfiledAction.semantic_fidelity": row("coded", "actions/half/semantic_fidelity", "0.9", "0.8"),
    "ProfiledAction.mode": row("coded", "actions/half/mode", ABSENT, "no-reference"),
    "ProfiledAction.playable": row("coded", "actions/half/playable", ABSENT, "false"),
    "ProfiledAction.psnr_db": row("coded", "actions/half/psnr_db", ABSENT, "20"),
    "ProfiledAction.ms_ssim": row("coded", "actions/half/ms_ssim", ABSENT, "0.5"),
    "DeclaredAction.expanded_rate": row("relayed", "actions/key/expanded_rate", ABSENT, "3 Mbit/s"),
    "DeclaredAction.generative_share": row("relayed", "actions/key/generative_share", ABSENT, "0.5"),
    "DeclaredAction.bits_per_pixel": row("relayed", "actions/key/bits_per_pixel", "0.01", "0.011"),
    "DeclaredAction.semantic_fidelity": row("relayed", "actions/key/semantic_fidelity", "0.9", "0.8"),
    "DeclaredAction.mode": row("relayed", "actions/key/mode", "semi-reference", "no-reference"),
    "DeclaredAction.playable": row("relayed", "actions/key/playable", ABSENT, "true", {"nodes/B": "relay"}),
    "DeclaredAction.psnr_db": row("relayed", "actions/key/psnr_db", "31", "32"),
    "DeclaredAction.ms_ssim": row("relayed", "actions/key/ms_ssim", "0.9", "0.91"),
    "DeclaredWork.contract_time": row("relayed", "actions/key/declared/contract_time", "400 ms", "410 ms"),
    "DeclaredWork.expand_time": row("relayed", "actions/key/declared/expand_time", "600 ms", "610 ms"),
    "DeclaredWork.memory": row("relayed", "actions/key/declared/memory", "2 GB", "3 GB"),
    "PolicyReference.use": row("relayed", "policies/squeeze", "=", "forward"),
    "PolicyReference.with": row("relayed", "policies/squeeze/with", "{expand: true}", "{expand: false}"),
    "Service.content": row("relayed", "services/s/content", "v", "w"),
    "Service.from": row("relayed", "services/s/from", "A", "Z"),
    "Service.to": row("relayed", "services/s/to", "[C, D]", "[C]"),
    "Service.policy": row("relayed", "services/s/policy", "squeeze", ABSENT),
    "Service.deadline": row("relayed", "services/s/deadline", "1 s", "700 ms"),
    "Service.cast": row("relayed", "services/s/cast", ABSENT, "multicast"),
    "Service.arrivals": row("relayed", "services/s/arrivals", ABSENT, "poisson"),
    "Service.start": row("relayed", "services/s/start", ABSENT, "1 s"),
    "Service.stop": row("relayed", "services/s/stop", ABSENT, "3 s"),
    "Service.required_fidelity": row("relayed", "services/s/required_fidelity", ABSENT, "0.95"),
    "Service.loss_tolerance": row("plain", "services/s/loss_tolerance", "6 %", "1 %"),
    "Service.pacing": row("plain", "services/s/pacing", ABSENT, "0.5"),
    "Service.personal": row("broadcast", "services/personal/personal", "true", "false"),
    "Service.enhances": row("broadcast", "services/personal/enhances", "common", ABSENT),
    "WeightedRoute.weight": row("plain", "services/s/route", "{weight: delay}", "{weight: inverse-capacity}"),
    "ExplicitRoute.paths": row("plain", "services/s/route/paths", "[[A, B, C]]", "[[A, E, C]]", EXPLICIT),
    "Audience.count": row("broadcast", "audiences/crowd/count", "7", "8"),
    "Audience.tower": row("broadcast", "audiences/crowd/tower", "mast", ABSENT),
    "Audience.cells": row("broadcast", "audiences/crowd/cells", "[c1, c2]", "[c2, c1]"),
    "Audience.assignment": row("broadcast", "audiences/crowd/assignment", ABSENT, "random"),
    "Audience.watches": row("broadcast", "audiences/crowd/watches", "[common, personal]", "[common]"),
    "JoinAtStart.kind": row("broadcast", "audiences/crowd/join", "start", "{kind: uniform, over: 3 s}"),
    "JoinUniformly.kind": row("broadcast", "audiences/crowd/join", "=", "{kind: poisson, rate: 3 /s}"),
    "JoinUniformly.over": row("broadcast", "audiences/crowd/join/over", "3 s", "4 s"),
    "JoinPoisson.kind": row("broadcast", "audiences/fans/join", "=", "start"),
    "JoinPoisson.rate": row("broadcast", "audiences/fans/join/rate", "1 /s", "2 /s"),
    "Background.from": row("plain", "background/b/from", "A", "B"),
    "Background.to": row("plain", "background/b/to", "C", "B"),
    "Background.rate": row("plain", "background/b/rate", "1 Mbit/s", "1.1 Mbit/s"),
    "Background.packet": row("plain", "background/b/packet", ABSENT, "1 kbit"),
    "Background.kind": row("plain", "background/b/kind", ABSENT, "constant"),
    "Background.start": row("plain", "background/b/start", ABSENT, "1 s"),
    "Background.stop": row("plain", "background/b/stop", ABSENT, "3 s"),
    "CirculantTopology.node": row("islands", "topology/node", "relay", "edge"),
    "CirculantTopology.link": row("islands", "topology/link/capacity", "1 Mbit/s", "2 Mbit/s"),
    "CirculantTopology.kind": row("islands", "topology", CIRCULANT, GRID["topology"]),
    "CirculantTopology.prefix": row("islands", "topology/prefix", "n", "m"),
    "CirculantTopology.nodes": row("islands", "topology/nodes", "6", "7"),
    "CirculantTopology.offsets": row("islands", "topology/offsets", "[1]", "[2]"),
    "GridTopology.node": row("islands", "topology/node", ABSENT, "edge", GRID),
    "GridTopology.link": row("islands", "topology/link/capacity", "1 Mbit/s", "2 Mbit/s", GRID),
    "GridTopology.kind": row("islands", "topology", GRID["topology"], GRAPH["topology"]),
    "GridTopology.prefix": row("islands", "topology/prefix", ABSENT, "m", GRID),
    "GridTopology.rows": row("islands", "topology/rows", "2", "3", GRID),
    "GridTopology.columns": row("islands", "topology/columns", "3", "4", GRID),
    "GraphmlTopology.node": row("islands", "topology/node", ABSENT, "edge", GRAPH),
    "GraphmlTopology.link": row("islands", "topology/link/capacity", "1 Mbit/s", "2 Mbit/s", GRAPH),
    "GraphmlTopology.kind": row("islands", "topology", GRAPH["topology"], CIRCULANT),
    "GraphmlTopology.path": row("islands", "topology/path", "one.graphml", "two.graphml", GRAPH),
    "GraphmlTopology.prefix": row("islands", "topology/prefix", "n", "m", GRAPH),
    "NodeLinkTopology.node": row("islands", "topology/node", ABSENT, "edge", NODES),
    "NodeLinkTopology.link": row("islands", "topology/link/capacity", "1 Mbit/s", "2 Mbit/s", NODES),
    "NodeLinkTopology.kind": row("islands", "topology", NODES["topology"], GRID["topology"]),
    "NodeLinkTopology.path": row("islands", "topology/path", "one.json", "two.json", NODES),
    "NodeLinkTopology.prefix": row("islands", "topology/prefix", "n", "m", NODES),
    "PlainNode.actions": row("relayed", "nodes/A/actions", ABSENT, "[]"),
    "PlainNode.policy": row("relayed", "nodes/A/policy", ABSENT, "forward"),
    "PlainNode.kind": row("relayed", "nodes/C", "terminal", "edge"),
    "Gpu.device": row("relayed", "nodes/A/gpu/device", "L4", "H100-SXM5"),
    "Gpu.streams": row("relayed", "nodes/A/gpu/streams", "1", "2"),
    "Gpu.memory": row("relayed", "nodes/A/gpu/memory", ABSENT, "1 GB"),
    "Gpu.load_rate": row("relayed", "nodes/A/gpu/load_rate", ABSENT, "5 GB/s"),
    "Gpu.idle_power": row("relayed", "nodes/A/gpu/idle_power", ABSENT, "30 W"),
    "CellNode.actions": row("broadcast", "nodes/c1/actions", ABSENT, "[]"),
    "CellNode.policy": row("broadcast", "nodes/c1/policy", ABSENT, "forward"),
    "CellNode.kind": row("broadcast", "nodes/spare_cell/kind", "cell", "edge"),
    "CellRadio.capacity": row("broadcast", "nodes/c1/radio/capacity", "12 Mbit/s", "6 Mbit/s"),
    "CellRadio.peak_rate": row("broadcast", "nodes/c1/radio/peak_rate", "5 Mbit/s", "1 Mbit/s"),
    "TowerNode.actions": row("broadcast", "nodes/mast/actions", ABSENT, "[]"),
    "TowerNode.policy": row("broadcast", "nodes/mast/policy", ABSENT, "forward"),
    "TowerNode.kind": row("broadcast", "nodes/spare_tower/kind", "tower", "edge"),
    "BroadcastRadio.capacity": row("broadcast", "nodes/mast/radio/capacity", "8 Mbit/s", "7 Mbit/s"),
    "BroadcastRadio.delay": row("broadcast", "nodes/mast/radio/delay", "1 ms", "2 ms"),
    "BroadcastRadio.coverage": row("broadcast", "nodes/mast/radio/coverage", "80 %", "20 %"),
    "BroadcastRadio.segment_loss": row("broadcast", "nodes/mast/radio/segment_loss", "10 %", "90 %"),
    "Link.delay": row("relayed", AB + "/delay", "5 ms", "6 ms"),
    "Link.queue": row("relayed", "links/B -> C/queue", "40 kB", ABSENT),
    "Link.retransmissions": row("plain", AB + "/retransmissions", ABSENT, "3"),
    "ConstantCapacity.kind": row("plain", AB + "/capacity", "=", STEPS[AB + "/capacity"]),
    "ConstantCapacity.rate": row("plain", AB + "/capacity", "3 Mbit/s", "3.1 Mbit/s"),
    "SteppedCapacity.kind": row("plain", AB + "/capacity", STEPS[AB + "/capacity"], TRACED[AB + "/capacity"]),
    "SteppedCapacity.steps": row(
        "plain", AB + "/capacity/steps", "=", "{0 s: 3 Mbit/s, 2 s: 2 Mbit/s}", STEPS
    ),
    "SteppedCapacity.period": row("plain", AB + "/capacity/period", ABSENT, "2 s", STEPS),
    "TracedCapacity.kind": row("plain", AB + "/capacity", TRACED[AB + "/capacity"], "3 Mbit/s"),
    "TracedCapacity.path": row("plain", AB + "/capacity/path", "rising.csv", "falling.csv", TRACED),
    "TracedCapacity.period": row("plain", AB + "/capacity/period", ABSENT, "2 s", TRACED),
    "RandomLoss.kind": row("plain", AB + "/loss", "5 %", GILBERT[AB + "/loss"]),
    "RandomLoss.probability": row("plain", AB + "/loss", "5 %", "10 %"),
    "GilbertLoss.kind": row("plain", AB + "/loss", GILBERT[AB + "/loss"], "{kind: random, probability: 5 %}"),
    "GilbertLoss.loss_bad": row("plain", AB + "/loss/loss_bad", "50 %", "90 %", GILBERT),
    "GilbertLoss.loss_good": row("plain", AB + "/loss/loss_good", "0", "20 %", GILBERT),
    "GilbertLoss.good": row("plain", AB + "/loss/good", "1 s", "400 ms", GILBERT),
    "GilbertLoss.bad": row("plain", AB + "/loss/bad", "300 ms", "2 s", GILBERT),
}
EXEMPT = {
    "ScenarioFile.schema": "one version of the format exists; any other is refused",
    "ScenarioFile.name": "a label; it names the run directory and stands in the summary",
    "ScenarioFile.description": "a label; `netgen scenarios` lists it",
    "PlainNode.radio": "accepts null alone: the key exists so that a radio at the wrong kind of node is explained",
}


def leaves():
    """Return the keys that hold values, as Model.key."""
    return {
        f"{model.__name__}.{field.alias or name}"
        for _, model in _models(ScenarioFile, "")
        for name, field in model.model_fields.items()
        if not _models_in(field.annotation) and not (field.alias or "").startswith("->")
    }


def changed(tree, place, text):
    """Return a scenario with another value at `place`; `=` leaves what is there."""
    if text == "=":
        return tree
    tree = copy.deepcopy(tree)
    *above, key = place.split("/")
    parent = tree
    for name in above:
        parent = parent.setdefault(name, {})
    if text == ABSENT:
        parent.pop(key, None)
    else:
        parent[key] = yaml.safe_load(text)
    return tree


@pytest.fixture(scope="module")
def digest_of(tmp_path_factory, root, run_directory):
    """Run a scenario given as a tree and return its digest; equal trees are run once."""
    folder = tmp_path_factory.mktemp("parameters")
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    known = {}

    def go(tree):
        text = yaml.safe_dump(tree, sort_keys=False).replace("CLIPS", str(root / "scenarios" / "clips"))
        if text not in known:
            path = folder / f"{len(known)}.yaml"
            path.write_text(text, encoding="utf-8")
            known[text] = run_directory(run(path, out=folder / f"run-{len(known)}").folder).digest()
        return known[text]

    return go


def test_every_key_has_a_row_or_a_reason():
    assert set(TABLE) | set(EXEMPT) == leaves()
    assert not set(TABLE) & set(EXEMPT)


@pytest.mark.parametrize("key", TABLE)
def test_changing_it_changes_the_result(key, digest_of):
    base, also, place, one, other = TABLE[key]
    tree = yaml.safe_load(BASES[base])
    for common, text in also.items():
        tree = changed(tree, common, text)
    first, second = changed(tree, place, one), changed(tree, place, other)
    assert first != second
    assert digest_of(first) != digest_of(second), f"{key}: {one} and {other} give the same results"


def test_a_key_that_changes_nothing_would_be_seen(digest_of):
    tree = yaml.safe_load(ISLANDS)
    assert digest_of(tree) == digest_of(changed(tree, "description", "other words"))
    assert digest_of(tree) == digest_of(changed(tree, "name", "other"))
