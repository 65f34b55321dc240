"""Every key of a scenario file can change a result: for each one a scenario in which it does."""

import copy

import pytest
import yaml

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
  v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, sizes: lognormal, variation: 30 %, class: sports, segment: 500 ms, semantic_bits: 10}
  w: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, segment: 500 ms, semantic_bits: 10}
actions:
  key: {declared: {contract_time: 400 ms, expand_time: 600 ms, memory: 2 GB}, bits_per_pixel: 0.01, semantic_fidelity: 0.9, mode: semi-reference, ms_ssim: 0.9, psnr_db: 31}
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
  v: {kind: parametric, format: 480x272@25, rate: 1 Mbit/s, sizes: lognormal, variation: 10 %, class: sports, semantic_bits: 10}
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
  S -> E: {capacity: 100 Mbit/s}
  E -> mast: {capacity: 20 Mbit/s}
  E -> c1: {capacity: 20 Mbit/s}
  E -> c2: {capacity: 20 Mbit/s}
contents:
  base: {kind: parametric, format: 720p25, rate: 3 Mbit/s, class: sports, semantic_bits: 40}
  more: {kind: parametric, format: 720p25, rate: 1 Mbit/s, sizes: lognormal, variation: 30 %, class: sports, semantic_bits: 15}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB}, bits_per_pixel: 0.01, semantic_fidelity: 0.9, mode: semi-reference}
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
NODE_LINK = '{{"directed": true, "multigraph": false, "graph": {{}}, "nodes": [{{"id": "a"}}, {{"id": "{second}"}}], "links": [{{"source": "a", "target": "{second}"}}]}}'
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

_TRACE = "{kind: trace, path: one.csv, format: 480x272@25, class: sports, semantic_bits: 10"
_FILE = "{kind: file, path: CLIPS/field-game.mkv, class: sports, semantic_bits: 10"
_STEPS = "{kind: steps, steps: {0 s: 3 Mbit/s, 1 s: 2 Mbit/s}"
_GILBERT = "{kind: gilbert, loss_bad: 50 %, good: 1 s, bad: 300 ms"
_GRID = "{kind: grid, prefix: n, rows: 2, columns: 3, node: relay, link: {capacity: 1 Mbit/s}"
_GRAPHML = "{kind: graphml, path: one.graphml, prefix: n, node: relay, link: {capacity: 1 Mbit/s}"
_NODE_LINK = "{kind: node-link, path: one.json, prefix: n, node: relay, link: {capacity: 1 Mbit/s}"
_AC = "links/A -> B"
_GPU = "nodes/A/gpu"

# key: (base scenario, place of the value, one value, another value)
TABLE = {
    "ScenarioFile.seed": ("relayed", "seed", "1", "2"),
    "ScenarioFile.duration": ("relayed", "duration", "6 s", "7 s"),
    "ScenarioFile.warmup": ("relayed", "warmup", ABSENT, "2 s"),
    "ScenarioFile.interval": ("relayed", "interval", ABSENT, "2 s"),
    "ScenarioFile.epoch": ("broadcast", "epoch", "100 ms", "1 s"),
    "ScenarioFile.packet": ("relayed", "packet", ABSENT, "4 kbit"),
    "ScenarioFile.baseline": ("relayed", "baseline", ABSENT, "forward"),
    "ScenarioFile.extends": ("relayed", "extends", ABSENT, "base.yaml"),
    "FileContent.segment": ("coded", "contents/v", _FILE + ", segment: 1 s}", _FILE + ", segment: 2 s}"),
    "FileContent.class": ("coded", "contents/v", _FILE + "}", _FILE.replace("sports", "natural") + "}"),
    "FileContent.semantic_bits": ("coded", "contents/v", _FILE + "}", _FILE.replace("10", "20") + "}"),
    "FileContent.kind": ("coded", "contents/v", ABSENT + "=", _FILE + "}"),
    "FileContent.path": ("coded", "contents/v", _FILE + "}", _FILE.replace("field-game.mkv", "wall-balls.mp4") + "}"),
    "TraceContent.segment": ("coded", "contents/v", _TRACE + ", segment: 1 s}", _TRACE + ", segment: 2 s}"),
    "TraceContent.class": ("coded", "contents/v", _TRACE + "}", _TRACE.replace("sports", "natural") + "}"),
    "TraceContent.semantic_bits": ("coded", "contents/v", _TRACE + "}", _TRACE.replace("bits: 10", "bits: 20") + "}"),
    "TraceContent.kind": ("coded", "contents/v", ABSENT + "=", _TRACE + "}"),
    "TraceContent.path": ("coded", "contents/v", _TRACE + "}", _TRACE.replace("one.csv", "two.csv") + "}"),
    "TraceContent.format": ("coded", "contents/v", _TRACE + "}", _TRACE.replace("@25", "@24") + "}"),
    "ParametricContent.segment": ("relayed", "contents/v/segment", "500 ms", "1 s"),
    "ParametricContent.class": ("coded", "contents/v/class", "sports", "screen"),
    "ParametricContent.semantic_bits": ("relayed", "contents/v/semantic_bits", "10", "20"),
    "ParametricContent.kind": ("coded", "contents/v", ABSENT + "=", _TRACE + "}"),
    "ParametricContent.format": ("relayed", "contents/v/format", "720p25", "720p30"),
    "ParametricContent.rate": ("relayed", "contents/v/rate", "2 Mbit/s", "2.1 Mbit/s"),
    "ParametricContent.sizes": ("plain", "contents/v/sizes", "exponential", "constant"),
    "ParametricContent.variation": ("relayed", "contents/v/variation", "30 %", "31 %"),
    "ProfiledAction.expanded_rate": (
        "coded", "nodes/C", "terminal", None,
    ),
}
