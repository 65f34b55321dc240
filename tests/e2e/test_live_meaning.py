"""Meaning that is delivered live, joint over contraction, lossy links and expansion, against the ledger's account."""

import shutil
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the reader is a torch model")

from netgen.run import run

SCENARIO = """
name: delivered-meaning
seed: 4
duration: 90 s
fidelity: live
nodes:
  A: {kind: server, gpu: {device: AMD-EPYC-2-cores, streams: 2}}
  F: {kind: edge, gpu: {device: AMD-EPYC-2-cores, streams: 2}, policy: open}
  H: terminal
links:
  A -> F: {capacity: 500 kbit/s, delay: 5 ms, queue: 20 kB, loss: {kind: random, probability: 1 %}}
  F -> H: {capacity: 5 Mbit/s, delay: 2 ms}
contents:
  scenes: {kind: scenes, count: 90, seed: 11}
actions:
  half: {profile: svtav1-half, bits_per_pixel: 0.008}
policies:
  close: {use: "live_policy.py:Close"}
  open: {use: "live_policy.py:Open"}
services:
  news: {content: scenes, from: A, to: H, policy: close, deadline: 5 s}
"""

POLICIES = Path(__file__).with_name("live_policy.py")


@pytest.mark.slow
def test_what_is_read_at_the_end_is_what_the_ledger_says(tmp_path):
    """Scenes that the profile was not measured on; F codes what it expanded once more, which the ledger holds free."""
    shutil.copy(POLICIES, tmp_path)
    path = tmp_path / "scenario.yaml"
    path.write_text(SCENARIO, encoding="utf-8")
    summary = run(path, out=tmp_path / "run").summary
    (found,) = summary["live"]["meaning"]
    delivered = summary["receivers"]["news"]["H"]["segments_delivered"]
    assert 40 <= found["scenes"] <= delivered + summary["receivers"]["news"]["H"]["segments_late"] < 90
    assert found["agrees"], found
    assert found["read_bits"] < found["ceiling_bits"] < found["offered_bits"]
    assert found["account_bits"] == pytest.approx(summary["semantic_bits_delivered"])
    assert summary["semantic_bits_provenance"] == "exact"
    assert summary["semantic_fidelity_provenance"] == "measured"
    (told,) = summary["semantic_fidelities"]
    assert told["low"] < told["fidelity"] < told["high"]
    assert "labelled-scenes-v1" in told["source"]
    assert all(law["residual"] == 0 for law in summary["laws"].values() if law["accounts"])
