"""Users of a scenario, as rows of the population, and what serves them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from netgen.engine.population import Population
from netgen.rng import Streams, hashed_uniform
from netgen.schema.audience import (
    Audience,
    JoinAtStart,
    JoinPoisson,
    JoinUniformly,
    LiveEventJoin,
    RampJoin,
    StayConstant,
    StepJoin,
    WatchOne,
)
from netgen.schema.scenario import Scenario
from netgen.traffic.arrivals import (
    live_event_joins_s,
    ramp_joins_s,
    read_arrival_trace,
    step_joins_s,
    trace_joins_s,
)
from netgen.traffic.churn import constant_leaves_s, exponential_leaves_s
from netgen.traffic.joining import poisson_joins_s, uniform_joins_s
from netgen.traffic.popularity import zipf_choice
from netgen.world.names import air_of

Rows = np.ndarray

NOWHERE = -1
"""Number of a row that belongs to a node and not to a user of an audience."""


@dataclass(frozen=True, slots=True, eq=False)
class Viewers:
    """Users of one audience who get one service from one node.

    Parameters
    ----------
    audience, service, node, kind : str     Of all of them; the kind is broadcast, cellular or wired.
    numbers : (n,) int64                    Their numbers in the audience, increasing; -1 for a node itself.
    join_s, leave_s : (n,) float, s         From when and until when each of them watches.
    other : str                             Node that may serve them instead, by collaboration; empty for none.
    """

    audience: str
    service: str
    node: str
    kind: str
    numbers: Rows
    join_s: np.ndarray
    leave_s: np.ndarray
    other: str = ""

    @property
    def names(self) -> list[str]:
        """Names of the users; no node is called like one, for names hold no colon."""
        if not self.audience:
            return [self.node]
        return [f"{self.audience}:{number}" for number in self.numbers.tolist()]


@dataclass(slots=True)
class Columns:
    """The rows of the population: who, by number in which audience, where.

    Parameters
    ----------
    viewers : list of Viewers       In the order of the rows.
    """

    viewers: list[Viewers] = field(default_factory=list)

    def rows_at(self, node: str) -> list[tuple[Viewers, slice]]:
        """The viewers whom a node serves or may serve, each with its rows."""
        found, first = [], 0
        for viewers in self.viewers:
            end = first + len(viewers.numbers)
            if node in {viewers.node, viewers.other}:
                found.append((viewers, slice(first, end)))
            first = end
        return found

    @property
    def count(self) -> int:
        """Number of rows."""
        return sum(len(viewers.numbers) for viewers in self.viewers)


def build_columns(scenario: Scenario, streams: Streams) -> Columns:
    """Find who watches what where.

    Where a service reaches both, the tower goes before the cell. A user of a collaborating service has both: one that
    may be offloaded begins in the cell, any other on the tower; who has no tuner has the cell alone.
    """
    columns = Columns()
    for name, spec in scenario.services.items():
        for receiver in spec.receivers:
            if scenario.nodes[receiver].kind not in {"tower", "cell", "ran"}:
                nobody = np.array([NOWHERE], dtype=np.int64)
                always = (np.zeros(1), np.full(1, np.inf))
                columns.viewers.append(Viewers("", name, receiver, "wired", nobody, *always))
    for name, audience in scenario.audiences.items():
        _add_audience(columns, name, audience, scenario, streams)
    return columns


def build_population(columns: Columns) -> Population:
    """Make the population of these rows."""
    users: list[str] = []
    of_rows: dict[str, list[str]] = {
        name: [] for name in ("nodes", "others", "audiences", "services", "source_kinds")
    }
    for viewers in columns.viewers:
        users += viewers.names
        count = len(viewers.numbers)
        of_rows["nodes"] += [viewers.node] * count
        of_rows["others"] += [viewers.other] * count
        of_rows["audiences"] += [viewers.audience] * count
        of_rows["services"] += [viewers.service] * count
        of_rows["source_kinds"] += [viewers.kind] * count
    joins = [viewers.join_s for viewers in columns.viewers]
    leaves = [viewers.leave_s for viewers in columns.viewers]
    return Population(
        users=users,
        nodes=of_rows["nodes"],
        audiences=of_rows["audiences"],
        services=of_rows["services"],
        source_kinds=of_rows["source_kinds"],
        join_s=np.concatenate(joins) if joins else np.zeros(0),
        leave_s=np.concatenate(leaves) if leaves else np.zeros(0),
        others=of_rows["others"],
        identity=_identities(users),
    )


def cell_positions(columns: Columns, node: str) -> tuple[Rows, int]:
    """Where each row stands among the users of a cell, -1 elsewhere, and how many users the cell has.

    A user is one, however many of its services the cell carries.
    """
    position = np.full(columns.count, NOWHERE, dtype=np.int64)
    first, known = 0, dict[str, tuple[Rows, int]]()
    for audience in dict.fromkeys(viewers.audience for viewers, _ in columns.rows_at(node)):
        mine = [viewers.numbers for viewers, _ in columns.rows_at(node) if viewers.audience == audience]
        numbers = np.unique(np.concatenate(mine))
        known[audience] = (numbers, first)
        first += len(numbers)
    for viewers, rows in columns.rows_at(node):
        numbers, begin = known[viewers.audience]
        position[rows] = begin + np.searchsorted(numbers, viewers.numbers)
    return position, first


def cell_users(columns: Columns, node: str) -> dict[str, Rows]:
    """Numbers of the users of a cell, by audience, in the order of their positions."""
    found: dict[str, list[Rows]] = {}
    for viewers, _ in columns.rows_at(node):
        found.setdefault(viewers.audience, []).append(viewers.numbers)
    return {audience: np.unique(np.concatenate(numbers)) for audience, numbers in found.items()}


def _identities(users: list[str]) -> np.ndarray:
    """Per row a number in [0, 2^63) that belongs to the user's name, whatever else the population holds."""
    identity_of = {
        user: int.from_bytes(hashlib.sha256(user.encode()).digest()[:8], "big") & (2**63 - 1)
        for user in dict.fromkeys(users)
    }
    return np.array([identity_of[user] for user in users], dtype=np.int64)


def _add_audience(
    columns: Columns, name: str, audience: Audience, scenario: Scenario, streams: Streams
) -> None:
    """Rows of one audience, service by service."""
    times = watching_times_s(name, audience, streams)
    cells, everyone = audience.cells, np.arange(audience.count)
    if cells and audience.assignment == "random":
        chosen = streams.get(f"world/cells/{name}").integers(0, len(cells), size=audience.count)
    else:
        chosen = everyone % max(len(cells), 1)
    tuned = hashed_uniform(streams.key(f"world/tuner/{name}"), everyone) < audience.terminal.tuner
    watched = _watched(name, audience, scenario, streams)
    for service in audience.watches:
        receivers = scenario.services[service].receivers
        numbers = everyone if watched is None else np.flatnonzero(watched[service])
        mine = _Watching(name, service, numbers, *times)
        served = [cell if cell in receivers else "" for cell in cells]
        air = ""
        if audience.tower is not None and audience.tower in receivers:
            air = air_of(audience.tower, pipe_of(scenario, audience.tower, service))
        if not air:
            _add_by_cell(columns, mine, served, chosen, everyone >= 0)
        elif service not in collaborating(scenario) or not any(served):
            columns.viewers.append(mine.at(air, "broadcast", numbers))
        else:
            offloaded = service in offloading(scenario)
            _add_by_cell(columns, mine, served, chosen, tuned, tower=air, tower_first=not offloaded)
            # Who has neither a receiver nor a cell for it belongs to the tower, and hears nothing.
            _add_by_cell(columns, mine, served, chosen, ~tuned, deaf=air)


@dataclass(frozen=True, slots=True, eq=False)
class _Watching:
    """Users of an audience who watch a service, and when every user of the audience watches."""

    audience: str
    service: str
    numbers: Rows
    join_s: np.ndarray
    leave_s: np.ndarray

    def at(self, node: str, kind: str, numbers: Rows, other: str = "") -> Viewers:
        """Some of them, at a node."""
        times = self.join_s[numbers], self.leave_s[numbers]
        return Viewers(self.audience, self.service, node, kind, numbers, *times, other=other)


def _add_by_cell(
    columns: Columns,
    mine: _Watching,
    served: list[str],
    chosen: Rows,
    selected: np.ndarray,
    *,
    tower: str = "",
    tower_first: bool = False,
    deaf: str = "",
) -> None:
    """Rows of selected users of a service who are divided among cells, cell by cell; with a tower beside it.

    Users without a cell are at the tower, or else at `deaf`, when one is given.
    """
    for position, cell in enumerate(served):
        here = mine.numbers[(chosen[mine.numbers] == position) & selected[mine.numbers]]
        if not len(here):
            continue
        if tower and (tower_first or not cell):
            columns.viewers.append(mine.at(tower, "broadcast", here, cell))
        elif cell:
            columns.viewers.append(mine.at(cell, "cellular", here, tower))
        elif deaf:
            columns.viewers.append(mine.at(deaf, "broadcast", here))


def offloading(scenario: Scenario) -> tuple[str, ...]:
    """Services that may be offloaded to a tower."""
    modes = scenario.collaboration
    return () if modes is None or modes.offloading is None else modes.offloading.services


def collaborating(scenario: Scenario) -> tuple[str, ...]:
    """Services that towers and cells carry together."""
    modes = scenario.collaboration
    continued = () if modes is None or modes.continuation is None else modes.continuation.services
    return tuple(dict.fromkeys((*continued, *offloading(scenario))))


def pipe_of(scenario: Scenario, tower: str, service: str) -> str | None:
    """Physical-layer pipe in which a tower sends a service; None for a tower without pipes."""
    radio = scenario.nodes[tower].radio
    pipes = getattr(radio, "pipes", None)
    if not pipes:
        return None
    return scenario.services[service].pipe or next(iter(pipes))


def _watched(
    name: str, audience: Audience, scenario: Scenario, streams: Streams
) -> dict[str, np.ndarray] | None:
    """Who watches each service, where users choose one; None where everybody watches all."""
    if not isinstance(audience.choice, WatchOne):
        return None
    chosen_from = [
        service for service in audience.watches if scenario.services[service].enhances not in audience.watches
    ]
    draws = hashed_uniform(streams.key(f"world/choice/{name}"), np.arange(audience.count))
    rank = zipf_choice(draws, titles=len(chosen_from), exponent=audience.choice.exponent)
    watched = {service: rank == k for k, service in enumerate(chosen_from)}
    for service in audience.watches:
        common = service
        while common not in watched:
            common = str(scenario.services[common].enhances)
        watched[service] = watched[common]
    return watched


def watching_times_s(name: str, audience: Audience, streams: Streams) -> tuple[np.ndarray, np.ndarray]:
    """From when and until when each user of an audience watches; more users do not move the first ones."""
    joins_s = _joins_s(name, audience, streams)
    stay = audience.stay
    if stay is None:
        return joins_s, np.full(audience.count, np.inf)
    if isinstance(stay, StayConstant):
        return joins_s, constant_leaves_s(joins_s, stay_s=stay.for_s)
    luck = hashed_uniform(streams.key(f"world/stays/{name}"), np.arange(audience.count))
    return joins_s, exponential_leaves_s(joins_s, luck, mean_s=stay.mean_s)


def _joins_s(name: str, audience: Audience, streams: Streams) -> np.ndarray:
    """When each user of an audience joins."""
    join = audience.join
    luck = hashed_uniform(streams.key(f"world/joins/{name}"), np.arange(audience.count))
    if isinstance(join, JoinAtStart):
        joins_s = np.zeros(audience.count)
    elif isinstance(join, JoinUniformly):
        joins_s = uniform_joins_s(audience.count, over_s=join.over_s, rng=streams.get(f"world/joins/{name}"))
    elif isinstance(join, JoinPoisson):
        joins_s = poisson_joins_s(
            audience.count, rate_hz=join.rate_hz, rng=streams.get(f"world/joins/{name}")
        )
    elif isinstance(join, StepJoin):
        joins_s = step_joins_s(luck, at_s=join.at_s, over_s=join.over_s, before=join.before)
    elif isinstance(join, RampJoin):
        joins_s = ramp_joins_s(luck, start_s=join.start_s, over_s=join.over_s, before=join.before)
    elif isinstance(join, LiveEventJoin):
        joins_s = live_event_joins_s(luck, start_s=join.start_s, rise_s=join.rise_s, before=join.before)
    else:
        joins_s = trace_joins_s(luck, read_arrival_trace(join.path))
    return joins_s


def rows_of_users(columns: Columns, places: Mapping[str, int]) -> Rows:
    """Per row the user's place in the crowd, given where each audience begins there; -1 for nowhere."""
    found = np.full(columns.count, NOWHERE, dtype=np.int64)
    first = 0
    for viewers in columns.viewers:
        end = first + len(viewers.numbers)
        if viewers.audience in places:
            found[first:end] = places[viewers.audience] + viewers.numbers
        first = end
    return found
