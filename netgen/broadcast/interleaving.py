"""Bursts of lost packets, and what the depth of a time interleaver leaves of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class BurstLoss:
    """Two-state Markov (simple Gilbert) loss: what is lost on average, and in runs of what mean length.

    Parameters
    ----------
    loss_probability : (U,) float       Share of packets lost, 0 to 1.
    mean_burst : (U,) float, packets    Mean length of a run of lost packets; 1 / (1 - p) when independent.

    Source                              Gilbert, Capacity of a burst-noise channel, Bell Syst. Tech. J. 39, 1960.
    """

    loss_probability: Floats
    mean_burst: Floats

    @property
    def correlation(self) -> Floats:
        """Correlation of the loss of neighbouring packets, 0 when independent, below 1."""
        return loss_correlation(self.loss_probability, self.mean_burst)


def loss_correlation(loss_probability: ArrayLike, mean_burst: ArrayLike) -> NDArray[np.float64]:
    """Correlation of neighbouring losses in a two-state Markov process of given loss and mean burst.

    Parameters
    ----------
    loss_probability : (...,) float     p, 0 to 1.
    mean_burst : (...,) float, packets  B, >= 1; below 1 / (1 - p), which independent losses have, it counts as that.

    Returns
    -------
    (...,) float                        1 - 1 / (B (1 - p)), not below 0. From it follow the transition
                                        probabilities: lost after received (1 - c) p, received after lost
                                        (1 - c)(1 - p).

    Raises
    ------
    ValueError                          A probability or a burst outside its range; names index and value.

    Source                              Elementary theory of two-state Markov chains.
    """
    loss = np.asarray(loss_probability, dtype=np.float64)
    burst = np.asarray(mean_burst, dtype=np.float64)
    _check("loss_probability", loss, (loss >= 0.0) & (loss <= 1.0), "between 0 and 1")
    _check("mean_burst", burst, (burst >= 1.0) & np.isfinite(burst), "finite and at least 1 packet")
    with np.errstate(divide="ignore"):
        independent = 1.0 / (burst * (1.0 - loss))
    result: Floats = np.maximum(1.0 - independent, 0.0)
    return result


def interleaved_losses(
    loss_probability: ArrayLike, *, fade_s: ArrayLike, depth_s: float, packet_s: float
) -> BurstLoss:
    """Burst length of packet losses behind a time interleaver.

    Parameters
    ----------
    loss_probability : (U,) float       Packet loss of each user, 0 to 1; the interleaver keeps it.
    fade_s : (U,) or () float, s        Mean time for which reception stays lost without an interleaver, >= 0.
    depth_s : float, s                  Time on air that the interleaver puts between neighbouring packets, >= 0.
    packet_s : float, s                 Time from one packet to the next, > 0.

    Returns
    -------
    BurstLoss                           No depth: bursts as long as the fade. Depth far beyond the fade:
                                        independent losses, bursts of 1 / (1 - p) packets.

    Raises
    ------
    ValueError                          A value outside its range; names index and value.

    Valid for                           Losses that are Markov on air: packets that are neighbours after the
                                        interleaver were `depth_s` + `packet_s` apart on air, so their correlation is
                                        that of the channel to the power of 1 + depth_s / packet_s. ASSUMED: the
                                        process behind the interleaver is again two-state Markov (longer lags, at
                                        which an interleaver brings air neighbours back together, are
                                        neglected). What the interleaver gains within one FEC frame by averaging a
                                        fade belongs to the required C/N, not here.
    Source                              Two-state Markov chain observed at a stride: Elliott, Estimates of error
                                        rates for codes on burst-noise channels, Bell Syst. Tech. J. 42, 1963.
    """
    loss = np.asarray(loss_probability, dtype=np.float64)
    fade = np.asarray(fade_s, dtype=np.float64)
    _check("fade_s", fade, (fade >= 0.0) & np.isfinite(fade), "finite and at least 0 s")
    if not (depth_s >= 0.0 and np.isfinite(depth_s)):
        raise ValueError(f"depth_s = {depth_s} s is not finite and at least 0")
    if not (packet_s > 0.0 and np.isfinite(packet_s)):
        raise ValueError(f"packet_s = {packet_s} s is not finite and above 0")
    on_air = loss_correlation(loss, np.maximum(fade / packet_s, 1.0))
    left = on_air ** (1.0 + depth_s / packet_s)
    with np.errstate(divide="ignore"):
        burst = 1.0 / ((1.0 - loss) * (1.0 - left))
    return BurstLoss(*(np.array(part) for part in np.broadcast_arrays(loss, burst)))


def _check(name: str, values: Floats, good: NDArray[np.bool_], legal: str) -> None:
    """Raise for the first value that is not good."""
    if not good.all():
        index = int(np.argmin(good.ravel()))
        raise ValueError(f"{name}[{index}] = {values.ravel()[index]} is not {legal}")
