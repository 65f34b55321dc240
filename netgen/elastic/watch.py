"""What the cellular core sees of its cells, once a period, and the room that they have for more users."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from netgen.access.last_hop import LastHop
from netgen.elastic.roster import Roster
from netgen.engine.node import Node
from netgen.engine.options import gpu_view
from netgen.engine.population import Population
from netgen.engine.reception import Reception
from netgen.policy import CellView

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

_ROUNDING = 1e-12
"""Share of a part by which a sum of floats may miss its room."""


class CellWatch:
    """Load, queues, users, late segments and room of every part (cell, or sector) of every last hop.

    Parameters
    ----------
    downlinks : mapping             Last hops by name of their nodes.
    reception : Reception           Where users stand in them, and what became of their segments.
    nodes : mapping                 Nodes by name, for their GPUs.
    roster : Roster                 Who is served by cells.
    rate_bps : (rows,) float        Mean rate of each row's service.
    admission : float or None       Share of a part's resources up to which it takes users on; None for no limit.
    asked : (rows,) bool            Who is taken on only where there is room; all others are served in any case.
    looks : int                     Looks, the present one included, over which loads and unicast shares are means:
                                    as many as the longest segment lasts, since what is sent once in several looks
                                    would otherwise be all or nothing, as the instants happen to fall.

    Attributes
    ----------
    weight : (rows,) float          What each row's cell sends, over the rate of its service: less than 1 where
                                    terminals generate, 0 for an enhancement that nobody asked for.
    """

    def __init__(
        self,
        downlinks: Mapping[str, LastHop],
        reception: Reception,
        nodes: Mapping[str, Node],
        roster: Roster,
        *,
        rate_bps: Floats,
        admission: float | None,
        asked: Bools,
        looks: int = 1,
    ) -> None:
        self.downlinks, self.reception, self.nodes = downlinks, reception, nodes
        self.roster, self.rate_bps, self.admission = roster, rate_bps, admission
        self.first: dict[str, int] = {}
        self.names: tuple[str, ...] = ()
        for name, hop in downlinks.items():
            self.first[name] = len(self.names)
            self.names += hop.places()
        self.cells: tuple[CellView, ...] = ()
        population = self.population
        self.admitted = ~asked if admission is not None else np.ones(len(asked), dtype=np.bool_)
        self._asked = asked
        self._loads: deque[Floats] = deque(maxlen=looks)
        self._shares: deque[Floats] = deque(maxlen=looks - 1)
        self._latest: Floats | None = None
        self.weight = np.ones(len(population.users))
        self._service = np.unique(population.services, return_inverse=True)[1]
        # What unicasts take of each part, and the multicast of each service.
        self.refused = np.zeros(len(population.users), dtype=np.bool_)
        self._used, self._once = self._nothing()
        # What each row takes of its part, as known last: in an outage nobody knows.
        self._share = np.zeros(len(population.users))
        self._ended, self._late = self._counted()

    @property
    def population(self) -> Population:
        """The rows."""
        return self.reception.population

    def look(self, time_s: float) -> None:
        """Take everything down anew."""
        if self._shares.maxlen:
            if self._latest is not None:
                self._shares.append(self._latest)
            self._latest = self._shares_now(np.arange(len(self.population.users)))
        serving = self._serving(time_s)
        part = self.part_of(serving)
        users = np.bincount(part[part >= 0], minlength=len(self.names))
        ended, late = self._counted()
        late_share = self._late_shares(serving, ended - self._ended, late - self._late)
        self._ended, self._late = ended, late
        blocked = self._blocked(time_s)
        self._used, self._once = self._nothing()
        if self.admission is not None:
            mine = serving[self.admitted[serving]]
            self._use(mine, self.shares(mine))
        self._loads.append(np.concatenate([np.empty(0), *(hop.load() for hop in self.downlinks.values())]))
        mean_load = np.mean(self._loads, axis=0)
        cells: list[CellView] = []
        for name, hop in self.downlinks.items():
            first = self.first[name]
            backlog_s, on_air = hop.backlog_s(), hop.on_air()
            gpu = gpu_view(self.nodes[name])
            cells += [
                CellView(
                    place, float(mean_load[first + k]), float(backlog_s[k]), int(users[first + k]), late_share[name],
                    int(blocked[first + k]), bool(on_air[k]), gpu,
                )
                for k, place in enumerate(hop.places())
            ]  # fmt: skip
        self.cells = tuple(cells)

    def part_of(self, rows: Rows) -> Rows:
        """Part in which the cell of each row would serve it; -1 without a cell, or while it is attached to none."""
        part = np.full(len(rows), -1, dtype=np.int64)
        for name, mine in self._by_hop(rows):
            place = self.downlinks[name].place_of(self.reception.downlink_users[name][rows[mine]])
            part[mine] = np.where(place >= 0, self.first[name] + place, -1)
        return part

    def shares(self, rows: Rows) -> Floats:
        """Share of its part that each row takes by unicast at the rate of its service; infinite where it cannot."""
        now = self._shares_now(rows)
        if not self._shares:
            return now
        past = np.array([*(share[rows] for share in self._shares), now])
        known = np.isfinite(past)
        mean = np.where(known, past, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
        return np.where(np.isfinite(now), mean, np.inf)

    def _shares_now(self, rows: Rows) -> Floats:
        """The same at this instant alone."""
        share = np.full(len(rows), np.inf)
        for name, mine in self._by_hop(rows):
            users = self.reception.downlink_users[name][rows[mine]]
            share[mine] = self.downlinks[name].unicast_share(users, self.rate_bps[rows[mine]])
        return share

    def multicast_shares(self, rows: Rows) -> Floats:
        """Share of each part that a multicast to some rows of one service takes."""
        share = np.zeros(len(self.names))
        for name, mine in self._by_hop(rows):
            hop, first = self.downlinks[name], self.first[name]
            users = self.reception.downlink_users[name][rows[mine]]
            rate_bps = float(self.rate_bps[rows[mine]].max(initial=0.0))
            share[first : first + len(hop.places())] = hop.multicast_share(users, rate_bps)
        return share

    def admit(self, rows: Rows) -> Bools:
        """Whom cells take on, in the order of the rows; who has been taken on stays so until it leaves the cell."""
        asking = np.flatnonzero(~self.admitted[rows])
        if self.admission is not None and len(asking):
            mine = rows[asking]
            share, part = self.shares(mine), self.part_of(mine)
            fits = np.zeros(len(mine), dtype=np.bool_)
            # Multicasts first: a member costs nothing but what all of them are slowed by for it.
            once = self.roster.multicast[mine]
            for some in (np.flatnonzero(once), np.flatnonzero(~once)):
                fits[some] = self._fits(mine[some], share[some], part[some])
                taken = some[fits[some]]
                self._use(mine[taken], share[taken])
            self.admitted[mine[fits]] = True
            self.refused[mine[~fits]] = True
        return self.admitted[rows].copy()

    def release(self, rows: Rows) -> None:
        """Some rows are no longer served by their cells; their room is free from the next look on."""
        if self.admission is not None:
            self.admitted[rows] = ~self._asked[rows]

    def _nothing(self) -> tuple[Floats, Floats]:
        """Shares of each part in use by unicasts, and by the multicast of each service, before they are counted."""
        services = int(self._service.max(initial=-1)) + 1
        return np.zeros(len(self.names)), np.zeros((services, len(self.names)))

    def _fits(self, rows: Rows, share: Floats, part: Rows) -> Bools:
        """Who of some users, all by unicast or all by multicast, has room in his part."""
        assert self.admission is not None  # noqa: S101  (asked only then)
        fits = np.zeros(len(rows), dtype=np.bool_)
        room = self.admission - self._used - self._once.sum(axis=0)
        for one in np.unique(part[part >= 0]).tolist():
            here = np.flatnonzero((part == one) & np.isfinite(share))
            if len(here) and self.roster.multicast[rows[here[0]]]:
                for service in np.unique(self._service[rows[here]]).tolist():
                    mine = here[self._service[rows[here]] == service]
                    fits[mine] = share[mine] <= self._once[service, one] + room[one] + _ROUNDING
                    room[one] -= max(share[mine[fits[mine]]].max(initial=0.0) - self._once[service, one], 0.0)
            else:
                fits[here] = _first_that_fit(share[here], room[one])
        return fits

    def _use(self, rows: Rows, share: Floats) -> None:
        """Add shares to what is in use; a share that is infinite now counts as it was last."""
        known = np.isfinite(share)
        self._share[rows[known]] = share[known]
        part = self.part_of(rows)
        rows, part = rows[part >= 0], part[part >= 0]
        once = self.roster.multicast[rows]
        np.add.at(self._used, part[~once], (self._share * self.weight)[rows[~once]])
        np.maximum.at(self._once, (self._service[rows[once]], part[once]), self._share[rows[once]])

    def _serving(self, time_s: float) -> Rows:
        """Rows that cells serve now."""
        population = self.population
        here = (
            population.watching(time_s) & (population.carrier == self.roster.cell) & (self.roster.cell >= 0)
        )
        return np.flatnonzero(here)

    def _by_hop(self, rows: Rows) -> list[tuple[str, Rows]]:
        """Positions in `rows` of those who belong to each last hop."""
        cell = self.roster.cell[rows]
        number = {name: k for k, name in enumerate(self.population.carriers)}
        found = []
        for name in self.downlinks:
            mine = np.flatnonzero(cell == number.get(name, -2))
            if len(mine):
                found.append((name, mine))
        return found

    def _counted(self) -> tuple[Rows, Rows]:
        """Segments of each row that ended so far, and those of them that were late or lost."""
        population = self.population
        bad = population.late + population.lost
        return population.delivered + bad, bad

    def _late_shares(self, serving: Rows, ended: Rows, late: Rows) -> dict[str, float]:
        """Share of late or lost segments among those that ended lately, by last hop."""
        found = dict.fromkeys(self.downlinks, 0.0)
        for name, mine in self._by_hop(serving):
            total = int(ended[serving[mine]].sum())
            if total:
                found[name] = float(late[serving[mine]].sum()) / total
        return found

    def _blocked(self, time_s: float) -> Rows:
        """Users of each part for whom it had no room since the last look."""
        rows = np.flatnonzero(self.refused & ~self.admitted & self.population.watching(time_s))
        self.refused[:] = False
        part = self.part_of(rows)
        return np.bincount(part[part >= 0], minlength=len(self.names))


def _first_that_fit(share: Floats, room: float) -> Bools:
    """Who fits, one after the other: a small one may still fit behind a large one that does not."""
    fits = np.zeros(len(share), dtype=np.bool_)
    open_ = np.arange(len(share))
    while len(open_):
        inside = np.cumsum(share[open_]) <= room + _ROUNDING
        count = int(np.argmin(inside)) if not inside.all() else len(open_)
        fits[open_[:count]] = True
        room -= float(share[open_[:count]].sum())
        open_ = open_[count + 1 :]
        open_ = open_[share[open_] <= room + _ROUNDING]
    return fits
