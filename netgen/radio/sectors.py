"""The sectors of a cellular network: where they are, where they look, and what they radiate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.propagation.antenna import SectorAntenna

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def frozen_array(
    values: ArrayLike, dtype: type[np.generic], shape: tuple[int, ...], name: str
) -> NDArray[np.generic]:
    """Return a read-only copy of `values` in `shape`; raise ValueError when it is not that or not finite."""
    try:
        array = np.array(np.broadcast_to(np.asarray(values, dtype=dtype), shape))
    except ValueError:
        raise ValueError(f"{name} has the shape {np.shape(values)}, not {shape}") from None
    require_finite(array, name)
    array.flags.writeable = False
    return array


def require_finite(array: NDArray[np.generic], name: str) -> None:
    """Raise ValueError naming the first value of `array` that is not finite."""
    if array.dtype.kind == "f":
        bad = np.argwhere(~np.isfinite(array))
        if bad.size:
            index = tuple(int(part) for part in bad[0])
            raise ValueError(f"{name}{list(index)} = {array[index]} is not finite")


@dataclass(frozen=True, slots=True, eq=False)
class Sectors:
    """Sectors of one carrier in the plane; several may share a site.

    All arguments but the first two are given by keyword; numbers broadcast over the sectors.

    Parameters
    ----------
    x_m, y_m : (S,) float, m        Position; equal for the sectors of one site.
    height_m : (S,) float, m        Height of the antenna above ground, > 0; equal within a site.
    site : (S,) int                 Index of the site, 0 to B - 1, each used at least once.
    azimuth_deg : (S,) float, deg   Boresight, counter-clockwise from the x axis.
    power_dbm : (S,) float, dBm     Power over the whole carrier at the antenna's input.
    antennas : tuple of SectorAntenna    The panels in use.
    antenna : (S,) int              Index into `antennas`.
    image_offsets_m : (T, 2) float, m    Displacements of the images of every site; a user sees the nearest.
                                    One zero row, the default, means no wrap-around.

    `first_of_site`, (B,) int, is the first sector of each site: where to read the site's position and height.

    Raises
    ------
    ValueError                      A shape, an index, a height or a value that breaks the rules above.
    """

    x_m: Floats
    y_m: Floats
    height_m: Floats
    site: Indices
    azimuth_deg: Floats
    power_dbm: Floats
    antennas: tuple[SectorAntenna, ...]
    antenna: Indices
    image_offsets_m: Floats
    first_of_site: Indices

    def __init__(
        self,
        x_m: ArrayLike,
        y_m: ArrayLike,
        *,
        height_m: ArrayLike,
        site: ArrayLike,
        azimuth_deg: ArrayLike,
        power_dbm: ArrayLike,
        antennas: SectorAntenna | tuple[SectorAntenna, ...],
        antenna: ArrayLike = 0,
        image_offsets_m: ArrayLike = ((0.0, 0.0),),
    ) -> None:
        shape = (np.size(x_m),)
        panels = antennas if isinstance(antennas, tuple) else (antennas,)
        floats = {
            "x_m": x_m,
            "y_m": y_m,
            "height_m": height_m,
            "azimuth_deg": azimuth_deg,
            "power_dbm": power_dbm,
        }
        for name, values in floats.items():
            object.__setattr__(self, name, frozen_array(values, np.float64, shape, name))
        for name, values in {"site": site, "antenna": antenna}.items():
            object.__setattr__(self, name, frozen_array(values, np.int64, shape, name))
        offsets = frozen_array(image_offsets_m, np.float64, np.shape(image_offsets_m), "image_offsets_m")
        object.__setattr__(self, "image_offsets_m", offsets)
        object.__setattr__(self, "antennas", panels)
        self._check()

    def _check(self) -> None:
        """Raise ValueError for the first thing that is wrong."""
        if not self.count:
            raise ValueError("a network needs at least one sector")
        if (
            self.image_offsets_m.ndim != 2
            or self.image_offsets_m.shape[1:] != (2,)
            or not len(self.image_offsets_m)
        ):
            raise ValueError(
                f"image_offsets_m has the shape {self.image_offsets_m.shape}, not (T, 2) with T >= 1"
            )
        low = np.flatnonzero(self.height_m <= 0)
        if low.size:
            raise ValueError(f"height_m[{low[0]}] = {self.height_m[low[0]]} m is not positive")
        for name, values, limit in (
            ("site", self.site, self.count),
            ("antenna", self.antenna, len(self.antennas)),
        ):
            wrong = np.flatnonzero((values < 0) | (values >= limit))
            if wrong.size:
                raise ValueError(f"{name}[{wrong[0]}] = {values[wrong[0]]} is not between 0 and {limit - 1}")
        numbers, first_of_site = np.unique(self.site, return_index=True)
        if len(numbers) <= self.site.max():
            missing = np.setdiff1d(np.arange(len(numbers)), numbers)[0]
            raise ValueError(f"site {missing} has no sector; the sites must be numbered without gaps")
        first_of_site.flags.writeable = False
        object.__setattr__(self, "first_of_site", first_of_site)
        first = first_of_site[self.site]
        for name in ("x_m", "y_m", "height_m"):
            values = getattr(self, name)
            apart = np.flatnonzero(values != values[first])
            if apart.size:
                raise ValueError(
                    f"{name}[{apart[0]}] = {values[apart[0]]} differs from {values[first[apart[0]]]} of another "
                    f"sector of site {self.site[apart[0]]}; give it a site of its own"
                )

    @property
    def count(self) -> int:
        """Number of sectors, S."""
        return len(self.x_m)

    @property
    def sites(self) -> int:
        """Number of sites, B."""
        return len(self.first_of_site)

    def panels_of_site(self, site: int) -> list[tuple[SectorAntenna, Indices]]:
        """Antennas in use at one site, each with the sectors that have it."""
        members = np.flatnonzero(self.site == site)
        return [
            (self.antennas[number], members[self.antenna[members] == number])
            for number in np.unique(self.antenna[members])
        ]

    def offset_m(self, site: int | Indices, x_m: Floats, y_m: Floats) -> tuple[Floats, Floats]:
        """Vector from the nearest image of sites to points; the arguments broadcast.

        Parameters
        ----------
        site : (...) int                Index of the site.
        x_m, y_m : (...) float, m       Points.

        Returns
        -------
        (...), (...) float, m           East and north components; of equally near images the first.
        """
        sector = self.first_of_site[site]
        east_m, north_m = x_m - self.x_m[sector], y_m - self.y_m[sector]
        best_x_m = east_m - self.image_offsets_m[0, 0]
        best_y_m = north_m - self.image_offsets_m[0, 1]
        if len(self.image_offsets_m) == 1:
            return best_x_m, best_y_m
        best_m2 = np.asarray(best_x_m * best_x_m + best_y_m * best_y_m)
        for shift_x_m, shift_y_m in self.image_offsets_m[1:]:
            other_x_m, other_y_m = east_m - shift_x_m, north_m - shift_y_m
            other_m2 = other_x_m * other_x_m + other_y_m * other_y_m
            nearer = other_m2 < best_m2
            best_x_m = np.where(nearer, other_x_m, best_x_m)
            best_y_m = np.where(nearer, other_y_m, best_y_m)
            np.minimum(best_m2, other_m2, out=best_m2)
        return best_x_m, best_y_m
