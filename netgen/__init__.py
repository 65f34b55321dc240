"""netgen: a network-level emulator of collaborative transmission for generative video.

The names below are what most programs need; each is loaded when it is first used, so that `import netgen`
stays light. Everything else is public in the package that its `__all__` lists it in.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from netgen.version import __version__

if TYPE_CHECKING:
    from netgen.errors import NetgenError
    from netgen.policy import Contract, Drop, Expand, Forward, NodeView, RelayPolicy, check_policy
    from netgen.run import RunResult
    from netgen.run import run as run_scenario
    from netgen.scenario import Scenario, load_scenario

__all__ = [
    "Contract",
    "Drop",
    "Expand",
    "Forward",
    "NetgenError",
    "NodeView",
    "RelayPolicy",
    "RunResult",
    "Scenario",
    "__version__",
    "check_policy",
    "load_scenario",
    "run_scenario",
]

_HOMES = {
    "NetgenError": "netgen.errors",
    "RunResult": "netgen.run",
    "Scenario": "netgen.scenario",
    "load_scenario": "netgen.scenario",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name not in __all__:
        raise AttributeError(f"module 'netgen' has no attribute {name!r}")
    if name == "run_scenario":
        return importlib.import_module("netgen.run").run
    return getattr(importlib.import_module(_HOMES.get(name, "netgen.policy")), name)


def __dir__() -> list[str]:
    return list(__all__)
