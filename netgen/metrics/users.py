"""Completes the users' table: the rating of what each user received."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from netgen.metrics.utility import expected_rating, level_probabilities


def rated_users(columns: Mapping[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
    """Add the column `utility` to the engine's columns.

    Returns
    -------
    columns : dict                  Columns of users.parquet.
    levels : (5,) float             Probabilities of the five levels, averaged over rated users; all 0 when
                                    nobody was offered anything.
    """
    rest = dict(columns)
    quality = _floats(rest.pop("quality"))
    fidelity = _floats(rest["semantic_fidelity"])
    usability = 1.0 - _floats(rest["stall_ratio"])
    rated = ~np.isnan(fidelity) & ~np.isnan(usability)
    probabilities = level_probabilities(fidelity[rated], quality[rated], usability[rated])
    utility = np.ma.masked_array(np.zeros(len(fidelity)), mask=~rated)
    utility[rated] = expected_rating(probabilities)
    rest["utility"] = utility
    levels = probabilities.mean(axis=0) if rated.any() else np.zeros(probabilities.shape[1])
    return rest, levels


def _floats(column: Sequence[float | None] | np.ndarray) -> np.ndarray:
    """A column with NaN for what is None or masked."""
    if isinstance(column, np.ma.MaskedArray):
        return column.filled(np.nan)
    return np.array([np.nan if value is None else value for value in column], dtype=np.float64)
