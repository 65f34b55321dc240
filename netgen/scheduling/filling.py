"""Filling of many sectors at once: everybody rises with a common level until full or until nothing is left.

Round robin, proportional fair and max-min are all one problem with different weights: user u of sector s
takes ``min(cap_u, weight_u * level_s)`` and the level of a sector is such that its amount is used up. The
functions here find all levels exactly, in rounds over the users whose share is still open; there is no
sort and no loop over users or sectors.
"""

from __future__ import annotations

from types import ModuleType
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from netgen.errors import InputError, MissingDependencyError

Compute: TypeAlias = Literal["numpy", "numba"]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MIN_WEIGHT = 1e-100
MAX_WEIGHT = 1e100
MAX_HEAD_START = 1e6


def filled(
    cap: Floats,
    amount: Floats,
    *,
    sector: Ints,
    weight: Floats | None = None,
    compute: Compute = "numpy",
) -> Floats:
    """Shares proportional to weights, none above its cap, that use up the amount of every sector.

    Each round gives the open users of a sector what is left of it in proportion to their weights, takes
    out those who are full, and repeats with the rest: Newton's method on a concave, piecewise linear
    function, hence at most about ``log4(2**53 n)`` rounds (Radzik 1992) and in practice 3 to 8, each O(users
    that are open in a sector where somebody became full) + O(sectors).

    Parameters
    ----------
    cap : (n,) float                    Most that each user takes, >= 0, may be infinite.
    amount : (S,) float                 What each sector has, >= 0, finite.
    sector : (n,) int                   Sector of each user, 0..S-1.
    weight : (n,) float or None         Weights, > 0; None for equal ones.
    compute : "numpy" or "numba"        This function or its compiled twin, with the same results to the last bit.

    Returns
    -------
    (n,) float                          Shares in the unit of `amount`; a sector hands out all it has, unless
                                        every user of it is at the cap. Sums are exact to rounding.

    Raises
    ------
    InputError                          `compute` is neither of them.
    MissingDependencyError              numba is not installed.

    Valid for                           Checked input: the callers check.
    Source                              Bertsekas, Gallager, Data Networks, 2nd ed., section 6.5.2
                                        (progressive filling); T. Radzik, Newton's method for fractional
                                        combinatorial optimization, FOCS 1992 (number of rounds).
    """
    if compute != "numpy":
        twin: Floats = _compiled(compute).filled(cap, amount, sector=sector, weight=weight)
        return twin
    return _filled(cap, amount, sector, weight)


def _filled(cap: Floats, amount: Floats, sector: Ints, weight: Floats | None) -> Floats:
    """Fill in rounds over all sectors."""
    sectors = len(amount)
    share = cap.copy()
    left = amount.copy()
    crowded = np.bincount(sector, weights=cap, minlength=sectors) > amount
    live = np.flatnonzero(crowded[sector])
    caps, where = cap[live], sector[live]
    weights = None if weight is None else weight[live]
    while live.size:
        total = np.bincount(where, weights=weights, minlength=sectors)
        level = np.divide(left, total, out=np.zeros(sectors), where=total > 0)
        target = level[where] if weights is None else level[where] * weights
        is_full = caps <= target
        full = np.flatnonzero(is_full)
        where_full = where[full]
        left -= np.bincount(where_full, weights=caps[full], minlength=sectors)
        np.maximum(left, 0.0, out=left)
        goes_on = np.bincount(where_full, minlength=sectors) > 0
        finished = np.flatnonzero(~goes_on[where])
        share[live[finished]] = target[finished]
        keep = np.flatnonzero(goes_on[where] & ~is_full)
        live, caps, where = live[keep], caps[keep], where[keep]
        weights = None if weights is None else weights[keep]
    return share


def filled_above(
    cap: Floats,
    amount: Floats,
    *,
    sector: Ints,
    weight: Floats | None,
    head_start: Floats,
    compute: Compute = "numpy",
) -> Floats:
    """Shares as by `filled` when `head_start` counts as taken before: clip(weight * level - head_start).

    Variable fixing: a round solves the sector as if no bound existed; where the bounded shares then add up
    to too little the full users are fixed at their caps, where to too much the negative ones at nothing.
    Every round fixes at least one user of every open sector, in practice most of those to be fixed; 5 to 15
    rounds are usual, each O(open users) + O(sectors).

    Parameters
    ----------
    cap, amount, sector, weight, compute
                                        As for `filled`, errors too.
    head_start : (n,) float             What counts as taken before, in the unit of `amount`, >= 0. Beyond the
                                        smallest of the sector (per weight) it counts at most 1e6 times the
                                        amount of the sector: more than that changes nothing in one filling.

    Returns
    -------
    (n,) float                          Shares; 0 for users whose head start is above the level.

    Source                              K. Kiwiel, Variable fixing algorithms for the continuous quadratic
                                        knapsack problem, J. Optim. Theory Appl. 136 (2008).
    """
    if compute != "numpy":
        twin: Floats = _compiled(compute).filled_above(
            cap, amount, sector=sector, weight=weight, head_start=head_start
        )
        return twin
    return _filled_above(cap, amount, sector, weight, head_start)


def _filled_above(
    cap: Floats, amount: Floats, sector: Ints, weight: Floats | None, head_start: Floats
) -> Floats:
    """Fill above head starts in rounds over all sectors."""
    sectors = len(amount)
    share = np.zeros(len(cap))
    fits = np.bincount(sector, weights=cap, minlength=sectors) <= amount
    live = np.flatnonzero(cap > 0)
    take_all = fits[sector[live]]
    share[live[take_all]] = cap[live[take_all]]
    live = live[~take_all]
    caps, where = cap[live], sector[live]
    weights = np.ones(live.size) if weight is None else weight[live]
    head = _above_lowest(head_start[live], weights, amount, sector=where)
    left = amount.copy()
    while live.size:
        total = np.bincount(where, weights=weights, minlength=sectors)
        filled_to = left + np.bincount(where, weights=head, minlength=sectors)
        level = np.divide(filled_to, total, out=np.zeros(sectors), where=total > 0)
        target = level[where] * weights - head
        bounded = np.clip(target, 0.0, caps)
        too_little = np.bincount(where, weights=bounded, minlength=sectors) < left
        raises = too_little[where]
        is_fixed = (raises & (target >= caps)) | (~raises & (target <= 0.0))
        fixed = np.flatnonzero(is_fixed)
        where_fixed = where[fixed]
        left -= np.bincount(where_fixed, weights=bounded[fixed], minlength=sectors)
        np.maximum(left, 0.0, out=left)
        goes_on = np.bincount(where_fixed, minlength=sectors) > 0
        # Those of a finished sector have their final share, those fixed too, and the others get theirs later.
        share[live] = bounded
        keep = np.flatnonzero(goes_on[where] & ~is_fixed)
        live, caps, where = live[keep], caps[keep], where[keep]
        weights, head = weights[keep], head[keep]
    return share


def _compiled(compute: str) -> ModuleType:
    """The module with the twins."""
    if compute != "numba":
        raise InputError(f'compute = "{compute}" is not known; accepted: numpy, numba')
    try:
        import numba  # noqa: F401, PLC0415  (optional and slow to import)
    except ImportError:
        raise MissingDependencyError(
            "compute = \"numba\" needs numba: install the extra with pip install 'netgen[fast]'"
        ) from None
    from netgen.scheduling import filling_numba  # noqa: PLC0415  (imports numba)

    return filling_numba


def _above_lowest(head_start: Floats, weight: Floats, amount: Floats, *, sector: Ints) -> Floats:
    """Head starts above the lowest level of each sector, limited so that their sums keep their digits."""
    height = head_start / weight
    lowest = np.full(len(amount), np.inf)
    np.minimum.at(lowest, sector, height)
    above: Floats = np.minimum((height - lowest[sector]) * weight, MAX_HEAD_START * amount[sector])
    return above
