"""Collaboration of broadcast and cellular, run whole: baselines, broken policies, repeatability, faults, moves."""

import json
import os
import random
from collections import defaultdict

import pyarrow.parquet as pq
import pytest
import yaml

from netgen.cli import main

ALL_MODES = """
name: together
seed: 5
duration: 14 s
warmup: 1 s
packet: 10 kbit
epoch: 100 ms
nodes:
  core: {kind: server, gpu: {device: L4, streams: 2}}
  mast:
    kind: tower
    radio: {capacity: 8 Mbit/s, delay: 1 ms, segment_loss: 5 %, lost_share: 40 %,
            holes: [{kind: rectangle, from: [100 m, -50 m], to: [220 m, 50 m]}]}
  c1: {kind: cell, gpu: L4, radio: {capacity: 30 Mbit/s, peak_rate: 8 Mbit/s}}
  c2: {kind: cell, gpu: L4, radio: {capacity: 20 Mbit/s, peak_rate: 6 Mbit/s}}
links:
  core -> mast: {capacity: 40 Mbit/s, delay: 2 ms}
  core -> c1: {capacity: 60 Mbit/s, delay: 2 ms}
  core -> c2: {capacity: 60 Mbit/s, delay: 3 ms}
contents:
  match: {kind: parametric, format: 320x180@25, rate: 1 Mbit/s, sizes: lognormal, variation: 20 %, class: sports,
          semantic_bits: 20}
  film: {kind: parametric, format: 320x180@25, rate: 800 kbit/s, class: natural, semantic_bits: 20}
  angle: {kind: parametric, format: 320x180@25, rate: 400 kbit/s, class: sports, semantic_bits: 10}
actions:
  pose: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 1 GB}, bits_per_pixel: 0.01,
         semantic_fidelity: 0.9, mode: semi-reference}
policies:
  weighing: {use: "POLICIES/continuation.py:Cheapest", with: {dwell_s: 1.0, cast: unicast}}
  audience: {use: "POLICIES/offloading.py:Threshold", with: {start_audience: 8, stop_audience: 5, dwell_s: 2.0}}
  cheapest: {use: "POLICIES/addition.py:Cheapest"}
services:
  live: {content: match, from: core, to: [mast, c1, c2], deadline: 2 s}
  show: {content: film, from: core, to: [mast, c1, c2], deadline: 2 s, start: 317 ms}
  side: {content: angle, from: core, to: [c1, c2], deadline: 2 s, personal: true, enhances: live}
audiences:
  riders: {count: 8, tower: mast, cells: [c1, c2], assignment: random, watches: [live, side],
           mobility: {kind: line, points: [[0 m, 0 m], [500 m, 0 m]], speed: 25 m/s},
           terminal: {generator: {device: L4, slowdown: 4, memory: 2 GB, power: 3 W}, battery: 60 J}}
  sitters: {count: 6, tower: mast, cells: [c2], watches: [live, side],
            place: {kind: disc, centre: [0 m, 300 m], radius: 100 m}}
  homes: {count: 20, tower: mast, cells: [c1, c2], watches: [show], join: {kind: poisson, rate: 6 /s},
          stay: {kind: exponential, mean: 6 s}, terminal: {tuner: 80 %}, place: {kind: disc, radius: 300 m}}
collaboration:
  cores: {delay: 20 ms, rate: 1 Mbit/s, period: 500 ms}
  continuation: {services: [live], policy: weighing, horizon: 3 s, predictor: learned, poor: 4 %,
                 repair: {offset: 50 ms, backoff: 300 ms}}
  offloading: {services: [show], policy: audience, tune_in: 300 ms}
  addition: {services: [side], policy: cheapest, action: pose}
"""
MODES = ("continuation", "offloading", "addition")
TABLES = (
    "links",
    "nodes",
    "users",
    "segments",
    "decisions",
    "switches",
    "sectors",
    "distributions",
    "evaluations",
)


@pytest.fixture
def all_modes(root):
    return ALL_MODES.replace("POLICIES", str(root / "policies"))


# -- the baseline ----------------------------------------------------------------------------------------------------


def test_the_baseline_of_a_run_is_what_a_run_of_its_own_finds(all_modes, run_text):
    done = run_text(all_modes, "baseline=never-collaborate")
    alone = run_text(all_modes, *(f"collaboration.{mode}.policy=never-collaborate" for mode in MODES))
    mine, beside = done.summary["service_modes"], done.summary["baseline"]["service_modes"]
    assert done.summary["baseline"]["policy"] == "never-collaborate"
    assert beside == alone.summary["service_modes"]
    for key in ("semantic_fidelity_mean", "delay_mean_s", "utility_mean", "bits_sent"):
        assert done.summary["baseline"][key] == alone.summary[key]
    # Not only the figures: every record.
    assert {name: value for name, value in done.hashes().items() if name.startswith("baseline/")} == {
        f"baseline/{name}": value for name, value in alone.hashes().items()
    }
    # Both ways are there, and in both the same users on the same world.
    for way in ("broadcast", "cellular", *MODES):
        assert way in mine, way
        assert way in beside, way
    for mode in ("continuation", "offloading"):
        assert mine[mode]["users"] == beside[mode]["users"] > 0
    assert mine["continuation"]["handovers"] > 0 == beside["continuation"]["handovers"]
    assert mine["offloading"]["moved_users"] > 0 == beside["offloading"]["moved_users"]
    assert mine["addition"]["segments_enhanced"] > 0 == beside["addition"]["segments_enhanced"]
    assert mine["continuation"]["segments_lost"] < beside["continuation"]["segments_lost"]


def test_a_baseline_does_not_change_the_run_beside_it(all_modes, run_text):
    beside = run_text(all_modes, "baseline=never-collaborate")
    alone = run_text(all_modes)
    assert {name: value for name, value in beside.hashes().items() if "/" not in name} == alone.hashes()


# -- policies of a wrong kind ----------------------------------------------------------------------------------------

KINDS = {"continuation": "ContinuationPolicy", "offloading": "OffloadingPolicy", "addition": "AdditionPolicy"}
OWN = {"continuation": "weighing", "offloading": "audience", "addition": "cheapest"}
"""The policy that each mode has in the scenario."""


def place_of(text, line_with, value):
    """Line and column, from 1, of a value behind something else in a text."""
    (number,) = (k for k, line in enumerate(text.splitlines()) if line_with in line)
    line = text.splitlines()[number]
    return number + 1, line.index(value, line.index(line_with)) + 1


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


WRONG = [
    (mode, name) for mode in MODES for name in ("forward", "scaling", *OWN.values()) if name != OWN[mode]
]


@pytest.mark.parametrize(("mode", "name"), WRONG)
def test_a_policy_of_a_wrong_kind_is_refused_with_its_place(all_modes, root, folder, capsys, mode, name):
    node_policy = f'  scaling: {{use: "{root}/policies/scaling.py:BppThreshold"}}\nservices:\n'
    text = all_modes.replace("services:\n", node_policy, 1).replace(f"policy: {OWN[mode]}", f"policy: {name}")
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "s.yaml", "--out", "out"]) == 2
    out, err = capsys.readouterr()
    line, column = place_of(text, f"  {mode}: {{services", f"policy: {name}")
    assert out == ""
    assert err.count("\n") == 1
    assert f"collaboration.{mode}.policy" in err
    assert mode in err.partition("accepted")[2] or KINDS[mode] in err
    assert [path.name for path in folder.iterdir()] == ["s.yaml"]
    assert err.startswith(f"netgen: s.yaml:{line}:{column + len('policy: ')}: collaboration.{mode}.policy")
    assert "accepted: " in err


BASELINES = {
    "a service policy without collaboration": ("audience", ("collaboration",)),
    "a policy of a mode that is not there": ("audience", ("offloading",)),
    "another one": ("cheapest", ("addition",)),
    "nothing": ("weighting", ()),
}


@pytest.mark.parametrize("case", BASELINES)
def test_a_baseline_of_a_wrong_kind_is_refused_with_its_place(all_modes, folder, capsys, case):
    name, without = BASELINES[case]
    tree = yaml.safe_load(all_modes)
    for section in without:
        (tree if section == "collaboration" else tree["collaboration"]).pop(section)
    text = yaml.safe_dump({"baseline": name, **tree}, sort_keys=False)
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "s.yaml", "--out", "out"]) == 2
    err = capsys.readouterr().err
    assert name in err
    assert "Traceback" not in err
    assert [path.name for path in folder.iterdir()] == ["s.yaml"]
    assert err.startswith("netgen: s.yaml:1:11: baseline")


# -- policies that break ---------------------------------------------------------------------------------------------

POLICIES = """
import numpy as np

from netgen.policy import (
    Add, AdditionDecision, AdditionPolicy, ContinuationDecision, ContinuationPolicy, OffloadingDecision, OffloadingPolicy,
    Serve,
)


class Continue(ContinuationPolicy):
    def __init__(self, *, until: float = 9.0, since: float = 1.0) -> None:
        self.until, self.since = until, since

    def decide(self, view, rng):
        n = len(view.user)
        away = np.where((view.time_s >= self.since) & (view.cell >= 0), Serve.CELLULAR, Serve.BROADCAST)
        right = np.where(view.moving, view.served, away)
        if view.time_s >= self.until:
            BREAK
        return ContinuationDecision(right)


class Offload(OffloadingPolicy):
    def __init__(self, *, until: float = 9.0, since: float = 1.0) -> None:
        self.until, self.since = until, since

    def decide(self, view, rng):
        fits = [c.service for c in view.contents if c.rate_bps <= view.channels[c.channel].capacity_bps]
        right = tuple(fits) if view.time_s >= self.since else ()
        if view.time_s >= self.until:
            BREAK
        return OffloadingDecision(right)


class Enhance(AdditionPolicy):
    def __init__(self, *, until: float = 9.0, since: float = 1.0) -> None:
        self.until, self.since = until, since

    def decide(self, view, rng):
        n = len(view.user)
        right = np.where((view.time_s >= self.since) & (view.cell >= 0), Add.SENT, Add.NONE)
        if view.time_s >= self.until:
            BREAK
        return AdditionDecision(right)
"""  # noqa: E501
CLASSES = {"continuation": "Continue", "offloading": "Offload", "addition": "Enhance"}
CORES = {"continuation": "broadcast-core", "offloading": "cellular-core", "addition": "cellular-core"}
SLOW = "collaboration.cores.delay=700 ms"
"""A transfer that takes longer than a period."""


def broken_choices(decision, field, member, wrong, users):
    """What is wrong with an array of choices, whatever they are."""
    nothing = ", which stands for nothing"
    return {
        f"return {decision}(right.tolist())": f"{field} is list, not an array",
        f"return {decision}(right[1:])": f"{field} has shape ({users - 1},); the view has {users} users",
        f"return {decision}(right[:, None])": f"{field} has shape ({users}, 1); the view has {users} users",
        f"return {decision}(np.where(view.user == view.user[3], np.nan, right))": f"{field} holds nan, which stands",
        f"return {decision}(np.where(view.user == view.user[3], -1, right))": f"{field} holds -1, which stands",
        f"return {decision}(right + 0.5)": ".5, which stands for nothing",
        f"return {decision}(right.astype(str))": "not of whole numbers",
        f"return {decision}(np.full(n, {wrong}))": f"{field} holds {wrong}{nothing} (legal: 0 {member},",
        f"return {decision}(np.full(n, 10**30, dtype=object))": f"{field} is of object, not of whole numbers",
        f"return {decision}(right, reason=7)": "the reason 7 is not text on one line",
        f"return {decision}(right, reason='a' + chr(10) + 'b')": "is not text on one line",
    }  # fmt: skip


ANYWAY = {
    "raise KeyError('no such thing')": "raised KeyError: 'no such thing'",
    "return 1 / 0": "raised ZeroDivisionError: division by zero",
    "raise SystemExit(0)": "raised SystemExit: 0",
    "view.time_s = 0.0": "raised FrozenInstanceError: cannot assign to field 'time_s'",
}
BREAKS = {
    "continuation": {
        **ANYWAY,
        "return None": "None is no ContinuationDecision",
        "return OffloadingDecision(())": "OffloadingDecision(on_tower=(), reason='') is no ContinuationDecision",
        "view.served[0] = 1": "raised ValueError: assignment destination is read-only",
        **broken_choices("ContinuationDecision", "serve", "BROADCAST", 3, 16),
        "return ContinuationDecision(right, 'both')": "cast = 'both' is neither unicast, multicast nor cheaper",
        "return ContinuationDecision(right, ['all'])": "cast = ['all'] is neither unicast, multicast nor cheaper",
        "return ContinuationDecision(np.full(n, Serve.CELLULAR))": "CELLULAR for user 48 (and 1 more), who has no cell",
        "return ContinuationDecision(np.full(n, Serve.REPAIRED))": "REPAIRED for user 48 (and 1 more), who has no cell",
    },
    "offloading": {
        **ANYWAY,
        "return None": "None is no OffloadingDecision",
        "return ()": "() is no OffloadingDecision",
        "return OffloadingDecision('show')": "on_tower = 'show' is not a tuple of names",
        "return OffloadingDecision((0,))": "on_tower = (0,) is not a tuple of names",
        "return OffloadingDecision(None)": "on_tower = None is not a tuple of names",
        "return OffloadingDecision(('live',))": 'no service "live" (it has: show)',
        "return OffloadingDecision(('show', 'show'))": 'on_tower names "show" twice',
        "return OffloadingDecision(right, reason=7)": "the reason 7 is not text on one line",
    },
    "addition": {
        **ANYWAY,
        "return None": "None is no AdditionDecision",
        "view.can_cell[0] = True": "raised ValueError: assignment destination is read-only",
        **broken_choices("AdditionDecision", "how", "NONE", 4, 14),
        "return AdditionDecision(np.where(view.cell >= 0, Add.AT_TERMINAL, 0))":
            "(and 5 more), who has a terminal that cannot generate",
    },
}  # fmt: skip


def broken(all_modes, folder, mode, breaks, *, since=1.0):
    """Write a scenario in which one mode has a policy that breaks at 2 s, and two users have no cell."""
    (folder / "mine.py").write_text(POLICIES.replace("BREAK", breaks), encoding="utf-8")
    tree = yaml.safe_load(all_modes)
    tree["duration"], tree["warmup"] = "3 s", "0 s"
    tree["audiences"]["remote"] = {
        "count": 2, "tower": "mast", "watches": ["live"], "place": {"kind": "disc", "radius": "50 m"}
    }  # fmt: skip
    for other in MODES:
        tree["collaboration"][other]["policy"] = "mine" if other == mode else "never-collaborate"
    tree["policies"] = {"mine": {"use": f"mine.py:{CLASSES[mode]}", "with": {"until": 2.0, "since": since}}}
    (folder / "s.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")


def check_failure(folder, mode, err, part):
    """One message, and the records of the two seconds before."""
    first, *rest = err.splitlines()
    assert first.startswith(f'netgen: policy "mine" at {CORES[mode]}, t = 2.000000 s')
    assert part in first
    assert rest == ["the records up to then are in out"]
    out = folder / "out"
    assert sorted(path.name for path in folder.iterdir()) == ["mine.py", "out", "s.yaml"]
    files = {f"{table}.parquet" for table in TABLES} | {"summary.json", "scenario.yaml", "environment.json"}
    assert {path.name for path in out.iterdir()} == files
    tables = {table: pq.read_table(out / f"{table}.parquet").to_pylist() for table in TABLES}
    asked = [row for row in tables["decisions"] if row["mode"] == mode]
    assert [row["time_s"] for row in asked] == [0.0, 0.5, 1.0, 1.5]
    assert {row["policy"] for row in asked} == {"mine"}
    assert {row["start_s"] for row in tables["links"]} == {0.0, 1.0}
    assert {row["index"] for row in tables["segments"] if row["service"] == "live"} >= {0, 1}
    assert {row["outcome"] for row in tables["segments"]} <= {"delivered", "late", "lost", "in-flight"}
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert set(summary) == {"schema_version", "scenario", "seed", "failed"}
    assert summary["failed"] == first.removeprefix("netgen: ")
    return tables


@pytest.mark.parametrize(("mode", "breaks"), [(mode, breaks) for mode in MODES for breaks in BREAKS[mode]])
def test_a_broken_decision_ends_the_run_and_keeps_the_records(all_modes, folder, capsys, mode, breaks):
    broken(all_modes, folder, mode, breaks)
    assert main(["run", "s.yaml", "--out", "out"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    tables = check_failure(folder, mode, err, BREAKS[mode][breaks])
    moved = [row for row in tables["switches"] if row["effective_s"] is not None]
    assert {row["mode"] for row in moved} == ({mode} if mode != "addition" else set())
    assert all(1.0 <= row["effective_s"] <= 2.0 for row in moved)


@pytest.mark.parametrize(
    ("mode", "breaks", "change", "part"),
    [
        (
            "continuation", "return ContinuationDecision(np.zeros(n, dtype=int))", SLOW,
            "BROADCAST for user 0 (and 13 more), who is being moved, so must stay as served",
        ),
        (
            "offloading", "return OffloadingDecision(())", SLOW,
            '"show" is being moved to the tower and cannot be turned back',
        ),
        (
            "offloading", "return OffloadingDecision(('show',))", "nodes.mast.radio.capacity=1.5 Mbit/s",
            "show need 800000 bit/s of mast:air, which has ",
        ),
        (
            "addition", "return AdditionDecision(np.where(view.cell >= 0, Add.AT_CELL, 0))", "nodes.c2.gpu=null",
            "who is in a cell whose node cannot generate",
        ),
        (
            "addition", "return AdditionDecision(np.where(view.cell >= 0, Add.AT_CELL, 0))",
            "collaboration.addition.action=null", "cannot: the enhancement has no action",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_done_now_is_refused(all_modes, folder, capsys, mode, breaks, change, part):
    since = 1.5 if change == SLOW else 1.0
    if "BROADCAST" in part:
        # Not what `served` says: users who are on their way to the cell stay `BROADCAST` until they are there.
        breaks, since = breaks.replace("np.zeros(n, dtype=int)", "np.where(view.moving, 2, right)"), 1.5
        part = part.replace("BROADCAST", "CELLULAR")
    broken(all_modes, folder, mode, breaks, since=since)
    assert main(["run", "s.yaml", "--out", "out", "--set", change]) == 1
    check_failure(folder, mode, capsys.readouterr().err, part)


def test_a_policy_that_breaks_in_the_baseline_keeps_both_records(all_modes, folder, capsys):
    broken(all_modes, folder, "continuation", "raise RuntimeError('late')")
    changes = ["collaboration.continuation.policy=never-collaborate", "baseline=mine"]
    words = [word for change in changes for word in ("--set", change)]
    assert main(["run", "s.yaml", "--out", "out", *words]) == 1
    err = capsys.readouterr().err
    assert 'the baseline "mine" failed: policy "mine" at broadcast-core, t = 2.000000 s: raised' in err
    assert "the run itself is complete and in out" in err
    summary = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["service_modes"]["continuation"]["handovers"] == 0
    assert "raised RuntimeError: late" in summary["baseline"]["failed"]
    assert len(pq.read_table(folder / "out" / "switches.parquet")) == 0
    assert len(pq.read_table(folder / "out" / "baseline" / "switches.parquet")) == 14


# -- repeatability ---------------------------------------------------------------------------------------------------


def test_two_runs_leave_the_same_bytes(all_modes, run_text):
    first, second = run_text(all_modes), run_text(all_modes)
    assert first.folder != second.folder
    assert first.hashes() == second.hashes()
    assert set(first.hashes()) == {f"{table}.parquet" for table in TABLES}
    assert first.summary_without() == second.summary_without()
    modes = first.summary["service_modes"]
    assert modes["continuation"]["handovers"] > 5
    assert modes["offloading"]["moves_to_tower"] == modes["offloading"]["moves_back"] == 1
    assert modes["addition"]["enhancements_generated_at_terminal"] > 0


def test_the_seed_decides_and_nothing_else(all_modes, run_text, run_file):
    first, other = run_text(all_modes), run_text(all_modes, "seed=6")
    assert first.hashes()["segments.parquet"] != other.hashes()["segments.parquet"]
    assert first.hashes()["switches.parquet"] != other.hashes()["switches.parquet"]
    again = run_file(first.folder / "scenario.yaml")
    assert again.hashes() == first.hashes()


def sorted_lists(value):
    """The same record with the lists in it in an order of their own: views follow the order of the file."""
    if isinstance(value, dict):
        return {key: sorted_lists(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return sorted(
            (sorted_lists(entry) for entry in value), key=lambda entry: json.dumps(entry, sort_keys=True)
        )
    return value


def records(done):
    """All records of a run but for their order and the numbers of decisions, which follow that of the file."""
    found = {}
    for table in TABLES:
        rows = done.rows(table)
        for row in rows:
            row.pop("decision", None)
        found[table] = sorted(
            json.dumps(sorted_lists(row) if table == "decisions" else row, sort_keys=True) for row in rows
        )
    return found


@pytest.fixture
def shuffled(all_modes):
    """The same scenario with the entries of some sections in another order."""

    def go(number, *sections):
        tree = yaml.safe_load(all_modes)
        order = random.Random(number)
        for section in sections:
            entries = list(tree[section].items())
            order.shuffle(entries)
            names = [name for name, _ in entries]
            if section == "services" and names.index("live") > names.index("side"):
                # Offered at the same instant, these two go in the order of the file.
                one, other = names.index("live"), names.index("side")
                entries[one], entries[other] = entries[other], entries[one]
            tree[section] = dict(entries)
        return yaml.safe_dump(tree, sort_keys=False)

    return go


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize(
    "sections",
    [("nodes", "links"), ("contents", "actions", "policies", "collaboration"), ("services",), ("audiences",)],
    ids=lambda sections: "-".join(sections) if isinstance(sections, tuple) else None,
)
def test_the_order_of_the_lines_does_not_matter(all_modes, shuffled, run_text, sections, number):
    assert records(run_text(shuffled(number, *sections))) == records(run_text(all_modes))


def test_the_order_of_the_lines_does_not_decide_whom_cells_take_on(all_modes, shuffled, run_text):
    changes = ("collaboration.admission=12 %", "collaboration.continuation.predictor=perfect")
    done = run_text(all_modes, *changes)
    assert done.summary["service_modes"]["offloading"]["blocked_users"] > 0
    other = shuffled(3, "nodes", "links", "services", "audiences")
    assert records(run_text(other, *changes)) == records(done)


def test_the_hash_seed_of_python_changes_nothing(all_modes, run_text, tmp_path, netgen, run_directory):
    here = run_text(all_modes)
    (tmp_path / "s.yaml").write_text(all_modes, encoding="utf-8")
    done = netgen("run", "s.yaml", "--out", "there", cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert done.returncode == 0, done.stderr
    assert run_directory(tmp_path / "there").hashes() == here.hashes()


# -- faults and moves ------------------------------------------------------------------------------------------------
#
# Segments of 1 s and 1 Mbit, which a tower without losses brings in time; in each of two cells 20 users share
# 100 Mbit/s.

SEGMENT_BITS = 1_000_000
CROWDS = {"east": "c1", "west": "c2"}
EACH = 20


def crowded(root, *services, policy=None, deadline="1800 ms", **changes):
    """Services that go to a tower and to two cells, watched by a crowd in each cell."""
    cell = {"kind": "cell", "radio": {"capacity": "100 Mbit/s", "peak_rate": "20 Mbit/s"}}
    wire = {"capacity": "60 Mbit/s", "delay": "2 ms", "queue": "9 MB"}
    made = {
        "name": "crowded", "seed": 1, "duration": "16 s", "packet": "10 kbit", "epoch": "100 ms",
        "nodes": {
            "core": "server", "c1": cell, "c2": cell,
            "mast": {"kind": "tower", "radio": {"capacity": "10 Mbit/s", "delay": "1 ms"}},
        },
        "links": {f"core -> {name}": wire for name in ("mast", "c1", "c2")},
        "contents": {
            "film": {
                "kind": "parametric", "format": "320x180@25", "rate": "1 Mbit/s", "class": "natural",
                "semantic_bits": 8,
            }
        },
        "policies": {"mine": policy or {"use": f"{root}/policies/continuation.py:Threshold", "with": {"dwell_s": 1.0}}},
        "services": {
            name: {"content": "film", "from": "core", "to": ["mast", "c1", "c2"], "deadline": deadline}
            for name in services
        },
        "audiences": {
            f"{crowd}-{name}": {"count": EACH // len(services), "tower": "mast", "cells": [cell], "watches": [name]}
            for name in services
            for crowd, cell in CROWDS.items()
        },
        "collaboration": {
            "cores": {"delay": "50 ms", "rate": "1 Mbit/s", "message": "2 kbit", "context": "4 kbit", "period": "1 s"},
            "continuation": {"services": list(services), "policy": "mine"},
        },
    }  # fmt: skip
    return yaml.safe_dump(made | changes, sort_keys=False)


def moves(done, mode="continuation"):
    """Per user the moves, in order: when decided and effective, from where, and to where."""
    found = defaultdict(list)
    for row in done.rows("switches", mode=mode):
        found[row["user"]].append((row["decided_s"], row["effective_s"], row["origin"], row["target"]))
    return found


def carried_bits(done, link):
    return sum(row["carried_bits"] for row in done.rows("links", link=link))


def check_accounts(done, *, whole=True):
    """Every segment has one end, every bit a receiver, and no law a residual."""
    for name, law in done.summary["laws"].items():
        assert law["holds"], name
        assert law["residual"] == pytest.approx(0.0, abs=1e-6), name
    for row in done.rows("users"):
        ends = ("delivered", "late", "lost", "in_flight")
        assert row["segments_offered"] == sum(row[f"segments_{end}"] for end in ends)
        got = row["segments_delivered"] + row["segments_late"]
        assert got == row["segments_broadcast"] + row["segments_cellular"]
        if whole:
            assert row["bits_received"] == got * SEGMENT_BITS
    if whole:
        by_cell = sum(row["segments_cellular"] for row in done.rows("users"))
        flying = sum(
            row["users"] for row in done.rows("segments", outcome="in-flight", source_kind="cellular")
        )
        bits = carried_bits(done, "c1:downlink") + carried_bits(done, "c2:downlink")
        assert by_cell * SEGMENT_BITS <= bits <= (by_cell + flying) * SEGMENT_BITS


def near(value):
    return pytest.approx(value, abs=1e-9)


def test_a_tower_outage_hands_everybody_over_and_back(root, run_text):
    """Silent from 5 s to 9 s. One message brings 40 contexts, in 162 ms and 50 ms more; the way back takes 52 ms."""
    outage = {"what": "tower", "where": "mast", "at": "5 s", "repair": "4 s"}
    done = run_text(crowded(root, "live", faults=[outage]))
    found = moves(done)
    assert sorted(found) == sorted(f"{crowd}-live:{k}" for crowd in CROWDS for k in range(EACH))
    there, back = (5.0, near(5.212), "broadcast", "cellular"), (9.0, near(9.052), "cellular", "broadcast")
    assert list(found.values()) == [[there, back]] * 40
    # Segment 5 is cut off in the air, and is in the contexts; 6 to 9 are the cells', the others the tower's.
    for row in done.rows("users"):
        assert row["segments_delivered"] == 16
        assert (row["segments_broadcast"], row["segments_cellular"], row["segments_repaired"]) == (11, 5, 1)
        assert row["switches"] == 2
        assert row["interruption_s"] == 0.0
    assert {row["segments_resent"] for row in done.rows("switches", target="cellular")} == {1}
    assert {row["context_bits"] for row in done.rows("switches", target="cellular")} == {4000}
    repairs = done.rows("segments", purpose="repair")
    assert {(row["index"], row["receiver"], row["users"]) for row in repairs} == {
        (5, "c1", 20),
        (5, "c2", 20),
    }
    # The cells fetch each segment once, and send it to each user.
    assert carried_bits(done, "core->c1") == carried_bits(done, "core->c2") == 5 * SEGMENT_BITS
    assert carried_bits(done, "c1:downlink") == carried_bits(done, "c2:downlink") == 5 * 20 * SEGMENT_BITS
    assert done.summary["service_modes"]["continuation"]["segments_lost"] == 0
    check_accounts(done)


def test_without_collaboration_the_outage_is_lost(root, run_text):
    outage = {"what": "tower", "where": "mast", "at": "5 s", "repair": "4 s"}
    never = "collaboration.continuation.policy=never-collaborate"
    done = run_text(crowded(root, "live", faults=[outage]), never)
    lost = done.rows("segments", outcome="lost")
    assert [(row["index"], row["users"], row["reason"]) for row in lost] == [
        (index, 40, "outage") for index in range(5, 9)
    ]
    assert not moves(done)
    assert {row["interruption_s"] for row in done.rows("users")} == {4.0}
    check_accounts(done)


def test_a_cut_between_the_cores_queues_the_hand_overs_of_two_services(root, run_text):
    """Tower silent from 5 s to 12 s, cores cut from 4.9 s to 8 s: contexts of 20 users each, 82 kbit, leave one by one.

    A lost segment stays in the contexts for its deadline of 1.8 s. Those of 5 s and 6 s are given up at 6.8 s and
    7.8 s, before a message is there; that of 7 s is sent again. The segments of 8 s, both on the air until 8.2 s, are
    lost when the users of the first service are with their cells, and so sent at once, and before those of the second
    are, in whose contexts they go.
    """
    faults = [
        {"what": "tower", "where": "mast", "at": "5 s", "repair": "7 s"},
        {"what": "cores", "at": "4.9 s", "repair": "3.1 s"},
    ]
    done = run_text(crowded(root, "one", "two", faults=faults))
    found = moves(done)
    assert len(found) == 40
    for user, (there, back) in found.items():
        first = user.partition(":")[0].endswith("one")
        assert there == (5.0, near(8.0 + (0.082 if first else 0.164) + 0.05), "broadcast", "cellular")
        assert back == (12.0, near(12.0 + (0.002 if first else 0.004) + 0.05), "cellular", "broadcast")
    lost = [(row["service"], row["index"], row["users"]) for row in done.rows("segments", outcome="lost")]
    assert sorted(lost) == [(name, index, 20) for name in ("one", "two") for index in (5, 6)]
    resent = {(row["service"], row["segments_resent"]) for row in done.rows("switches", target="cellular")}
    assert resent == {("one", 1), ("two", 2)}
    for row in done.rows("users"):
        assert (row["segments_delivered"], row["segments_lost"], row["segments_late"]) == (14, 2, 0)
        # Segments 0 to 4 and 13 to 15 over the tower; 7 to 12 over cells, the first two of them again.
        assert (row["segments_broadcast"], row["segments_cellular"], row["segments_repaired"]) == (8, 6, 2)
        assert row["interruption_s"] == 2.0
    check_accounts(done)


def test_a_cell_outage_sends_its_users_to_the_tower_and_nobody_else(root, run_text):
    """Cells carry everybody on from the start; c1 is off the air from 5 s to 8 s.

    The look of 5 s sends its users back to the tower at 5.052 s, and that of 8 s to the cell again at 8.132 s. Their
    segment 5 was entrusted to the cell, which sends it at 8 s: too late.
    """
    policy = f"{root}/policies/continuation.py:CellularOnly"
    outage = {"what": "cell", "where": "c1", "at": "5 s", "repair": "3 s"}
    done = run_text(crowded(root, "live", policy=policy, faults=[outage]))
    found = moves(done)
    first = (0.0, near(0.212), "broadcast", "cellular")
    away, again = (5.0, near(5.052), "cellular", "broadcast"), (8.0, near(8.132), "broadcast", "cellular")
    assert len(found) == 40
    for user, each in found.items():
        assert each == ([first, away, again] if user.startswith("east") else [first])
    late = [row for row in done.rows("segments") if row["users_late"] or row["outcome"] == "lost"]
    assert [(row["index"], row["receiver"], row["users"], row["users_late"]) for row in late] == [
        (5, "c1", 20, 20)
    ]
    for row in done.rows("users"):
        # Segments 0 and, for those of the cell that failed, 6, 7 and 8 came over the tower.
        by_tower = 4 if row["audience"].startswith("east") else 1
        assert (row["segments_broadcast"], row["segments_cellular"]) == (by_tower, 16 - by_tower)
        assert row["segments_late"] == (1 if row["audience"].startswith("east") else 0)
    check_accounts(done)


def test_a_gpu_that_fails_at_one_cell_has_its_enhancements_sent(root, run_text):
    """The GPU of c1 is out of order from 4.9 s to 7.9 s: its users' enhancements are sent, those of c2 generated."""
    tree = yaml.safe_load(crowded(root, "live", policy=f"{root}/policies/addition.py:AtCell"))
    for name in ("core", "c1", "c2"):
        node = {"kind": "server"} if name == "core" else tree["nodes"][name]
        tree["nodes"][name] = node | {
            "gpu": {"device": "L4", "streams": 4, "memory": "24 GB", "load_rate": "100 GB/s"}
        }
    tree["contents"]["angle"] = tree["contents"]["film"] | {"rate": "500 kbit/s"}
    tree["actions"] = {
        "pose": {
            "declared": {"contract_time": "5 ms", "expand_time": "20 ms", "memory": "1 GB"},
            "bits_per_pixel": 0.01, "semantic_fidelity": 0.9, "mode": "semi-reference",
        }
    }  # fmt: skip
    tree["services"]["live"]["to"] = ["mast"]
    tree["services"]["mine"] = {
        "content": "angle", "from": "core", "to": ["c1", "c2"], "personal": True, "enhances": "live",
        "deadline": "1800 ms",
    }  # fmt: skip
    for audience in tree["audiences"].values():
        audience["watches"] = ["live", "mine"]
    tree["collaboration"] = {"addition": {"services": ["mine"], "policy": "mine", "action": "pose"}}
    tree["faults"] = [{"what": "gpu", "where": "c1", "at": "4.9 s", "repair": "3 s"}]
    done = run_text(yaml.safe_dump(tree, sort_keys=False))
    ways = defaultdict(int)
    for row in done.rows("segments", service="mine"):
        assert row["outcome"] == "delivered"
        assert not row["users_late"]
        ways[row["receiver"], row["index"], row["generated"]] += row["users_delivered"]
    assert ways == {
        (cell, index, cell == "c2" or index not in (5, 6, 7)): EACH
        for cell in ("c1", "c2")
        for index in range(16)
    }
    figures = done.summary["service_modes"]["addition"]
    assert figures["enhancements_sent"] == 3 * EACH
    assert figures["enhancements_generated_at_cell"] == (2 * 16 - 3) * EACH
    assert figures["enhancements_lost"] == figures["enhancements_late"] == 0
    for row in done.rows("users", service="mine"):
        assert row["segments_generated"] == (13 if row["audience"].startswith("east") else 16)
        assert row["segments_joined"] == 16
    busy = [row["start_s"] for row in done.rows("nodes", node="c1") if row["gpu_busy_s"] == 0]
    assert busy == [5.0, 6.0, 7.0]
    check_accounts(done, whole=False)


SLOW_CORES = {
    "delay": "600 ms",
    "rate": "1 Mbit/s",
    "message": "2 kbit",
    "context": "4 kbit",
    "period": "1 s",
}


def test_make_before_break(root, run_text):
    """The look of 4 s asks, the tower sends from 4.602 s on, the answer is there at 5.204 s, and 1 s later users move.

    So the tower sends segments 5 and 6 to nobody before the first user's move, and the cells those as well. The look of
    11 s, which finds few, gives everybody back to the cells at once; the tower stops at 11.602 s, after segment 11.
    """
    policy = {
        "use": f"{root}/policies/offloading.py:Threshold",
        "with": {"start_audience": 20, "stop_audience": 15, "dwell_s": 1.0},
    }
    text = crowded(
        root, "live", policy=policy,
        audiences={
            "stay": {"count": 10, "tower": "mast", "cells": ["c1"], "watches": ["live"]},
            "go": {
                "count": 25, "tower": "mast", "cells": ["c2"], "watches": ["live"],
                "join": {"kind": "step", "at": "3.5 s"}, "stay": "7 s",
            },
            "old": {"count": 5, "tower": "mast", "cells": ["c2"], "watches": ["live"], "terminal": {"tuner": 0.0}},
        },
        collaboration={
            "cores": SLOW_CORES, "offloading": {"services": ["live"], "policy": "mine", "tune_in": "1 s"},
        },
    )  # fmt: skip
    done = run_text(text)
    found = moves(done, "offloading")
    there = (4.0, near(6.204), "cellular", "broadcast")
    back = (11.0, 11.0, "broadcast", "cellular")
    assert found == {
        **{f"stay:{k}": [there, back] for k in range(10)},
        **{f"go:{k}": [there] for k in range(25)},  # they have left when the others come back
    }
    by_tower = {row["index"]: row for row in done.rows("segments", receiver="mast")}
    assert {index: row["users"] for index, row in by_tower.items()} == {
        5: 0, 6: 0, 7: 35, 8: 35, 9: 35, 10: 35, 11: 0
    }  # fmt: skip
    on_air_s = min(
        stage["start_s"]
        for row in by_tower.values()
        for stage in row["stages"]
        if stage["where"] == "mast->mast:air"
    )
    assert on_air_s < min(row["effective_s"] for row in done.rows("switches"))
    by_cells = defaultdict(int)
    for row in done.rows("segments", source_kind="cellular"):
        by_cells[row["index"]] += row["users"]
    assert by_cells == {**dict.fromkeys(range(4), 15), 4: 40, 5: 40, 6: 40, **dict.fromkeys(range(7, 11), 5),
                        **dict.fromkeys(range(11, 16), 15)}  # fmt: skip
    for row in done.rows("users"):
        assert row["segments_lost"] == row["segments_late"] == row["segments_in_flight"] == 0
        assert row["segments_broadcast"] == (0 if row["audience"] == "old" else 4)
        assert row["interruption_s"] == 0.0
    figures = done.summary["service_modes"]["offloading"]
    assert (figures["moves_to_tower"], figures["moves_back"], figures["moved_users"]) == (1, 1, 35)
    check_accounts(done)


def test_who_moves_while_segments_are_on_their_way_loses_none(root, run_text):
    """Users come and go at random, segments are on their way for seconds in slow cells, and the tower loses none."""
    policy = {
        "use": f"{root}/policies/offloading.py:Threshold",
        "with": {"start_audience": 12, "stop_audience": 9, "dwell_s": 0.0},
    }
    visitors = {
        "count": 40, "tower": "mast", "cells": ["c1", "c2"], "assignment": "random", "watches": ["live"],
        "join": {"kind": "poisson", "rate": "6 /s"}, "stay": {"kind": "exponential", "mean": "3 s"},
        "terminal": {"tuner": "80 %"},
    }  # fmt: skip
    text = crowded(
        root, "live", policy=policy, deadline="5 s", audiences={"visitors": visitors},
        collaboration={
            "cores": {"delay": "130 ms", "rate": "1 Mbit/s", "period": "500 ms"},
            "offloading": {"services": ["live"], "policy": "mine", "tune_in": "1 s"},
        },
    )  # fmt: skip
    slow = [f"nodes.{cell}.radio.capacity=12 Mbit/s" for cell in ("c1", "c2")]
    done = run_text(text, *slow)
    found = moves(done, "offloading")
    assert len(found) > 10
    assert max(len(each) for each in found.values()) > 1
    sent_s = [
        stage["start_s"]
        for row in done.rows("segments", receiver="mast")
        for stage in row["stages"]
        if stage["where"] == "mast->mast:air"
    ]
    # Everybody who is moved finds the tower sending: it was asked to, and answered, before.
    asked_s = min(row["decided_s"] for row in done.rows("switches", target="broadcast"))
    for row in done.rows("switches", target="broadcast"):
        assert row["effective_s"] >= asked_s + 0.26 + 1.0
    assert min(sent_s) > asked_s + 0.13
    for row in done.rows("users"):
        assert row["segments_lost"] == 0
        assert row["segments_blocked"] == 0
    overlap = {row["index"] for row in done.rows("segments", receiver="mast", users=0)}
    assert overlap  # the tower's segments before the first and after the last of its users
    check_accounts(done)


FAULTS = {
    "one after the other": [
        {"what": "cores", "at": "3.9 s", "repair": "1 s"},
        {"what": "tower", "where": "mast", "at": "4 s", "repair": "3 s"},
        {"what": "gpu", "where": "c2", "at": "5 s", "repair": "3 s"},
        {"what": "cell", "where": "c1", "at": "6 s", "repair": "2 s"},
        {"what": "link", "where": "core -> c2", "at": "9 s", "repair": "1 s"},
    ],
    "no more messages": [{"what": "cores", "at": "3 s", "repair": "1000 s"}],
    "no more tower": [{"what": "tower", "where": "mast", "at": "3.2 s", "repair": "1000 s"}],
}


@pytest.mark.parametrize("case", FAULTS)
def test_whatever_breaks_every_segment_has_an_end_and_the_same_one_again(all_modes, run_text, case):
    text = yaml.safe_dump({**yaml.safe_load(all_modes), "faults": FAULTS[case]}, sort_keys=False)
    done = run_text(text)
    check_accounts(done, whole=False)
    assert run_text(text).hashes() == done.hashes()
    figures = done.summary["service_modes"]["continuation"]
    decided = [row for row in done.rows("switches", mode="continuation") if row["decided_s"] >= 1.0]
    arrived = [row for row in decided if row["effective_s"] is not None]
    assert figures["handovers"] + figures["returns"] == len(arrived)
    assert figures["unfinished"] + figures["refused"] == len(decided) - len(arrived)
    if case == "no more messages":
        assert figures["unfinished"] > 0
        assert max(row["effective_s"] for row in arrived) < 3.1
        # Asked for before the cut or in it, what the tower was not told it does not send.
        assert not done.rows("switches", mode="offloading")
        assert not done.rows("segments", service="show", receiver="mast")
    if case == "no more tower":
        late = [row for row in done.rows("segments", receiver="mast") if row["offered_s"] >= 3.2]
        assert late
        assert sum(row["users_delivered"] for row in late) == 0
