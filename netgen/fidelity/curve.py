"""What estimates say of measured fidelity: a monotone curve with an interval for actions that were not measured."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from netgen.errors import MissingDependencyError

LEVEL = 0.9
"""Share of actions that an interval is to hold. With two tails it takes 19 variants to know it; an interval of 95 %, as
other figures have, would take 39."""

FEWEST_VARIANTS = 4
"""Fewer say nothing of variants that were not measured."""

DRAWS = 400
"""Draws of the bootstrap."""

_PLACES = 41
_REACH = 0.05
"""How far beyond its own estimates a variant tells the error at others, of the range of estimates."""
_FEWEST_NEAR = 3
"""Variants without which nothing is said of a place but what its neighbours say."""
_NORMAL_95 = NormalDist().inv_cdf(0.975)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """An estimate, and what was measured of the same action at the same setting on the same scenes.

    Parameters
    ----------
    variant : str                   The action.
    estimate : float                Mean over scenes, 0..1.
    fidelity, low, high : float     phi, measured, and its interval of 95 %.
    """

    variant: str
    estimate: float
    fidelity: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CalibratedFidelity:
    """A fidelity by an estimate and its calibration; `estimated`, with the interval that an unseen action has.

    Parameters
    ----------
    fidelity, low, high : float     phi, and its interval of 90 %, 0..1.
    method : str                    The estimator's name, and how it was calibrated.
    """

    fidelity: float
    low: float
    high: float
    method: str


@dataclass(frozen=True, slots=True)
class FidelityCurve:
    """phi over an estimate, as measured on labelled scenes.

    Parameters
    ----------
    method : str                    The estimator's name.
    estimates : tuple of float      Increasing.
    fidelity, low, high : tuples of float   phi at each, never falling, and the interval of an action that is not among
                                    the measured ones.
    variants : tuple of str         Actions that were measured.
    pairs : int                     Their settings, all together.
    ceiling : float                 phi of scenes that nothing was done to: phi bears the reader's own errors.
    held_out_coverage : float       Share of a variant's settings within the interval that the other variants give, in
                                    the mean over variants.
    held_out_error : float          Root mean square of phi less the curve of the other variants, in the same way.
    """

    method: str
    estimates: tuple[float, ...]
    fidelity: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    variants: tuple[str, ...]
    pairs: int
    ceiling: float
    held_out_coverage: float
    held_out_error: float

    def calibrated(self, estimate: float) -> CalibratedFidelity:
        """Return the fidelity that an estimate stands for.

        Between the lowest and the highest estimate that were measured, by linear interpolation. Below, nothing but
        that phi is no higher is known, so the interval begins at 0; above, that it is no lower, so it ends at 1.

        Parameters
        ----------
        estimate : float            Mean over the scenes of an action's output, 0..1.

        Raises
        ------
        ValueError                  It is not between 0 and 1.

        Valid for                   Video like labelled scenes: photographs with moving shapes before them, 272 x 272.
                                    On other video the curve is carried over, and nobody has measured how well.
        """
        if not 0 <= estimate <= 1:
            raise ValueError(f"the estimate {estimate!r} is not between 0 and 1")
        found, low, high = (
            float(np.interp(estimate, self.estimates, column))
            for column in (self.fidelity, self.low, self.high)
        )
        if estimate < self.estimates[0]:
            low = 0.0
        if estimate > self.estimates[-1]:
            high = 1.0
        return CalibratedFidelity(found, low, high, f"{self.method}, isotonic on labelled scenes")


def fitted_curve(
    method: str, pairs: Sequence[Pair], *, ceiling: float, rng: np.random.Generator, draws: int = DRAWS
) -> FidelityCurve:
    """Fit phi over an estimate, by isotonic regression in which every variant weighs the same.

    The interval is that of a variant that is not among the measured ones. Each draw takes as many variants as there
    are, with replacement, draws their phi within the intervals of the measurement, and fits; of each variant that it
    left out it takes the error of that fit at every estimate that the variant comes near, and adds it to the fit.

    Parameters
    ----------
    method : str                    The estimator's name.
    pairs : sequence of Pair        Of at least 4 variants, with at least two different estimates.
    ceiling : float                 phi of scenes that nothing was done to.
    rng : Generator                 For the bootstrap.
    draws : int                     Draws of the bootstrap.

    Raises
    ------
    ValueError                      Too few variants, or estimates that are all the same or not between 0 and 1.
    MissingDependencyError          scipy is not installed.

    Valid for                       Variants as alike as those measured; with fewer than 19 the interval is that of the
                                    most extreme draws, and holds less than 90 %.
    Source                          Isotonic regression: Barlow et al., Statistical Inference under Order Restrictions,
                                    1972, by scipy. Errors of groups that were left out: Dunn, Wasserman, Ramdas, J. Am.
                                    Stat. Assoc. 118(544), 2023, doi:10.1080/01621459.2022.2060112.
    """
    variants = _checked(pairs)
    table = _Table.of(pairs, variants)
    places = np.linspace(table.estimates.min(), table.estimates.max(), _PLACES)
    fidelity = table.fit(np.ones(len(variants)), table.fidelity)(places)
    low, high = _interval(table, places, rng, draws)
    coverage, error = _held_out(table, rng, max(20, draws // 4))
    return FidelityCurve(
        method=method,
        estimates=_stored(places),
        fidelity=_stored(fidelity),
        low=_stored(np.minimum(low, fidelity)),
        high=_stored(np.maximum(high, fidelity)),
        variants=variants,
        pairs=len(pairs),
        ceiling=ceiling,
        held_out_coverage=coverage,
        held_out_error=error,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Table:
    """Pairs by rising estimate; `variants` numbers them."""

    estimates: Floats
    fidelity: Floats
    deviation: Floats
    variants: NDArray[np.int64]
    count: int

    @staticmethod
    def of(pairs: Sequence[Pair], variants: Sequence[str]) -> _Table:
        ordered = sorted(pairs, key=lambda pair: (pair.estimate, pair.variant, pair.fidelity))
        return _Table(
            np.array([pair.estimate for pair in ordered]),
            np.array([pair.fidelity for pair in ordered]),
            np.array([(pair.high - pair.low) / (2 * _NORMAL_95) for pair in ordered]),
            np.array([variants.index(pair.variant) for pair in ordered]),
            len(variants),
        )

    def without(self, variant: int) -> _Table:
        """Leave one variant out."""
        kept = self.variants != variant
        moved = self.variants[kept] - (self.variants[kept] > variant)
        return _Table(self.estimates[kept], self.fidelity[kept], self.deviation[kept], moved, self.count - 1)

    def fit(self, weights: Floats, fidelity: Floats) -> Callable[[Floats], Floats]:
        """Return the curve through variants of these weights, each shared among its settings."""
        each = (weights / np.bincount(self.variants, minlength=self.count))[self.variants]
        kept = each > 0
        x, first = np.unique(self.estimates[kept], return_index=True)
        total = np.add.reduceat(each[kept], first)
        mean = np.add.reduceat(each[kept] * fidelity[kept], first) / total
        rising = _optimize().isotonic_regression(mean, weights=total).x
        return lambda at: np.interp(at, x, rising)


def _checked(pairs: Sequence[Pair]) -> tuple[str, ...]:
    """Return the variants in their order, or say what cannot be fitted."""
    variants = tuple(dict.fromkeys(pair.variant for pair in pairs))
    if len(variants) < FEWEST_VARIANTS:
        raise ValueError(f"{len(variants)} variants; a curve takes at least {FEWEST_VARIANTS}")
    for pair in pairs:
        if not (0 <= pair.estimate <= 1 and pair.low <= pair.fidelity <= pair.high):
            raise ValueError(f"{pair} has an estimate outside 0..1, or a fidelity outside its interval")
    if len({pair.estimate for pair in pairs}) < 2:
        raise ValueError(f"all estimates are {pairs[0].estimate}; a curve takes two different ones")
    return variants


def _interval(table: _Table, places: Floats, rng: np.random.Generator, draws: int) -> tuple[Floats, Floats]:
    """Return where phi of a variant that was not measured is expected at each place."""
    reach = _REACH * float(np.ptp(table.estimates))
    found = np.full((draws, table.count, len(places)), np.nan)
    members = [np.flatnonzero(table.variants == variant) for variant in range(table.count)]
    for draw in range(draws):
        chosen = np.bincount(rng.integers(0, table.count, table.count), minlength=table.count)
        noisy = table.fidelity + table.deviation * rng.standard_normal(len(table.fidelity))
        curve = table.fit(chosen.astype(np.float64), np.clip(noisy, 0, 1))
        fitted, errors = curve(places), noisy - curve(table.estimates)
        for variant in np.flatnonzero(chosen == 0).tolist():
            own = members[variant]
            x = table.estimates[own]
            near = (places >= x[0] - reach) & (places <= x[-1] + reach)
            found[draw, variant, near] = fitted[near] + np.interp(places[near], x, errors[own])
    low, high = np.full(len(places), np.nan), np.full(len(places), np.nan)
    for place in range(len(places)):
        told = ~np.isnan(found[:, :, place])
        known = int(told.any(axis=0).sum())
        if known >= _FEWEST_NEAR:
            tail = _tail(known)
            low[place], high[place] = np.clip(np.quantile(found[:, :, place][told], [tail, 1 - tail]), 0, 1)
    return _last_known(low, 0.0), _last_known(high[::-1], 1.0)[::-1]


def _last_known(values: Floats, otherwise: float) -> Floats:
    """Fill places of which too little is known: phi is at least what it was at lower estimates, and the other way."""
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, np.arange(len(values))))
    found: Floats = np.where(last < 0, otherwise, values[np.maximum(last, 0)])
    return found


def _tail(variants: int) -> float:
    """Share of the draws beyond one end of the interval, so that one more variant is within it at the level."""
    return max(0.0, ((1 - LEVEL) / 2 * (variants + 1) - 1) / variants)


def _held_out(table: _Table, rng: np.random.Generator, draws: int) -> tuple[float, float]:
    """Return how often, and how far, each variant is from the curve of all others, in the mean over variants."""
    within, squares = [], []
    for variant in range(table.count):
        others, own = table.without(variant), table.variants == variant
        x, y = table.estimates[own], table.fidelity[own]
        places = np.linspace(others.estimates.min(), others.estimates.max(), _PLACES)
        low, high = (np.interp(x, places, edge) for edge in _interval(others, places, rng, draws))
        curve = others.fit(np.ones(others.count), others.fidelity)(x)
        low, high = np.minimum(low, curve), np.maximum(high, curve)
        low[x < places[0]], high[x > places[-1]] = 0.0, 1.0
        within.append(float(np.mean((low <= y) & (y <= high))))
        squares.append(float(np.mean((y - curve) ** 2)))
    return float(np.mean(within)), math.sqrt(float(np.mean(squares)))


def _stored(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)


def _optimize() -> ModuleType:
    try:
        return importlib.import_module("scipy.optimize")
    except ImportError as error:
        raise MissingDependencyError(
            "fitting a calibration curve needs scipy, which is not installed; run: pip install netgen[solver]"
        ) from error
