"""Where users may be: convex polygons and discs."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.mobility.contract import Bools, Floats, frozen

Ints = NDArray[np.int64]

_ANGLES = 64
"""Gauss-Legendre nodes between two critical directions; the integrand is smooth between them."""


class Area(Protocol):
    """A convex piece of the plane.

    Attributes
    ----------
    area_m2 : float, m^2            Its area.
    diameter_m : float, m           Greatest distance between two of its points.
    mean_distance_m : float, m      Mean distance between two independent uniform points.
    """

    @property
    def area_m2(self) -> float:
        """Area, m^2."""
        ...

    @property
    def diameter_m(self) -> float:
        """Greatest distance between two points, m."""
        ...

    @property
    def mean_distance_m(self) -> float:
        """Mean distance between two independent uniform points, m."""
        ...

    def contains(self, x_m: Floats, y_m: Floats) -> Bools:
        """Which points lie inside or on the border."""
        ...

    def point(self, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        """Uniform points from two independent uniform numbers in [0, 1) each."""
        ...

    def exit(self, at_m: tuple[Floats, Floats], velocity_mps: tuple[Floats, Floats]) -> tuple[Floats, Ints]:
        """Time until each mover reaches the border (s, >= 0), and the number of the side it reaches."""
        ...

    def normal(self, at_m: tuple[Floats, Floats], side: Ints) -> tuple[Floats, Floats]:
        """Outward unit normal of the border at points on the given sides."""
        ...


@dataclass(frozen=True, slots=True)
class Disc:
    """A disc.

    Parameters
    ----------
    x_m, y_m : float, m         Centre.
    radius_m : float, m         Radius, > 0.

    Raises
    ------
    ValueError                  A value is not finite or the radius not positive.
    """

    x_m: float
    y_m: float
    radius_m: float

    def __post_init__(self) -> None:
        if not (np.isfinite([self.x_m, self.y_m, self.radius_m]).all() and self.radius_m > 0):
            raise ValueError(
                f"a disc at ({self.x_m}, {self.y_m}) m of radius {self.radius_m} m; accepted: > 0"
            )

    @property
    def area_m2(self) -> float:
        """Area, m^2."""
        return float(np.pi * self.radius_m**2)

    @property
    def diameter_m(self) -> float:
        """Greatest distance between two points, m."""
        return 2.0 * self.radius_m

    @property
    def mean_distance_m(self) -> float:
        """128 R / (45 pi). Source: Santalo, Integral Geometry and Geometric Probability, I.4.2."""
        return float(128.0 * self.radius_m / (45.0 * np.pi))

    def contains(self, x_m: Floats, y_m: Floats) -> Bools:
        """Which points lie inside or on the border."""
        inside: Bools = (x_m - self.x_m) ** 2 + (y_m - self.y_m) ** 2 <= self.radius_m**2
        return inside

    def point(self, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        """Uniform points from two independent uniform numbers in [0, 1) each."""
        reach_m, turn = self.radius_m * np.sqrt(first), 2.0 * np.pi * second
        return self.x_m + reach_m * np.cos(turn), self.y_m + reach_m * np.sin(turn)

    def exit(self, at_m: tuple[Floats, Floats], velocity_mps: tuple[Floats, Floats]) -> tuple[Floats, Ints]:
        """Time until each mover reaches the border (s, >= 0); a disc has one side."""
        away_x, away_y = at_m[0] - self.x_m, at_m[1] - self.y_m
        speed2 = velocity_mps[0] ** 2 + velocity_mps[1] ** 2
        along = away_x * velocity_mps[0] + away_y * velocity_mps[1]
        inside2 = np.maximum(self.radius_m**2 - away_x**2 - away_y**2, 0.0)
        time_s = (np.sqrt(along**2 + speed2 * inside2) - along) / speed2
        return np.maximum(time_s, 0.0), np.zeros(time_s.size, dtype=np.int64)

    def normal(self, at_m: tuple[Floats, Floats], side: Ints) -> tuple[Floats, Floats]:  # noqa: ARG002  (one side)
        """Outward unit normal of the border at points on it."""
        away_x, away_y = at_m[0] - self.x_m, at_m[1] - self.y_m
        length = np.hypot(away_x, away_y)
        return away_x / length, away_y / length


class ConvexPolygon:
    """A convex polygon, for example a rectangle or a regular hexagon.

    Parameters
    ----------
    x_m, y_m : (V,) float, m    Vertices counter-clockwise, V >= 3, strictly convex.

    Raises
    ------
    ValueError                  Fewer than three vertices, or not convex and counter-clockwise.
    """

    def __init__(self, x_m: ArrayLike, y_m: ArrayLike) -> None:
        self.x_m, self.y_m = frozen(x_m, "x_m"), frozen(y_m, "y_m")
        if self.x_m.size != self.y_m.size or self.x_m.size < 3:
            raise ValueError(f"{self.x_m.size} and {self.y_m.size} coordinates; accepted: equal, at least 3")
        along_x, along_y = np.roll(self.x_m, -1) - self.x_m, np.roll(self.y_m, -1) - self.y_m
        turn = along_x * np.roll(along_y, -1) - along_y * np.roll(along_x, -1)
        bends = np.angle(
            np.exp(1j * np.diff(np.arctan2(along_y, along_x), append=np.arctan2(along_y[0], along_x[0])))
        )
        if not ((turn > 0).all() and np.isclose(bends.sum(), 2.0 * np.pi)):
            raise ValueError("the vertices do not go round a convex polygon counter-clockwise")
        length = np.hypot(along_x, along_y)
        self._normal_x, self._normal_y = along_y / length, -along_x / length
        self._reach_m = self._normal_x * self.x_m + self._normal_y * self.y_m
        spoke_x, spoke_y = self.x_m[1:] - self.x_m[0], self.y_m[1:] - self.y_m[0]
        fan_m2 = 0.5 * (spoke_x[:-1] * spoke_y[1:] - spoke_y[:-1] * spoke_x[1:])
        self.area_m2 = float(fan_m2.sum())
        self._fan = np.concatenate([[0.0], np.cumsum(fan_m2) / fan_m2.sum()])
        self._fan[-1] = 1.0
        self.diameter_m = float(np.hypot(self.x_m - self.x_m[:, None], self.y_m - self.y_m[:, None]).max())
        self.mean_distance_m = _mean_distance_m(self.x_m, self.y_m, self.area_m2)

    @staticmethod
    def rectangle(west_m: float, south_m: float, *, width_m: float, height_m: float) -> ConvexPolygon:
        """A rectangle along the axes from its lower left corner."""
        if not (width_m > 0 and height_m > 0):
            raise ValueError(f"a rectangle of {width_m} m by {height_m} m; accepted: > 0")
        east_m, north_m = west_m + width_m, south_m + height_m
        return ConvexPolygon([west_m, east_m, east_m, west_m], [south_m, south_m, north_m, north_m])

    @staticmethod
    def hexagon(
        x_m: float, y_m: float, *, circumradius_m: float, first_corner_deg: float = 0.0
    ) -> ConvexPolygon:
        """A regular hexagon around a centre; the corners lie every 60 degrees from the first one."""
        if not circumradius_m > 0:
            raise ValueError(f"a hexagon of circumradius {circumradius_m} m; accepted: > 0")
        corner = np.radians(first_corner_deg + 60.0 * np.arange(6))
        return ConvexPolygon(x_m + circumradius_m * np.cos(corner), y_m + circumradius_m * np.sin(corner))

    def contains(self, x_m: Floats, y_m: Floats) -> Bools:
        """Which points lie inside or on the border."""
        inside: Bools = np.ones(np.shape(x_m), dtype=np.bool_)
        for normal_x, normal_y, reach_m in zip(self._normal_x, self._normal_y, self._reach_m, strict=True):
            inside &= normal_x * x_m + normal_y * y_m <= reach_m
        return inside

    def point(self, first: Floats, second: Floats) -> tuple[Floats, Floats]:
        """Uniform points from two independent uniform numbers in [0, 1) each."""
        triangle = np.searchsorted(self._fan, first, side="right") - 1
        within = (first - self._fan[triangle]) / (self._fan[triangle + 1] - self._fan[triangle])
        out = np.sqrt(within)
        to_next, to_far = out * (1.0 - second), out * second
        hub_x, hub_y = self.x_m[0], self.y_m[0]
        return (
            hub_x + to_next * (self.x_m[triangle + 1] - hub_x) + to_far * (self.x_m[triangle + 2] - hub_x),
            hub_y + to_next * (self.y_m[triangle + 1] - hub_y) + to_far * (self.y_m[triangle + 2] - hub_y),
        )

    def exit(self, at_m: tuple[Floats, Floats], velocity_mps: tuple[Floats, Floats]) -> tuple[Floats, Ints]:
        """Time until each mover reaches the border (s, >= 0), and the number of the side it reaches."""
        time_s = np.full(at_m[0].size, np.inf)
        side = np.zeros(at_m[0].size, dtype=np.int64)
        for number in range(self._reach_m.size):
            normal_x, normal_y = self._normal_x[number], self._normal_y[number]
            outward = normal_x * velocity_mps[0] + normal_y * velocity_mps[1]
            left_m = np.maximum(self._reach_m[number] - normal_x * at_m[0] - normal_y * at_m[1], 0.0)
            with np.errstate(divide="ignore", invalid="ignore"):
                until_s = np.where(outward > 0, left_m / outward, np.inf)
            nearer = until_s < time_s
            time_s[nearer], side[nearer] = until_s[nearer], number
        return time_s, side

    def normal(self, at_m: tuple[Floats, Floats], side: Ints) -> tuple[Floats, Floats]:  # noqa: ARG002  (straight)
        """Outward unit normal of the border on the given sides."""
        return self._normal_x[side], self._normal_y[side]

    def translations(self) -> tuple[Floats, Floats]:
        """Shift from each side to the one opposite, for movers who leave here and come in there.

        Raises
        ------
        ValueError                  The polygon does not tile the plane by its own translations (it is no
                                    parallelogram and no centrally symmetric hexagon).
        """
        middle_x, middle_y = self.x_m + np.roll(self.x_m, -1), self.y_m + np.roll(self.y_m, -1)
        half = self.x_m.size // 2
        centre = np.hypot(
            self.x_m + np.roll(self.x_m, half) - 2 * self.x_m.mean(),
            self.y_m + np.roll(self.y_m, half) - 2 * self.y_m.mean(),
        )
        if self.x_m.size not in {4, 6} or (centre > 1e-9 * self.diameter_m).any():
            raise ValueError("only a parallelogram or a centrally symmetric hexagon can wrap around")
        return (np.roll(middle_x, half) - middle_x) / 2.0, (np.roll(middle_y, half) - middle_y) / 2.0


def _mean_distance_m(x_m: Floats, y_m: Floats, area_m2: float) -> float:
    """Mean distance of two uniform points: the integral of the fourth power of all chords over 6 A^2.

    Between two vertices the chord length is linear in the offset of the line, so its fourth power is
    integrated exactly; over directions by Gauss-Legendre between the directions of vertex pairs.

    Source: Santalo, Integral Geometry and Geometric Probability, I.4.2 (J_1 = I_4 / 6).
    """
    pair_x, pair_y = x_m - x_m[:, None], y_m - y_m[:, None]
    critical = np.mod(np.arctan2(pair_y, pair_x)[~np.eye(x_m.size, dtype=bool)], np.pi)
    edges = np.unique(np.round(np.concatenate([[0.0, np.pi], critical]), 12))
    nodes, weights = np.polynomial.legendre.leggauss(_ANGLES)
    total = 0.0
    for low, high in itertools.pairwise(edges.tolist()):
        for node, weight in zip(nodes, weights, strict=True):
            angle = low + (high - low) * (node + 1.0) / 2.0
            offset, chord = _chords(x_m, y_m, angle)
            begin, end = chord[:-1], chord[1:]
            powers = begin**4 + begin**3 * end + begin**2 * end**2 + begin * end**3 + end**4
            total += weight * (high - low) / 2.0 * float((np.diff(offset) * powers).sum() / 5.0)
    return total / (6.0 * area_m2**2)


def _chords(x_m: Floats, y_m: Floats, angle: float) -> tuple[Floats, Floats]:
    """Offsets of the lines in one direction through the vertices, in order, and the chords on them."""
    along = x_m * np.cos(angle) + y_m * np.sin(angle)
    across = -x_m * np.sin(angle) + y_m * np.cos(angle)
    offset = np.sort(across)
    first, last = int(np.argmin(across)), int(np.argmax(across))
    order = (first + np.arange(x_m.size)) % x_m.size
    split = (last - first) % x_m.size
    one = order[: split + 1]
    other = np.concatenate([order[split:], order[:1]])[::-1]
    upper = np.interp(offset, across[one], along[one])
    lower = np.interp(offset, across[other], along[other])
    return offset, np.abs(upper - lower)
