"""What all coverage maps of a scenario have in common: where its users are, and how fine maps are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.broadcast.raster import Box
from netgen.coverage.made_map import MapOptions
from netgen.errors import InputError
from netgen.rng import Streams
from netgen.schema.audience import Audience, Terminal
from netgen.schema.scenario import Scenario
from netgen.world.crowd import Located

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

MOST_CELLS = 100_000
"""Most cells of one map."""
_FEWEST_ACROSS = 5
_MOST_USERS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class World:
    """A scenario at its start.

    Parameters
    ----------
    scenario : Scenario             The scenario.
    streams : Streams               Its random streams.
    located : Located               Its users, brought to the start.
    options : MapOptions            What is chosen for all maps.
    crs : str                       Reference system of the plane.
    """

    scenario: Scenario
    streams: Streams
    located: Located
    options: MapOptions
    crs: str

    def audiences(self, served: Callable[[Audience], bool]) -> dict[str, Numbers]:
        """Audiences that a node serves, with the numbers of at most 1,000 users who are there, evenly chosen."""
        found = {}
        for name, spec in self.scenario.audiences.items():
            if served(spec):
                first = self.located.first[name]
                there = np.flatnonzero(self.located.crowd.present[first : first + spec.count])
                if len(there):
                    chosen = np.linspace(0, len(there) - 1, min(len(there), _MOST_USERS))
                    found[name] = there[chosen.astype(np.int64)]
        return found

    def places_m(self, audience: str, numbers: Numbers) -> tuple[Floats, Floats]:
        """Where some users of an audience are."""
        users = self.located.first[audience] + numbers
        return self.located.crowd.x_m[users], self.located.crowd.y_m[users]

    def home(self, audiences: Mapping[str, Numbers]) -> Box | None:
        """Rectangle around all places of some audiences."""
        if not audiences:
            return None
        crowd = self.located.crowd
        users = np.concatenate(
            [self.located.first[name] + np.arange(self.scenario.audiences[name].count) for name in audiences]
        )
        users = users[crowd.present[users]]
        return Box.around(crowd.x_m[users], crowd.y_m[users])

    def usual_terminal(self, audiences: Mapping[str, Numbers]) -> Terminal:
        """Terminal of the largest audience; the usual one without audiences."""
        specs = [self.scenario.audiences[name] for name in audiences]
        return max(specs, key=lambda spec: spec.count).terminal if specs else Terminal()

    def axes_m(self, node: str, box: Box, across: int) -> tuple[Floats, Floats, float]:
        """Axes of a node's map and the size of its cells.

        Without a chosen size the longest side has at most `across` cells. Raises InputError for a size that
        makes too many cells, or fewer than five across.
        """
        chosen_m = self.options.cell_m
        cell_m = box.round_cell_m(across) if chosen_m is None else chosen_m
        wide_m, high_m = box.sides_m
        most_m = max(wide_m, high_m) / _FEWEST_ACROSS
        cells = (wide_m / cell_m + 2.0) * (high_m / cell_m + 2.0)
        if chosen_m is not None and (cells > MOST_CELLS or cell_m > most_m):
            # The longest side and two more cells, times the shortest: what is accepted for certain.
            least_m = float(np.sqrt(wide_m * high_m / MOST_CELLS)) + 2.0 * max(wide_m, high_m) / MOST_CELLS
            raise InputError(
                f"--cell: {cell_m:g} m makes {round(cells):,} cells of the map of {node}, {wide_m / 1e3:,.1f} km by "
                f"{high_m / 1e3:,.1f} km; accepted: {1.01 * least_m:.3g} m to {most_m:.3g} m"
            )
        return *box.axes_m(cell_m), cell_m
