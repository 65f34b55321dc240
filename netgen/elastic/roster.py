"""How every user of a collaborating service is served, and which changes of that are legal."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netgen.engine.population import NOBODY, Population
from netgen.policy import Serve

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

NAMES: NDArray[np.str_] = np.array([way.name.lower() for way in Serve])
NO_SWITCH = -1


@dataclass(slots=True, eq=False)
class Roster:
    """One entry per row of the population: a two-step machine, from one way of being served to another.

    A row is either settled (`target` is what it is) or moving to `target`; a move begins only from settled to another
    way, and ends in the target or, when it was refused, where it began. Who is served by a tower or a cell needs one.

    Parameters
    ----------
    population : Population         Whose carriers are kept in step.

    Attributes
    ----------
    serve, target : (rows,) int64   How each row is served, and what it is moving to.
    since_s : (rows,) float, s      When each row settled last; minus infinity before.
    handed : (rows,) bool           Whom continuation has handed to a cell, and who comes back by it alone.
    switch : (rows,) int64          Number of continuation's move that brought the row where it is; -1 for none.
    worst : (rows,) float           Largest loss on the tower, reported or of a segment, since the row was handed over.
    multicast : (rows,) bool        Whom cells serve by the one multicast of their service.
    """

    population: Population
    tower: Rows = field(init=False)
    cell: Rows = field(init=False)
    serve: Rows = field(init=False)
    target: Rows = field(init=False)
    since_s: Floats = field(init=False)
    handed: Bools = field(init=False)
    switch: Rows = field(init=False)
    worst: Floats = field(init=False)
    multicast: Bools = field(init=False)

    def __post_init__(self) -> None:
        rows = len(self.population.users)
        self.tower, self.cell = self.population.tower, self.population.cell
        self.serve = np.where(self.population.carrier == self.cell, Serve.CELLULAR, Serve.BROADCAST)
        self.serve = self.serve.astype(np.int64)
        self.target = self.serve.copy()
        self.since_s = np.full(rows, -np.inf)
        self.handed = np.zeros(rows, dtype=np.bool_)
        self.switch = np.full(rows, NO_SWITCH, dtype=np.int64)
        self.worst = np.zeros(rows)
        self.multicast = np.zeros(rows, dtype=np.bool_)

    def moving(self, rows: Rows) -> Bools:
        """Who is on the way to another way of being served."""
        moving: Bools = self.serve[rows] != self.target[rows]
        return moving

    def begin(self, rows: Rows, target: Rows | int) -> None:
        """Some rows begin to move; raises RuntimeError for a move that is not legal."""
        wanted = np.broadcast_to(np.asarray(target, dtype=np.int64), rows.shape)
        without = np.where(wanted == Serve.CELLULAR, self.cell[rows], self.tower[rows]) == NOBODY
        without |= (wanted == Serve.REPAIRED) & (self.cell[rows] == NOBODY)
        wrong = self.moving(rows) | (wanted == self.serve[rows]) | without
        if wrong.any():
            row = int(rows[wrong][0])
            raise RuntimeError(
                f"row {row} cannot go from {Serve(self.serve[row]).name} to {Serve(int(wanted[wrong][0])).name}"
                f"{', for it is moving' if self.moving(rows[wrong])[0] else ''}"
            )
        self.target[rows] = wanted

    def finish(self, rows: Rows, accepted: Bools, time_s: float) -> None:
        """Some moves end: in their targets, or where they began when they were not accepted."""
        if not self.moving(rows).all():
            raise RuntimeError("a row that is not moving cannot arrive")
        done, refused = rows[accepted], rows[~accepted]
        self.serve[done] = self.target[done]
        self.since_s[done] = time_s
        self.target[refused] = self.serve[refused]
        by_cell = self.serve[done] == Serve.CELLULAR
        self.population.carrier[done] = np.where(by_cell, self.cell[done], self.tower[done])
        self.population.switches[done] += 1

    def legal(self) -> bool:
        """Whether every row is served by a carrier that it has, and the population knows it."""
        by_cell = self.serve == Serve.CELLULAR
        carrier = np.where(by_cell, self.cell, self.tower)
        known = (self.serve >= Serve.BROADCAST) & (self.serve <= Serve.CELLULAR)
        shared = (self.tower != NOBODY) & (self.cell != NOBODY)
        return bool((known & ((carrier == self.population.carrier) | ~shared)).all())
