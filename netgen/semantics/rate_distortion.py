"""Rate-distortion with a distortion of meaning, also where both ends share a prior."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netgen.semantics.synonyms import Floats, as_distribution, class_masses

_STEEPEST = 1e6
_SAME_SLOPE = 1e-7
"""Two slopes that are as near as this, relatively, with two distortions, are the ends of a straight part."""


@dataclass(frozen=True, slots=True)
class RatePoint:
    """A point of a rate-distortion curve.

    Parameters
    ----------
    distortion : float                  Mean distortion.
    rate_bits : float, bit/symbol       Rate that suffices for it.
    gap_bits : float, bit/symbol        The true rate at this distortion lies at most this much below.
    slope : float, bit per distortion   Bits that a unit less of distortion costs here.
    """

    distortion: float
    rate_bits: float
    gap_bits: float
    slope: float


def rate_point(
    probabilities: ArrayLike,
    distortion: ArrayLike,
    slope: float,
    *,
    tolerance_bits: float = 1e-11,
    most_iterations: int = 4_000,
) -> RatePoint:
    """The point of a source's rate-distortion curve at which the curve has a slope.

    Parameters
    ----------
    probabilities : (n,) float          Distribution of the source.
    distortion : (n, m) float           d(x, x^) >= 0 of each symbol by each reproduction.
    slope : float                       Bits per unit of distortion, > 0.
    tolerance_bits : float, bit         Gap between the bounds at which the search ends.
    most_iterations : int               Steps at which it ends in any case; `gap_bits` says what is missing.

    Raises
    ------
    ValueError                          Not a distribution, distortions of another shape, negative or not finite, or a
                                        slope that is not above zero.

    Source                              Blahut, IEEE Trans. Inf. Theory 18(4), 1972, with its bounds.
    """
    p, d = _checked(probabilities, distortion)
    if not (np.isfinite(slope) and slope > 0):
        raise ValueError(f"slope must be above 0 bit per unit of distortion, got {slope!r}")
    least = d.min(axis=1, keepdims=True)
    weights = np.exp2(-slope * (d - least))
    q = np.full(d.shape[1], 1.0 / d.shape[1])
    gap_bits = np.inf
    for _ in range(most_iterations):
        sums = weights @ q
        pull = (p / sums) @ weights
        used = q * pull
        logs = np.log2(pull, out=np.zeros_like(pull), where=pull > 0)
        gap_bits = float(np.log2(pull.max()) - used @ logs)
        q = used / used.sum()
        if gap_bits < tolerance_bits:
            break
    kernel = weights * q / (weights @ q)[:, None]
    mean = float(p @ (kernel * d).sum(axis=1))
    output = p @ kernel
    ratio = np.divide(kernel, output, out=np.ones_like(kernel), where=kernel > 0)
    rate_bits = float(p @ (kernel * np.log2(ratio)).sum(axis=1))
    return RatePoint(mean, max(0.0, rate_bits), max(0.0, gap_bits), slope)


def rate_bits(probabilities: ArrayLike, distortion: ArrayLike, allowed: float) -> float:
    """R(D): least bits per symbol of a source at a mean distortion.

    Parameters
    ----------
    probabilities : (n,) float          Distribution of the source.
    distortion : (n, m) float           d(x, x^) >= 0.
    allowed : float                     Mean distortion D that is allowed.

    Raises
    ------
    ValueError                          As `rate_point`, or D is below the least that any reproduction reaches.
    """
    p, d = _checked(probabilities, distortion)
    return _at(lambda slope: rate_point(p, d, slope), float(p @ d.min(axis=1)), float((p @ d).min()), allowed)


def semantic_rate_bits(
    probabilities: ArrayLike, classes: ArrayLike, distortion: ArrayLike, allowed: float
) -> float:
    """R_s(D): least semantic bits per symbol at a mean distortion of the meaning.

    The minimum over p(x^ | x) of I(X~; X~') depends on what is made of each meaning alone, so it is the rate-distortion
    function of the meanings.

    Parameters
    ----------
    probabilities : (n,) float          Distribution of the symbols.
    classes : (n,) int                  Meaning of each symbol.
    distortion : (classes, m) float     d_s of each meaning by each meaning of the reproduction.
    allowed : float                     Mean distortion that is allowed.

    Source                              Jin, Liu, Liu, ACM MM 2025, Eq. 9 and 10.
    """
    return rate_bits(class_masses(probabilities, classes), distortion, allowed)


def conditional_rate_point(joint: ArrayLike, distortion: ArrayLike, slope: float) -> RatePoint:
    """The point of the conditional rate-distortion curve, given a prior at both ends, at a slope.

    Parameters
    ----------
    joint : (n, k) float                p(x, K): a column per state of the prior.
    distortion : (n, m) or (k, n, m)    d(x, x^), the same for all states or one for each (`indirect_distortion`).
    slope : float                       Bits per unit of distortion, > 0; the same in every state, which is optimal.

    Source                              Gray, Technical Report 6502-2, Stanford, 1972 (conditional rate-distortion);
                                        Jin, Liu, Liu, ACM MM 2025, Eq. 11.
    """
    states, distortions = _states(joint, distortion)
    points = [rate_point(p, d, slope) for (_, p), d in zip(states, distortions, strict=True)]
    shares = [share for share, _ in states]
    figures = np.array([[one.distortion, one.rate_bits, one.gap_bits] for one in points])
    mean, rate, gap = (float(value) for value in np.array(shares) @ figures)
    return RatePoint(mean, rate, gap, slope)


def conditional_rate_bits(joint: ArrayLike, distortion: ArrayLike, allowed: float) -> float:
    """R_K(D): least bits per symbol at a mean distortion when both ends know the prior K.

    Parameters and errors               As `conditional_rate_point` and `rate_bits`.
    """
    states, distortions = _states(joint, distortion)
    least = sum(share * float(p @ d.min(axis=1)) for (share, p), d in zip(states, distortions, strict=True))
    most = sum(share * float((p @ d).min()) for (share, p), d in zip(states, distortions, strict=True))
    return _at(lambda slope: conditional_rate_point(joint, distortion, slope), least, most, allowed)


def indirect_distortion(joint: ArrayLike, distortion: ArrayLike) -> Floats:
    """Distortion of an observation, when it is the unseen state behind it that counts: E[d(S, S^) | X = x].

    Parameters
    ----------
    joint : (states, n) float           p(s, x) of meaning and observation.
    distortion : (states, m) float      d(s, s^).

    Returns
    -------
    (n, m) float                        For `rate_bits` of the observation; zero rows for observations of mass 0.

    Source                              Dobrushin, Tsybakov, IRE Trans. Inf. Theory 8(5), 1962; Witsenhausen, IEEE
                                        Trans. Inf. Theory 26(5), 1980.
    """
    p = as_distribution(joint, "joint")
    d = np.asarray(distortion, dtype=np.float64)
    if p.ndim != 2 or d.ndim != 2 or len(d) != len(p):
        raise ValueError(
            f"joint and distortion must have a row per state, got shapes {p.shape} and {d.shape}"
        )
    masses = p.sum(axis=0)
    posterior = np.divide(p, masses, out=np.zeros_like(p), where=masses > 0)
    expected: Floats = posterior.T @ d
    return expected


def _checked(probabilities: ArrayLike, distortion: ArrayLike) -> tuple[Floats, Floats]:
    p, d = as_distribution(probabilities), np.asarray(distortion, dtype=np.float64)
    if p.ndim != 1 or d.ndim != 2 or d.shape[0] != len(p) or not d.shape[1]:
        raise ValueError(f"distortion must have a row for each of {p.shape} symbols, got the shape {d.shape}")
    if not np.isfinite(d).all() or (d < 0).any():
        raise ValueError(f"distortions must be >= 0 and finite, got a smallest of {float(d.min())!r}")
    return p, d


def _states(joint: ArrayLike, distortion: ArrayLike) -> tuple[list[tuple[float, Floats]], list[Floats]]:
    p, d = as_distribution(joint, "joint"), np.asarray(distortion, dtype=np.float64)
    if p.ndim != 2 or d.ndim not in (2, 3) or (d.ndim == 3 and len(d) != p.shape[1]):
        raise ValueError(
            f"joint must be p(x, K), distortion one matrix or one per K; got shapes {p.shape} and {d.shape}"
        )
    met = [number for number in range(p.shape[1]) if p[:, number].sum() > 0]
    states = [(float(p[:, number].sum()), p[:, number] / p[:, number].sum()) for number in met]
    return states, [d if d.ndim == 2 else d[number] for number in met]


def _at(point: Callable[[float], RatePoint], least: float, most: float, allowed: float) -> float:
    """Find the rate at a distortion: the slope is bisected, and a straight part of the curve interpolated."""
    if allowed >= most:
        return 0.0
    if not allowed >= least:
        raise ValueError(f"no reproduction reaches a mean distortion below {least:.6g}, got {allowed!r}")
    low, high = 1e-9, 1.0
    below, above = RatePoint(most, 0.0, 0.0, 0.0), point(high)
    while above.distortion > allowed and high < _STEEPEST:
        low, below, high = high, above, 2.0 * high
        above = point(high)
    if above.distortion > allowed:  # only a distortion of `least` itself needs an infinite slope
        return above.rate_bits
    for _ in range(60):
        middle = 0.5 * (low + high)
        one = point(middle)
        if one.distortion > allowed:
            low, below = middle, one
        else:
            high, above = middle, one
        if below.distortion - above.distortion < 1e-12 or high - low < _SAME_SLOPE * high:
            break
    width = below.distortion - above.distortion
    share = (allowed - above.distortion) / width if width > 0 else 0.0
    return above.rate_bits + share * (below.rate_bits - above.rate_bits)
