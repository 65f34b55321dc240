"""What the pages show works: scenarios run, Python runs, commands exist."""

import ast
import inspect
import re
import shlex

import pytest
import yaml

from netgen.cli import parser
from netgen.errors import InputError
from netgen.policy import POLICY_KINDS, check_policy
from netgen.run import run
from netgen.scenario import load_scenario

LONGEST_README_SCENARIO = 30


def test_every_scenario_runs_for_a_short_time(yaml_block, root, tmp_path, monkeypatch):
    """A block with a name and a duration is a whole scenario; there are no others."""
    monkeypatch.chdir(root)
    assert {"name", "duration"} <= set(yaml.safe_load(yaml_block.text)), f"{yaml_block} is no whole scenario"
    path = tmp_path / "shown.yaml"
    path.write_text(yaml_block.text, encoding="utf-8")
    result = run(path, overrides=["duration=5 s"], seed=1, out=tmp_path / "run")
    assert result.summary["segments_delivered"] > 0
    assert result.warnings == ()


def test_the_scenario_of_the_readme_is_short_and_shows_a_gain(root, tmp_path, monkeypatch):
    monkeypatch.chdir(root)
    text = re.search(r"```yaml\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    assert len(text.splitlines()) < LONGEST_README_SCENARIO
    path = tmp_path / "stadium.yaml"
    path.write_text(text, encoding="utf-8")
    summary = run(path, out=tmp_path / "run").summary
    assert summary["baseline"]["receivers"]["live"]["screen"]["difference"] > 0.3
    load_scenario(path, ["links.core->site.capacity=2 Mbit/s"])


def test_python_runs_and_its_policies_keep_the_contract(python_block, root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    names: dict[str, object] = {"__name__": "shown"}
    exec(compile(python_block.text, str(python_block), "exec"), names)  # noqa: S102
    policies = [
        value
        for value in names.values()
        if inspect.isclass(value) and issubclass(value, POLICY_KINDS) and value not in POLICY_KINDS
    ]
    for policy in policies:
        assert check_policy(policy).views >= 8
    written = [node.name for node in ast.parse(python_block.text).body if isinstance(node, ast.ClassDef)]
    assert [policy.__name__ for policy in policies] == written


def commands(text: str) -> list[list[str]]:
    """The netgen commands in a block of shell lines, as words."""
    found = []
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] in ("netgen", ".venv/bin/netgen"):
            found.append(words[1:])
    return found


def test_commands_in_shell_blocks_are_accepted(sh_block, root):
    targets = re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    for words in commands(sh_block.text):
        parser().parse_args(words)
    for line in sh_block.text.splitlines():
        words = shlex.split(line, comments=True)
        if words and words[0] == "make":
            assert words[1] in targets, line
        elif words:
            assert words[0] in ("netgen", ".venv/bin/netgen"), f"{sh_block}: untested command {line}"


def test_a_wrong_command_would_be_seen():
    (words,) = commands("netgen rnu scenarios/a.yaml  # a comment\n")
    with pytest.raises(InputError, match="did you mean"):
        parser().parse_args(words)


def test_commands_in_the_text_exist(pages, root):
    (choices,) = (action.choices for action in parser()._actions if action.choices)
    targets = re.findall(r"^([a-z-]+):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    count = 0
    for page in pages:
        text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
        for name in re.findall(r"`(?:\.venv/bin/)?netgen ([a-z]+)", text):
            assert name in choices, f"{page.name}: netgen {name}"
            count += 1
        for name in re.findall(r"`make ([a-z-]+)`", text):
            assert name in targets, f"{page.name}: make {name}"
    assert count > 10


@pytest.mark.parametrize("use", ["policies/scaling.py:BppThreshold", "policies/scaling.py:GreedyDelay"])
def test_policies_that_the_pages_name_are_there(use, pages):
    named = {
        found
        for page in pages
        for found in re.findall(r"policies/\w+\.py:\w+", page.read_text(encoding="utf-8"))
    }
    assert use in named
    file, name = use.split(":")
    assert any(f"class {name}(" in line for line in (pages[0].parent / file).read_text("utf-8").splitlines())
