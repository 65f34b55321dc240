"""What a scenario means does not depend on how it is laid out."""

import json
import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen import units
from netgen.document.source import Unreadable, parse_text
from netgen.document.tree import plain
from netgen.errors import ScenarioError
from netgen.scenario import load_scenario

SAMPLES = Path(__file__).parents[1] / "unit" / "scenario" / "samples"
STANDALONE = ("minimal", "broadcast", "mesh")

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**17), 10**17)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def shuffled(tree, random):
    """Return the same mapping with its keys in another order, on all levels but that of steps, which are ordered."""
    if isinstance(tree, dict):
        keys = list(tree)
        random.shuffle(keys)
        return {key: tree[key] if key == "steps" else shuffled(tree[key], random) for key in keys}
    return tree


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(name=st.sampled_from(STANDALONE), random=st.randoms(use_true_random=False))
def test_the_order_of_keys_has_no_meaning(tmp_path_factory, name, random):
    path = SAMPLES / f"{name}.yaml"
    other = tmp_path_factory.mktemp("order") / "other.yaml"
    tree = shuffled(yaml.safe_load(path.read_text(encoding="utf-8")), random)
    other.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
    assert load_scenario(other) == load_scenario(path)


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(name=st.sampled_from(STANDALONE))
def test_json_is_yaml(tmp_path_factory, name):
    path = SAMPLES / f"{name}.yaml"
    other = tmp_path_factory.mktemp("json") / "other.yaml"
    other.write_text(json.dumps(yaml.safe_load(path.read_text(encoding="utf-8"))), encoding="utf-8")
    assert load_scenario(other) == load_scenario(path)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(delay_s=st.floats(1e-6, 3600), rate_bps=st.floats(1, 1e12), queue_bits=st.integers(11_200, 2**53))
def test_an_override_means_what_the_file_would(delay_s, rate_bps, queue_bits):
    scenario = load_scenario(
        SAMPLES / "minimal.yaml",
        [
            f"links.A->B.delay={units.render(delay_s, units.DURATION)}",
            f"links.A->B.capacity={units.render(rate_bps, units.RATE)}",
            f"links.A->B.queue={units.render(queue_bits, units.SIZE)}",
        ],
    )
    link = scenario.links["A->B"]
    assert (link.delay_s, link.capacity.rate_bps, link.queue_bits) == (delay_s, rate_bps, queue_bits)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(value=VALUES)
def test_what_is_read_without_an_issue_is_what_other_tools_read(value):
    text = yaml.safe_dump({"root": value}, allow_unicode=True)
    try:
        item, issues = parse_text(text, "x.yaml", Path())
    except Unreadable:
        return
    if not issues:
        assert plain(item) == numbered(yaml.safe_load(text))


def numbered(value):
    """The same with `1e3`, which YAML 1.1 takes for text, as the number that it is in YAML 1.2."""
    if isinstance(value, dict):
        return {key: numbered(part) for key, part in value.items()}
    if isinstance(value, list):
        return [numbered(part) for part in value]
    is_number = isinstance(value, str) and re.fullmatch(
        r"[-+]?(\.\d+|\d+\.?\d*)[eE][-+]?\d+", value, re.ASCII
    )
    return float(value) if is_number else value


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(name=st.sampled_from(["A", "talk", "s1"]), typo=st.integers(0, 3), letter=st.sampled_from("xyzq"))
def test_a_dangling_name_is_an_error_that_names_it(tmp_path_factory, name, typo, letter):
    wrong = name[:typo] + letter + name[typo:]
    text = (SAMPLES / "minimal.yaml").read_text(encoding="utf-8")
    path = tmp_path_factory.mktemp("dangling") / "dangling.yaml"
    background = f"background: {{b: {{from: {wrong}, to: B, rate: 1 Mbit/s}}}}\n"
    audiences = f"audiences: {{u: {{count: 1, tower: {wrong}, watches: {wrong}}}}}\n"
    path.write_text(text + background + audiences, encoding="utf-8")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    assert str(caught.value).count(f'= "{wrong}": is not a ') == 3
