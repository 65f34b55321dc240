"""A Gaussian random field over the plane with exponential correlation, drawn once and read anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

#: Values are kept as whole numbers of steps: eight bits hold them, so that more of the field stays in cache.
STEPS_PER_DEVIATION = 32
_MOST_STEPS = 127
# Rows and columns repeated behind the last one, so that a reader needs no wrapping between neighbours.
_OVERLAP = 2
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
    values : (side, side) float         The field at the grid points; the first index is u. Kept in steps of
                                        1/32, which adds 0.00008 to the variance, and within +-127/32 (7 of
                                        100,000 normal numbers lie beyond).
    samples_per_distance : int          Grid points in one correlation distance.

    `steps`, (side, side) int8, read-only, is what is kept.

    Raises
    ------
    ValueError                          The values are not a square, or there is no sample per distance.
    """

    steps: NDArray[np.int8]
    samples_per_distance: int
    _wrapped: NDArray[np.int8]

    def __init__(self, values: ArrayLike, samples_per_distance: int) -> None:
        found = np.asarray(values)
        if found.ndim != 2 or found.shape[0] != found.shape[1]:
            raise ValueError(f"the values of a field are a square, not {found.shape}")
        if samples_per_distance < 1:
            raise ValueError(f"samples_per_distance = {samples_per_distance} is not at least 1")
        side = len(found)
        steps = np.clip(np.rint(found * np.float32(STEPS_PER_DEVIATION)), -_MOST_STEPS, _MOST_STEPS)
        wrapped = np.pad(steps.astype(np.int8), (0, _OVERLAP), mode="wrap")
        wrapped.flags.writeable = False
        object.__setattr__(self, "steps", wrapped[:side, :side])
        object.__setattr__(self, "samples_per_distance", samples_per_distance)
        object.__setattr__(self, "_wrapped", wrapped.reshape(-1))

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
        CorrelatedField                 2048 x 8: 256 correlation distances, 4 MiB.

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
        return CorrelatedField(np.fft.irfft2(waves, s=(side, side)), samples_per_distance)

    @property
    def values(self) -> NDArray[np.float32]:
        """(side, side) float32: the field at the grid points; a new array, read-only."""
        values = self.steps * np.float32(1.0 / STEPS_PER_DEVIATION)
        values.flags.writeable = False
        return values

    @property
    def period(self) -> float:
        """Correlation distances after which the field repeats."""
        return len(self.steps) / self.samples_per_distance

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
        i, a = self._cell(u)
        j, b = self._cell(v)
        width, grid = len(self.steps) + _OVERLAP, self._wrapped
        corner = np.asarray(i * width + j)
        low = _between(grid.take(corner), grid.take(corner + 1), b)
        corner += width
        mean = _between(grid.take(corner), grid.take(corner + 1), b)
        mean -= low
        mean *= a
        mean += low
        mean /= self._deviation(a, b)
        return np.asarray(mean, dtype=np.float64)

    def _cell(self, coordinate: ArrayLike) -> tuple[NDArray[np.intp], Floats]:
        """Grid point before each coordinate, and how far behind it the coordinate lies, 0 to 1."""
        along = np.asarray(np.asarray(coordinate, dtype=np.float64) * (1.0 / self.period))
        along -= np.floor(along)
        along *= len(self.steps)
        before = along.astype(np.intp)
        along -= before
        return before, along

    def _deviation(self, a: Floats, b: Floats) -> Floats:
        """Standard deviation (w' R w)^(1/2) of the bilinear mean in steps, with the weights multiplied out."""
        near = np.exp(-1.0 / self.samples_per_distance)
        across = np.exp(-np.sqrt(2.0) / self.samples_per_distance)
        both_a, both_b = a * (1.0 - a), b * (1.0 - b)
        variance = both_a + both_b
        variance *= 2.0 * (near - 1.0)
        variance += 1.0
        both = np.asarray(both_a * both_b)
        both *= 4.0 * (1.0 - 2.0 * near + across)
        variance += both
        variance *= STEPS_PER_DEVIATION**2
        return np.asarray(np.sqrt(variance), dtype=np.float64)

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


def _between(first: NDArray[np.int8], second: NDArray[np.int8], share: Floats) -> Floats:
    """Linear mean of two values, the second with the given share."""
    start = np.asarray(first, dtype=np.float64)
    mean = np.asarray(second - start)
    mean *= share
    mean += start
    return mean
