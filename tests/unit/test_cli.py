"""Every command: what it prints where, and its exit code."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from netgen import __version__
from netgen.catalogue.checking import ActionCheck
from netgen.cli import main

ROOT = Path(__file__).resolve().parents[2]
SMALL = """
name: small
seed: 1
duration: 2 s
nodes: {A: server, B: terminal}
links: {A -> B: {capacity: 5 Mbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}}
services: {s: {content: v, from: A, to: B}}
"""
BROKEN = "duration: 2 parsec\nnodes: {A: serve}\nlinks: {A -> B: {capacity: -1 bit/s}}\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text(BROKEN, encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(capsys):
    """Run one command in this process; return its exit code, stdout and stderr."""

    def go(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return code, out, err

    return go


def listed(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_run_prints_tables_and_writes_the_next_number(folder, call):
    for number in ("001", "002"):
        code, out, err = call("run", "small.yaml")
        assert (code, err) == (0, "")
        assert "small (seed 1)" in out
        assert f"run directory: runs/small/{number}" in out
        assert (folder / "runs" / "small" / number / "summary.json").is_file()
    assert sorted(path.name for path in (folder / "runs" / "small").iterdir()) == ["001", "002"]


def test_run_json_prints_one_document_and_nothing_else(folder, call):
    code, out, err = call("run", "small.yaml", "--json", "--out", "out")
    assert (code, err) == (0, "")
    assert json.loads(out) == json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))


def test_run_json_keeps_warnings_off_stdout(folder, call):
    (folder / "small.yaml").write_text(SMALL + "policies: {idle: forward}\n", encoding="utf-8")
    code, out, err = call("run", "small.yaml", "--json", "--out", "out")
    assert code == 0
    assert json.loads(out)["scenario"] == "small"
    assert err.startswith("netgen: warning: policies.idle is not used")


def test_run_takes_overrides_and_a_seed(folder, call):
    code, out, _ = call(
        "run", "small.yaml", "--set", "duration=3 s", "--set", "links.A->B.delay=9 ms", "--seed", "77",
        "--json", "--out", "out",
    )  # fmt: skip
    summary = json.loads(out)
    assert code == 0
    assert (summary["simulated_s"], summary["seed"], summary["segments_offered"]) == (3.0, 77, 3)
    resolved = yaml.safe_load((folder / "out" / "scenario.yaml").read_text(encoding="utf-8"))
    assert resolved["links"]["A->B"]["delay"] in ("9 ms", "0.009 s")
    assert resolved["seed"] == 77


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["run", "nowhere.yaml"], ["nowhere.yaml", "No such file"]),
        (["run", "."], ["is a folder"]),
        (["run", "binary.yaml"], ["binary.yaml"]),
        (
            ["run", "broken.yaml"],
            ["broken.yaml:1:11", "broken.yaml:2:12", "broken.yaml:3:28", "did you mean"],
        ),
        (["run", "small.yaml", "--set", "duration"], ["--set duration", "is not an override"]),
        (["run", "small.yaml", "--set", "nodez.A=relay"], ['did you mean "nodes"']),
        (["run", "small.yaml", "--set", "duration=-1 s"], ["--set duration=-1 s", "accepted: > 0"]),
        (["run", "small.yaml", "--seed", "-1"], ["seed"]),
        (["run", "small.yaml", "--seed", "one"], ["--seed", "invalid int value"]),
        (["run"], ["required", "SCENARIO"]),
        (["rnu", "small.yaml"], ["invalid choice: 'rnu'", 'did you mean "run"?']),
        ([], ["COMMAND"]),
        (["run", "small.yaml", "--bogus"], ["--bogus"]),
        (["validate"], ["required"]),
        (["validate", "broken.yaml"], ["broken.yaml:1:11"]),
        (["show", "nowhere.yaml"], ["nowhere.yaml"]),
        (["calibrate", "x266", "--video", "v.mkv", "--out", "o.jsonl"], ["x266", "did you mean"]),
        (["calibrate", "x266"], ["x266", 'did you mean "x265"']),
        (["calibrate", "x265", "--precision", "bfloat"], ["--precision", 'did you mean "bfloat16"']),
        (["actions", "check", "x265", "--precision", "flaot32"], ["--precision", 'did you mean "float32"']),
        (
            ["run", "small.yaml", "--set", "extends=other.yaml"],
            ["--set extends=other.yaml", "cannot be set on the"],
        ),
        (
            ["run", "small.yaml", "--set", "services.s.policy=forwrd"],
            ["accepted: forward;", 'did you mean "forward"'],
        ),
        (["policies", "--check", "small.yaml:X"], ["small.yaml"]),
        (["policies", "--check", "forwrad"], ['did you mean "forward"']),
    ],
)
def test_wrong_input_is_exit_2_with_one_message_and_nothing_written(folder, call, words, parts):
    (folder / "binary.yaml").write_bytes(bytes(range(256)) * 4)
    before = listed(folder)
    code, out, err = call(*words)
    assert (code, out) == (2, "")
    assert err.startswith("netgen: ")
    for part in parts:
        assert part in err
    assert listed(folder) == before


def test_a_scenario_that_only_the_models_refuse_writes_nothing(folder, call):
    """An unknown GPU is found when the run is built: still exit 2, still no folder."""
    (folder / "small.yaml").write_text(
        SMALL.replace("A: server", "A: {kind: edge, gpu: H100-SXM}"), encoding="utf-8"
    )
    before = listed(folder)
    code, out, err = call("run", "small.yaml")
    assert (code, out) == (2, "")
    assert 'no device is called "H100-SXM"; did you mean "H100-SXM5"?' in err
    assert listed(folder) == before


def test_a_folder_that_holds_something_is_refused_and_untouched(folder, call):
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("keep", encoding="utf-8")
    code, _, err = call("run", "small.yaml", "--out", "out")
    assert code == 2
    assert "out exists and is not empty" in err
    assert listed(folder) == ["broken.yaml", "out", "out/mine.txt", "small.yaml"]


def test_an_empty_folder_is_used(folder, call):
    (folder / "out").mkdir()
    assert call("run", "small.yaml", "--out", "out")[0] == 0
    assert (folder / "out" / "summary.json").is_file()


@pytest.mark.parametrize("out", ["small.yaml", "small.yaml/below", "a\0b", "/"])
def test_a_place_that_cannot_be_a_folder_is_wrong_input(folder, call, out):
    before = listed(folder)
    code, _, err = call("run", "small.yaml", "--out", out)
    assert code == 2
    assert err.startswith("netgen: ")
    assert "fault in netgen" not in err
    assert listed(folder) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_unwritable_folder_is_wrong_input(folder, call):
    (folder / "locked").mkdir()
    (folder / "locked").chmod(stat.S_IRUSR | stat.S_IXUSR)
    code, _, err = call("run", "small.yaml", "--out", "locked/out")
    assert code == 2
    assert "locked/out cannot be written: Permission denied" in err


def test_a_folder_on_a_read_only_system_is_wrong_input(folder, call):
    """Not even root writes below /proc."""
    code, _, err = call("run", "small.yaml", "--out", "/proc/netgen-out")
    assert code == 2
    assert "/proc/netgen-out cannot be written" in err


def test_an_empty_working_folder_is_no_run_directory(tmp_path, monkeypatch, call):
    (tmp_path / "small.yaml").write_text(SMALL, encoding="utf-8")
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    code, _, err = call("run", "../small.yaml", "--out", ".")
    assert code == 2
    assert "cannot be a run directory" in err
    assert listed(tmp_path) == ["empty", "small.yaml"]


def test_two_runs_at_once_take_two_numbers(folder, monkeypatch, call):
    """While one runs, another begins: neither takes the other's folder, neither loses its records."""
    from netgen import run as module  # noqa: PLC0415

    simulate = module.simulate
    inner = []

    def interrupted(*arguments, **more):
        if not inner:
            inner.append(None)
            inner[0] = module.run("small.yaml", seed=5).folder
        return simulate(*arguments, **more)

    monkeypatch.setattr(module, "simulate", interrupted)
    outer = module.run("small.yaml", seed=6).folder
    assert [outer.name, inner[0].name] == ["001", "002"]
    seeds = [
        json.loads((place / "summary.json").read_text(encoding="utf-8"))["seed"]
        for place in (outer, inner[0])
    ]
    assert seeds == [6, 5]


INTERRUPTING = """
import os
import signal
from pathlib import Path

from netgen.policy import RelayPolicy


class Interrupting(RelayPolicy):
    def decide(self, view, rng):
        if view.segment.index == 5:
            assert any(Path().rglob("segments.parquet")), "no records are being written"
            os.kill(os.getpid(), signal.SIGINT)
        return view.forward.decision
"""


@pytest.mark.parametrize("arguments", [["--out", "out"], []])
def test_control_c_leaves_no_folder_behind(folder, arguments):
    """The signal comes in the middle of a run, while its records are being written: from a policy in it."""
    text = SMALL.replace("duration: 2 s", "duration: 20 s").replace(
        "A: server", "A: {kind: server, policy: stop}"
    )
    (folder / "small.yaml").write_text(text + "policies: {stop: 'stop.py:Interrupting'}\n", encoding="utf-8")
    (folder / "stop.py").write_text(INTERRUPTING, encoding="utf-8")
    before = listed(folder)
    # A shell starts what runs in the background with Ctrl-C ignored, and children inherit that.
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    code = (
        f"{heard}; import sys; sys.dont_write_bytecode = True; from netgen.cli import main; sys.exit(main())"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "run", "small.yaml", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (1, "")
    assert err == "netgen: interrupted; nothing was written\n"
    assert listed(folder) == before


def test_validate_names_every_error_of_every_file(folder, call):
    (folder / "other.yaml").write_text(SMALL.replace("to: B", "to: Q"), encoding="utf-8")
    code, out, err = call("validate", "broken.yaml", "small.yaml", "other.yaml", "nowhere.yaml")
    assert code == 2
    assert out == "small.yaml: ok (2 nodes, 1 links)\n"
    for part in (
        "broken.yaml:1:11",
        "broken.yaml:2:12",
        "broken.yaml:3:28",
        "other.yaml:8:",
        "nowhere.yaml",
    ):
        assert part in err


def test_validate_accepts_every_shipped_scenario(folder, call):
    files = sorted((ROOT / "scenarios").glob("*.yaml"))
    code, out, err = call("validate", *files)
    assert (code, err) == (0, "")
    assert len(out.splitlines()) == len(files) >= 6


def test_schema_is_a_json_schema_that_accepts_what_ships(folder, call):
    code, out, _ = call("schema")
    schema = json.loads(out)
    assert code == 0
    jsonschema.Draft202012Validator.check_schema(schema)
    for path in sorted((ROOT / "scenarios").glob("*.yaml")):
        jsonschema.validate(yaml.safe_load(path.read_text(encoding="utf-8")), schema)


def test_show_prints_a_scenario_that_loads_again(folder, call):
    code, out, _ = call("show", "small.yaml", "--resolved", "--set", "duration=5 s")
    assert code == 0
    (folder / "again.yaml").write_text(out, encoding="utf-8")
    assert call("show", "again.yaml") == (0, out, "")
    assert yaml.safe_load(out)["packet"] == "11200 bit"


@pytest.mark.parametrize("ending", ["svg", "png"])
def test_show_draws_the_network(folder, call, ending):
    pytest.importorskip("netgen.report.drawing")
    code, out, _ = call("show", "small.yaml", "--graph", f"net.{ending}")
    assert (code, out) == (0, f"drew net.{ending}\n")
    assert (folder / f"net.{ending}").stat().st_size > 1000


def test_show_refuses_an_unknown_kind_of_picture(folder, call):
    pytest.importorskip("netgen.report.drawing")
    code, _, err = call("show", "small.yaml", "--graph", "net.xyz")
    assert code == 2
    assert "net.xyz" in err


def test_lists(call, monkeypatch):
    monkeypatch.chdir(ROOT)
    code, out, _ = call("policies")
    assert code == 0
    for name in ("forward", "policies/scaling.py:BppThreshold", "policies/scaling.py:GreedyDelay"):
        assert name in out
    code, out, _ = call("profiles")
    assert code == 0
    for name in ("cttr", "x265-half", "svtav1-quarter", "gvsc-description"):
        assert name in out
    code, out, _ = call("scenarios")
    assert code == 0
    for path in (ROOT / "scenarios").glob("*.yaml"):
        assert path.name in out
    assert "not valid" not in out


def test_scenarios_needs_their_folder(folder, call):
    code, _, err = call("scenarios")
    assert code == 2
    assert "there is no folder" in err


def test_scenarios_lists_a_broken_one_as_such(folder, call):
    (folder / "scenarios").mkdir()
    (folder / "broken.yaml").rename(folder / "scenarios" / "broken.yaml")
    code, out, _ = call("scenarios")
    assert code == 0
    assert "(not valid:" in out


def test_policies_checks_one_against_the_contract(call, monkeypatch):
    monkeypatch.chdir(ROOT)
    for name in ("forward", "policies/scaling.py:BppThreshold", "policies/scaling.py:GreedyDelay"):
        code, out, _ = call("policies", "--check", name)
        assert code == 0
        assert out.startswith(f"{name}: ok on ")


def test_a_policy_that_breaks_the_contract_is_a_failed_check(folder, call):
    (folder / "bad.py").write_text(
        "import numpy as np\nfrom netgen.policy import Drop, RelayPolicy\n\n\nclass Bad(RelayPolicy):\n"
        "    def decide(self, view, rng):\n        return Drop(reason=str(np.random.default_rng().random()))\n",
        encoding="utf-8",
    )
    code, _, err = call("policies", "--check", "bad.py:Bad")
    assert code == 3
    assert "not deterministic" in err


@pytest.mark.parametrize("where", ["", "    def __init__(self): sys.exit(0)\n"])
def test_a_policy_that_calls_exit_is_no_success(folder, call, where):
    """Nothing ran, so that neither `run` nor `policies --check` may say that it went well."""
    (folder / "quit.py").write_text(
        "import sys\nfrom netgen.policy import RelayPolicy\n"
        + ("" if where else "sys.exit(0)\n")
        + f"class Quit(RelayPolicy):\n{where}    def decide(self, view, rng): return view.forward.decision\n",
        encoding="utf-8",
    )
    (folder / "small.yaml").write_text(
        SMALL.replace("to: B}", "to: B, policy: quit}").replace("A: server", "A: {kind: edge, gpu: L4}")
        + "policies: {quit: 'quit.py:Quit'}\n",
        encoding="utf-8",
    )
    before = listed(folder)
    for words in (["run", "small.yaml", "--out", "out"], ["policies", "--check", "quit.py:Quit"]):
        code, out, err = call(*words)
        assert (code, out) == (1, "") or (code, out) == (2, "")
        assert "SystemExit(0)" in err
    assert [name for name in listed(folder) if "__pycache__" not in name] == before


@pytest.mark.parametrize(
    ("words", "device", "precision", "shown"),
    [
        ([], "cpu", "auto", "2 checks on cpu in bfloat16; "),
        (
            ["--device", "cuda:1", "--precision", "float16"],
            "cuda:1",
            "float16",
            "2 checks on cuda:1 in float16; ",
        ),
    ],
)
def test_an_action_is_checked_where_and_in_what_precision_it_is_said(
    call, monkeypatch, words, device, precision, shown
):
    def checked(make, **given):
        assert given == {"device": device, "precision": precision}
        used = "bfloat16" if precision == "auto" else precision
        times = {"contract_s": 0.1, "expand_s": 0.2}
        return ActionCheck(
            "own.own", "own", device, used, ("one", "two"), ("a note",), **times, peak_bytes=1, bound_bytes=2
        )

    monkeypatch.setattr("netgen.catalogue.checking.check_action", checked)
    code, out, err = call("actions", "check", "restore-half", *words)
    assert (code, err) == (0, "netgen: note: a note\n")
    assert shown in out


def test_a_check_of_an_action_without_network_names_no_precision(call, monkeypatch):
    found = ActionCheck("codec.x264", "x264", "cpu", None, ("one",), (), 0.1, 0.2, 1, 2)
    monkeypatch.setattr("netgen.catalogue.checking.check_action", lambda *_arguments, **_given: found)
    _, out, _ = call("actions", "check", "x264")
    assert "1 checks on cpu; contract" in out


def test_a_command_that_is_left_halfway_is_no_success(folder, call, monkeypatch):
    monkeypatch.setattr("netgen.run.build_simulation", lambda *_arguments, **_more: sys.exit(0))
    code, out, err = call("run", "small.yaml", "--out", "out")
    assert (code, out) == (1, "")
    assert "sys.exit(0) before the command was done" in err


def test_doctor_says_what_is_there(call):
    code, out, _ = call("doctor")
    assert code in (0, 3)
    assert "Python" in out


def test_verify_prints_checks_as_json(call):
    pytest.importorskip("netgen.verify")
    code, out, err = call("verify", "--json", "--only", "law")
    checks = json.loads(out)["checks"]
    assert err == ""
    assert code == (0 if all(check["ok"] for check in checks) else 3)
    for check in checks:
        assert set(check) == {"name", "value", "reference", "tolerance", "ok", "source"}


def test_calibrate_writes_records(folder, call):
    clip = ROOT / "scenarios" / "clips" / "wall-balls.mp4"
    (folder / "o.jsonl").write_text("", encoding="utf-8")
    code, out, err = call("calibrate", "x264", "--video", clip, "--out", "o.jsonl", "--repeats", "0")
    assert code == 2
    assert "repeats" in err
    assert out == ""


def test_calibrate_refuses_clip_weights_that_it_cannot_use(folder, call):
    code, _, err = call("calibrate", "x264", "--clip-weights", "clip")
    assert code == 2
    assert "--clip-weights is for labelled scenes" in err
    code, _, err = call("calibrate", "x264", "--clip-weights", "clip", "--scenes", "40")
    assert code == 2
    assert "no CLIP model at" in err


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["run", "--help"]])
def test_help_and_version_leave_with_0(capsys, words):
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 0
    out = capsys.readouterr().out
    assert (__version__ if "--version" in words else "usage: netgen") in out


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["validate", "broken.yaml"], 2)])
def test_python_m_netgen_is_the_command(folder, words, code):
    done = subprocess.run(
        [sys.executable, "-m", "netgen", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stdout == (f"netgen {__version__}\n" if code == 0 else "")
    assert ("broken.yaml:1:11" in done.stderr) == (code == 2)


def test_output_that_nobody_reads_is_no_traceback(folder):
    code = "import sys; from netgen.cli import main; sys.exit(main())"
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, "schema"],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    assert done.returncode == 1
    assert done.stderr == ""


def test_a_fault_of_netgen_itself_says_so(folder, call, monkeypatch):
    def broken(*_arguments, **_more):
        raise ValueError("impossible")

    monkeypatch.setattr("netgen.run.build_simulation", broken)
    before = listed(folder)
    code, out, err = call("run", "small.yaml", "--out", "out")
    assert (code, out) == (1, "")
    assert "a fault in netgen itself: ValueError: impossible" in err
    assert listed(folder) == before
    with pytest.raises(ValueError, match="impossible"):
        main(["--debug", "run", "small.yaml", "--out", "out"])


TOGETHER = """
name: together
seed: 1
duration: 6 s
nodes:
  core: server
  mast: {kind: tower, radio: {capacity: 10 Mbit/s, delay: 1 ms}}
  c1: {kind: cell, radio: {capacity: 40 Mbit/s, peak_rate: 40 Mbit/s}}
links: {core -> mast: {capacity: 1 Gbit/s}, core -> c1: {capacity: 1 Gbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}}
services: {live: {content: v, from: core, to: [mast, c1], deadline: 2 s}}
audiences: {fans: {count: 3, tower: mast, cells: [c1], watches: [live]}}
policies: {away: "away.py:Away"}
collaboration: {cores: {delay: 10 ms, rate: 1 Gbit/s}, continuation: {services: [live], policy: away}}
baseline: never-collaborate
"""
AWAY = """
import numpy as np

from netgen.policy import ContinuationDecision, ContinuationPolicy, Serve


class Away(ContinuationPolicy):
    def decide(self, view, rng):
        away = (view.time_s >= 2) & (np.arange(len(view.user)) == 1) & ~view.moving
        return ContinuationDecision(np.where(away, Serve.CELLULAR, view.served), reason="the second leaves at 2 s")
"""


@pytest.fixture
def together(folder, call):
    """A run of three users, the second of whom goes to a cell at 2 s."""
    (folder / "together.yaml").write_text(TOGETHER, encoding="utf-8")
    (folder / "away.py").write_text(AWAY, encoding="utf-8")
    code, out, err = call("run", "together.yaml", "--out", "out")
    assert (code, err) == (0, "")
    return out


def test_run_shows_the_modes_beside_the_baseline(together):
    lines = [" ".join(line.split()) for line in together.splitlines()]
    assert "service modes, beside the baseline" in lines
    assert "continuation hand-overs / returns 1 / 0 0 / 0" in lines
    assert "sent by cells 6.0 Mbit 0.0 Mbit" in lines  # the segments of 3, 4 and 5 s


def test_explain_says_why_a_user_was_moved(together, folder, call):
    code, out, err = call("explain", "out", "--user", "fans:1", "--at", "4 s")
    assert (code, err) == (0, "")
    for part in (
        "fans:1 at 4 s: live", "by a cell", "broadcast -> cellular decided at 2 s", "continuation by away",
        "the second leaves at 2 s", "users now 3",
    ):  # fmt: skip
        assert part in out, part
    code, out, _ = call("explain", "out", "--user", "fans:1", "--at", "1500 ms", "--json")
    told = json.loads(out)["services"]["live"]
    assert (code, told["served"], told["decision"]) == (0, "broadcast", None)
    assert [decision["time_s"] for decision in told["unchanged"]] == [1.0]
    assert told["next"]["decision"]["time_s"] == 2.0
    # One message of 2,000 bit with a context of 4,000 bit at 1 Gbit/s, 10 ms on the way.
    assert told["next"]["switch"]["transfer_s"] == pytest.approx(0.010006, abs=1e-9)
    code, out, _ = call("explain", "out/baseline", "--user", "fans:1", "--at", "6 s", "--json")
    told = json.loads(out)["services"]["live"]
    assert (code, told["served"], told["switch"]) == (0, "broadcast", None)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (
            ["out", "--user", "fan:1", "--at", "4 s"],
            'did you mean "fans:1"?; users are called fans:0 to fans:2',
        ),
        (["out", "--user", "fans:1", "--at", "7 s"], "7 s is not within the run; accepted: 0 s to 6 s"),
        (["out", "--user", "fans:1", "--at", "4"], '--at "4": has no unit'),
        (["away.py", "--user", "fans:1", "--at", "4 s"], "away.py is not a folder"),
        (["outt", "--user", "fans:1", "--at", "4 s"], 'outt is not a folder; did you mean "out"?'),
        ([".", "--user", "fans:1", "--at", "4 s"], ". is not a run directory"),
        (["out", "--at", "4 s"], "required: --user"),
    ],
)
def test_explain_refuses_what_cannot_be_asked(together, call, words, part):
    code, out, err = call("explain", *words)
    assert (code, out) == (2, "")
    assert part in err


NARROW = """
name: narrow
seed: 1
duration: 8 s
nodes:
  core: server
  mast: {kind: tower, radio: {capacity: 10 Mbit/s}}
  c1: {kind: cell, radio: {capacity: 3 Mbit/s, peak_rate: 3 Mbit/s}}
links: {core -> mast: {capacity: 1 Gbit/s}, core -> c1: {capacity: 1 Gbit/s}}
contents: {v: {kind: parametric, format: 720p25, rate: 2 Mbit/s, class: sports, semantic_bits: 10}}
services: {live: {content: v, from: core, to: [c1, mast], deadline: 2 s}}
audiences:
  early: {count: 2, tower: mast, cells: [c1], watches: [live], terminal: {tuner: 0}, join: {kind: step, at: 1500 ms}}
  short: {count: 1, tower: mast, cells: [c1], watches: [live], terminal: {tuner: 0}, stay: 1 s}
collaboration: {admission: 90 %, offloading: {services: [live]}}
faults:
  - {what: cell, where: c1, at: 6 s, repair: 1 s}
  - {what: tower, where: mast, at: 1 s, repair: 1 s, random: true}
"""


@pytest.mark.parametrize(
    ("user", "at", "parts"),
    [
        ("early:0", "1 s", ["served not: has not joined yet (joins at 1.5 s)"]),
        ("early:0", "4 s", ["served by a cell, c1"]),
        ("early:1", "4 s", ["served not: blocked: no room in its cell (all of its 6 segments)"]),
        ("short:0", "500 ms", ["served by a cell, c1"]),
        ("short:0", "4 s", ["served not: has left at 1 s"]),
        ("early:0", "6500 ms", ["served by a cell, c1", "out of order cell c1 since 6 s until 7 s"]),
    ],
)
def test_explain_tells_who_is_not_served_and_what_is_out_of_order(folder, call, user, at, parts):
    (folder / "narrow.yaml").write_text(NARROW, encoding="utf-8")
    assert call("run", "narrow.yaml", "--out", "out")[0] == 0
    code, out, err = call("explain", "out", "--user", user, "--at", at)
    assert (code, err) == (0, "")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert [part for part in parts if part not in lines] == []
    tower, cell = json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))["faults"]
    assert cell == {"what": "cell", "where": "c1", "begin_s": 6.0, "end_s": 7.0}
    assert (tower["what"], tower["begin_s"]) == ("tower", 1.0)
    assert 1.0 < tower["end_s"] != 2.0


def test_a_run_without_faults_says_so(together, folder):
    assert json.loads((folder / "out" / "summary.json").read_text(encoding="utf-8"))["faults"] == []


def test_explain_says_that_a_run_failed(folder, call):
    (folder / "together.yaml").write_text(TOGETHER, encoding="utf-8")
    broken = AWAY.replace(
        "        return", "        if view.time_s > 2:\n            raise ValueError('no')\n        return"
    )
    (folder / "away.py").write_text(broken, encoding="utf-8")
    assert call("run", "together.yaml", "--out", "out")[0] == 1
    code, out, err = call("explain", "out", "--user", "fans:1", "--at", "1 s")
    assert (code, out) == (2, "")
    assert "out has no users, because the run failed: policy" in err


def test_crossover_finds_the_audience_from_which_broadcast_takes_less(together, folder, call):
    """N users take N 2 / 40 cells, the tower 2 / 10: less from 5 users on; worth half a cell, from 3 on."""
    before = listed(folder)
    code, out, err = call("crossover", "together.yaml", "--service", "live")
    assert (code, err) == (0, "")
    assert "broadcast takes less of the radio from 5 users on, with a channel worth 1 cell\n" in out
    assert "no other service is in either column\n" in out
    words = ("--audience", "fans", "--channel-worth", "0.5", "--most", "20", "--seed", "7", "--json")
    code, out, err = call("crossover", "together.yaml", "--service", "live", *words)
    found = json.loads(out)
    assert (code, err) == (0, "")
    assert (found["crossover"], found["most"], found["seed"], found["service"]) == (3, 20, 7, "live")
    assert [tried["users"] for tried in found["tried"]] == [1, 2, 3, 4]
    assert listed(folder) == before


def test_crossover_that_is_not_there_is_exit_3(together, call):
    code, out, err = call(
        "crossover", "together.yaml", "--service", "live", "--most", "3", "--set", "duration=3 s"
    )
    assert code == 3
    assert "nowhere up to 3 users" in err
    assert "cells" in out
    code, out, err = call("crossover", "together.yaml", "--service", "life")
    assert (code, out) == (2, "")
    assert 'did you mean "live"?' in err
