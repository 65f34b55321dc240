"""A Gaussian random field over the plane with exponential correlation, drawn once and read anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Reciprocals of the plastic number and its square: the additive sequence that spreads points most evenly.
_SPREAD = np.array([0.7548776662466927, 0.5698402909980532])
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class CorrelatedField:
    """Standard normal field on a torus whose autocorrelation is exp(-d).

    Coordinates are in units of the correlation distance, so one field serves every state of every
    environment: divide a position in metres by the state's correlation distance. Every site, and every
    kind of state at a site, reads it at an own `offset`.

    Parameters
    ----------
    values : (side, side) float32       The field at the grid points; the first index is u. Read-only.
    samples_per_distance : int          Grid points in one correlation distance.

    Raises
    ------
    ValueError                          The values are not a square, or there is no sample per distance.
    """

    values: NDArray[np.float32]
    samples_per_distance: int

    def __post_init__(self) -> None:
        if self.values.ndim != 2 or self.values.shape[0] != self.values.shape[1]:
            raise ValueError(f"the values of a field are a square, not {self.values.shape}")
        if self.samples_per_distance < 1:
            raise ValueError(f"samples_per_distance = {self.samples_per_distance} is not at least 1")
        self.values.flags.writeable = False

    @staticmethod
    def drawn(
        rng: np.random.Generator, side: int = 2048, *, samples_per_distance: int = 8
    ) -> CorrelatedField:
        """Draw a field by circulant embedding: the covariance at the grid points is exact.

        Parameters
        ----------
        rng : Generator                 Random stream; gives side x side normal numbers.
        side : int                      Grid points along each side; the field repeats after
                                        side / samples_per_distance correlation distances.
        samples_per_distance : int      Grid points in one correlation distance.

        Returns
        -------
        CorrelatedField                 2048 x 8: 256 correlation distances, 16 MiB.

        Raises
        ------
        ValueError                      The torus is too small for the correlation to die out on it.

        Source                          Dietrich and Newsam, SIAM J. Sci. Comput. 18(4), 1997,
                                        doi:10.1137/S1064827592240555 (circulant embedding).
        """
        if side < 2 or samples_per_distance < 1:
            raise ValueError(f"a field needs side >= 2 and samples >= 1, got {side}, {samples_per_distance}")
        step = np.arange(side)
        lag = np.minimum(step, side - step) / samples_per_distance
        covariance = np.exp(-np.hypot(lag[:, np.newaxis], lag[np.newaxis, : side // 2 + 1]))
        # The covariance is even along both sides, so that half of it holds the whole.
        whole = np.concatenate([covariance, covariance[:, side - side // 2 - 1 : 0 : -1]], axis=1)
        spectrum = np.fft.rfft2(whole).real
        if spectrum.min() < -_ROUNDING * spectrum.max():
            raise ValueError(
                f"a torus of {side / samples_per_distance:g} correlation distances is too small for the "
                "exponential correlation; take more grid points or fewer samples per distance"
            )
        waves = np.fft.rfft2(rng.standard_normal((side, side)))
        waves *= np.sqrt(np.maximum(spectrum, 0.0))
        values = np.fft.irfft2(waves, s=(side, side)).astype(np.float32)
        return CorrelatedField(values, samples_per_distance)

    @property
    def period(self) -> float:
        """Correlation distances after which the field repeats."""
        return len(self.values) / self.samples_per_distance

    def at(self, u: ArrayLike, v: ArrayLike) -> Floats:
        """Read the field at any coordinates, with unit variance at every one.

        Parameters
        ----------
        u, v : (...) float              Coordinates in correlation distances; they broadcast, and wrap.

        Returns
        -------
        (...) float                     Standard normal; bilinear between grid points, divided by the
                                        standard deviation of that mean (w' R w)^(1/2).

        Valid for                       Between grid points the autocorrelation is exp(-d); between any two
                                        points it is that or more, with 8 samples per distance by 0.075 at
                                        most (near lags inside a cell, where the mean smooths the field).
        """
        side = len(self.values)
        along_u = np.asarray(u, dtype=np.float64) * self.samples_per_distance
        along_v = np.asarray(v, dtype=np.float64) * self.samples_per_distance
        floor_u, floor_v = np.floor(along_u), np.floor(along_v)
        a, b = along_u - floor_u, along_v - floor_v
        i = floor_u.astype(np.int64) % side
        j = floor_v.astype(np.int64) % side
        i_next, j_next = (i + 1) % side, (j + 1) % side
        grid = self.values
        mean = (1.0 - a) * ((1.0 - b) * grid[i, j] + b * grid[i, j_next]) + a * (
            (1.0 - b) * grid[i_next, j] + b * grid[i_next, j_next]
        )
        near = np.exp(-1.0 / self.samples_per_distance)
        across = np.exp(-np.sqrt(2.0) / self.samples_per_distance)
        both_a, both_b = 2.0 * a * (1.0 - a), 2.0 * b * (1.0 - b)
        one_a, one_b = 1.0 - both_a, 1.0 - both_b
        variance = one_a * one_b + near * (both_a * one_b + one_a * both_b) + across * both_a * both_b
        return np.asarray(mean / np.sqrt(variance), dtype=np.float64)

    def offset(self, index: ArrayLike) -> tuple[Floats, Floats]:
        """Coordinates at which reader number `index` has its own part of the field.

        The offsets do not depend on how many readers there are, and stay far apart: any two of the first
        n are at least 0.54 / sqrt(n) of the period from each other (measured for n up to 100,000).

        Parameters
        ----------
        index : (...) int               Number of the reader (site times states plus state), >= 0.

        Returns
        -------
        (...) float, (...) float        u and v to add to the coordinates, in correlation distances.

        Source                          Additive recurrence with the reciprocals of the plastic number.
        """
        number = np.asarray(index, dtype=np.float64)
        u, v = (np.mod(number * step, 1.0) * self.period for step in _SPREAD)
        return u, v
