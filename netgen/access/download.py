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
    """One segment on its way to many users, each with a copy of its own or all with the same.

    Parameters
    ----------
    users : (n,) int64              Positions of the users in the cell or cellular network, increasing; at least one.
    size_bits : int or (n,) int64, bit
                                    Bits per user, > 0: the same for all, or of each, such as what repairs it.
    generative_share : float        Share of them that steers a generative model.
    meaning : Meaning               What all copies mean, counted once per completed segment.
    done : callable                 Called once, when the fate of all copies is known, with the instants [s] per
                                    user, NaN for users without the segment, and whether it was given up.
    service : str                   Name of the service, for what the downlink does by service.
    deadline_ns : int or None, ns   Instant after which it is of no use, where the downlink gives up what is late.
    multicast : bool or None        Whether it goes out once for all users in a cell; None for what the downlink does
                                    with the service. Only what is of one size for all can.

    Raises
    ------
    ValueError                      Users who are not increasing, sizes that are not positive or not one per user, or
                                    a multicast of several sizes.
    """

    users: Rows
    size_bits: int | Rows
    generative_share: float
    meaning: Meaning
    done: Callable[[Floats, bool], None]
    service: str = ""
    deadline_ns: int | None = None
    multicast: bool | None = None
    done_s: Floats = field(init=False)

    def __post_init__(self) -> None:
        users = self.users
        if not len(users) or not bool((users[1:] > users[:-1]).all()):
            raise ValueError("users of a download must be at least one, in increasing order, each once")
        if np.ndim(self.size_bits) and np.shape(self.size_bits) != users.shape:
            raise ValueError(
                f"size_bits has shape {np.shape(self.size_bits)} for users of shape {users.shape}"
            )
        if not bool(np.all(np.asarray(self.size_bits) > 0)):
            raise ValueError("size_bits of a download must be > 0 for every user")
        if self.multicast:
            self.require_one_size()

    @property
    def bits(self) -> Floats:
        """Bits (n,) of each user."""
        return np.broadcast_to(np.asarray(self.size_bits, dtype=np.float64), self.users.shape)

    @property
    def total_bits(self) -> int:
        """Bits of all users, to the bit."""
        if isinstance(self.size_bits, np.ndarray):
            return int(self.size_bits.sum())
        return int(self.size_bits) * len(self.users)

    def require_one_size(self) -> int:
        """Bits of every user, bit; raises ValueError where users need different numbers of them."""
        if not isinstance(self.size_bits, np.ndarray):
            return int(self.size_bits)
        size = int(self.size_bits[0])
        if not bool((self.size_bits == size).all()):
            raise ValueError(
                f"a multicast of service {self.service!r} with {self.size_bits.min()} to {self.size_bits.max()} "
                "bits per user; what goes out once for all is of one size (send it with multicast=False)"
            )
        return size
