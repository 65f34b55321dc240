"""How well ratings find what is bad: ROC area, detection at a rate of false alarms, confusion, rank correlation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.rating.dimensions import BAD, LEVELS
from netgen.semantics.shares import Share

Floats = NDArray[np.float64]
Levels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Detection:
    """What an alarm at scores up to a threshold finds.

    Parameters
    ----------
    threshold : float                   Scores up to it are an alarm.
    detected, false_alarms : Share      Of the bad ones, and of the others.
    """

    threshold: float
    detected: Share
    false_alarms: Share


def roc_area(scores: Floats, levels: Levels) -> float:
    """Return the probability that a bad one is rated below one that is not, ties counting a half; NaN without either.

    Parameters
    ----------
    scores : (n,) float                 Ratings, 1 to 5.
    levels : (n,) int                   True levels; up to `BAD` is bad.

    Source                              Hanley, McNeil, Radiology 143, 1982.
    """
    bad, good = scores[levels <= BAD], scores[levels > BAD]
    if not len(bad) or not len(good):
        return math.nan
    below = np.searchsorted(np.sort(bad), good, side="left") + np.searchsorted(
        np.sort(bad), good, side="right"
    )
    return float(below.sum() / (2 * len(bad) * len(good)))


def detection_at(scores: Floats, levels: Levels, threshold: float) -> Detection:
    """Return what an alarm at scores up to a threshold finds; parameters as of `roc_area`."""
    alarm, bad = scores <= threshold, levels <= BAD
    return Detection(
        threshold,
        Share(int((alarm & bad).sum()), int(bad.sum())),
        Share(int((alarm & ~bad).sum()), int((~bad).sum())),
    )


def detection_at_false_alarms(scores: Floats, levels: Levels, rate: float) -> Detection:
    """Return what the highest threshold finds at which at most a share `rate` of the others are false alarms."""
    best = detection_at(scores, levels, -math.inf)
    for threshold in np.unique(scores):
        found = detection_at(scores, levels, float(threshold))
        if found.false_alarms.found > rate * found.false_alarms.of:
            break
        best = found
    return best


def confusion(true: Levels, rated: Levels) -> Levels:
    """Count true (rows) against rated (columns) levels: (5, 5)."""
    counts = np.zeros((LEVELS, LEVELS), dtype=np.int64)
    np.add.at(counts, (true - 1, rated - 1), 1)
    return counts


def rank_correlation(one: Floats, other: Floats) -> float:
    """Return Spearman's rank correlation, ties by mean ranks; NaN where either does not vary."""
    first, second = (_ranks(values) for values in (one, other))
    if first.std() == 0 or second.std() == 0:
        return math.nan
    return float(np.corrcoef(first, second)[0, 1])


def _ranks(values: Floats) -> Floats:
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    ranks: Floats = (np.cumsum(counts) - (counts - 1) / 2)[places]
    return ranks
