"""Packet loss of a link: independent, in bursts (Gilbert-Elliott), or of the blocks of a channel code."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.topology.step_function import StepFunction

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SymbolChannel:
    """What lies below a link of coded blocks, for what sends symbols of its own over it.

    Parameters
    ----------
    kind : str                      Kind of channel: `awgn`, `rayleigh-block` or `rayleigh-fast`.
    snr_db : StepFunction, dB       Mean energy of a symbol over the density of the noise.
    bits_per_symbol : float, bit    Payload that the link's own code and constellation put on a symbol: so many bits of
                                    its capacity one symbol takes.
    """

    kind: str
    snr_db: StepFunction
    bits_per_symbol: float


@dataclass(frozen=True, slots=True, eq=False)
class LossProcess:
    """Probability that a packet sent at t is lost.

    Its path in time is known before the run, so it belongs to the world: what is sent, and by which policy, cannot
    shift it.
    ASSUMED: the blocks of a packet are lost independently of each other, and a packet begins with a block of its own.

    Parameters
    ----------
    unit : StepFunction             Loss probability of a packet, or of a block, at each instant, in [0, 1].
    block_bits : int or None, bit   Payload of a block; a packet is lost when any of its blocks is, independently of
                                    each other. None: packets are lost whole, of whatever size.
    """

    unit: StepFunction
    block_bits: int | None = None

    @staticmethod
    def independent(probability: float) -> LossProcess:
        """Every packet is lost with the same probability."""
        return LossProcess(StepFunction.constant(probability))

    @staticmethod
    def gilbert_elliott(
        *,
        loss_good: float,
        loss_bad: float,
        mean_good_s: float,
        mean_bad_s: float,
        duration_s: float,
        rng: np.random.Generator,
    ) -> LossProcess:
        """Draw a path of exponentially lasting good and bad states over `duration_s`, starting good.

        Source                      Gilbert, Bell Syst. Tech. J. 39(5), 1960; Elliott, ibid. 42(5), 1963.
        """
        changes: list[float] = []
        now_s, bad = 0.0, False
        while now_s < duration_s:
            now_s += rng.exponential(mean_bad_s if bad else mean_good_s)
            changes.append(now_s)
            bad = not bad
        states = np.resize([loss_good, loss_bad], len(changes) + 1)
        return LossProcess(StepFunction(np.asarray(changes), states))

    @property
    def lossless(self) -> bool:
        """Whether no packet is ever lost."""
        return not self.unit.values.any()

    def probability(self, time_s: Floats, size_bits: NDArray[np.int64]) -> Floats:
        """Loss probability of packets of so many bits, each at its instant."""
        unit = self.unit.at(time_s)
        if self.block_bits is None:
            return unit
        blocks = -(-np.asarray(size_bits) // self.block_bits)
        return np.asarray(1.0 - (1.0 - unit) ** blocks)
