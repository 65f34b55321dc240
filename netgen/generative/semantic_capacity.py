"""The most semantic bits that a link could carry (design: models, section 6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Candidate:
    """One representation that the nodes before a link can produce and a node after it can use.

    Parameters
    ----------
    semantic_bits_per_bit : float       Meaning per bit of the representation.
    limit_bps : float, bit/s            Most of it that the GPUs can produce and expand; infinite without.
    """

    semantic_bits_per_bit: float
    limit_bps: float


def semantic_capacity_bits(
    capacity_bits: NDArray[np.float64], length_s: NDArray[np.float64], candidates: Sequence[Candidate]
) -> NDArray[np.float64]:
    """Semantic capacity of a link per interval: its bits filled with the densest representations first.

    A fractional knapsack: the densest representation up to what the GPUs sustain, then the next, until
    the interval's bits are used up. The greedy order is optimal for it (Dantzig, Oper. Res. 5, 1957).

    Parameters
    ----------
    capacity_bits : (n,) float, bit     Integral of the capacity per interval.
    length_s : (n,) float, s            Length of each interval.
    candidates : sequence               What could be carried; empty gives 0.

    Returns
    -------
    (n,) float, bit                     100 bit, densities 0.5 up to 40 bit and 0.1 without limit: 26.
    """
    left = capacity_bits.astype(np.float64)
    total = np.zeros(len(left))
    for candidate in sorted(candidates, key=lambda c: (-c.semantic_bits_per_bit, c.limit_bps)):
        used = np.minimum(left, candidate.limit_bps * length_s)
        total += used * candidate.semantic_bits_per_bit
        left = left - used
    return total
