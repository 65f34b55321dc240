"""A packet train: one representation of one segment (or a chunk of background traffic) on its way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.robustness.table import RobustnessTable

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Meaning:
    """What a train means: which segment of which content, and how many of its semantic bits it holds."""

    content: str
    index: int
    semantic_bits: float


@dataclass(frozen=True, slots=True, eq=False)
class Train:
    """Packets that travel together; read-only.

    Parameters
    ----------
    key : uint64                    Identity for the channel's noise: the same segment meets the same luck.
    size_bits : (n,) int64, bit     Size of each packet, in order; discriminative ones first.
    generative_from : int           Number, in its copy, of the first packet that carries generative bits.
    meaning : Meaning or None       None for background traffic.
    loss_tolerance : float          Share of a copy's bits that may be missing at no cost, 0..1.
    copies : int                    Copies of equal size that follow each other in the train, each complete
                                    or not on its own (one per user of a personal service).
    symbols : RobustnessTable or None   Of symbols of joint coding, of which a link's noise loses none: what it takes of
                                    their meaning.
    """

    key: np.uint64
    size_bits: Ints
    generative_from: int
    meaning: Meaning | None
    loss_tolerance: float = 0.0
    copies: int = 1
    symbols: RobustnessTable | None = None

    @property
    def packets_per_copy(self) -> int:
        """Packets of one copy."""
        return len(self.size_bits) // self.copies

    @property
    def total_bits(self) -> int:
        """All bits of the train."""
        return int(self.size_bits.sum())

    def complete_with(self, received_bits: Ints) -> NDArray[np.bool_]:
        """Per copy whether so many received bits are enough to decode it."""
        total = self.total_bits // self.copies
        enough: NDArray[np.bool_] = received_bits >= total - self.loss_tolerance * total
        return enough & (received_bits > 0)


def packetise(discriminative_bits: int, generative_bits: int, packet_bits: int) -> tuple[Ints, int]:
    """Sizes of the packets of a representation, and the number of the first generative one.

    Each part is cut into full packets and one rest, so that no packet mixes the two.
    """
    parts = []
    for part_bits in (discriminative_bits, generative_bits):
        whole, rest = divmod(part_bits, packet_bits)
        sizes = np.full(whole + (rest > 0), packet_bits, dtype=np.int64)
        if rest:
            sizes[-1] = rest
        parts.append(sizes)
    sizes = np.concatenate(parts)
    sizes.flags.writeable = False
    return sizes, len(parts[0])
