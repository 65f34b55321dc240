"""The Gaussian channel with synonyms."""

from __future__ import annotations

import math


def gaussian_semantic_capacity_bps(
    bandwidth_hz: float, power_w: float, noise_w_per_hz: float, *, synonymous_length: float = 1.0
) -> float:
    """Semantic capacity of the band-limited Gaussian channel: B log2(S^4 (1 + P / (N0 B))).

    Parameters
    ----------
    bandwidth_hz : float, Hz            > 0.
    power_w : float, W                  Mean power of the signal, >= 0.
    noise_w_per_hz : float, W/Hz        One-sided density of the noise, > 0.
    synonymous_length : float           Mean length S of the intervals of amplitudes that mean the same, >= 1; 1 gives
                                        Shannon's capacity.

    Raises
    ------
    ValueError                          A quantity lies outside of its range.

    Valid for                           Ideal Nyquist sampling, the same S at both ends. It is a capacity of the `up`
                                        mutual information: not a rate of meaning that anybody receives.
    Source                              Niu, Zhang, arXiv 2401.13387, semantic capacity of the band-limited Gaussian
                                        channel.
    """
    for value, name, lowest in (
        (bandwidth_hz, "bandwidth_hz", 0.0),
        (noise_w_per_hz, "noise_w_per_hz", 0.0),
    ):
        if not (math.isfinite(value) and value > lowest):
            raise ValueError(f"{name} must be above {lowest:g}, got {value!r}")
    if not (math.isfinite(power_w) and power_w >= 0):
        raise ValueError(f"power_w must be >= 0, got {power_w!r}")
    if not (math.isfinite(synonymous_length) and synonymous_length >= 1):
        raise ValueError(f"synonymous_length must be >= 1, got {synonymous_length!r}")
    snr = power_w / (noise_w_per_hz * bandwidth_hz)
    return bandwidth_hz * (4.0 * math.log2(synonymous_length) + math.log1p(snr) / math.log(2.0))
