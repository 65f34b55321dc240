"""Entropy of symbols and of their meanings."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from netgen.semantics.synonyms import Floats, as_distribution, class_masses


def surprise_sum_bits(masses: Floats, *, axis: tuple[int, ...] | int | None = None) -> Floats:
    """Return -sum m log2 m over `axis`, with 0 log 0 = 0; the masses need not sum to one."""
    logs = np.log2(masses, out=np.zeros_like(masses), where=masses > 0)
    total: Floats = np.asarray(-np.sum(masses * logs, axis=axis), dtype=np.float64)
    return total


def entropy_bits(probabilities: ArrayLike) -> float:
    """Shannon entropy of a distribution of any shape, in bits.

    Returns
    -------
    float, bit                          0 for a certain outcome, log2 of the number of outcomes for a uniform one.

    Raises
    ------
    ValueError                          Not a distribution.

    Source                              Jin, Liu, Liu, ACM MM 2025, Eq. 1 (Shannon 1948).
    """
    return max(0.0, float(surprise_sum_bits(as_distribution(probabilities))))


def semantic_entropy_bits(probabilities: ArrayLike, classes: ArrayLike) -> float:
    """Entropy of the meaning of a symbol, in bits: H_s <= H.

    Parameters
    ----------
    probabilities : (n,) float          Distribution of the symbols.
    classes : (n,) int                  Meaning of each symbol.

    Raises
    ------
    ValueError                          Not a distribution, or not one class per symbol.

    Source                              Jin, Liu, Liu, ACM MM 2025, Eq. 4; Niu, Zhang, arXiv 2401.13387, definition of
                                        semantic entropy.
    """
    return entropy_bits(class_masses(probabilities, classes))


def conditional_entropy_bits(joint: ArrayLike) -> float:
    """H(X | K) in bits of a joint distribution with a row per x and a column per k."""
    p = as_distribution(joint, "joint")
    return max(0.0, float(surprise_sum_bits(p) - surprise_sum_bits(p.sum(axis=0))))
