"""Every defect of a scenario file has its message, word for word, in `errors/*.txt`.

`NETGEN_REGENERATE=1 pytest tests/unit/scenario/test_messages.py` writes the expected messages anew.
"""

import os
import re
from pathlib import Path

import pytest

from netgen.errors import ScenarioError
from netgen.scenario import load_scenario

ERRORS = Path(__file__).parent / "errors"
CASES = sorted(path.stem for path in ERRORS.glob("*.yaml"))
REGENERATE = os.environ.get("NETGEN_REGENERATE") == "1"


def message_of(name: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        load_scenario(f"{name}.yaml")
    text = str(caught.value).replace(str(ERRORS.parent), "TESTS")
    return (
        re.sub(r"(not valid YAML): .*", r"\1: ...", text) + "\n"
    )  # the parser's own words differ by version


@pytest.mark.parametrize("name", CASES)
def test_message_is_the_expected_one(name, monkeypatch):
    monkeypatch.chdir(ERRORS)
    expected = ERRORS / f"{name}.txt"
    if REGENERATE:
        expected.write_text(message_of(name), encoding="utf-8")
    assert message_of(name) == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_every_line_says_where(name, monkeypatch):
    monkeypatch.chdir(ERRORS)
    for line in message_of(name).splitlines():
        assert re.match(r"[a-z0-9_]+\.yaml:\d+:\d+: .{10,}", line), line


def test_every_expectation_has_its_file():
    assert sorted(path.stem for path in ERRORS.glob("*.txt")) == CASES


def test_a_file_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "large.yaml").write_bytes(b"# " + b"x" * 2**20)
    for name, reason in (
        ("absent.yaml", "cannot be read (No such file or directory)"),
        ("folder.yaml", "is a folder"),
        ("large.yaml", "is larger than 1,048,576 B"),
        ("nul\0.yaml", "cannot be read"),
    ):
        with pytest.raises(ScenarioError) as caught:
            load_scenario(name)
        assert str(caught.value).startswith(f"{name}: {reason}")


def test_the_number_of_messages_is_bounded(tmp_path):
    nodes = "\n".join(f"  n{index}: {{kind: wrong}}" for index in range(300))
    path = tmp_path / "many.yaml"
    path.write_text(f"name: many\nduration: 1 s\nnodes:\n{nodes}\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    lines = str(caught.value).splitlines()
    assert len(lines) == 101
    assert lines[-1].endswith("200 more errors are not shown")
