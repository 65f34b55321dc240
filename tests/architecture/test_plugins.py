"""Policies in `policies/` are written as a stranger would write them: with netgen.policy and numpy only."""

import ast
import sys


def foreign_imports(source) -> list[str]:
    """Modules that a plug-in imports beside netgen.policy, numpy and the standard library."""
    found = []
    for node in ast.walk(source.tree):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "netgen":
            names = [f"netgen.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = ["." * node.level + (node.module or "")]
        found += [
            name
            for name in names
            if name != "netgen.policy"
            and name.partition(".")[0]
            not in {"numpy", "scipy"} | (sys.stdlib_module_names - {"random", "time"})
        ]
    return found


def test_plugins_import_only_the_public_contract(plugins):
    assert {source.module: foreign_imports(source) for source in plugins if foreign_imports(source)} == {}


def test_there_are_plugins(plugins):
    assert plugins, "policies/ holds no policy, so nothing was checked"


def test_a_foreign_import_is_found(sample):
    source = sample(
        "policies.bad",
        """
        from __future__ import annotations
        import math
        import random
        import numpy as np
        from netgen.policy import RelayPolicy
        from netgen import engine, policy
        from netgen.policy.views import NodeView
        import netgen.topology.capacity

        def later():
            import simpy
        """,
    )
    assert foreign_imports(source) == [
        "random",
        "netgen.engine",
        "netgen.policy.views",
        "netgen.topology.capacity",
        "simpy",
    ]
