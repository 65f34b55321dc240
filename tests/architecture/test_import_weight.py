"""What importing netgen costs: heavy packages are loaded when they are used, not before."""

import importlib.util
import json
import subprocess
import sys

import pytest

OPTIONAL = {
    "av",
    "itmlogic",
    "llvmlite",
    "matplotlib",
    "ns3",
    "numba",
    "pyproj",
    "rasterio",
    "ray",
    "sionna",
    "skimage",
    "torch",
}
LIGHT = {
    "netgen": OPTIONAL | {"simpy", "networkx", "pyarrow", "pandas"},
    "netgen.scenario": OPTIONAL | {"simpy", "pyarrow", "pandas"},
    "netgen.policy": OPTIONAL | {"simpy", "networkx", "pyarrow", "pandas"},
    "netgen.doctor": OPTIONAL | {"simpy", "networkx", "pyarrow", "pandas", "numpy"},
    "netgen.media": OPTIONAL,
    "netgen.cli": OPTIONAL,
}


def after(program: str, *arguments: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after a program."""
    program += "; import json, sys; print(json.dumps([*sys.modules]))"
    command = [sys.executable, "-c", program, *arguments]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in json.loads(run.stdout.splitlines()[-1])}


def loaded(module: str) -> set[str]:
    """Top-level packages that a fresh interpreter has loaded after importing `module`."""
    return after(f"import {module}")


@pytest.mark.parametrize("module", [name for name in LIGHT if importlib.util.find_spec(name)])
def test_importing_loads_nothing_heavy(module):
    assert loaded(module) & LIGHT[module] == set()


@pytest.mark.parametrize("name", ["elastic_small", "ring_of_relays", "hex_7"])
def test_validating_a_scenario_loads_nothing_heavy(root, name):
    """Whether it has radio or not: what computes is loaded when something is computed.

    But for scipy, which pint, the reader of units, loads where it is installed, and netgen does not.
    """
    path = root / "scenarios" / f"{name}.yaml"
    program = "import sys; from netgen.scenario import load_scenario; load_scenario(sys.argv[1])"
    assert after(program, str(path)) & (OPTIONAL - {"scipy"}) == set()


@pytest.mark.parametrize(
    "package", ["access", "build", "broadcast", "mobility", "nr", "propagation", "scheduling"]
)
def test_importing_the_radio_loads_nothing_optional(package):
    """All modules but those of an optional package, which import it when they are asked for."""
    program = (
        "import importlib, pkgutil, sys; package = importlib.import_module('netgen.' + sys.argv[1]); "
        "[importlib.import_module(module.name) for module in pkgutil.iter_modules(package.__path__, "
        "package.__name__ + '.') if not module.name.endswith(('_numba', '_torch', '_kernels'))]"
    )
    assert after(program, package) & OPTIONAL == set()


def test_the_list_is_not_empty_and_a_heavy_import_is_seen():
    assert importlib.util.find_spec("netgen.scenario") is not None
    assert "simpy" in loaded("simpy")
