"""Churn: when users who began to watch leave."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from netgen.errors import ModelRangeError

Floats = NDArray[np.float64]


def constant_leaves_s(joins_s: ArrayLike, *, stay_s: float) -> Floats:
    """Instants at which users leave who all stay equally long.

    Parameters
    ----------
    joins_s : (n,) float, s         When each of them joins.
    stay_s : float, s               How long each of them stays, > 0.

    Raises
    ------
    ModelRangeError                 The stay is not above 0 or not finite.
    """
    if not 0 < stay_s < math.inf:
        raise ModelRangeError(f"stay_s = {stay_s} s; accepted: > 0 s")
    return np.asarray(joins_s, dtype=np.float64) + stay_s


def exponential_leaves_s(joins_s: ArrayLike, luck: ArrayLike, *, mean_s: float) -> Floats:
    """Instants at which users leave whose stays are exponentially distributed.

    Parameters
    ----------
    joins_s : (n,) float, s         When each of them joins.
    luck : (n,) float               One uniform number in [0, 1) each, not the one that its join comes from.
    mean_s : float, s               Mean stay, > 0.

    Raises
    ------
    ModelRangeError                 The mean is not above 0 or not finite, or a number is not in [0, 1).
    """
    if not 0 < mean_s < math.inf:
        raise ModelRangeError(f"mean_s = {mean_s} s; accepted: > 0 s")
    numbers = np.asarray(luck, dtype=np.float64)
    wrong = np.flatnonzero(~((numbers >= 0) & (numbers < 1)))
    if wrong.size:
        raise ModelRangeError(f"luck of user {wrong[0]} = {numbers[wrong[0]]}; accepted: >= 0 and < 1")
    return np.asarray(joins_s, dtype=np.float64) - mean_s * np.log1p(-numbers)
