"""A packet train: one representation of one segment (or a chunk of background traffic) on its way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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
    generative_from : int           Number of the first packet that carries generative bits.
    meaning : Meaning or None       None for background traffic.
    loss_tolerance : float          Share of the bits that may be missing at no cost, 0..1.
    """

    key: np.uint64
    size_bits: Ints
    generative_from: int
    meaning: Meaning | None
    loss_tolerance: float = 0.0

    @property
    def total_bits(self) -> int:
        """All bits of the train."""
        return int(self.size_bits.sum())

    def complete_with(self, received_bits: int) -> bool:
        """Whether so many received bits are enough to decode the segment."""
        total = self.total_bits
        return received_bits >= total - self.loss_tolerance * total


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
