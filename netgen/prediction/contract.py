"""What a predictor of reception may be asked."""

from __future__ import annotations

from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


class Predictor(Protocol):
    """How likely users are to lose a segment at a later instant.

    Attributes
    ----------
    revises : bool                  Whether it knows better later, so that an instant is worth asking for again. If
                                    not, each instant need be asked for once, and none before the last one asked.
    """

    revises: ClassVar[bool]

    def loss_ahead(self, rows: Rows, *, at_s: float, size_bits: int) -> Floats:
        """Predicted probability that each user loses a segment received at an instant to come, 0..1.

        Parameters
        ----------
        rows : (n,) int64               Rows of the population.
        at_s : float, s                 The instant.
        size_bits : int, bit            Size of the segment.
        """
        ...

    def observe(self, rows: Rows, loss: Floats, *, time_s: float) -> None:
        """Take in what users report: each one's loss of segments now, 0..1."""
        ...
