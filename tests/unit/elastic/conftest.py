"""Populations of users with a tower and a cell, for the parts of elastic transmission."""

import numpy as np
import pytest

from netgen.engine.population import Population


def make_population(*kinds: str, service="s", leave_s=None) -> Population:
    """One row for each kind: `tower` or `cell` first with the other beside it, or one of them alone."""
    homes = {
        "tower": ("mast:air", "broadcast", "c1"), "cell": ("c1", "cellular", "mast:air"),
        "tower-only": ("mast:air", "broadcast", ""), "cell-only": ("c1", "cellular", ""),
        "other-cell": ("c2", "cellular", "mast:air"), "wired": ("home", "wired", ""),
    }  # fmt: skip
    nodes, source_kinds, others = zip(*(homes[kind] for kind in kinds), strict=True)
    return Population(
        users=[f"u{k}" for k in range(len(kinds))], nodes=list(nodes), audiences=["a"] * len(kinds),
        services=[service] * len(kinds), source_kinds=list(source_kinds), join_s=np.zeros(len(kinds)),
        leave_s=leave_s, others=list(others),
    )  # fmt: skip


@pytest.fixture
def population():
    return make_population
