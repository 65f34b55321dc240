"""Packet loss of a link: independent, or in bursts (Gilbert-Elliott)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LossProcess:
    """Probability that a packet sent at t is lost: alternates between a good and a bad state.

    The state is a path drawn once for the whole run, so it belongs to the world: what is sent, and by
    which policy, cannot shift it.

    Parameters
    ----------
    change_s : (n,) float, s        Instants at which the state changes; the state is good before the first.
    loss_good, loss_bad : float     Loss probability of a packet in each state, in [0, 1]; 1 loses every packet.

    Source                          Gilbert, Bell Syst. Tech. J. 39(5), 1960; Elliott, ibid. 42(5), 1963.
    """

    change_s: Floats
    loss_good: float
    loss_bad: float

    @staticmethod
    def independent(probability: float) -> LossProcess:
        """Every packet is lost with the same probability."""
        return LossProcess(np.empty(0), probability, probability)

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
        """Draw a path of exponentially lasting good and bad states over `duration_s`, starting good."""
        changes: list[float] = []
        now_s, bad = 0.0, False
        while now_s < duration_s:
            now_s += rng.exponential(mean_bad_s if bad else mean_good_s)
            changes.append(now_s)
            bad = not bad
        path = np.asarray(changes)
        path.flags.writeable = False
        return LossProcess(path, loss_good, loss_bad)

    @property
    def lossless(self) -> bool:
        """Whether no packet is ever lost."""
        return self.loss_good == 0.0 and self.loss_bad == 0.0

    def probability(self, time_s: Floats) -> Floats:
        """Loss probability of packets at each instant."""
        if self.change_s.size == 0:
            return np.full(time_s.shape, self.loss_good)
        bad = np.searchsorted(self.change_s, time_s, side="right") % 2 == 1
        return np.where(bad, self.loss_bad, self.loss_good)
