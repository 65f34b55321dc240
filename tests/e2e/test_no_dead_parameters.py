"""Every key of a scenario file can change a result: for each one a scenario in which it does."""

import copy
import json

import pytest
import yaml

from netgen.radio.signals import make_signals
from netgen.run import rehearse, run
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

RATED = """
name: rated
seed: 1
duration: 20 s
nodes:
  A: {kind: server, gpu: {device: L4, streams: 2}}
  B: {kind: cell, gpu: {device: L4, streams: 2}, radio: {capacity: 20 Mbit/s, peak_rate: 10 Mbit/s}}
  C: {kind: server, gpu: A100-PCIe-80GB}
links:
  A -> B: {capacity: 2 Mbit/s, delay: 5 ms}
  B <-> C: {capacity: 5 Mbit/s, delay: 10 ms}
  A -> C: {capacity: 5 Mbit/s, delay: 10 ms}
contents:
  v: {kind: parametric, format: 272x272@25, rate: 300 kbit/s, sizes: lognormal, variation: 30 %,
      class: labelled, semantic_bits: 36}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB},
        bits_per_pixel: 0.01, semantic_fidelity: 0.7, mode: semi-reference}
  fine: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB},
         bits_per_pixel: 0.02, semantic_fidelity: 0.9, mode: semi-reference}
policies:
  squeeze: {use: "squeeze.py:Squeeze"}
services:
  s: {content: v, from: A, to: B, policy: squeeze, deadline: 2 s}
  t: {content: v, from: A, to: B, policy: squeeze, deadline: 2 s}
audiences:
  crowd: {count: 2, cells: B, watches: [s, t]}
evaluations:
  e: {services: s, at: B, path: rough.jsonl, then: withhold, measured_as: {key: coarse, fine: coarse}}
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

CELLULAR = """
name: cellular
seed: 1
duration: 3 s
nodes:
  S: server
  ran:
    kind: ran
    gpu: {device: L4, streams: 4}
    radio:
      layout: {kind: hexagonal, sites: 7, spacing: 300 m}
      carrier: 3.5 GHz
      bandwidth: 5 MHz
      power: 30 dBm
      guarantees: {show: {rate: 5 Mbit/s, priority: 1}, call: {rate: 5 Mbit/s, priority: 2}}
      handover: {time_to_trigger: 100 ms}
  spare: {kind: ran}
links:
  S -> ran: {capacity: 10 Gbit/s, queue: null}
contents:
  v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, segment: 500 ms, semantic_bits: 40}
  w: {kind: parametric, format: 720p25, rate: 25 Mbit/s, class: sports, segment: 500 ms, semantic_bits: 40}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB},
        bits_per_pixel: 0.01, semantic_fidelity: 0.9, mode: semi-reference, playable: true}
policies:
  squeeze: {use: "squeeze.py:Squeeze"}
services:
  talk: {content: v, from: S, to: ran, deadline: 1 s, policy: squeeze}
  call: {content: w, from: S, to: ran, deadline: 1 s}
  show: {content: w, from: S, to: ran, deadline: 1 s}
audiences:
  walkers: {count: 24, cells: ran, watches: talk, mobility: {kind: random-waypoint, speed: [50 km/h, 900 km/h]}}
  callers: {count: 24, cells: ran, watches: [call, show], choice: zipf, place: {kind: disc, radius: 200 m}}
"""

ATSC3 = """
name: atsc3
seed: 1
duration: 3 s
nodes:
  S: server
  mast:
    kind: tower
    radio:
      kind: atsc3
      carrier: 600 MHz
      transmitters:
        near: {at: [0 m, 0 m], height: 100 m, power: 1 kW}
        far: {at: [35 km, 0 m], height: 100 m, power: 1 kW}
      pipes:
        robust: {constellation: QPSK, code_rate: 6/15, share: 40 %}
        rich: {constellation: 64QAM, code_rate: 8/15, share: 60 %}
links:
  S -> mast: {capacity: 100 Mbit/s}
contents:
  v: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, segment: 500 ms, semantic_bits: 40}
services:
  news: {content: v, from: S, to: mast, deadline: 2 s}
  film: {content: v, from: S, to: mast, deadline: 2 s, pipe: rich}
audiences:
  viewers: {count: 400, tower: mast, watches: [news, film], place: {kind: disc, radius: 20 km},
            mobility: {kind: random-direction, speed: 250 m/s}}
"""

LTE = """
name: lte
seed: 1
duration: 3 s
nodes:
  S: server
  mast:
    kind: tower
    radio:
      kind: 5g-broadcast
      carrier: 600 MHz
      transmitters:
        near: {at: [0 m, 0 m], height: 100 m, power: 1 kW}
        far: {at: [35 km, 0 m], height: 100 m, power: 1 kW}
links:
  S -> mast: {capacity: 100 Mbit/s}
contents:
  v: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, segment: 500 ms, semantic_bits: 40}
services:
  news: {content: v, from: S, to: mast, deadline: 2 s}
audiences:
  viewers: {count: 400, tower: mast, watches: news, place: {kind: disc, radius: 20 km},
            mobility: {kind: random-direction, speed: 250 m/s}}
"""

TOGETHER = """
name: together
seed: 1
duration: 14 s
nodes:
  S: {kind: server, gpu: {device: L4, streams: 4}}
  mast:
    kind: tower
    radio: {capacity: 6 Mbit/s, delay: 1 ms, segment_loss: 10 %, lost_share: 50 %,
            holes: [{kind: rectangle, from: [100 m, -10 m], to: [200 m, 10 m]}]}
  c1: {kind: cell, gpu: {device: L4, streams: 4}, radio: {capacity: 12 Mbit/s, peak_rate: 6 Mbit/s}}
links:
  S -> mast: {capacity: 50 Mbit/s}
  S -> c1: {capacity: 50 Mbit/s}
contents:
  base: {kind: parametric, format: 720p25, rate: 1 Mbit/s, class: sports, semantic_bits: 40}
  more: {kind: parametric, format: 720p25, rate: 500 kbit/s, class: sports, semantic_bits: 15}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 50 ms, memory: 2 GB},
        bits_per_pixel: 0.001, semantic_fidelity: 0.9, mode: no-reference}
policies:
  ahead: {use: "POLICIES/continuation.py:Predictive"}
  repair: {use: "POLICIES/continuation.py:RepairOnly"}
  cells: {use: "POLICIES/continuation.py:CellularOnly"}
  share: {use: "POLICIES/offloading.py:Threshold", with: {start_audience: 2, stop_audience: 1, dwell_s: 1}}
  held: {use: "POLICIES/addition.py:AtTerminal"}
services:
  live: {content: base, from: S, to: [mast, c1], deadline: 2 s}
  other: {content: base, from: S, to: [mast, c1], deadline: 2 s}
  view: {content: more, from: S, to: c1, deadline: 2 s, personal: true, enhances: live}
audiences:
  train:
    {count: 6, tower: mast, cells: [c1], watches: [live, other, view],
     mobility: {kind: line, points: [[0 m, 0 m], [400 m, 0 m]], speed: [15 m/s, 30 m/s]},
     terminal: {generator: {device: L4, slowdown: 3, memory: 4 GB, power: 5 W}, battery: 20 J, charge: 80 %}}
collaboration:
  continuation: {services: [live], policy: ahead, horizon: 3 s}
  offloading: {services: [other], policy: share}
  addition: {services: [view], policy: held, action: key}
faults:
  - {what: tower, where: mast, at: 6 s, repair: 2 s}
"""

GRAPHML = """<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="a"/><node id="{second}"/><edge source="a" target="{second}"/></graph></graphml>
"""
NODE_LINK = """{{"directed": true, "multigraph": false, "graph": {{}},
"nodes": [{{"id": "a"}}, {{"id": "{second}"}}], "links": [{{"source": "a", "target": "{second}"}}]}}
"""


def ratings(score):
    """Return a file of measured ratings: what is bad is rated `score`."""
    cost = {
        "kind": "cost",
        "frames": 25,
        "pixels": 73984,
        "flops": 1e9,
        "memory_bytes": 1000000,
        "device": "L4",
    }
    cost |= {"seconds": 0.01, "date": "2026-11-22", "command": "none"}
    lines = [
        cost | {"rater": name, "needs": name, "description_bits": 40}
        for name in ("nothing", "description", "source")
    ]
    for variant, levels in (("source", [5, 5, 5, 5]), ("coarse", [1, 2, 5, 4]), ("fine", [5, 5, 2, 4])):
        near, far = ([score if level <= 2 else good for level in levels] for good in (4.0, 4.9))
        scores = {"nothing": near, "description": near, "source": far}
        rate = 0 if variant == "source" else 0.01
        line = {"kind": "ratings", "variant": variant, "levels": levels, "scores": scores}
        lines += [line | {"bits_per_pixel": rate * factor} for factor in (1, 2) if rate or factor == 1]
    return "\n".join(json.dumps(line) for line in lines) + "\n"


SITES = "name,x_m,y_m\na,0,0\nb,{x_m},0\n"
TRACE_ROWS = "time_s,user,x_m,y_m\n0,a,0,50\n3,a,{x_m},50\n0,b,0,150\n3,b,{x_m},150\n"
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
    "one_sites.csv": SITES.format(x_m=200),
    "two_sites.csv": SITES.format(x_m=300),
    "west.csv": TRACE_ROWS.format(x_m=-100),
    "slow.csv": "time_s,users\n0,0\n8,6\n",
    "fast.csv": "time_s,users\n0,3\n4,6\n",
    "east.csv": TRACE_ROWS.format(x_m=100),
    "rough.jsonl": ratings(1.5),
    "kind.jsonl": ratings(4.0),
}
BASES = {
    "relayed": RELAYED,
    "plain": PLAIN,
    "coded": CODED,
    "broadcast": BROADCAST,
    "islands": ISLANDS,
    "cellular": CELLULAR,
    "atsc3": ATSC3,
    "lte": LTE,
    "together": TOGETHER,
    "rated": RATED,
}
ABSENT = "(absent)"

AB = "links/A -> B"


def row(base, place, one, other, also=None):
    """Return a row: the base, what is changed in both runs, and the place with its two values."""
    return base, also or {}, place, one, other


EXPANDING = {"nodes/C": "{kind: terminal, gpu: {device: AMD-EPYC-2-cores, streams: 2}}"}
TURBO = {AB + "/loss": "{kind: coded, snr: 1.1 dB, code: turbo, rate: 1/3, block: 504}"}
LDPC = {AB + "/loss": "{kind: coded, snr: 6 dB, channel: awgn, rate: 1/2, constellation: 16-QAM}"}
SNR_STEPS = {AB + "/loss": "{kind: coded, snr: {kind: steps, steps: {0 s: 9 dB, 1 s: 3 dB}}}"}
GILBERT = {AB + "/loss": "{kind: gilbert, loss_good: 0, loss_bad: 50 %, good: 1 s, bad: 300 ms}"}
STEPS = {AB + "/capacity": "{kind: steps, steps: {0 s: 3 Mbit/s, 1 s: 2 Mbit/s}}"}
TRACED = {AB + "/capacity": "{kind: trace, path: rising.csv}"}
SCENES = {"contents/v": "{kind: scenes, count: 2}"}
FILE = {"contents/v": "{kind: file, path: CLIPS/field-game.mkv, class: sports, semantic_bits: 10}"}
TRACE = {"contents/v": "{kind: trace, path: one.csv, format: 480x272@25, class: sports, semantic_bits: 10}"}
GRID = {"topology": "{kind: grid, rows: 2, columns: 3, link: {capacity: 1 Mbit/s}}"}
GRAPH = {"topology": "{kind: graphml, path: one.graphml, prefix: n, link: {capacity: 1 Mbit/s}}"}
NODES = {"topology": "{kind: node-link, path: one.json, prefix: n, link: {capacity: 1 Mbit/s}}"}
EXPLICIT = {"services/s/route": "{paths: [[A, B, C]]}"}
RADIO = "nodes/ran/radio"
LAYOUT = RADIO + "/layout"
LISTED = {LAYOUT: "{kind: sites, path: one_sites.csv}"}
MAST = "nodes/mast/radio"
MOVES = "audiences/walkers/mobility"
PLACE = "audiences/callers/place"
TERMINAL = "audiences/callers/terminal"
DISC = {PLACE: "{kind: disc, radius: 200 m}"}
RECTANGLE = {PLACE: "{kind: rectangle, from: [0 m, 0 m], to: [300 m, 300 m]}"}
DIRECTION = {MOVES: "{kind: random-direction, speed: [50 km/h, 900 km/h], leg: 1 s}"}
LINE = {MOVES: "{kind: line, points: [[-300 m, 50 m], [300 m, 50 m]], speed: 200 m/s}"}
STREETS = {MOVES: "{kind: street-grid, block: 100 m, speed: 200 m/s}"}
GROUP = {MOVES: "{kind: group, members: 4, radius: 50 m, speed: 200 m/s}"}
TRACED_MOVES = {MOVES: "{kind: trace, path: west.csv}", "audiences/walkers/count": "2"}
FIXED = {MAST: "{capacity: 8 Mbit/s}"}
ITM = {MAST + "/propagation": "itm"}
CIRCULANT = "{kind: circulant, nodes: 6, link: {capacity: 1 Mbit/s}}"

RATING = "evaluations/e"
DOUBTING = {RATING + "/when": "{kind: adaptive, fidelity: 0, after_bad: 0, share: 20 %}"}
MODES = "collaboration"
TRAIN = "audiences/train"
MOST = TRAIN + "/terminal"
REPAIRED = {MODES + "/continuation/policy": "repair"}
LEARNED = {MODES + "/continuation/predictor": "{kind: learned, bin: 20 m}"}
STEP = {TRAIN + "/join": "{kind: step, at: 3 s, over: 2 s, before: 20 %}"}
RAMP = {TRAIN + "/join": "{kind: ramp, start: 1 s, over: 6 s, before: 20 %}"}
EVENT = {TRAIN + "/join": "{kind: live-event, start: 5 s, rise: 2 s, before: 20 %}"}


def fault(**values):
    """Return a list of one fault, as text."""
    known = {"what": "tower", "where": "mast", "at": "6 s", "repair": "2 s", **values}
    return "[{" + ", ".join(f"{name}: {value}" for name, value in known.items()) + "}]"


TABLE = {
    "Evaluation.services": row("rated", RATING + "/services", "s", "[s, t]"),
    "Evaluation.at": row("rated", RATING + "/at", "B", "C"),
    "Evaluation.rater": row("rated", RATING + "/rater", "description", "source"),
    "Evaluation.path": row("rated", RATING + "/path", "rough.jsonl", "kind.jsonl"),
    "Evaluation.bad": row("rated", RATING + "/bad", ABSENT, "4.5"),
    "Evaluation.rating": row("rated", RATING + "/rating", ABSENT, "40 kbit", {RATING + "/at": "C"}),
    "Evaluation.measured_as": row("rated", RATING + "/measured_as/key", "coarse", "fine"),
    "RatingWork.time": row(
        "rated", RATING + "/work", "{time: 10 ms, memory: 1 GB}", "{time: 20 ms, memory: 1 GB}"
    ),
    "RatingWork.memory": row(
        "rated", RATING + "/work", "{time: 1 ms, memory: 1 GB}", "{time: 1 ms, memory: 2 GB}"
    ),
    "Always.kind": row("rated", RATING + "/when", "always", "never"),
    "Never.kind": row("rated", RATING + "/when", "never", "adaptive"),
    "RandomShare.kind": row("rated", RATING + "/when", "{kind: share, share: 50 %}", "always"),
    "RandomShare.share": row(
        "rated", RATING + "/when", "{kind: share, share: 50 %}", "{kind: share, share: 10 %}"
    ),
    "Adaptive.kind": row(
        "rated", RATING + "/when", "{kind: adaptive, fidelity: 0, after_bad: 0, share: 0}", "always"
    ),
    "Adaptive.fidelity": row("rated", RATING + "/when/fidelity", "0.6", "0.8", DOUBTING),
    "Adaptive.after_bad": row("rated", RATING + "/when/after_bad", "0", "4", DOUBTING),
    "Adaptive.share": row("rated", RATING + "/when/share", "20 %", "90 %", DOUBTING),
    "Note.kind": row("rated", RATING + "/then", "note", "withhold"),
    "Withhold.kind": row("rated", RATING + "/then", "withhold", "refetch"),
    "Refetch.kind": row("rated", RATING + "/then", "refetch", "note"),
    "Refetch.action": row("rated", RATING + "/then", "refetch", "{kind: refetch, action: fine}"),
    "Cores.delay": row("together", MODES + "/cores", "{delay: 10 ms}", "{delay: 1500 ms}"),
    "Cores.rate": row("together", MODES + "/cores", "{rate: 1 Mbit/s}", "{rate: 2 kbit/s}"),
    "Cores.message": row(
        "together", MODES + "/cores", "{rate: 10 kbit/s}", "{rate: 10 kbit/s, message: 20 kbit}"
    ),
    "Cores.context": row("together", MODES + "/cores", ABSENT, "{context: 8 kbit}"),
    "Cores.period": row("together", MODES + "/cores", ABSENT, "{period: 500 ms}"),
    "Continuation.services": row("together", MODES + "/continuation/services", "[live]", "[live, other]"),
    "Continuation.policy": row("together", MODES + "/continuation/policy", "ahead", "never-collaborate"),
    "Continuation.horizon": row("together", MODES + "/continuation/horizon", "3 s", "6 s"),
    "Continuation.poor": row("together", MODES + "/continuation/poor", ABSENT, "100 %"),
    "PerfectPredictor.kind": row("together", MODES + "/continuation/predictor", "perfect", "learned"),
    "NoisyPredictor.kind": row(
        "together", MODES + "/continuation/predictor", "perfect", "{kind: noisy, error: 90 m}"
    ),
    "NoisyPredictor.error": row(
        "together",
        MODES + "/continuation/predictor",
        "{kind: noisy, error: 5 m}",
        "{kind: noisy, error: 90 m}",
    ),
    "LearnedPredictor.kind": row(
        "together",
        MODES + "/continuation/predictor",
        "{kind: learned, bin: 20 m}",
        "{kind: noisy, error: 9 m}",
    ),
    "LearnedPredictor.bin": row(
        "together",
        MODES + "/continuation/predictor",
        "{kind: learned, bin: 5 m}",
        "{kind: learned, bin: 1 km}",
    ),
    "Repair.offset": row("together", MODES + "/continuation/repair", ABSENT, "{offset: 700 ms}", REPAIRED),
    "Repair.backoff": row("together", MODES + "/continuation/repair", ABSENT, "{backoff: 0 s}", REPAIRED),
    "FixedBroadcast.lost_share": row("together", MAST + "/lost_share", "50 %", "90 %", REPAIRED),
    "Offloading.services": row("together", MODES + "/offloading/services", "[other]", "[other, live]"),
    "Offloading.policy": row("together", MODES + "/offloading/policy", "share", "never-collaborate"),
    "Offloading.poor": row("together", MODES + "/offloading/poor", "50 %", "5 %"),
    "Offloading.fill": row("together", MODES + "/offloading/fill", "100 %", "1 %"),
    "Offloading.tune_in": row(
        "together", MODES + "/offloading/tune_in", ABSENT, "3 s", {MODES + "/offloading/poor": "50 %"}
    ),
    "Addition.services": row(
        "together",
        MODES + "/addition/services",
        "[view]",
        "[more]",
        {
            "services/more": "{content: more, from: S, to: c1, deadline: 2 s, personal: true, enhances: live}",
            TRAIN + "/watches": "[live, other, view, more]",
        },
    ),
    "Addition.policy": row("together", MODES + "/addition/policy", "held", "never-collaborate"),
    "Addition.action": row("together", MODES + "/addition/action", "key", "null"),
    "Collaboration.admission": row("together", MODES + "/admission", ABSENT, "10 %"),
    "Fault.what": row("together", "faults", fault(), fault(what="cell", where="c1")),
    "Fault.where": row(
        "together", "faults", fault(what="link", where="S -> mast"), fault(what="link", where="S -> c1")
    ),
    "Fault.at": row("together", "faults", fault(), fault(at="3 s")),
    "Fault.repair": row("together", "faults", fault(), fault(repair="4 s")),
    "Fault.random": row("together", "faults", fault(), fault(random="true")),
    "Generator.slowdown": row("together", MOST + "/generator/slowdown", "3", "9"),
    "Generator.memory": row("together", MOST + "/generator/memory", "4 GB", "1 GB"),
    "Generator.power": row("together", MOST + "/generator/power", "5 W", "9 W"),
    "Terminal.battery": row("together", MOST + "/battery", "20 J", "2 J"),
    "Terminal.charge": row("together", MOST + "/charge", "80 %", "3 %"),
    "Terminal.tuner": row("together", MOST + "/tuner", ABSENT, "50 %"),
    "StepJoin.kind": row("together", TRAIN + "/join", STEP[TRAIN + "/join"], RAMP[TRAIN + "/join"]),
    "StepJoin.at": row("together", TRAIN + "/join/at", "3 s", "5 s", STEP),
    "StepJoin.over": row("together", TRAIN + "/join/over", "2 s", "8 s", STEP),
    "StepJoin.before": row("together", TRAIN + "/join/before", "20 %", "90 %", STEP),
    "RampJoin.kind": row("together", TRAIN + "/join", RAMP[TRAIN + "/join"], EVENT[TRAIN + "/join"]),
    "RampJoin.start": row("together", TRAIN + "/join/start", "1 s", "4 s", RAMP),
    "RampJoin.over": row("together", TRAIN + "/join/over", "6 s", "1 s", RAMP),
    "RampJoin.before": row("together", TRAIN + "/join/before", "20 %", "90 %", RAMP),
    "LiveEventJoin.kind": row("together", TRAIN + "/join", EVENT[TRAIN + "/join"], "start"),
    "LiveEventJoin.start": row("together", TRAIN + "/join/start", "5 s", "8 s", EVENT),
    "LiveEventJoin.rise": row("together", TRAIN + "/join/rise", "2 s", "8 s", EVENT),
    "LiveEventJoin.before": row("together", TRAIN + "/join/before", "20 %", "90 %", EVENT),
    "TraceJoin.kind": row("together", TRAIN + "/join", "{kind: trace, path: slow.csv}", "start"),
    "TraceJoin.path": row(
        "together",
        TRAIN + "/join/path",
        "slow.csv",
        "fast.csv",
        {TRAIN + "/join": "{kind: trace, path: slow.csv}"},
    ),
    "StayConstant.kind": row(
        "together", TRAIN + "/stay", "{kind: constant, for: 5 s}", "{kind: exponential, mean: 5 s}"
    ),
    "StayConstant.for": row(
        "together", TRAIN + "/stay", "{kind: constant, for: 5 s}", "{kind: constant, for: 8 s}"
    ),
    "StayExponential.kind": row("together", TRAIN + "/stay", "{kind: exponential, mean: 5 s}", "null"),
    "StayExponential.mean": row(
        "together", TRAIN + "/stay", "{kind: exponential, mean: 5 s}", "{kind: exponential, mean: 1 s}"
    ),
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
    "ScenesContent.kind": row("coded", "contents/v", "=", SCENES["contents/v"]),
    "ScenesContent.count": row("coded", "contents/v/count", "2", "3", SCENES),
    "ScenesContent.seed": row("coded", "contents/v/seed", "2", "3", SCENES),
    "ScenesContent.crf": row("coded", "contents/v/crf", "20", "30", SCENES),
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
    "Service.pipe": row("atsc3", "services/film/pipe", "rich", "robust"),
    "StayPut.kind": row("cellular", MOVES, "static", DIRECTION[MOVES]),
    "RandomWaypoint.kind": row("cellular", MOVES, "=", "static"),
    "RandomWaypoint.speed": row("cellular", MOVES + "/speed", "[50 km/h, 900 km/h]", "900 km/h"),
    "RandomWaypoint.pause": row("cellular", MOVES + "/pause", ABSENT, "10 s"),
    "RandomDirection.kind": row("cellular", MOVES, DIRECTION[MOVES], LINE[MOVES]),
    "RandomDirection.speed": row("cellular", MOVES + "/speed", "=", "250 m/s", DIRECTION),
    "RandomDirection.leg": row("cellular", MOVES + "/leg", "1 s", ABSENT, DIRECTION),
    "AlongLine.kind": row("cellular", MOVES, LINE[MOVES], STREETS[MOVES]),
    "AlongLine.points": row("cellular", MOVES + "/points", "=", "[[-300 m, 99 m], [300 m, 50 m]]", LINE),
    "AlongLine.speed": row("cellular", MOVES + "/speed", "=", "250 m/s", LINE),
    "StreetGrid.kind": row("cellular", MOVES, STREETS[MOVES], GROUP[MOVES]),
    "StreetGrid.block": row("cellular", MOVES + "/block", "100 m", "80 m", STREETS),
    "StreetGrid.speed": row("cellular", MOVES + "/speed", "=", "250 m/s", STREETS),
    "StreetGrid.turn": row("cellular", MOVES + "/turn", ABSENT, "0", STREETS),
    "GroupWalk.kind": row("cellular", MOVES, GROUP[MOVES], "static"),
    "GroupWalk.members": row("cellular", MOVES + "/members", "4", "6", GROUP),
    "GroupWalk.radius": row("cellular", MOVES + "/radius", "50 m", "80 m", GROUP),
    "GroupWalk.speed": row("cellular", MOVES + "/speed", "=", "250 m/s", GROUP),
    "GroupWalk.pause": row("cellular", MOVES + "/pause", ABSENT, "10 s", GROUP),
    "Traced.kind": row("cellular", MOVES, "=", "static", TRACED_MOVES),
    "Traced.path": row("cellular", MOVES + "/path", "west.csv", "east.csv", TRACED_MOVES),
    "NetworkPlace.kind": row("cellular", PLACE, "network", DISC[PLACE]),
    "DiscPlace.kind": row("cellular", PLACE, "=", RECTANGLE[PLACE]),
    "DiscPlace.centre": row("cellular", PLACE + "/centre", ABSENT, "[50 m, 0 m]"),
    "DiscPlace.radius": row("cellular", PLACE + "/radius", "200 m", "210 m"),
    "RectanglePlace.kind": row("cellular", PLACE, RECTANGLE[PLACE], "network"),
    "RectanglePlace.from": row("cellular", PLACE + "/from", "=", "[0 m, -50 m]", RECTANGLE),
    "RectanglePlace.to": row("cellular", PLACE + "/to", "=", "[300 m, 350 m]", RECTANGLE),
    "WatchAll.kind": row("cellular", "audiences/callers/choice", "all", "zipf"),
    "WatchOne.kind": row("cellular", "audiences/callers/choice", "zipf", ABSENT),
    "WatchOne.exponent": row("cellular", "audiences/callers/choice", "zipf", "{kind: zipf, exponent: 0}"),
    "Terminal.height": row("cellular", TERMINAL + "/height", ABSENT, "2 m"),
    "Terminal.indoor": row("cellular", TERMINAL + "/indoor", ABSENT, "50 %"),
    "Terminal.floors": row("cellular", TERMINAL + "/floors", ABSENT, "4", {TERMINAL: "{indoor: 100 %}"}),
    "Terminal.high_loss": row(
        "cellular", TERMINAL + "/high_loss", ABSENT, "1", {TERMINAL: "{indoor: 100 %}"}
    ),
    "Terminal.in_car": row("cellular", TERMINAL + "/in_car", ABSENT, "50 %"),
    "Terminal.receiver": row("atsc3", "audiences/viewers/terminal/receiver", "handheld", "in-car"),
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
    "RanNode.actions": row("cellular", "nodes/ran/actions", ABSENT, "[]"),
    "RanNode.policy": row("cellular", "nodes/ran/policy", ABSENT, "forward"),
    "RanNode.kind": row("cellular", "nodes/spare/kind", "ran", "edge"),
    "HexagonalLayout.kind": row("cellular", LAYOUT, "=", LISTED[LAYOUT]),
    "HexagonalLayout.sites": row("cellular", LAYOUT + "/sites", "7", "1"),
    "HexagonalLayout.spacing": row("cellular", LAYOUT + "/spacing", "300 m", "310 m"),
    "HexagonalLayout.sectors": row("cellular", LAYOUT + "/sectors", "3", "1"),
    "HexagonalLayout.height": row("cellular", LAYOUT + "/height", ABSENT, "30 m"),
    "HexagonalLayout.wrap_around": row("cellular", LAYOUT + "/wrap_around", ABSENT, "true"),
    "ListedLayout.kind": row("cellular", LAYOUT, LISTED[LAYOUT], "{kind: hexagonal, sites: 1}"),
    "ListedLayout.path": row("cellular", LAYOUT + "/path", "one_sites.csv", "two_sites.csv", LISTED),
    "ListedLayout.height": row("cellular", LAYOUT + "/height", ABSENT, "30 m", LISTED),
    "CellularRadio.environment": row("cellular", RADIO + "/environment", "uma", "umi"),
    "CellularRadio.carrier": row("cellular", RADIO + "/carrier", "3.5 GHz", "2.6 GHz"),
    "CellularRadio.bandwidth": row("cellular", RADIO + "/bandwidth", "5 MHz", "10 MHz"),
    "CellularRadio.subcarrier_spacing": row("cellular", RADIO + "/subcarrier_spacing", ABSENT, "15 kHz"),
    "CellularRadio.power": row("cellular", RADIO + "/power", "30 dBm", "46 dBm"),
    "CellularRadio.noise_figure": row("cellular", RADIO + "/noise_figure", ABSENT, "7 dB"),
    "PanelAntenna.elements": row("cellular", RADIO + "/antenna/elements", ABSENT, "8"),
    "PanelAntenna.spacing": row("cellular", RADIO + "/antenna/spacing", ABSENT, "0.7"),
    "PanelAntenna.tilt": row("cellular", RADIO + "/antenna/tilt", ABSENT, "10 deg"),
    "CellularRadio.shadowing": row("cellular", RADIO + "/shadowing", ABSENT, "false"),
    "CellularRadio.mcs_table": row("cellular", RADIO + "/mcs_table", ABSENT, "64qam"),
    "CellularRadio.overhead": row("cellular", RADIO + "/overhead", ABSENT, "30 %"),
    "CellularRadio.downlink_share": row("cellular", RADIO + "/downlink_share", ABSENT, "75 %"),
    "CellularRadio.fading": row("cellular", RADIO + "/fading", ABSENT, "rayleigh"),
    "CellularRadio.target_bler": row("cellular", RADIO + "/target_bler", ABSENT, "1 %"),
    "CellularRadio.scheduler": row("cellular", RADIO + "/scheduler", ABSENT, "max-min"),
    "Guarantee.rate": row("cellular", RADIO + "/guarantees/call/rate", "5 Mbit/s", "100 kbit/s"),
    "Guarantee.priority": row("cellular", RADIO + "/guarantees/call/priority", "2", "0"),
    "CellularRadio.multicast": row("cellular", RADIO + "/multicast", ABSENT, "talk"),
    "CellularRadio.activity": row("cellular", RADIO + "/activity", ABSENT, "50 %"),
    "Handover.offset": row("cellular", RADIO + "/handover/offset", ABSENT, "-3 dB"),
    "Handover.hysteresis": row("cellular", RADIO + "/handover/hysteresis", ABSENT, "0 dB"),
    "Handover.time_to_trigger": row("cellular", RADIO + "/handover/time_to_trigger", "100 ms", "1 s"),
    "Handover.filter": row("cellular", RADIO + "/handover/filter", ABSENT, "0"),
    "Handover.interruption": row("cellular", RADIO + "/handover/interruption", ABSENT, "500 ms"),
    "CellularRadio.give_up_late": row("cellular", RADIO + "/give_up_late", ABSENT, "true"),
    "CellularRadio.tolerance": row("cellular", RADIO + "/tolerance", ABSENT, "50 m"),
    "TowerNode.actions": row("broadcast", "nodes/mast/actions", ABSENT, "[]"),
    "TowerNode.policy": row("broadcast", "nodes/mast/policy", ABSENT, "forward"),
    "TowerNode.kind": row("broadcast", "nodes/spare_tower/kind", "tower", "edge"),
    "FixedBroadcast.capacity": row("broadcast", "nodes/mast/radio/capacity", "8 Mbit/s", "7 Mbit/s"),
    "FixedBroadcast.delay": row("broadcast", "nodes/mast/radio/delay", "1 ms", "2 ms"),
    "FixedBroadcast.coverage": row("broadcast", "nodes/mast/radio/coverage", "80 %", "20 %"),
    "FixedBroadcast.segment_loss": row("broadcast", "nodes/mast/radio/segment_loss", "10 %", "90 %"),
    "FixedBroadcast.kind": row("lte", MAST, "{kind: fixed, capacity: 8 Mbit/s}", "="),
    "Atsc3Broadcast.carrier": row("atsc3", MAST + "/carrier", "600 MHz", "700 MHz"),
    "Atsc3Broadcast.propagation": row("atsc3", MAST + "/propagation", ABSENT, "itm"),
    "Atsc3Broadcast.surroundings": row("atsc3", MAST + "/surroundings", ABSENT, "open"),
    "Atsc3Broadcast.irregularity": row("atsc3", MAST + "/irregularity", ABSENT, "200 m", ITM),
    "Atsc3Broadcast.fading": row("atsc3", MAST + "/fading", ABSENT, "rayleigh"),
    "Atsc3Broadcast.location_deviation": row("atsc3", MAST + "/location_deviation", ABSENT, "8 dB"),
    "Atsc3Broadcast.location_correlation": row("atsc3", MAST + "/location_correlation", ABSENT, "50 m"),
    "Atsc3Broadcast.delay": row("atsc3", MAST + "/delay", ABSENT, "2 ms"),
    "Atsc3Broadcast.interleaving": row("atsc3", MAST + "/interleaving", ABSENT, "50 ms"),
    "Atsc3Broadcast.fade": row("atsc3", MAST + "/fade", ABSENT, "1 s"),
    "Atsc3Broadcast.repair": row("atsc3", MAST + "/repair", ABSENT, "20 %"),
    "BroadcastTransmitter.at": row("atsc3", MAST + "/transmitters/far/at", "=", "[30 km, 0 m]"),
    "BroadcastTransmitter.height": row("atsc3", MAST + "/transmitters/far/height", "100 m", "150 m"),
    "BroadcastTransmitter.power": row("atsc3", MAST + "/transmitters/far/power", "1 kW", "2 kW"),
    "BroadcastTransmitter.delay": row("atsc3", MAST + "/transmitters/far/delay", ABSENT, "100 us"),
    "Atsc3Broadcast.kind": row("atsc3", MAST, "=", FIXED[MAST], {"services/film/pipe": "null"}),
    "Atsc3Broadcast.fft": row("atsc3", MAST + "/fft", ABSENT, "32K", {MAST + "/pilots": "SP12_2"}),
    "Atsc3Broadcast.guard": row("atsc3", MAST + "/guard", "1024", "512", {MAST + "/pilots": "SP12_2"}),
    "Atsc3Broadcast.pilots": row("atsc3", MAST + "/pilots", "SP6_2", "SP12_2"),
    "Atsc3Broadcast.symbols": row("atsc3", MAST + "/symbols", ABSENT, "60"),
    "Atsc3Broadcast.bandwidth": row("atsc3", MAST + "/bandwidth", ABSENT, "8 MHz"),
    "Atsc3Pipe.constellation": row("atsc3", MAST + "/pipes/rich/constellation", "64QAM", "16QAM"),
    "Atsc3Pipe.code_rate": row("atsc3", MAST + "/pipes/rich/code_rate", "8/15", "9/15"),
    "Atsc3Pipe.share": row("atsc3", MAST + "/pipes/rich/share", "60 %", "50 %"),
    "LteBroadcast.carrier": row("lte", MAST + "/carrier", "600 MHz", "700 MHz"),
    "LteBroadcast.propagation": row("lte", MAST + "/propagation", ABSENT, "itm"),
    "LteBroadcast.surroundings": row("lte", MAST + "/surroundings", ABSENT, "open"),
    "LteBroadcast.irregularity": row("lte", MAST + "/irregularity", ABSENT, "200 m", ITM),
    "LteBroadcast.fading": row("lte", MAST + "/fading", ABSENT, "rayleigh"),
    "LteBroadcast.location_deviation": row("lte", MAST + "/location_deviation", ABSENT, "8 dB"),
    "LteBroadcast.location_correlation": row("lte", MAST + "/location_correlation", ABSENT, "50 m"),
    "LteBroadcast.delay": row("lte", MAST + "/delay", ABSENT, "2 ms"),
    "LteBroadcast.interleaving": row("lte", MAST + "/interleaving", ABSENT, "50 ms"),
    "LteBroadcast.fade": row("lte", MAST + "/fade", ABSENT, "1 s"),
    "LteBroadcast.repair": row("lte", MAST + "/repair", ABSENT, "20 %"),
    "LteBroadcast.kind": row("lte", MAST, "=", FIXED[MAST]),
    "LteBroadcast.bandwidth": row("lte", MAST + "/bandwidth", ABSENT, "6 MHz"),
    "LteBroadcast.spacing": row("lte", MAST + "/spacing", ABSENT, "2.5kHz"),
    "LteBroadcast.mcs": row("lte", MAST + "/mcs", ABSENT, "12"),
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
    "CodedLoss.kind": row("plain", AB + "/loss", TURBO[AB + "/loss"], GILBERT[AB + "/loss"]),
    "CodedLoss.channel": row("plain", AB + "/loss/channel", "awgn", "rayleigh-fast", LDPC),
    "CodedLoss.code": row("plain", AB + "/loss/code", "turbo", "ldpc", TURBO),
    "CodedLoss.rate": row("plain", AB + "/loss/rate", "1/2", "2/3", LDPC),
    "CodedLoss.constellation": row("plain", AB + "/loss/constellation", "16-QAM", "4-QAM", LDPC),
    "CodedLoss.block": row("plain", AB + "/loss/block", "504", "128", TURBO),
    "ConstantSnr.kind": row("plain", AB + "/loss/snr", "1.1 dB", "{kind: steps, steps: {0 s: 9 dB}}", TURBO),
    "ConstantSnr.level": row("plain", AB + "/loss/snr", "{kind: constant, level: 1.1 dB}", "9 dB", TURBO),
    "SteppedSnr.kind": row("plain", AB + "/loss/snr", "=", "9 dB", SNR_STEPS),
    "SteppedSnr.steps": row("plain", AB + "/loss/snr/steps", "=", "{0 s: 9 dB, 2 s: 3 dB}", SNR_STEPS),
    "SteppedSnr.period": row("plain", AB + "/loss/snr/period", ABSENT, "2 s", SNR_STEPS),
    "GilbertLoss.kind": row("plain", AB + "/loss", GILBERT[AB + "/loss"], "{kind: random, probability: 5 %}"),
    "GilbertLoss.loss_bad": row("plain", AB + "/loss/loss_bad", "50 %", "90 %", GILBERT),
    "GilbertLoss.loss_good": row("plain", AB + "/loss/loss_good", "0", "20 %", GILBERT),
    "GilbertLoss.good": row("plain", AB + "/loss/good", "1 s", "400 ms", GILBERT),
    "GilbertLoss.bad": row("plain", AB + "/loss/bad", "300 ms", "2 s", GILBERT),
}
EXEMPT = {
    "Generator.device": "a declared action takes as long on any device; else see unit/elastic/test_terminals.py",
    "ScenarioFile.schema": "one version of the format exists; any other is refused",
    "ScenarioFile.name": "a label; it names the run directory and stands in the summary",
    "ScenarioFile.description": "a label; `netgen scenarios` lists it",
    "CellularRadio.compute": "a result must not depend on it; test_compute_changes_who_computes_and_no_result",
    "CellularRadio.device": "as compute, and most machines have the processor alone; the same test",
    **dict.fromkeys(
        (
            "ScenarioFile.fidelity",
            "FileContent.fidelity",
            "ScenesContent.fidelity",
            *(f"{kind}.fidelity" for kind in ("PlainNode", "CellNode", "RanNode", "TowerNode")),
            "Live.time",
            "Live.limit",
            "Live.memory",
            "Live.vmaf",
            "DeclaredAction.run",
            "ProfiledAction.run",
        ),
        "what runs live is run in tests/e2e/test_live.py",
    ),
    **dict.fromkeys(
        ("TraceContent.fidelity", "ParametricContent.fidelity"),
        "keeps a content without frames by profile where others are live; unit/scenario/test_live_check.py",
    ),
    **dict.fromkeys(
        ("Live.workers", "Live.threads", "Live.batch", "Live.device", "Live.precision"),
        "how models are computed: a result must not depend on it beyond its last bits; e2e/test_live.py",
    ),
    **dict.fromkeys(
        ("DeclaredAction.compatibility", "ProfiledAction.compatibility"),
        "refuses scenarios, and changes nothing in those that run; unit/build/test_compatibility.py",
    ),
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
        text = text.replace("POLICIES", str(root / "policies"))
        if text not in known:
            path = folder / f"{len(known)}.yaml"
            path.write_text(text, encoding="utf-8")
            known[text] = run_directory(run(path, out=folder / f"run-{len(known)}").folder).digest()
        return known[text]

    return go


def outcomes(folder):
    """What became of the segments, without the last bits of any number."""
    return [
        (row["service"], row["index"], row["outcome"], row["users_delivered"], row["users_late"])
        for row in folder.table("segments").to_pylist()
    ]


@pytest.mark.parametrize(("compute", "package"), [("numba", "numba"), ("torch", "torch")])
def test_compute_changes_who_computes_and_no_result(compute, package, tmp_path, run_directory, monkeypatch):
    pytest.importorskip(package, reason=f"compute: {compute} needs {package}")
    for name, content in FILES.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    made = []
    monkeypatch.setattr(
        "netgen.world.cellular.make_signals",
        lambda *parts, **settings: made.append(make_signals(*parts, **settings)) or made[-1],
    )
    found = {}
    for chosen in ("numpy", compute):
        path = tmp_path / f"{chosen}.yaml"
        tree = changed(yaml.safe_load(CELLULAR), RADIO + "/compute", chosen)
        path.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
        found[chosen] = outcomes(run_directory(run(path, out=tmp_path / chosen).folder))
    assert [type(signals).__name__.lower() for signals in made] == ["numpysignals", f"{compute}signals"]
    assert found[compute] == found["numpy"]


def test_the_device_is_that_of_torch(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "netgen.world.cellular.make_signals",
        lambda *parts, compute, device, **rest: (
            asked.append((compute, device)) or make_signals(*parts, **rest)
        ),
    )
    (tmp_path / "squeeze.py").write_text(POLICY, encoding="utf-8")
    tree = changed(yaml.safe_load(CELLULAR), RADIO + "/compute", "torch")
    tree = changed(tree, RADIO + "/device", "cuda")
    (tmp_path / "scenario.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    rehearse(tmp_path / "scenario.yaml")
    assert asked == [("torch", "cuda")]


def test_every_key_has_a_row_or_a_reason():
    assert set(TABLE) | set(EXEMPT) == leaves()
    assert not set(TABLE) & set(EXEMPT)


@pytest.mark.parametrize("key", TABLE)
def test_changing_it_changes_the_result(key, digest_of):
    base, also, place, one, other = TABLE[key]
    if "itm" in (one, other) or "itm" in also.values():
        pytest.importorskip("itmlogic", reason="the irregular terrain model needs itmlogic (netgen[itm])")
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
