"""Imports only point down: the contracts of pyproject.toml hold, and each of them can break."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OFFENCES = {
    "engine/offence.py": "import netgen.scenario\n",  # layers allow it, the contract `engine` does not
    "metrics/offence.py": "import netgen.media\n",
    "ledger/offence.py": "def later():\n    import networkx\n",  # a lazy import counts as well
    "policy/offence.py": "import netgen.engine\n",
    "topology/offence.py": "import simpy\n",
    "scenario/offence.py": "import torch\n",
    "radio/offence.py": "import netgen.topology\n",
    "generative/offence.py": "import netgen.media.codec\n",
    "placed_nowhere.py": "",
    "ns3/__init__.py": "",
    "engine/bridge.py": "import netgen.ns3\n",
}
LINT_IMPORTS = "from importlinter.cli import lint_imports_command as main; main()"


def lint_imports(folder: Path) -> tuple[int, str]:
    """Run import-linter on the netgen package in `folder`."""
    run = subprocess.run(
        [sys.executable, "-c", LINT_IMPORTS, "--no-cache", "--no-logo", "--config", "pyproject.toml"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def verdicts(output: str) -> dict[str, str]:
    """`contract name -> KEPT or BROKEN`, from the list that import-linter prints."""
    return dict(re.findall(r"^(.+?) (KEPT|BROKEN)", output, flags=re.MULTILINE))


def test_every_contract_is_kept(root):
    status, output = lint_imports(root)
    assert set(verdicts(output).values()) == {"KEPT"}, output
    assert status == 0, output


@pytest.fixture(scope="module")
def broken(root, tmp_path_factory) -> str:
    """What import-linter says about a copy of netgen in which every rule is broken once."""
    folder = tmp_path_factory.mktemp("offences")
    shutil.copy(root / "pyproject.toml", folder)
    shutil.copytree(root / "netgen", folder / "netgen", ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in OFFENCES.items():
        path = folder / "netgen" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    status, output = lint_imports(folder)
    assert status == 1, output
    return output


def test_every_contract_breaks_on_an_offence(broken):
    found = verdicts(broken)
    assert len(found) >= 6
    assert set(found.values()) == {"BROKEN"}, broken


@pytest.mark.parametrize(
    "offence",
    [
        "netgen.engine.offence -> netgen.scenario",
        "netgen.metrics.offence -> netgen.media",
        "netgen.ledger.offence -> networkx",
        "netgen.policy.offence -> netgen.engine",
        "netgen.topology.offence -> simpy",
        "netgen.scenario.offence -> torch",
        "netgen.radio.offence -> netgen.topology",
        "netgen.generative.offence -> netgen.media.codec",
        "netgen.engine.bridge -> netgen.ns3",
        "placed_nowhere",
    ],
)
def test_the_offence_is_named(broken, offence):
    assert offence in broken, broken
