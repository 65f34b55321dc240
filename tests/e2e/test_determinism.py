"""Same seed, same bytes: in this process, in another, and whatever Python's hash seed is."""

import json
import os
import random
import subprocess
import sys

import pytest
import yaml

MIXED = """
name: mixed
seed: 5
duration: 8 s
warmup: 1 s
baseline: forward
nodes:
  S: server
  E: {kind: edge, gpu: {device: L4, streams: 2}}
  mast: {kind: tower, radio: {capacity: 8 Mbit/s, coverage: 80 %, segment_loss: 5 %}}
  c1: {kind: cell, gpu: L4, radio: {capacity: 20 Mbit/s, peak_rate: 5 Mbit/s}}
  c2: {kind: cell, gpu: L4, radio: {capacity: 20 Mbit/s, peak_rate: 5 Mbit/s}}
  T: terminal
links:
  S -> E: {capacity: 60 Mbit/s, queue: 9 MB}
  E -> mast: {capacity: 10 Mbit/s}
  E -> c1: {capacity: 9 Mbit/s, queue: 4 MB}
  E -> c2: {capacity: {kind: steps, steps: {0 s: 9 Mbit/s, 3 s: 4 Mbit/s}}, queue: 4 MB}
  E -> T: {capacity: 9 Mbit/s, loss: {kind: gilbert, loss_bad: 20 %, good: 1 s, bad: 100 ms}, retransmissions: 1}
contents:
  base: {kind: parametric, format: 720p25, rate: 2 Mbit/s, sizes: exponential, class: sports, semantic_bits: 40}
  more: {kind: parametric, format: 720p25, rate: 1 Mbit/s, sizes: lognormal, variation: 30 %, class: sports,
         semantic_bits: 15}
actions:
  key: {declared: {contract_time: 20 ms, expand_time: 40 ms, memory: 2 GB}, bits_per_pixel: 0.01,
        semantic_fidelity: 0.9, mode: semi-reference}
  text: {declared: {contract_time: 30 ms, expand_time: 90 ms, memory: 3 GB}, bits_per_pixel: 0.001,
         semantic_fidelity: 0.7, mode: no-reference}
policies:
  scaling: {use: "POLICIES/scaling.py:GreedyDelay", with: {least_fidelity: 0.8}}
services:
  common: {content: base, from: S, to: mast, deadline: 2 s, start: 100 ms}
  personal: {content: more, from: S, to: [c1, c2], policy: scaling, deadline: 2 s, personal: true, start: 100 ms,
             enhances: common}
  call: {content: more, from: S, to: T, policy: scaling, deadline: 1 s, arrivals: poisson}
audiences:
  crowd: {count: 12, tower: mast, cells: [c1, c2], assignment: random, watches: [common, personal],
          join: {kind: poisson, rate: 3 /s}}
background:
  noise: {from: E, to: T, rate: 3 Mbit/s, packet: 1000 B}
"""


@pytest.fixture
def mixed(root):
    return MIXED.replace("POLICIES", str(root / "policies"))


@pytest.fixture
def in_process(tmp_path, run_directory):
    """Run a scenario in a process with a hash seed of its own and return what it left."""

    def go(text, name, hash_seed):
        path = tmp_path / f"{name}.yaml"
        path.write_text(text, encoding="utf-8")
        code = "import sys; from netgen.run import run; run(sys.argv[1], out=sys.argv[2])"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run(
            [sys.executable, "-c", code, path, tmp_path / name], env=environment, check=True, timeout=120
        )
        return run_directory(tmp_path / name)

    return go


def test_two_runs_leave_the_same_bytes(mixed, run_text):
    first, second = run_text(mixed), run_text(mixed)
    assert first.folder != second.folder
    assert first.hashes() == second.hashes()
    assert first.summary_without() == second.summary_without()
    assert len(first.hashes()) == 18  # nine tables, and those of the baseline
    assert first.summary["decisions"] > 20


def test_the_hash_seed_of_python_changes_nothing(mixed, run_text, in_process):
    here = run_text(mixed)
    for hash_seed in ("0", "1", "random"):
        there = in_process(mixed, f"hash-{hash_seed}", hash_seed)
        assert there.hashes() == here.hashes()
        assert there.summary_without() == here.summary_without()


def test_another_seed_gives_other_bytes(mixed, run_text):
    first, second = run_text(mixed), run_text(mixed, "seed=6")
    assert first.hashes()["segments.parquet"] != second.hashes()["segments.parquet"]


def test_a_seed_that_is_drawn_is_kept_and_repeats_the_run(mixed, run_text, run_file):
    text = mixed.replace("seed: 5", "seed: null").replace("baseline: forward", "")
    drawn, other = run_text(text), run_text(text)
    seed = drawn.summary["seed"]
    assert seed != other.summary["seed"]
    assert yaml.safe_load((drawn.folder / "scenario.yaml").read_text(encoding="utf-8"))["seed"] == seed
    again = run_file(drawn.folder / "scenario.yaml")
    assert again.hashes() == drawn.hashes()


def rows_by_key(done):
    """Records of a run, in an order that does not depend on the file's."""
    found = {}
    for table in ("links", "nodes", "users", "segments", "decisions"):
        rows = done.rows(table)
        for row in rows:
            row.pop("options", None)
        found[table] = sorted(json.dumps(row, sort_keys=True) for row in rows)
    return found


def shuffled(text, sections, number):
    """The same scenario with the entries of some sections in another order."""
    tree = yaml.safe_load(text)
    order = random.Random(number)
    for section in sections:
        entries = list(tree[section].items())
        order.shuffle(entries)
        tree[section] = dict(entries)
    return yaml.safe_dump(tree, sort_keys=False)


@pytest.mark.parametrize("number", range(4))
def test_the_order_of_nodes_links_contents_and_policies_does_not_matter(mixed, run_text, number):
    sections = ("nodes", "links", "contents", "actions", "policies")
    assert rows_by_key(run_text(shuffled(mixed, sections, number), "baseline=null")) == rows_by_key(
        run_text(mixed, "baseline=null")
    )


@pytest.mark.parametrize("number", range(3))
def test_the_order_of_services_matters_only_for_what_happens_at_the_same_instant(mixed, run_text, number):
    """Segments offered at one instant go in the order of the file; services that start apart do not care."""
    apart = mixed.replace("start: 100 ms}", "start: 0 ms}")
    text = apart.replace("enhances: common}", "}").replace("start: 100 ms,", "start: 317 ms,")
    sections = ("services", "audiences", "background")
    assert rows_by_key(run_text(shuffled(text, sections, number), "baseline=null")) == rows_by_key(
        run_text(text, "baseline=null")
    )
