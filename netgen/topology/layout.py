"""Where sites stand, which way their sectors look, and the area they serve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_ATTEMPTS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class SiteLayout:
    """Sites, sectors and the service area in plane coordinates: x east, y north, metres.

    With wrap-around, each site also stands at every `image_offsets_m` from itself, and a user belongs to
    the nearest copy; the first offset is (0, 0). Arrays are read-only.

    Parameters
    ----------
    names : (B,) str                    Names of the sites, different ones.
    x_m, y_m, height_m : (B,) float, m  Site positions and antenna heights above ground.
    sector_site : (S,) int              Position of each sector's site in `names`.
    sector_azimuth_deg : (S,) float     Boresight, counter-clockwise from the x axis (east).
    sector_tilt_deg : (S,) float        Tilt below the horizon.
    outline_m : (V, 2) float, m         Corners of the service area, counter-clockwise.
    image_offsets_m : (T, 2) float, m   Where the copies stand; one row of zeros without wrap-around.
    crs : str or None                   Coordinate system of x and y as a PROJ string; None when the plane
                                        has no place on Earth.

    Raises
    ------
    ValueError                          Lengths differ, a value is not finite, a name or a position occurs
                                        twice, a sector has no site, or a height is not positive.
    """

    names: tuple[str, ...]
    x_m: Floats
    y_m: Floats
    height_m: Floats
    sector_site: Ints
    sector_azimuth_deg: Floats
    sector_tilt_deg: Floats
    outline_m: Floats
    image_offsets_m: Floats
    crs: str | None = None

    def __post_init__(self) -> None:
        shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("x_m", "y_m", "height_m"), (len(self.names),))
        sectors = (self.sector_site.size,)
        shapes |= {"sector_site": sectors, "sector_azimuth_deg": sectors, "sector_tilt_deg": sectors}
        shapes |= {"outline_m": (len(self.outline_m), 2), "image_offsets_m": (len(self.image_offsets_m), 2)}
        for name, shape in shapes.items():
            array = np.array(getattr(self, name), dtype=np.int64 if name == "sector_site" else np.float64)
            if array.shape != shape or not np.isfinite(array).all():
                raise ValueError(
                    f"{name} has the shape {array.shape}, not {shape}, or a value that is not finite"
                )
            array.flags.writeable = False
            object.__setattr__(self, name, array)
        if len(set(self.names)) != len(self.names) or not self.names:
            raise ValueError("a layout needs at least one site, and names that differ")
        if len(np.unique(np.column_stack([self.x_m, self.y_m]), axis=0)) != len(self.names):
            raise ValueError("two sites stand at the same position")
        if ((self.sector_site < 0) | (self.sector_site >= len(self.names))).any():
            raise ValueError("a sector refers to a site that does not exist")
        if (self.height_m <= 0).any():
            raise ValueError(
                f"height_m[{int(np.argmin(self.height_m))}] = {self.height_m.min()} m; accepted: > 0"
            )
        if len(self.outline_m) < 3 or _area_m2(self.outline_m) <= 0:
            raise ValueError("the outline must go counter-clockwise round an area")
        if len(self.image_offsets_m) == 0 or self.image_offsets_m[0].any():
            raise ValueError("the first image offset must be (0, 0)")

    @property
    def sites(self) -> int:
        """How many sites there are."""
        return len(self.names)

    @property
    def sectors(self) -> int:
        """How many sectors there are."""
        return self.sector_site.size

    @property
    def area_m2(self) -> float:
        """Service area, m^2."""
        return _area_m2(self.outline_m)

    def contains(self, x_m: ArrayLike, y_m: ArrayLike) -> Bools:
        """Which points lie in the service area; on the border either answer may come.

        Parameters
        ----------
        x_m, y_m : (..., ) float, m     Points.

        Returns
        -------
        (..., ) bool
        """
        x, y = np.broadcast_arrays(np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64))
        inside: Bools = np.zeros(x.shape, dtype=np.bool_)
        for (from_x, from_y), (to_x, to_y) in zip(
            self.outline_m, np.roll(self.outline_m, -1, axis=0), strict=True
        ):
            if from_y != to_y:
                beside = from_x + (y - from_y) * ((to_x - from_x) / (to_y - from_y))
                inside ^= ((from_y > y) != (to_y > y)) & (x < beside)
        return inside

    def distance_2d_m(self, x_m: ArrayLike, y_m: ArrayLike) -> Floats:
        """Horizontal distance from each point to the nearest copy of each site.

        Parameters
        ----------
        x_m, y_m : (U,) float, m        Points.

        Returns
        -------
        (U, B) float, m
        """
        away_x, away_y = self.away_m(x_m, y_m)
        distance_m: Floats = np.hypot(away_x, away_y)
        return distance_m

    def away_m(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[Floats, Floats]:
        """Vector from the nearest copy of each site to each point.

        Parameters
        ----------
        x_m, y_m : (U,) float, m        Points.

        Returns
        -------
        two (U, B) float, m             East and north components.
        """
        east = np.asarray(x_m, dtype=np.float64)[:, None] - self.x_m
        north = np.asarray(y_m, dtype=np.float64)[:, None] - self.y_m
        best_x, best_y = east.copy(), north.copy()
        best_m2 = east**2 + north**2
        for shift_x, shift_y in self.image_offsets_m[1:]:
            image_x, image_y = east - shift_x, north - shift_y
            image_m2 = image_x**2 + image_y**2
            nearer = image_m2 < best_m2
            best_x[nearer], best_y[nearer] = image_x[nearer], image_y[nearer]
            best_m2[nearer] = image_m2[nearer]
        return best_x, best_y

    def drop(
        self, users: int, rng: np.random.Generator, *, min_distance_2d_m: float = 0.0
    ) -> tuple[Floats, Floats]:
        """Uniform points in the service area, none too near to a site.

        Parameters
        ----------
        users : int                     How many, >= 0.
        rng : Generator                 Source of the draws.
        min_distance_2d_m : float, m    Points nearer than this to any copy of a site are drawn again.

        Returns
        -------
        two (U,) float, m

        Raises
        ------
        ValueError                      Nearly all of the area is nearer than that to a site.
        """
        low, high = self.outline_m.min(axis=0), self.outline_m.max(axis=0)
        x_m, y_m = np.empty(users), np.empty(users)
        missing = np.arange(users)
        for _ in range(_ATTEMPTS):
            if missing.size == 0:
                return x_m, y_m
            drawn = low + (high - low) * rng.random((missing.size, 2))
            x_m[missing], y_m[missing] = drawn[:, 0], drawn[:, 1]
            good = self.contains(drawn[:, 0], drawn[:, 1])
            if min_distance_2d_m > 0:
                good &= self._nearest_m(drawn) >= min_distance_2d_m
            missing = missing[~good]
        raise ValueError(f"found no room for points {min_distance_2d_m} m away from every site")

    def _nearest_m(self, points_m: Floats) -> Floats:
        """Distance from each point to the nearest copy of any site."""
        nearest = np.full(len(points_m), np.inf)
        for shift in self.image_offsets_m:
            for site in np.column_stack([self.x_m, self.y_m]) + shift:
                np.minimum(nearest, np.hypot(points_m[:, 0] - site[0], points_m[:, 1] - site[1]), out=nearest)
        return nearest


def _area_m2(corners_m: Floats) -> float:
    """Area inside a polygon; positive when it is counter-clockwise."""
    x, y = (corners_m - corners_m.mean(axis=0)).T
    return float(0.5 * (x * np.roll(y, -1) - y * np.roll(x, -1)).sum())
