"""Where nothing is received, whatever the radio says: tunnels, cuttings, cellars."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Holes:
    """Discs and rectangles of the plane; their borders belong to them, and they may overlap.

    Parameters
    ----------
    discs : (d, 3) float, m         East and north of each centre, and radius > 0.
    rectangles : (r, 4) float, m    West, south, east and north side of each, west < east and south < north.

    Raises
    ------
    ValueError                      An area without extent, or a value that is not finite.
    """

    discs: Floats
    rectangles: Floats

    def __post_init__(self) -> None:
        for name, areas, columns in (("disc", self.discs, 3), ("rectangle", self.rectangles, 4)):
            if areas.ndim != 2 or areas.shape[1] != columns or not np.isfinite(areas).all():
                raise ValueError(f"the {name}s are no finite array of {columns} columns")
        if (self.discs[:, 2] <= 0).any() or (self.rectangles[:, :2] >= self.rectangles[:, 2:]).any():
            raise ValueError("a hole has no extent; accepted: radius > 0, west < east, south < north")

    @staticmethod
    def none() -> Holes:
        """Nowhere."""
        return Holes(np.empty((0, 3)), np.empty((0, 4)))

    @staticmethod
    def of(
        discs: Iterable[tuple[float, float, float]] = (),
        rectangles: Iterable[tuple[float, float, float, float]] = (),
    ) -> Holes:
        """From discs (east, north, radius) and rectangles (west, south, east, north)."""
        return Holes(
            np.array(list(discs), dtype=np.float64).reshape(-1, 3),
            np.array(list(rectangles), dtype=np.float64).reshape(-1, 4),
        )

    def __bool__(self) -> bool:
        """Whether there are any."""
        return len(self.discs) + len(self.rectangles) > 0

    def hold(self, x_m: ArrayLike, y_m: ArrayLike) -> Flags:
        """Whether each of some places, m, lies in a hole."""
        x, y = np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64)
        inside = np.zeros(np.broadcast_shapes(x.shape, y.shape), dtype=np.bool_)
        for centre_x, centre_y, radius_m in self.discs.tolist():
            inside |= (x - centre_x) ** 2 + (y - centre_y) ** 2 <= radius_m**2
        for west, south, east, north in self.rectangles.tolist():
            inside |= (x >= west) & (x <= east) & (y >= south) & (y <= north)
        return inside
