"""A policy that breaks ends the run with its name, the time and the cause, and leaves what was recorded."""

import json
import subprocess
import sys
import textwrap

import pyarrow.parquet as pq
import pytest

from netgen.cli import main

TEXT = """
name: broken
seed: 1
duration: 10 s
nodes: {A: {kind: edge, gpu: L4}, B: {kind: edge, gpu: L4}, C: terminal}
links: {A -> B: {capacity: 5 Mbit/s, delay: 5 ms}, B -> C: {capacity: 5 Mbit/s}}
contents:
  v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}
actions:
  key: {declared: {contract_time: 10 ms, expand_time: 20 ms, memory: 2 GB}, bits_per_pixel: 0.01,
        semantic_fidelity: 0.9, mode: semi-reference}
policies:
  mine: {use: USE, with: WITH}
services:
  s: {content: v, from: A, to: C, policy: mine}
"""
BROKEN = """
from netgen.policy import Contract, Expand, Forward, RelayPolicy


class Mine(RelayPolicy):
    def __init__(self, *, limit: float = 4.0) -> None:
        if limit < 0:
            raise ValueError("limit must not be negative")
        self.limit = limit

    def decide(self, view, rng):
        if view.time_s >= self.limit:
            BREAK
        return view.forward.decision


class Other(RelayPolicy):
    def decide(self, view, rng):
        return view.forward.decision
"""
BREAKS = {
    "raise KeyError('no such thing')": ["raised KeyError: 'no such thing'"],
    "return 1 / 0": ["raised ZeroDivisionError: division by zero"],
    "return None": ["None is not offered here", "legal: forward, contract(key), drop"],
    "return 'forward'": ["'forward' is not offered here"],
    "return Contract('kez')": ["Contract(action='kez', reason='') is not offered here", "contract(key)"],
    "return Expand()": ["Expand(reason='') is not offered here"],
    "view.segment.bits = 3": ["raised FrozenInstanceError: cannot assign to field 'bits'"],
    "return Forward(reason=7)": ["the reason 7 is not text"],
    "return Forward(reason=chr(0xD800))": ["the reason '\\ud800' is not text"],
    "raise SystemExit(0)": ["raised SystemExit: 0"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(folder, *, use="mine.py:Mine", parameters="{}", breaks="pass"):
    (folder / "mine.py").write_text(BROKEN.replace("BREAK", breaks), encoding="utf-8")
    text = TEXT.replace("USE", json.dumps(use)).replace("WITH", parameters)
    (folder / "s.yaml").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("breaks", BREAKS)
def test_a_broken_decision_ends_the_run_and_keeps_the_records(folder, capsys, breaks):
    write(folder, breaks=breaks)
    assert main(["run", "s.yaml", "--out", "out"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    first, *rest = err.splitlines()
    assert first.startswith('netgen: policy "mine" at node A, t = 4.000000 s')
    for part in BREAKS[breaks]:
        assert part in first
    assert rest == ["the records up to then are in out"]
    assert "Traceback" not in err
    for table in ("links", "nodes", "users", "segments", "decisions"):
        pq.read_table(folder / "out" / f"{table}.parquet")
    decisions = pq.read_table(folder / "out" / "decisions.parquet").to_pylist()
    assert [row["index"] for row in decisions if row["node"] == "A"] == [0, 1, 2, 3]
    assert max(row["time_s"] for row in decisions) < 4
    segments = pq.read_table(folder / "out" / "segments.parquet").to_pylist()
    outcomes = [(row["index"], row["outcome"]) for row in segments]
    # The segment that the policy broke on was offered, and nobody knows what would have become of it.
    assert outcomes == [*((k, "delivered") for k in range(4)), (4, "in-flight")]
    links = pq.read_table(folder / "out" / "links.parquet").to_pylist()
    assert {row["start_s"] for row in links} == {0.0, 1.0, 2.0, 3.0}
    summary = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))
    assert summary["failed"] in err
    assert (folder / "out" / "scenario.yaml").is_file()
    assert (folder / "out" / "environment.json").is_file()
    assert sorted(path.name for path in folder.iterdir()) == ["mine.py", "out", "s.yaml"]


def test_a_policy_that_breaks_in_the_baseline_keeps_both_records(folder, capsys):
    write(folder, breaks="raise RuntimeError('late')")
    arguments = [
        "run",
        "s.yaml",
        "--out",
        "out",
        "--set",
        "services.s.policy=forward",
        "--set",
        "baseline=mine",
    ]
    assert main(arguments) == 1
    assert 'policy "mine" at node A, t = 4.000000 s' in capsys.readouterr().err
    assert len(pq.read_table(folder / "out" / "segments.parquet")) == 10
    assert len(pq.read_table(folder / "out" / "baseline" / "segments.parquet")) == 5


def test_debug_shows_where(folder, capsys):
    write(folder, breaks="raise RuntimeError('here')")
    with pytest.raises(Exception, match="here"):
        main(["--debug", "run", "s.yaml", "--out", "out"])
    assert (folder / "out" / "decisions.parquet").is_file()


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({"parameters": "{limti: 3}"}, ['no parameter "limti"', 'did you mean "limit"?', "accepted: limit"]),
        ({"parameters": "{limit: soon}"}, ["s.yaml:", 'with.limit = "soon"', "accepted: a number"]),
        ({"parameters": "{limit: -1}"}, ["limit must not be negative"]),
        ({"use": "mine.py:Mien"}, ['has no class "Mien"', 'did you mean "Mine"?']),
        ({"use": "mine.py:json"}, ["has no class"]),
        ({"use": "mien.py:Mine"}, ["mien.py is not a file"]),
        ({"use": "forwrad"}, ['did you mean "forward"?']),
        ({"breaks": "pass\n    oops("}, ["failed to load", "SyntaxError"]),
    ],
)
def test_a_policy_that_cannot_be_used_is_wrong_input(folder, capsys, change, parts):
    write(folder, **change)
    assert main(["run", "s.yaml", "--out", "out"]) == 2
    err = capsys.readouterr().err
    for part in parts:
        assert part in err
    assert "Traceback" not in err
    assert "the records up to then" not in err
    assert sorted(path.name for path in folder.iterdir()) == ["mine.py", "s.yaml"]


def test_a_policy_by_file_is_found_beside_the_scenario_and_above_it_and_here(folder, monkeypatch, capsys):
    write(folder)
    beside, above, here = folder / "beside", folder / "above", folder / "here"
    (beside).mkdir()
    (above / "scenarios").mkdir(parents=True)
    here.mkdir()
    for place, scenario in ((beside, beside), (above, above / "scenarios"), (here, beside)):
        write(place)
        (scenario / "s.yaml").write_text((folder / "s.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (beside / "mine.py").unlink()
    (folder / "mine.py").unlink()
    monkeypatch.chdir(here)
    assert main(["run", str(beside / "s.yaml"), "--out", "one"]) == 0
    monkeypatch.chdir(folder)
    assert main(["run", str(above / "scenarios" / "s.yaml"), "--out", "two"]) == 0
    assert main(["run", str(beside / "s.yaml"), "--out", "three"]) == 2
    assert "mine.py is not a file" in capsys.readouterr().err


def test_a_policy_by_built_in_name(folder):
    write(folder, use="forward")
    assert main(["run", "s.yaml", "--out", "out"]) == 0


def test_a_policy_by_entry_point_of_an_installed_package(folder, netgen):
    """A distribution on the path with an entry point, as pip would have left it."""
    site = folder / "site"
    (site / "shipper-1.0.dist-info").mkdir(parents=True)
    (site / "shipper-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: shipper\nVersion: 1.0\n"
    )
    (site / "shipper-1.0.dist-info" / "entry_points.txt").write_text(
        "[netgen.policies]\nship = shipper:Other\n"
    )
    (site / "shipper.py").write_text(BROKEN.replace("BREAK", "pass"), encoding="utf-8")
    write(folder, use="ship")
    code = textwrap.dedent(f"""
        import sys
        sys.path.insert(0, {str(site)!r})
        from netgen.cli import main
        codes = [main(["run", "s.yaml", "--out", "out"]), main(["policies"])]
        sys.exit(max(codes))
    """)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "ship" in done.stdout
    assert "installed: shipper:Other" in done.stdout
    without = netgen("run", "s.yaml", "--out", "again", cwd=folder)
    assert without.returncode == 2
    assert 'policy "ship" is neither built in' in without.stderr
