"""One segment on its way over a radio downlink to many users."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from netgen.transport.train import Meaning

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(slots=True, eq=False)
class Download:
    """One segment on its way to many users, each with a copy of its own.

    Parameters
    ----------
    users : (n,) int64              Positions of the users in the cell or cellular network, increasing.
    size_bits : int, bit            Bits per user, > 0.
    generative_share : float        Share of them that steers a generative model.
    meaning : Meaning               What all copies mean, counted once per completed segment.
    done : callable                 Called once, when the fate of all copies is known, with the instants [s] per
                                    user, NaN for users without the segment, and whether it was given up.
    service : str                   Name of the service, for what the downlink does by service.
    deadline_ns : int or None, ns   Instant after which it is of no use, where the downlink gives up what is late.
    """

    users: Rows
    size_bits: int
    generative_share: float
    meaning: Meaning
    done: Callable[[Floats, bool], None]
    service: str = ""
    deadline_ns: int | None = None
    begin_bits: Floats = field(init=False)
    done_s: Floats = field(init=False)
