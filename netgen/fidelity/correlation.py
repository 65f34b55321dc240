"""How far two arrays of features agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def agreement_of_features(reference: ArrayLike, shown: ArrayLike) -> float:
    """Correlate two arrays of features; below 0 counts as 0.

    Parameters
    ----------
    reference, shown : (...) float      Of equal shape.

    Returns
    -------
    float, 0..1                         1 for equal ones; 0 where one is flat and the other is not.

    Source                              Cosine similarity, of features less their mean: Jin, Liu, Liu, ACM MM 2025,
                                        section 3.3.1. What all features share would otherwise count as agreement.
    """
    one, other = np.asarray(reference, dtype=np.float64), np.asarray(shown, dtype=np.float64)
    if one.shape != other.shape or not one.size:
        raise ValueError(
            f"found features of {one.shape} and {other.shape}; accepted: equal shapes, not empty"
        )
    one, other = one - one.mean(), other - other.mean()
    if np.array_equal(one, other):
        return 1.0
    norms = float(np.linalg.norm(one) * np.linalg.norm(other))
    return 0.0 if norms == 0 else min(1.0, max(0.0, float((one * other).sum()) / norms))
