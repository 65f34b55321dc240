"""The chain A-D-F-H of Fig. 8, scenario 2, with constant numbers, against its delay computed by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path

from netgen.ledger import STATEMENTS, LedgerReader
from netgen.run import run
from netgen.verify.check import Check

_CHAIN = """
name: chain
seed: 1
duration: 10 s
nodes: {A: {kind: edge, actions: [face]}, D: edge, F: edge, H: terminal}
links:
  A -> D: {capacity: 3 Mbit/s, delay: 5 ms}
  D -> F: {capacity: 2 Mbit/s, delay: 10 ms}
  F -> H: {capacity: 50 Mbit/s, delay: 2 ms}
contents:
  talk: {kind: parametric, format: 1080p30, rate: 4 Mbit/s, class: talking-face, semantic_bits: 25}
actions:
  face:
    declared: {contract_time: 80 ms, expand_time: 350 ms, memory: 4 GB}
    bits_per_pixel: 0.01
    semantic_fidelity: 0.93
    mode: semi-reference
policies: {chain: {use: "chain_policy.py:Chain"}}
services: {call: {content: talk, from: A, to: H, policy: chain, deadline: 2 s}}
"""

_POLICY = '''
import numpy as np

from netgen.policy import ContinuationDecision, ContinuationPolicy, RelayPolicy, Serve


class Chain(RelayPolicy):
    """Contracts at A, forwards at D, expands at F."""

    def decide(self, view, rng):
        if view.node == "A":
            return view.contractions[0].decision
        return view.expansion.decision if view.node == "F" else view.forward.decision
'''

_TOWN = """
name: town
seed: 2
duration: 20 s
nodes:
  studio: server
  edge: {kind: edge, gpu: {device: L4, streams: 2}}
  mast: {kind: tower, radio: {capacity: 8 Mbit/s, coverage: 90 %, segment_loss: 2 %}}
  cell: {kind: cell, gpu: {device: L4, streams: 2}, radio: {capacity: 30 Mbit/s, peak_rate: 10 Mbit/s}}
links:
  studio -> mast: {capacity: 20 Mbit/s, loss: 1 %, retransmissions: 3}
  studio -> edge: {capacity: 40 Mbit/s, queue: 1 MB}
  edge -> cell: {capacity: {kind: steps, steps: {0 s: 12 Mbit/s, 7 s: 0 Mbit/s, 8 s: 6 Mbit/s}}, loss: 0.1 %}
contents:
  stage: {kind: parametric, format: 1080p25, rate: 4 Mbit/s, class: sports, semantic_bits: 40}
  view: {kind: parametric, format: 720p25, rate: 1 Mbit/s, sizes: exponential, class: sports, semantic_bits: 15}
actions:
  key:
    declared: {contract_time: 5 ms, expand_time: 60 ms, memory: 3 GB}
    bits_per_pixel: 0.01
    semantic_fidelity: 0.9
    mode: semi-reference
policies: {chain: {use: "chain_policy.py:Town"}, swing: {use: "chain_policy.py:Swing"}}
services:
  common: {content: stage, from: studio, to: [mast, cell], deadline: 2 s}
  personal: {content: view, from: studio, to: cell, policy: chain, deadline: 1 s, personal: true, enhances: common}
audiences:
  crowd: {count: 9, tower: mast, cells: [cell], watches: [common, personal], join: {kind: uniform, over: 5 s}}
background:
  other: {from: studio, to: cell, rate: 2 Mbit/s}
collaboration:
  continuation: {services: [common], policy: swing}
faults:
  - {what: tower, where: mast, at: 4.5 s, repair: 2 s}
  - {what: cores, at: 12.5 s, repair: 3 s}
"""

_TOWN_POLICY = '''

class Town(RelayPolicy):
    """Contracts every other segment and expands what it can."""

    def decide(self, view, rng):
        if view.expansion is not None:
            return view.expansion.decision
        if view.contractions and rng.uniform() < 0.5:
            return view.contractions[0].decision
        return view.forward.decision


class Swing(ContinuationPolicy):
    """Has everybody served in all three ways in turn, each of them in its own."""

    def decide(self, view, rng):
        serve = (view.user + round(view.time_s)) // 3 % len(Serve)
        return ContinuationDecision(np.where(view.moving, view.served, serve), cast="multicast")
'''


def chain_delay_s() -> float:
    """End-to-end delay of a segment of the chain, by hand.

    Contracting takes 0.08 s and gives 0.01 bit/pixel of 30 frames of 1920 x 1080, that is 622,080 bit. The
    second link is slower than the first and its packets are full but for the last, so once the first packet
    of 11,200 bit is over the first link, the second sends without a pause. Expanding takes 0.35 s; the full
    segment of 4 Mbit then takes the last link.
    """
    bits = 0.01 * 1920 * 1080 * 30
    over_two = 11_200 / 3e6 + 0.005 + bits / 2e6 + 0.010
    return 0.08 + over_two + 0.35 + 4e6 / 50e6 + 0.002


def check_chain() -> Check:
    """Simulated against hand-computed end-to-end delay, past the cold starts of the first segments."""
    with tempfile.TemporaryDirectory() as folder:
        segments = LedgerReader(_simulate(Path(folder), _CHAIN)).table("segments", ["index", "delay_s"])
    delays_s = {row["index"]: row["delay_s"] for row in segments.to_pylist()}
    name = "contract, forward, expand, deliver: end-to-end delay [s]"
    return Check.within(
        name, delays_s[5], chain_delay_s(), 1e-9, "by hand (netgen.verify.chain.chain_delay_s)"
    )


def check_laws() -> list[Check]:
    """Residual of every conservation law in a small town with loss, outages, cold starts, late jobs and hand-overs.

    A law that is broken beyond its rounding fails the run itself, and so this check.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scenario.yaml"
        _write(path, _TOWN)
        laws = run(path, out=Path(folder) / "run").summary["laws"]
    checks = []
    for name, law in laws.items():
        # `holds` applies each account's own rounding tolerance; two bits bound them all in this scenario.
        ok = law["holds"] and law["residual"] <= 2.0 and law["accounts"] > 0
        checks.append(Check(f"law {name}", law["residual"], 0.0, 2.0, ok, STATEMENTS[name]))
    return checks


def _simulate(folder: Path, text: str) -> Path:
    """Run a scenario text in a folder and return its run directory."""
    path = folder / "scenario.yaml"
    _write(path, text)
    return run(path, out=folder / "run").folder


def _write(path: Path, text: str) -> None:
    """Write a scenario and the policies that it names."""
    path.write_text(text, encoding="utf-8")
    (path.parent / "chain_policy.py").write_text(_POLICY + _TOWN_POLICY, encoding="utf-8")
