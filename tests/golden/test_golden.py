"""The records of three tiny scenarios are what they were: no change of results goes unnoticed.

Where a digest differs on purpose: `python tests/golden/regenerate.py`, and the reason in the commit.
"""

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("golden_regenerate", HERE / "regenerate.py")
golden = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(golden)


@pytest.mark.parametrize("name", golden.NAMES)
def test_the_records_are_what_they_were(name):
    known = json.loads(golden.DIGESTS.read_text(encoding="utf-8"))[name]
    found = golden.digests_of(name)
    different = {
        table: [column for column in found[table] if known[table].get(column) != found[table][column]]
        for table in golden.TABLES
        if known[table] != found[table]
    }
    assert different == {}, "results have changed; if that is meant: python tests/golden/regenerate.py"


def test_a_change_of_the_twelfth_digit_would_be_seen():
    assert golden.canonical(0.123456789012) != golden.canonical(0.123456789013)
    assert golden.canonical(0.1 + 0.2) == golden.canonical(0.3)
    assert golden.canonical([{"a": 1.0, "b": None}]) == [{"a": "1", "b": None}]


def test_every_golden_scenario_has_its_digests():
    known = json.loads(golden.DIGESTS.read_text(encoding="utf-8"))
    assert set(known) == set(golden.NAMES) == {path.stem for path in HERE.glob("*.yaml")}
    for tables in known.values():
        assert all(columns["rows"] > 0 for columns in tables.values())
