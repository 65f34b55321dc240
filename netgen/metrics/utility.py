"""Utility of what users received, as an expected rating from 1 (bad) to 5 (excellent).

Source: the three dimensions and the rating by probabilities of five levels are those of Zhang et al.,
Generative Video Communications, Engineering 56(1), 2026, section 3.3. How the dimensions are measured here,
that they weigh the same, and the map from their mean to the levels are netgen's own:
ASSUMED: equal weights of the measured dimensions, and a linear map of their mean to the five levels.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVELS = ("bad", "poor", "fair", "good", "excellent")


def level_probabilities(consistency: Floats, reasonableness: Floats, usability: Floats) -> Floats:
    """Probabilities of the five rating levels.

    Parameters
    ----------
    consistency : (n,) float        Share of the offered meaning that was delivered, 0..1.
    reasonableness : (n,) float     Mean MS-SSIM of what was shown, 0..1; NaN where nobody measured it, which
                                    leaves the dimension out.
    usability : (n,) float          Share of the playing time in which the picture did not stand still, 0..1.

    Returns
    -------
    (n, 5) float                    Non-negative, rows sum to 1; the mean of the dimensions is shared between
                                    the two levels next to it, so that the expectation is 1 + 4 * mean.
    """
    mean = np.nanmean(np.stack([consistency, reasonableness, usability]), axis=0)
    position = np.clip(mean, 0.0, 1.0) * (len(LEVELS) - 1)
    lower = np.minimum(np.floor(position), len(LEVELS) - 2).astype(np.int64)
    share = position - lower
    probabilities = np.zeros((len(mean), len(LEVELS)))
    rows = np.arange(len(mean))
    probabilities[rows, lower] = 1.0 - share
    probabilities[rows, lower + 1] += share
    return probabilities


def expected_rating(probabilities: Floats) -> Floats:
    """Expectation of the rating, 1 to 5, of rows of level probabilities."""
    rating: Floats = probabilities @ np.arange(1.0, len(LEVELS) + 1)
    return rating
