"""Users of a scenario, as rows of the population, and the radios that serve them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import simpy

from netgen.access.downlink import Downlink
from netgen.build.network import air_of
from netgen.engine.population import Population
from netgen.engine.reception import Broadcast
from netgen.rng import Streams
from netgen.scenario.network import CellNode, TowerNode
from netgen.scenario.schema import Audience, JoinAtStart, JoinUniformly, Scenario
from netgen.traffic.joining import poisson_joins_s, uniform_joins_s
from netgen.transport.clock import to_ns


@dataclass(slots=True)
class _Rows:
    """Columns of the population while they grow; a number is a user's place in its audience, -1 for a node."""

    users: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    nodes: list[str] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    services: list[str] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    joins: list[float] = field(default_factory=list)

    def add_node(self, node: str, service: str) -> None:
        """A receiving node, which is its own only user."""
        self._add(node, node, service, "wired")
        self.numbers.append(-1)
        self.audiences.append("")
        self.joins.append(0.0)

    def add_user(self, audience: str, number: int, node: str, service: str, kind: str, join_s: float) -> None:
        """One user of an audience, of one service; no node is called like it, for names hold no colon."""
        self._add(f"{audience}:{number}", node, service, kind)
        self.numbers.append(number)
        self.audiences.append(audience)
        self.joins.append(join_s)

    def _add(self, user: str, node: str, service: str, kind: str) -> None:
        self.users.append(user)
        self.nodes.append(node)
        self.services.append(service)
        self.kinds.append(kind)


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
                rows.add_node(receiver, name)
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
        identity=_identities(rows.users),
    )
    downlinks, positions = _downlinks(scenario, rows, env)
    return Audiences(population, downlinks, positions, _broadcasts(scenario, streams, rows, covered_users))


def _identities(users: list[str]) -> np.ndarray:
    """Per row a number in [0, 2^63) that belongs to the user's name, whatever else the population holds."""
    identity_of = {
        user: int.from_bytes(hashlib.sha256(user.encode()).digest()[:8], "big") & (2**63 - 1)
        for user in dict.fromkeys(users)
    }
    return np.array([identity_of[user] for user in users], dtype=np.int64)


def _add_audience(rows: _Rows, name: str, audience: Audience, scenario: Scenario, streams: Streams) -> None:
    """Rows of one audience."""
    joins_s = _joins_s(name, audience, streams)
    cells = audience.cells
    if cells and audience.assignment == "random":
        chosen = streams.get(f"world/cells/{name}").integers(0, len(cells), size=audience.count)
    else:
        chosen = np.arange(audience.count) % max(len(cells), 1)
    for service in audience.watches:
        receivers = scenario.services[service].receivers
        for number in range(audience.count):
            join_s = float(joins_s[number])
            cell = cells[chosen[number]] if cells else None
            if audience.tower is not None and audience.tower in receivers:
                rows.add_user(name, number, air_of(audience.tower), service, "broadcast", join_s)
            elif cell is not None and cell in receivers:
                rows.add_user(name, number, cell, service, "cellular", join_s)


def _joins_s(name: str, audience: Audience, streams: Streams) -> np.ndarray:
    """When each user of an audience joins; more users do not move the first ones."""
    if isinstance(audience.join, JoinAtStart):
        return np.zeros(audience.count)
    rng = streams.get(f"world/joins/{name}")
    if isinstance(audience.join, JoinUniformly):
        return uniform_joins_s(audience.count, over_s=audience.join.over_s, rng=rng)
    return poisson_joins_s(audience.count, rate_hz=audience.join.rate_hz, rng=rng)


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
            number >= 0 and bool(covered_users[audience][number])
            for number, audience in zip(rows.numbers, rows.audiences, strict=True)
        ],
        dtype=np.bool_,
    )
    return {
        air_of(name): Broadcast(covered, node.radio.segment_loss, streams.key(f"world/reception/{name}"))
        for name, node in scenario.nodes.items()
        if isinstance(node, TowerNode) and node.radio is not None
    }
