"""Utility of what users received, as an expected rating from 1 (bad) to 5 (excellent); and what evaluations found.

Source: the three dimensions and the rating by probabilities of five levels are those of Zhang et al.,
Generative Video Communications, Engineering 56(1), 2026, section 3.3. How the dimensions are measured here,
that they weigh the same, and the map from their mean to the levels are netgen's own:
ASSUMED: equal weights of the measured dimensions, and a linear map of their mean to the five levels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.ledger import LedgerReader
from netgen.metrics.tallies import ratio
from netgen.semantics.shares import Share

Floats = NDArray[np.float64]
LEVELS = ("bad", "poor", "fair", "good", "excellent")
_BAD = 2
"""True levels up to poor are bad."""


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


def evaluation_figures(ledger: LedgerReader, names: Iterable[str]) -> dict[str, Any]:
    """Figures of every evaluation of a scenario, over segments offered after the warm-up, once per receiver.

    Costs are of the same segments; `docs/metrics.md` explains every key.
    """
    rows = ledger.table("evaluations").to_pylist()
    return {name: _figures([row for row in rows if row["evaluation"] == name]) for name in names}


def _figures(rows: list[dict[str, Any]]) -> dict[str, Any]:
    rows = [row for row in rows if not row["warmup"]]
    first = [row for row in rows if row["purpose"] == "stream"]
    bad = [row for row in first if row["true_level"] <= _BAD]
    asked = [row for row in first if row["reason"]]
    rated = [row for row in asked if row["score"] is not None]
    alarms = [row for row in rated if row["rated_bad"]]
    detected = sum(row["true_level"] <= _BAD for row in alarms)
    shown = [row for row in rows if row["outcome"] == "shown"]
    energies = [row["energy_joule"] for row in asked]
    return {
        "segments": len(first),
        "bad": len(bad),
        "asked": len(asked),
        "rated": len(rated),
        "reasons": _counted(row["reason"] for row in asked),
        "failures": _counted(row["failed"] for row in asked if row["failed"]),
        "detected": _told(Share(detected, len(bad))),
        "false_alarms": _told(Share(len(alarms) - detected, len(first) - len(bad))),
        "withheld": sum(row["outcome"] == "withheld" for row in first),
        "refetched": sum(row["outcome"] == "refetched" for row in first),
        "shown": len(shown),
        "shown_bad": _told(Share(sum(row["true_level"] <= _BAD for row in shown), len(shown))),
        "sent_bits": sum(row["sent_bits"] for row in asked),
        "gpu_seconds": sum(row["compute_s"] for row in asked),
        "energy_joule": None if None in energies else sum(energies),
        "delay_mean_s": ratio(sum(row["delay_s"] for row in first), len(first)),
    }


def _counted(words: Iterable[str]) -> dict[str, int]:
    """Return how often each word occurs, by name."""
    return dict(sorted(Counter(words).items()))


def _told(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {"count": share.found, "share": share.value if share.of else None, "low": low, "high": high}
