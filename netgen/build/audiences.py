"""Users of a scenario, as rows of the population, and the radios that serve them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import simpy

from netgen.build.network import air_of
from netgen.engine.downlink import Downlink
from netgen.engine.population import Population
from netgen.engine.reception import Broadcast
from netgen.rng import Streams
from netgen.scenario.network import CellNode, TowerNode
from netgen.scenario.schema import Audience, JoinAtStart, JoinUniformly, Scenario
from netgen.traffic.joining import poisson_joins_s, uniform_joins_s
from netgen.transport.clock import to_ns


@dataclass(slots=True)
class _Rows:
    """Columns of the population while they grow."""

    users: list[str] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    joins: list[float] = field(default_factory=list)

    def add(self, user: str, node: str, audience: str, service: str, kind: str, join_s: float) -> None:
        """One user of one service."""
        self.users.append(user)
        self.nodes.append(node)
        self.audiences.append(audience)
        self.services.append(service)
        self.kinds.append(kind)
        self.joins.append(join_s)


@dataclass(frozen=True, slots=True, eq=False)
class Audiences:
    """Users and the radios that serve them.

    Parameters
    ----------
    population : Population         All rows.
    downlinks : mapping             Downlink of each cell that serves anybody.
    downlink_users : mapping        Per cell the position of each row among the cell's users; -1 elsewhere.
    broadcasts : mapping            Reception of each tower's channel.
    """

    population: Population
    downlinks: Mapping[str, Downlink]
    downlink_users: Mapping[str, np.ndarray]
    broadcasts: Mapping[str, Broadcast]


def build_audiences(scenario: Scenario, streams: Streams, env: simpy.Environment) -> Audiences:
    """Make a row for every user and service; where a service reaches both, the tower goes before the cell."""
    rows = _Rows()
    for name, spec in scenario.services.items():
        for receiver in spec.receivers:
            if scenario.nodes[receiver].kind not in {"tower", "cell"}:
                rows.add(receiver, receiver, "", name, "wired", 0.0)
    covered_users: dict[str, np.ndarray] = {}
    for name, audience in scenario.audiences.items():
        _add_audience(rows, name, audience, scenario, streams)
        covered_users[name] = _covered(name, audience, scenario, streams)
    population = Population(
        users=rows.users,
        nodes=rows.nodes,
        audiences=rows.audiences,
        services=rows.services,
        source_kinds=rows.kinds,
        join_s=np.array(rows.joins),
    )
    downlinks, positions = _downlinks(scenario, rows, env)
    return Audiences(population, downlinks, positions, _broadcasts(scenario, streams, rows, covered_users))


def _add_audience(rows: _Rows, name: str, audience: Audience, scenario: Scenario, streams: Streams) -> None:
    """Rows of one audience."""
    rng = streams.get(f"world/audience/{name}")
    if isinstance(audience.join, JoinAtStart):
        joins_s = np.zeros(audience.count)
    elif isinstance(audience.join, JoinUniformly):
        joins_s = uniform_joins_s(audience.count, over_s=audience.join.over_s, rng=rng)
    else:
        joins_s = poisson_joins_s(audience.count, rate_hz=audience.join.rate_hz, rng=rng)
    cells = audience.cells
    if cells and audience.assignment == "random":
        chosen = rng.integers(0, len(cells), size=audience.count)
    else:
        chosen = np.arange(audience.count) % max(len(cells), 1)
    width = len(str(audience.count - 1))
    for service in audience.watches:
        receivers = scenario.services[service].receivers
        for number in range(audience.count):
            user, join_s = f"{name}-{number:0{width}d}", float(joins_s[number])
            cell = cells[chosen[number]] if cells else None
            if audience.tower is not None and audience.tower in receivers:
                rows.add(user, air_of(audience.tower), name, service, "broadcast", join_s)
            elif cell is not None and cell in receivers:
                rows.add(user, cell, name, service, "cellular", join_s)


def _covered(name: str, audience: Audience, scenario: Scenario, streams: Streams) -> np.ndarray:
    """Per user of an audience whether it is inside its tower's coverage."""
    tower = scenario.nodes[audience.tower] if audience.tower is not None else None
    if not isinstance(tower, TowerNode) or tower.radio is None:
        return np.zeros(audience.count, dtype=np.bool_)
    covered: np.ndarray = (
        streams.get(f"world/coverage/{name}").uniform(size=audience.count) < tower.radio.coverage
    )
    return covered


def _downlinks(
    scenario: Scenario, rows: _Rows, env: simpy.Environment
) -> tuple[dict[str, Downlink], dict[str, np.ndarray]]:
    """Downlinks of the cells, and where each row stands among a cell's users."""
    downlinks: dict[str, Downlink] = {}
    positions: dict[str, np.ndarray] = {}
    for name, node in scenario.nodes.items():
        if not isinstance(node, CellNode) or node.radio is None:
            continue
        present: dict[str, int] = {}
        position = np.full(len(rows.users), -1, dtype=np.int64)
        for row, (user, where) in enumerate(zip(rows.users, rows.nodes, strict=True)):
            if where == name:
                position[row] = present.setdefault(user, len(present))
        if present:
            positions[name] = position
            downlinks[name] = Downlink(
                env,
                f"{name}:downlink",
                capacity_bps=node.radio.capacity_bps,
                peak_bps=np.full(len(present), node.radio.peak_rate_bps),
                epoch_ns=to_ns(scenario.epoch_s),
                interval_ns=to_ns(scenario.interval_s),
                end_ns=to_ns(scenario.duration_s),
            )
    return downlinks, positions


def _broadcasts(
    scenario: Scenario, streams: Streams, rows: _Rows, covered_users: Mapping[str, np.ndarray]
) -> dict[str, Broadcast]:
    """Reception of every tower's channel."""
    covered = np.array(
        [
            bool(audience) and bool(covered_users[audience][int(user.rpartition("-")[2])])
            for user, audience in zip(rows.users, rows.audiences, strict=True)
        ],
        dtype=np.bool_,
    )
    return {
        air_of(name): Broadcast(covered, node.radio.segment_loss, streams.key(f"world/reception/{name}"))
        for name, node in scenario.nodes.items()
        if isinstance(node, TowerNode) and node.radio is not None
    }
