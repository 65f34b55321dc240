"""What importing netgen costs: heavy packages are loaded when they are used, not before."""

import importlib.util
import json
import subprocess
import sys

import pytest

OPTIONAL = {"av", "matplotlib", "ns3", "ray", "scipy", "sionna", "skimage", "torch"}
LIGHT = {
    "netgen": OPTIONAL | {"simpy", "networkx", "pyarrow", "pandas"},
    "netgen.scenario": OPTIONAL | {"simpy", "pyarrow", "pandas"},
    "netgen.policy": OPTIONAL | {"simpy", "networkx", "pyarrow", "pandas"},
    "netgen.doctor": OPTIONAL | {"simpy", "networkx", "pyarrow", "pandas", "numpy"},
    "netgen.media": OPTIONAL,
    "netgen.cli": OPTIONAL,
}


def loaded(module: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after importing `module`."""
    program = f"import json, sys, {module}; print(json.dumps([*sys.modules]))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(run.stdout)}


@pytest.mark.parametrize("module", [name for name in LIGHT if importlib.util.find_spec(name)])
def test_importing_loads_nothing_heavy(module):
    assert loaded(module) & LIGHT[module] == set()


def test_the_list_is_not_empty_and_a_heavy_import_is_seen():
    assert importlib.util.find_spec("netgen.scenario") is not None
    assert "simpy" in loaded("simpy")
