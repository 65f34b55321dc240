"""What the engine asks of any last hop by radio that gives each user bits of its own."""

from __future__ import annotations

from typing import Protocol

import simpy

from netgen.access.download import Download, Floats


class LastHop(Protocol):
    """A cell of fixed rates, or a whole cellular network.

    Attributes
    ----------
    env : simpy.Environment         The clock.
    name : str                      Name in the ledger of links.
    services : int                  How many services are sent to it.
    capacity_bits, discriminative_bits, generative_bits, semantic_bits : (intervals,) float
                                    Books per interval; `capacity_bits` is never less than what was carried.
    offered_bits, received_bits, discarded_bits : float, bit
                                    Bits for all users so far, of which received, and given up.
    """

    env: simpy.Environment
    name: str
    services: int
    capacity_bits: Floats
    discriminative_bits: Floats
    generative_bits: Floats
    semantic_bits: Floats

    @property
    def capacity_bps(self) -> float:
        """What it can carry now."""
        ...

    @property
    def offered_bits(self) -> float:
        """Bits for all users so far."""
        ...

    @property
    def received_bits(self) -> float:
        """Bits that users have received so far."""
        ...

    @property
    def discarded_bits(self) -> float:
        """Bits that were given up so far."""
        ...

    def enqueue(self, download: Download) -> None:
        """Queue a segment for some users."""
        ...

    def backlog_bits(self) -> int:
        """Bits that wait at this instant, over all users."""
        ...

    def close(self) -> None:
        """Bring the books to this instant."""
        ...

    def finish(self) -> None:
        """End the run: hand over what some users of unfinished segments have."""
        ...
