"""Mutated scenario files through the command line: exit 0, 1 or 2 with a message; no traceback, no hang."""

import contextlib
import copy
import importlib.util
import io
import shutil
import signal
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from netgen.cli import main

HERE = Path(__file__).parent


def loaded(path):
    """Return a module of tests by its file: tests are no packages."""
    spec = importlib.util.spec_from_file_location(f"shared_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mutations = loaded(HERE / "test_scenario_fuzz.py")
parameters = loaded(HERE.parent / "e2e" / "test_no_dead_parameters.py")

POLICIES = HERE.parents[1] / "policies"
VALIDATED, RUN = 2000, 200
LONGEST_S = 30
SHORT = ("duration=300 ms", "interval=100 ms", "epoch=10 ms", "warmup=0 s")


class Hang(BaseException):
    """An example took too long; no `except Exception` may hide it."""


@contextlib.contextmanager
def guarded():
    """Break off an example that hangs."""

    def stop(_signal, _frame):
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(LONGEST_S)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def call(*words):
    """Run one command in this process; return its exit code, stdout and stderr."""
    out, err = io.StringIO(), io.StringIO()
    with guarded(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(word) for word in words])
    return code, out.getvalue(), err.getvalue()


@pytest.fixture(scope="module")
def folder():
    """Return a folder with the files that the samples refer to."""
    with tempfile.TemporaryDirectory() as name:
        for path in mutations.SAMPLES.iterdir():
            shutil.copy(path, name)
        shutil.copy(POLICIES / "scaling.py", name)
        for file, content in parameters.FILES.items():
            (Path(name) / file).write_text(content, encoding="utf-8")
        yield Path(name)


# Valid values at the edges of what is accepted, by key.
EDGES = {
    "rate": ["1 bit/s", "900 Mbit/s"],
    "capacity": ["1 bit/s", "1 Tbit/s", "{kind: steps, steps: {0 s: 0 bit/s, 250 ms: 1 Mbit/s}}"],
    "peak_rate": ["1 bit/s", "1 Tbit/s"],
    "delay": ["1 us", "1 h"],
    "queue": ["0 bit", "1 bit", "null"],
    "loss": ["0", "99.99 %", "{kind: gilbert, loss_bad: 1, good: 1 us, bad: 1 us}"],
    "retransmissions": ["16"],
    "coverage": ["0.01 %", "1"],
    "segment_loss": ["99.9 %"],
    "semantic_fidelity": ["0", "1"],
    "required_fidelity": ["1"],
    "loss_tolerance": ["99.9 %"],
    "semantic_bits": ["1e-9", "1e15"],
    "bits_per_pixel": ["1e-9", "100"],
    "generative_share": ["1"],
    "expanded_rate": ["1 bit/s", "1 Gbit/s"],
    "contract_time": ["0 s", "1 h"],
    "expand_time": ["0 s", "1 h"],
    "memory": ["1 B", "24 GB"],
    "load_rate": ["1 B/s"],
    "idle_power": ["0 W", "1 MW"],
    "streams": ["1024"],
    "segment": ["40 ms", "1 h"],
    "format": ["16x16@1", "4320p120"],
    "deadline": ["1 ns", "1 h", "null"],
    "start": ["299 ms"],
    "stop": ["1 ns"],
    "cast": ["multicast"],
    "arrivals": ["poisson"],
    "sizes": ["exponential", "constant"],
    "variation": ["0.1 %", "10"],
    "count": ["1", "3000"],
    "assignment": ["random"],
    "join": ["start", "{kind: uniform, over: 1e8 s}", "{kind: poisson, rate: 1e9 /s}"],
    "packet": ["64 bit", "1 MB"],
    "personal": ["false"],
    "policy": ["forward"],
    "playable": ["true", "false"],
    "mode": ["no-reference"],
    "gpu": ["null"],
}
PLACES = {name: yaml.safe_load(text) for name, text in parameters.BASES.items()}


@st.composite
def edge_cases(draw):
    """Return a valid scenario with one to four values at the edge of what is accepted."""
    tree = copy.deepcopy(PLACES[draw(st.sampled_from(sorted(PLACES)))])
    found = [path for path in mutations.places(tree) if path[-1] in EDGES]
    for path in draw(st.lists(st.sampled_from(found), min_size=1, max_size=4)):
        with contextlib.suppress(KeyError, TypeError):  # an earlier change took this place away
            edge = draw(st.sampled_from(EDGES[path[-1]]))
            mutations.parent_of(tree, path)[path[-1]] = yaml.safe_load(edge)
    return yaml.safe_dump(tree, sort_keys=False).encode()


MUTATED = st.one_of(mutations.mutated_trees(), mutations.mutated_texts())
FUZZ = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=VALIDATED, **FUZZ)
@given(raw=MUTATED)
def test_validate_ends_in_0_or_in_2_with_a_message(folder, raw):
    path = folder / "mutated.yaml"
    path.write_bytes(raw)
    code, out, err = call("validate", path)
    event(f"exit {code}")
    assert code in (0, 2), err
    if code == 0:
        assert out == f"{path}: ok{out.partition(': ok')[2]}"
        assert out.count("\n") == 1
        assert all(line.startswith("netgen: warning: ") for line in err.splitlines())
    else:
        assert out == ""
        assert err.startswith(f"netgen: {folder}")


@settings(max_examples=RUN, **FUZZ)
@given(raw=st.one_of(edge_cases(), mutations.mutated_trees()))
def test_run_ends_in_0_1_or_2_with_a_message(folder, raw):
    path, target = folder / "mutated.yaml", folder / "out"
    path.write_bytes(raw)
    shorter = [word for text in SHORT for word in ("--set", text)]
    code, out, err = call("run", path, "--quiet", "--json", "--out", target, *shorter)
    event(f"exit {code}")
    left = target.exists()
    shutil.rmtree(target, ignore_errors=True)
    assert "fault in netgen" not in err, err
    assert code in (0, 1, 2), err
    assert left == (code != 2)
    if code == 0:
        assert out.startswith("{")
    else:
        assert out == ""
        assert err.startswith("netgen: ")
        assert len(err) > len("netgen: \n")
