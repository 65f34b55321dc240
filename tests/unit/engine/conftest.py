"""Small scenarios, run whole: what most parts of the engine do shows in the records."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from netgen.build.assembly import build_simulation
from netgen.ledger import LedgerReader, LedgerWriter, check_laws, raise_if_broken
from netgen.scenario import load_scenario

S = 10**9

POLICIES = '''
from netgen.policy import Contract, Drop, Expand, Forward, RelayPolicy


class Script(RelayPolicy):
    """At each node the first offered of a list of choices; forwards where nothing is written."""

    def __init__(self, *, plan: dict[str, list[str]]) -> None:
        self.plan = plan
        self.seen = []

    def decide(self, view, rng):
        self.seen.append(view)
        for word in self.plan.get(view.node, []):
            if word == "fail":
                raise RuntimeError("no more")
            for option in view.options:
                kind = type(option.decision).__name__.lower()
                if word in (kind, getattr(option.decision, "action", "")):
                    return option.decision
        return view.forward.decision
'''


class Ran:
    """A finished simulation, its records and its totals."""

    def __init__(self, simulation, folder: Path) -> None:
        self.simulation = simulation
        writer = simulation.writer
        try:
            self.totals = simulation.run()
        finally:
            writer.close()
        self.laws = check_laws(self.totals.balances)
        raise_if_broken(self.laws)
        self.reader = LedgerReader(folder)

    def rows(self, table: str, **wanted) -> list[dict]:
        found = self.reader.table(table).to_pylist() if table != "users" else self._users()
        return [row for row in found if all(row[key] == value for key, value in wanted.items())]

    def segment(self, index: int = 0, **wanted) -> dict:
        (row,) = self.rows("segments", index=index, **wanted)
        return row

    def views(self, node: str, service: str = "s") -> list:
        """What the script saw at a node."""
        return self.simulation.nodes[node].deciders[service].policy.seen

    def _users(self) -> list[dict]:
        columns = self.totals.users
        names = list(columns)
        return [dict(zip(names, values, strict=True)) for values in zip(*columns.values(), strict=True)]


@pytest.fixture
def ran(tmp_path):
    """Runs a scenario: a chain A-B-C with one service `s` from A to C, and what the test changes."""

    def start(seed: int = 1, plan: dict | None = None, **changes) -> Ran:
        scenario = {
            "name": "chain", "seed": seed, "duration": "3 s",
            "nodes": {"A": {"kind": "server"}, "B": {"kind": "relay"}, "C": "terminal"},
            "links": {
                "A -> B": {"capacity": "1 Mbit/s", "delay": "1 ms"},
                "B -> C": {"capacity": "1 Mbit/s", "delay": "1 ms"},
            },
            "contents": {
                "film": {
                    "kind": "parametric", "format": "100x100@10", "rate": "100 kbit/s", "class": "natural",
                    "semantic_bits": 40,
                }
            },
            "packet": "10 kbit",
            "policies": {"script": {"use": "policy.py:Script", "with": {"plan": plan or {}}}},
            "services": {"s": {"content": "film", "from": "A", "to": "C", "policy": "script"}},
        }  # fmt: skip
        merge(scenario, changes)
        folder = tmp_path / f"run-{len(list(tmp_path.iterdir()))}"
        folder.mkdir()
        (tmp_path / "policy.py").write_text(POLICIES, encoding="utf-8")
        path = tmp_path / "scenario.yaml"
        path.write_text(yaml.safe_dump(scenario, sort_keys=False), encoding="utf-8")
        loaded = load_scenario(path)
        simulation = build_simulation(loaded, LedgerWriter(folder), seed=seed)
        return Ran(simulation, folder)

    return start


def merge(tree: dict, changes: dict) -> None:
    """Lay changes over a tree of mappings."""
    for key, value in changes.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            merge(tree[key], value)
        else:
            tree[key] = value


GPU = {"device": "L4", "streams": 1, "memory": "4 GB", "load_rate": "10 GB/s"}
"""A model of 1 GB takes 0.1 s to load."""


def action(**changes) -> dict:
    """A declared action: 10 ms and 20 ms per second of video, a tenth of the bits, 0.9 of the meaning."""
    made = {
        "declared": {"contract_time": "10 ms", "expand_time": "20 ms", "memory": "1 GB"},
        "bits_per_pixel": 0.1, "semantic_fidelity": 0.9, "mode": "semi-reference",
    }  # fmt: skip
    merge(made, changes)
    return made


@pytest.fixture
def gpu_spec():
    return dict(GPU)


@pytest.fixture
def declared():
    return action


@pytest.fixture
def floats():
    return lambda *values: np.array(values, dtype=np.float64)
