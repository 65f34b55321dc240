"""The resolved file, the JSON Schema and the table of fields say what loading does."""

import copy
from pathlib import Path

import jsonschema
import pytest
import yaml

from netgen.document.source import parse_text
from netgen.document.tree import plain
from netgen.errors import ScenarioError
from netgen.scenario import field_table, json_schema, load_scenario, resolved_yaml

SAMPLES = Path(__file__).parent / "samples"
ERRORS = Path(__file__).parent / "errors"
CASES = sorted(path.stem for path in SAMPLES.glob("*.yaml"))
REFUSED = ["unknown_keys", "kinds", "missing", "wrong_sections", "missing_header", "circulant_shape", "tags"]
REFUSED += ["collaboration_values"]


@pytest.fixture(scope="module")
def validator():
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("name", CASES)
def test_a_resolved_scenario_loads_to_an_equal_one(name, tmp_path):
    scenario = load_scenario(SAMPLES / f"{name}.yaml")
    text = resolved_yaml(scenario)
    (tmp_path / "elsewhere.yaml").write_text(text, encoding="utf-8")
    again = load_scenario(tmp_path / "elsewhere.yaml")
    assert again == scenario
    assert resolved_yaml(again) == text
    assert "topology:" not in text
    assert "extends:" not in text


@pytest.mark.parametrize("name", CASES)
def test_every_tool_reads_the_same_in_a_resolved_scenario(name):
    text = resolved_yaml(load_scenario(SAMPLES / f"{name}.yaml"))
    ours, issues = parse_text(text, "resolved", Path())
    assert issues == []
    assert plain(ours) == yaml.safe_load(text)


@pytest.mark.parametrize("name", CASES)
def test_the_schema_accepts_what_loads(name, validator):
    written = (SAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    for text in (written, resolved_yaml(load_scenario(SAMPLES / f"{name}.yaml"))):
        assert [error.message for error in validator.iter_errors(yaml.safe_load(text))] == []


@pytest.mark.parametrize("name", [name for name in REFUSED if name != "tags"])
def test_the_schema_refuses_wrong_shapes(name, validator):
    document = yaml.safe_load((ERRORS / f"{name}.yaml").read_text(encoding="utf-8"))
    assert not validator.is_valid(document)


def test_the_schema_sees_one_wrong_key_anywhere(validator):
    document = yaml.safe_load((SAMPLES / "relayed.yaml").read_text(encoding="utf-8"))
    assert validator.is_valid(document)
    for keys in (
        [],
        ["nodes", "F"],
        ["nodes", "F", "gpu"],
        ["links", "A -> D"],
        ["contents", "par"],
        ["services", "s1"],
    ):
        changed = copy.deepcopy(document)
        place = changed
        for key in keys:
            place = place[key]
        place["colour"] = "red"
        assert not validator.is_valid(changed), keys


def test_the_schema_lets_a_file_with_bases_leave_keys_out(validator):
    assert validator.is_valid(
        {"extends": "a.yaml", "services": {"s1": {"deadline": "1 s"}, "s2": None}, "seed": None}
    )
    assert not validator.is_valid({"services": {"s1": {"deadline": "1 s"}}})
    assert not validator.is_valid({"extends": "a.yaml", "services": {"s1": {"dedline": "1 s"}}})


def test_defaults_of_the_schema_are_written_with_units():
    link = json_schema()["$defs"]["Link"]["properties"]
    assert link["delay"]["default"] == "0.001 s"
    assert link["queue"]["default"] == "8000000 bit"


def test_the_table_has_every_key_of_the_resolved_scenarios():
    table = field_table()
    keys = set()

    def collect(node, named):
        """Collect the keys below; those of a mapping of names are no keys of the format."""
        if isinstance(node, dict):
            for key, entry in node.items():
                if not named:
                    keys.add(key)
                if key not in ("with", "steps"):
                    collect(entry, not named and key in (*sections, "transmitters", "pipes", "guarantees"))

    sections = {"nodes", "links", "contents", "actions", "policies", "services", "audiences", "background"}
    for name in CASES:
        collect(yaml.safe_load(resolved_yaml(load_scenario(SAMPLES / f"{name}.yaml"))), False)
    assert sections < keys
    names = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert {key for key in keys if key not in names and "->" not in key} == set()
    assert all(line.count(" | ") >= 4 for line in table.splitlines() if line.startswith("| `"))


def test_every_field_says_what_it_means():
    for line in field_table().splitlines():
        if line.startswith("| `"):
            assert len(line.rstrip(" |").rsplit(" | ", 1)[1]) >= 4, line


def test_a_wrong_unit_passes_the_schema_but_not_loading(validator, tmp_path):
    text = "name: x\nduration: 5 parsec\n"
    assert validator.is_valid(yaml.safe_load(text))  # what a schema cannot say
    (tmp_path / "x.yaml").write_text(text)
    with pytest.raises(ScenarioError, match='"parsec" is not a unit'):
        load_scenario(tmp_path / "x.yaml")
