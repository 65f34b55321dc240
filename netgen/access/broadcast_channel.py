"""What a transmission of a broadcast channel is for each of its users: within coverage or not, and how risky."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class BroadcastChannel(Protocol):
    """One channel of a tower, or one of its physical-layer pipes.

    Attributes
    ----------
    key : uint64                    Key of the reception's luck, a world stream.
    """

    @property
    def key(self) -> np.uint64:
        """Key of the reception's luck."""
        ...

    def chances(self, rows: Rows, *, time_s: float, size_bits: int) -> tuple[Flags, Floats]:
        """Whether each user is within coverage, and the probability that one within it loses the segment.

        Parameters
        ----------
        rows : (n,) int64               Rows of the population.
        time_s : float, s               When the segment is received.
        size_bits : int, bit            Its size.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FixedChannel:
    """A channel whose coverage and loss are given.

    Parameters
    ----------
    covered : (users,) bool         Per row of the population, whether the user is inside coverage.
    segment_loss : float            Probability that a covered user loses a segment, 0..1.
    key : uint64                    Key of the reception's luck, a world stream.
    """

    covered: Flags
    segment_loss: float
    key: np.uint64

    def chances(self, rows: Rows, *, time_s: float, size_bits: int) -> tuple[Flags, Floats]:  # noqa: ARG002
        """The same at any time and for any size."""
        return self.covered[rows], np.full(len(rows), self.segment_loss)
