"""The audience from which on broadcast takes less of the radio than unicast, found by running a scenario both ways."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow.compute as pc

from netgen.errors import CheckFailedError, InputError, did_you_mean
from netgen.ledger import LedgerReader
from netgen.metrics.loads import cell_loads, channel_loads
from netgen.metrics.tallies import ratio, total
from netgen.run import simulate
from netgen.schema.audience import Traced
from netgen.schema.collaboration import Collaboration
from netgen.schema.network import RanNode
from netgen.schema.scenario import ExplicitRoute, Scenario, Service

Way = Literal["cells", "tower"]
Progress = Callable[[float, float], None]
_KINDS: dict[Way, frozenset[str]] = {"cells": frozenset({"cell", "ran"}), "tower": frozenset({"tower"})}
_LARGEST = 10_000_000
"""Users that an audience may have."""
_SLACK = 1e-9
"""Shares of resources that differ by less are the same: they are sums of floating-point numbers."""
_CLEARLY = 0.01
"""A way that has this share of the service's segments more late or lost than the other is said to."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a scenario.

    Parameters
    ----------
    service, audience : str         Which service, and whose size grows.
    channel_worth : float           Cells that one channel of a tower is worth, > 0.
    most : int                      Largest audience that is tried, >= 1.
    """

    service: str
    audience: str
    channel_worth: float = 1.0
    most: int = 1000

    @staticmethod
    def read(
        scenario: Scenario, *, service: str, audience: str | None, channel_worth: str, most: str
    ) -> Question:
        """A question as a person writes it; raises InputError for what is not a number, or not legal."""
        try:
            worth = float(channel_worth)
        except ValueError:
            worth = math.nan
        if not 0.0 < worth < math.inf:
            raise InputError(f'--channel-worth "{channel_worth}" is not a number above 0')
        if not most.isdecimal() or not 1 <= int(most) <= _LARGEST:
            raise InputError(f'--most "{most}" is not a whole number; accepted: 1 to {_LARGEST:,}')
        named = audience_of(scenario, service) if audience is None else audience
        return Question(service, named, worth, int(most))


@dataclass(frozen=True, slots=True)
class Spent:
    """What one run took of the radio, and how its users fared.

    Parameters
    ----------
    cells : float                   Resources of cells in use, over all services, in cells (or sectors).
    channels : float                Capacity of towers in use, over all services, in channels (or pipes).
    cost : float                    `cells` + `channel_worth` * `channels`.
    late, lost : float or None      Share of the service's segments late and lost; None without any.
    """

    cells: float
    channels: float
    cost: float
    late: float | None
    lost: float | None

    @property
    def late_or_lost(self) -> float:
        """Share late or lost; 0 without any segments."""
        return (self.late or 0.0) + (self.lost or 0.0)


@dataclass(frozen=True, slots=True)
class Tried:
    """One size of the audience, served both ways."""

    users: int
    by_cells: Spent
    by_tower: Spent

    @property
    def broadcast_wins(self) -> bool:
        """Whether the tower takes less."""
        return self.by_tower.cost < self.by_cells.cost * (1.0 - _SLACK)

    @property
    def winner_loses_more(self) -> bool:
        """Whether the way that takes less has clearly more segments late or lost, by one in a hundred."""
        less, more = (self.by_tower, self.by_cells) if self.broadcast_wins else (self.by_cells, self.by_tower)
        return less.late_or_lost >= more.late_or_lost + _CLEARLY


@dataclass(frozen=True, slots=True)
class Crossover:
    """The answer: the smallest audience at which broadcast wins, None up to `most`; and all that was tried."""

    scenario: str
    seed: int | None
    question: Question
    users: int | None
    tried: tuple[Tried, ...]

    @property
    def answer(self) -> Tried:
        """What was tried at the answer; without one at the largest audience."""
        return next((tried for tried in self.tried if tried.users == self.users), self.tried[-1])

    def check(self) -> None:
        """Raise CheckFailedError when broadcast wins nowhere."""
        if self.users is None:
            last = self.answer
            raise CheckFailedError(
                f"broadcast takes less of the radio nowhere up to {self.question.most:,} users: there it costs "
                f"{last.by_tower.cost:.4g} cells ({last.by_tower.late_or_lost:.1%} of the segments late or lost), "
                f"unicast {last.by_cells.cost:.4g} ({last.by_cells.late_or_lost:.1%}); try a larger --most, or a "
                "smaller --channel-worth"
            )

    def as_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return {
            "scenario": self.scenario,
            "seed": self.seed,
            **asdict(self.question),
            "crossover": self.users,
            "tried": [asdict(tried) for tried in self.tried],
        }


def find_crossover(
    scenario: Scenario,
    question: Question,
    *,
    tell: Callable[[Tried], None] | None = None,
    begin: Callable[[int, Way], Progress] | None = None,
) -> Crossover:
    """Run a scenario with growing audiences, each once by cells alone and once by the tower alone.

    The size is doubled from 1 until broadcast wins, then bisected: the answer is the smallest when what cells spend
    grows with the audience, which policies of other services that react to load may upset. What cells can use up is
    bounded: where they are full, late and lost segments tell more than the cost. In the constant case, of cells of C,
    a channel of B and a worth of W, N users take N r / C cells and the tower W r / B: less from floor(C W / B) + 1 on.

    Parameters
    ----------
    scenario : Scenario             With a seed.
    tell : callable or None         Called with every size that was tried.
    begin : callable or None        Called before every run with the size and the way; what it returns is called with
                                    the simulated time and its end [s].

    Raises
    ------
    InputError                      The service does not go to cells and towers, or the audience does not watch it.
    """
    both = {way: sent_only_by(scenario, question.service, way) for way in _KINDS}
    _check_audience(scenario, question)
    tried: dict[int, Tried] = {}

    def wins(users: int) -> bool:
        spent = {
            way: _spent(_sized(made, question, users), question, None if begin is None else begin(users, way))
            for way, made in both.items()
        }
        tried[users] = Tried(users, spent["cells"], spent["tower"])
        if tell is not None:
            tell(tried[users])
        return tried[users].broadcast_wins

    users = smallest(wins, most=question.most)
    ordered = tuple(tried[size] for size in sorted(tried))
    return Crossover(scenario.name, scenario.seed, question, users, ordered)


def smallest(wins: Callable[[int], bool], *, most: int) -> int | None:
    """Smallest number from 1 to `most` that wins, when all larger ones do too; None when `most` does not."""
    below, size = 0, 1
    while not wins(size):
        if size == most:
            return None
        below, size = size, min(2 * size, most)
    while size - below > 1:
        middle = (below + size) // 2
        if wins(middle):
            size = middle
        else:
            below = middle
    return size


def audience_of(scenario: Scenario, service: str) -> str:
    """The only audience that watches a service; raises InputError when there are several, or none."""
    _service(scenario, service)
    found = [name for name, audience in scenario.audiences.items() if service in audience.watches]
    if not found:
        others = (
            ", ".join(name for name in scenario.services if _by_both(scenario, name))
            or "none of this scenario"
        )
        raise InputError(
            f"services.{service}: nobody watches it over a tower or cells; accepted: one that an audience watches "
            f"({others})"
        )
    if len(found) > 1:
        raise InputError(
            f"{len(found)} audiences watch {service} ({', '.join(found)}); accepted: one of them as --audience"
        )
    return found[0]


def _by_both(scenario: Scenario, service: str) -> bool:
    """Whether some audience may watch a service over a tower as well as over cells."""
    spec = scenario.services[service]
    return not spec.personal and any(
        service in audience.watches
        and audience.tower in spec.receivers
        and not set(audience.cells).isdisjoint(spec.receivers)
        for audience in scenario.audiences.values()
    )


def sent_only_by(scenario: Scenario, service: str, way: Way) -> Scenario:
    """The same scenario with one service sent only to its cells, by unicast, or only to its towers.

    Nobody moves the service any more: it leaves continuation and offloading, and where it was all that a mode had, the
    mode is gone, and with the last mode admission. Of towers every user of the service counts as a receiver, with a
    tuner or without. All other services stay as they are.

    Raises
    ------
    InputError                      There is no such service, or nothing of it is left.
    """
    spec = _service(scenario, service)
    if spec.personal:
        raise InputError(f"services.{service} is personal: a tower sends the same to everybody")
    kept = tuple(name for name in spec.receivers if scenario.nodes[name].kind in _KINDS[way])
    if not kept:
        accepted = "a cell or cellular network" if way == "cells" else "a tower"
        raise InputError(f"services.{service}.to has no {way}; accepted: {accepted} beside the others")
    route = spec.route
    if isinstance(route, ExplicitRoute):
        route = ExplicitRoute(paths=tuple(path for path in route.paths if path[-1] in kept))
    only = spec.model_copy(update={"receivers": kept, "route": route})
    nodes = dict(scenario.nodes)
    for name in kept:
        node = nodes[name]
        if isinstance(node, RanNode) and node.radio is not None:
            multicast = tuple(each for each in node.radio.multicast if each != service)
            nodes[name] = node.model_copy(
                update={"radio": node.radio.model_copy(update={"multicast": multicast})}
            )
    return scenario.model_copy(
        update={
            "services": {**scenario.services, service: only},
            "nodes": nodes,
            "collaboration": _without(scenario.collaboration, service),
        }
    )


def _service(scenario: Scenario, name: str) -> Service:
    """A service by name."""
    if name not in scenario.services:
        known = ", ".join(scenario.services) or "none"
        raise InputError(
            f'no service is called "{name}"; accepted: {known}{did_you_mean(name, scenario.services)}'
        )
    return scenario.services[name]


def _check_audience(scenario: Scenario, question: Question) -> None:
    """Raise InputError unless the audience watches the service, by cells and by a tower that it is sent to."""
    name, service = question.audience, question.service
    if name not in scenario.audiences:
        known = ", ".join(scenario.audiences) or "none"
        hint = did_you_mean(name, scenario.audiences)
        raise InputError(f'no audience is called "{name}"; accepted: {known}{hint}')
    audience, receivers = scenario.audiences[name], scenario.services[service].receivers
    if service not in audience.watches:
        raise InputError(f"audiences.{name} does not watch {service}; accepted: an audience that does")
    if audience.tower not in receivers or not set(audience.cells) & set(receivers):
        raise InputError(f"audiences.{name} needs a tower and cells to which {service} is sent")
    if isinstance(audience.mobility, Traced):
        raise InputError(
            f"audiences.{name} cannot be scaled, its trace has {audience.count} users; accepted: an audience with "
            f"another mobility, such as --set audiences.{name}.mobility=static"
        )


def _without(modes: Collaboration | None, service: str) -> Collaboration | None:
    """Collaboration of the other services; None when there is none left."""
    if modes is None:
        return None
    kept: dict[str, Any] = {}
    for name in ("continuation", "offloading"):
        mode = getattr(modes, name)
        others = () if mode is None else tuple(each for each in mode.services if each != service)
        kept[name] = mode.model_copy(update={"services": others}) if others else None
    if not any(kept.values()) and modes.addition is None:
        return None
    return modes.model_copy(update=kept)


def _sized(scenario: Scenario, question: Question, users: int) -> Scenario:
    """The same with so many users in the audience."""
    audience = scenario.audiences[question.audience].model_copy(update={"count": users})
    return scenario.model_copy(update={"audiences": {**scenario.audiences, question.audience: audience}})


def _spent(scenario: Scenario, question: Question, progress: Progress | None) -> Spent:
    """Run a scenario and see what it took of the radio after the warm-up."""
    with tempfile.TemporaryDirectory() as name:
        simulate(scenario, Path(name), progress=progress)
        ledger = LedgerReader(Path(name))
        cells = float(sum(cell_loads(ledger, since_s=scenario.warmup_s).values()))
        channels = float(sum(channel_loads(ledger, since_s=scenario.warmup_s).values()))
        users = ledger.table("users", ["service", "segments_offered", "segments_late", "segments_lost"])
    mine = users.filter(pc.equal(users["service"], question.service))
    offered = total(mine["segments_offered"])
    return Spent(
        cells=cells,
        channels=channels,
        cost=cells + question.channel_worth * channels,
        late=ratio(total(mine["segments_late"]), offered),
        lost=ratio(total(mine["segments_lost"]), offered),
    )
