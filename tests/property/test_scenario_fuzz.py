"""Mutated scenario files end in a scenario or in a message, never in another exception and never in a hang."""

import copy
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from netgen.errors import ScenarioError
from netgen.scenario import Scenario, load_scenario, resolved_yaml

SAMPLES = Path(__file__).parents[1] / "unit" / "scenario" / "samples"
NAMES = ("minimal", "relayed", "broadcast", "mesh", "derived", "imported", "node_link", "radio")
TEXTS = {name: (SAMPLES / f"{name}.yaml").read_text(encoding="utf-8") for name in NAMES}
TREES = {name: yaml.safe_load(text) for name, text in TEXTS.items()}
EXAMPLES = 2000

ODD_VALUES = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        1,
        2,
        7,
        10**30,
        -0.0,
        1e-300,
        1e300,
        float("nan"),
        float("inf"),
        "",
        " ",
        "0",
        "x",
        "5 ms",
        "-5 ms",
        "1e999 s",
        "1 parsec",
        "20 Mbit/s",
        "0 bit/s",
        "2 MB",
        "50 %",
        "-1 %",
        "1080p30",
        "9**9**9 s",
        "A",
        "edge",
        "tower",
        "forward",
        "constant",
        "steps",
        "multicast",
        "extends",
        "relayed.yaml",
        "../samples",
        "\x00",
        "A -> B",
        "A <-> A",
        "é",
        "😀",
        "\ud7ff",
        "a" * 300,
        "{",
        "[1, 2]",
        "1:30",
        "no",
        "2001-01-01",
        "<<",
        [],
        {},
        [[]],
        [None],
        {"kind": None},
        {"kind": "cell"},
        {"kind": "ran"},
        {"kind": "atsc3"},
        {"kind": "5g-broadcast"},
        {"kind": "line"},
        {"kind": "trace", "path": "positions.csv"},
        "network",
        "zipf",
        "ran",
        "3.5 GHz",
        "20 MHz",
        "1 km",
        "30 m/s",
        "SP3_2",
        "32K",
        "t-{1..3}",
        "title-{3..1}",
        "{}",
        ["title-{01..03}"],
        ["a{1..10000}", "b{1..10000}"],
        ["1 km", "-2 km"],
        [["0 m", "0 m"], ["0 m", "0 m"]],
        {"a": {"b": [1, {"c": None}]}},
        ["A", "A"],
        ["A", "B"],
    ]
)
ODD_KEYS = st.sampled_from(
    [
        "",
        "A",
        "B",
        "kind",
        "path",
        "extends",
        "topology",
        "nodes",
        "links",
        "A -> B",
        "B <-> A",
        "A->",
        "->source",
        "seed",
        "no",
        "x.y",
        7,
        None,
        True,
        "capacity",
        "steps",
        "with",
        "gpu",
        "radio",
        "title-{01..03}",
        "t-{1..10000}",
        "t-{2..1}",
        "s{}",
        "transmitters",
        "pipes",
        "place",
        "mobility",
        "loss",
        "é",
        "<<",
        "0 s",
    ]
)
SNIPPETS = st.sampled_from(
    [
        "&a ",
        "*a",
        "&a [*a, *a]",
        "!!python/name:os.system ",
        "!x ",
        "\n---\n",
        "\n...\n",
        "\t",
        "\x00",
        "\x85",
        "{",
        "}",
        "]",
        ": ",
        "- ",
        "? ",
        "|\n",
        ">\n",
        "'",
        '"',
        "#",
        "<<: *a\n",
        "%YAML 9.9\n",
        "\ufeff",
        "~",
        "@",
        "`",
        "\r",
        "  ",
    ]
)


def places(tree, path=()):
    """Return the paths of all values below the root."""
    below = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    found = []
    for key, entry in below:
        found.append((*path, key))
        found += places(entry, (*path, key))
    return found


def parent_of(tree, path):
    for key in path[:-1]:
        tree = tree[key]
    return tree


@st.composite
def mutated_trees(draw):
    """Return the text of a valid scenario whose structure was changed in one to four places."""
    tree = copy.deepcopy(TREES[draw(st.sampled_from(NAMES))])
    for _ in range(draw(st.integers(1, 4))):
        found = places(tree)
        if not found:
            break
        path = draw(st.sampled_from(found))
        parent, key = parent_of(tree, path), path[-1]
        change = draw(st.sampled_from(["delete", "replace", "rename", "copy", "wrap", "swap", "add"]))
        if change == "delete":
            del parent[key]
        elif change == "replace":
            parent[key] = copy.deepcopy(draw(ODD_VALUES))
        elif change == "rename" and isinstance(parent, dict):
            parent[draw(ODD_KEYS)] = parent.pop(key)
        elif change == "copy":
            other = draw(st.sampled_from(found))
            parent[key] = copy.deepcopy(parent_of(tree, other)[other[-1]])
        elif change == "wrap":
            parent[key] = draw(st.sampled_from([[parent[key]], {"kind": parent[key]}, str(parent[key])]))
        elif change == "swap":
            other = draw(st.sampled_from(found))
            if other[: len(path)] != path and path[: len(other)] != other:
                target = parent_of(tree, other)
                parent[key], target[other[-1]] = target[other[-1]], parent[key]
        elif isinstance(parent[key], dict):
            parent[key][draw(ODD_KEYS)] = copy.deepcopy(draw(ODD_VALUES))
    return yaml.safe_dump(tree, sort_keys=False, allow_unicode=True).encode("utf-8", "surrogatepass")


@st.composite
def mutated_texts(draw):
    """Return the bytes of a valid scenario that were cut, doubled, overwritten or filled in."""
    raw = TEXTS[draw(st.sampled_from(NAMES))].encode()
    for _ in range(draw(st.integers(1, 4))):
        here = draw(st.integers(0, len(raw)))
        there = draw(st.integers(here, min(len(raw), here + 200)))
        change = draw(st.sampled_from(["cut", "truncate", "double", "bytes", "snippet", "nest", "lines"]))
        if change == "cut":
            raw = raw[:here] + raw[there:]
        elif change == "truncate":
            raw = raw[:here]
        elif change == "double":
            raw = raw[:there] + raw[here:]
        elif change == "bytes":
            raw = raw[:here] + draw(st.binary(min_size=1, max_size=8)) + raw[here:]
        elif change == "snippet":
            raw = raw[:here] + draw(SNIPPETS).encode() + raw[here:]
        elif change == "nest":
            opening, closing = draw(
                st.sampled_from([(b"[", b"]"), (b"{a: ", b"}"), (b"- ", b""), (b"? ", b"")])
            )
            depth = draw(st.sampled_from([3, 30, 70, 1000, 20000]))
            raw = raw[:here] + opening * depth + b"1" + closing * depth + raw[here:]
        else:
            lines = raw.splitlines(keepends=True)
            raw = b"".join(draw(st.permutations(lines)) if len(lines) < 40 else reversed(lines))
    return raw


@pytest.fixture(scope="module")
def folder():
    """Return a folder with the files that the samples refer to."""
    with tempfile.TemporaryDirectory() as name:
        for path in SAMPLES.iterdir():
            shutil.copy(path, name)
        yield Path(name)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)
@given(raw=st.one_of(mutated_trees(), mutated_texts()))
def test_a_mutated_file_is_a_scenario_or_a_message(folder, raw):
    path = folder / "mutated.yaml"
    path.write_bytes(raw)
    try:
        scenario = load_scenario(path)
    except ScenarioError as error:
        event("refused")
        message = str(error)
        assert len(message) > len(str(path))
        for line in message.splitlines():
            named = line.startswith((str(path), str(folder / "relayed.yaml")))
            assert named, line
        return
    event("accepted")
    assert isinstance(scenario, Scenario)
    again = folder / "again.yaml"
    again.write_text(resolved_yaml(scenario), encoding="utf-8")
    assert load_scenario(again) == scenario


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    override=st.one_of(
        st.text(max_size=40),
        st.builds(
            "{}={}".format,
            st.lists(
                st.sampled_from(
                    [
                        "nodes",
                        "A",
                        "gpu",
                        "streams",
                        "links",
                        "A->D",
                        "D<->F",
                        "capacity",
                        "steps",
                        '"0 s"',
                        "rate",
                        "services",
                        "s1",
                        "to",
                        "0",
                        "1",
                        "-1",
                        "9" * 30,
                        "duration",
                        "topology",
                        "with",
                        "policies",
                        "",
                    ]
                ),
                min_size=1,
                max_size=5,
            ).map(".".join),
            st.one_of(ODD_VALUES.map(str), SNIPPETS, st.text(max_size=10)),
        ),
    )
)
def test_an_odd_override_is_a_scenario_or_a_message(override):
    try:
        load_scenario(SAMPLES / "relayed.yaml", [override])
    except ScenarioError as error:
        message = str(error)
    else:
        message = "--set accepted"
    assert message.startswith(("--set ", str(SAMPLES)))
