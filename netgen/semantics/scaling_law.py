"""How the bits that remain once a generative prior is known fall with its size and its training data."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import ArrayLike

from netgen.errors import MissingDependencyError
from netgen.semantics.synonyms import Floats

_PARAMETERS = 5


@dataclass(frozen=True, slots=True)
class ScalingLaw:
    """H(X | K) = floor + size_scale * N^-size_exponent + data_scale * D^-data_exponent.

    Parameters
    ----------
    floor_bits : float, bit             What no size and no data takes away.
    size_scale, data_scale : float      Bits at one parameter, and at one example.
    size_exponent, data_exponent : float    How fast they fall, > 0.
    rms_error : float                   Root of the mean squared relative error of the fit.
    left_out_rms_error : float          The same when each point is foretold by a fit without it.
    size_exponent_interval, data_exponent_interval : (float, float)
                                        Range of 95 % of the exponents over fits of resampled residuals.
    """

    floor_bits: float
    size_scale: float
    size_exponent: float
    data_scale: float
    data_exponent: float
    rms_error: float
    left_out_rms_error: float
    size_exponent_interval: tuple[float, float]
    data_exponent_interval: tuple[float, float]

    def bits(self, parameters: ArrayLike, examples: ArrayLike) -> Floats:
        """Return H(X | K) in bits for models of given sizes and amounts of training data."""
        return _law(
            np.array(
                [self.floor_bits, self.size_scale, self.size_exponent, self.data_scale, self.data_exponent]
            ),
            np.asarray(parameters, dtype=np.float64),
            np.asarray(examples, dtype=np.float64),
        )


def fit_scaling_law(
    parameters: ArrayLike,
    examples: ArrayLike,
    remaining_bits: ArrayLike,
    rng: np.random.Generator,
    *,
    resamples: int = 100,
) -> ScalingLaw:
    """Fit the law to measured models.

    Least squares of the logarithms, from several starts, all five numbers positive.

    Parameters
    ----------
    parameters : (n,) float             Size of each model, > 0.
    examples : (n,) float               Training examples of each, > 0.
    remaining_bits : (n,) float, bit    H(X | K) on content that the model has not seen, > 0.
    rng : Generator                     For the resampling of residuals.
    resamples : int                     Fits behind the intervals.

    Raises
    ------
    ValueError                          Fewer than six points, fewer than three different sizes or amounts of data, or a
                                        value that is not above zero.
    MissingDependencyError              scipy is not installed.

    Valid for                           Interpolation between the measured models; beyond them it is a guess.
    Source                              Form: Hoffmann et al., arXiv 2203.15556, Eq. 2; that H(X | K) falls in this way:
                                        Jin, Liu, Liu, ACM MM 2025, section 3.4.
    """
    sizes, data, bits = _checked(parameters, examples, remaining_bits)
    best = _fitted(sizes, data, bits, _guesses(sizes, data, bits))
    residuals = np.log(bits / _law(best, sizes, data))
    again = [best]
    left_out = []
    for number in range(len(bits)):
        kept = np.arange(len(bits)) != number
        one = _fitted(sizes[kept], data[kept], bits[kept], again)
        left_out.append(float(_law(one, sizes[number], data[number])) / bits[number] - 1.0)
    spread = residuals * np.sqrt(
        len(bits) / (len(bits) - _PARAMETERS)
    )  # a fit is nearer to its points than the law is
    drawn = [
        _fitted(sizes, data, _law(best, sizes, data) * np.exp(rng.choice(spread, len(bits))), again)
        for _ in range(resamples)
    ]
    exponents = np.array(drawn)[:, [2, 4]]
    low, high = np.quantile(exponents, [0.025, 0.975], axis=0)
    floor, size_scale, size_exponent, data_scale, data_exponent = (float(value) for value in best)
    return ScalingLaw(
        floor_bits=floor,
        size_scale=size_scale,
        size_exponent=size_exponent,
        data_scale=data_scale,
        data_exponent=data_exponent,
        rms_error=float(np.sqrt(np.mean(np.expm1(residuals) ** 2))),
        left_out_rms_error=float(np.sqrt(np.mean(np.square(left_out)))),
        size_exponent_interval=(float(low[0]), float(high[0])),
        data_exponent_interval=(float(low[1]), float(high[1])),
    )


def _checked(
    parameters: ArrayLike, examples: ArrayLike, remaining_bits: ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return the points as arrays."""
    sizes, data, bits = (np.asarray(one, dtype=np.float64) for one in (parameters, examples, remaining_bits))
    if not sizes.shape == data.shape == bits.shape or sizes.ndim != 1 or len(bits) <= _PARAMETERS:
        raise ValueError(
            f"needs at least {_PARAMETERS + 1} models of (size, examples, bits), got {bits.shape}"
        )
    if not all(np.isfinite(one).all() and (one > 0).all() for one in (sizes, data, bits)):
        raise ValueError("sizes, examples and bits must be above zero and finite")
    if min(len(np.unique(sizes)), len(np.unique(data))) < 3:
        raise ValueError("needs at least three different sizes and three different amounts of data")
    return sizes, data, bits


def _law(values: Floats, sizes: Floats, data: Floats) -> Floats:
    floor, size_scale, size_exponent, data_scale, data_exponent = values
    total: Floats = floor + size_scale * sizes**-size_exponent + data_scale * data**-data_exponent
    return total


def _guesses(sizes: Floats, data: Floats, bits: Floats) -> list[Floats]:
    """Return starts: the floor at three heights, three exponents each, the scales from the middle of the data."""
    spread = bits.max() - bits.min() + 1e-6 * bits.max()
    found = []
    for share, size_exponent, data_exponent in product((0.5, 0.8, 0.95), (0.2, 0.5, 1.0), (0.2, 0.5, 1.0)):
        found.append(
            np.array(
                [
                    share * bits.min(),
                    0.5 * spread * np.median(sizes) ** size_exponent,
                    size_exponent,
                    0.5 * spread * np.median(data) ** data_exponent,
                    data_exponent,
                ]
            )
        )
    return found


def _fitted(sizes: Floats, data: Floats, bits: Floats, starts: list[Floats]) -> Floats:
    """Fit the logarithms of the five numbers, which keeps them positive."""
    try:
        least_squares = importlib.import_module("scipy.optimize").least_squares
    except ImportError as error:
        raise MissingDependencyError(
            "fitting a scaling law needs scipy, which is not installed; run: pip install netgen[solver]"
        ) from error

    def off(logs: Floats) -> Floats:
        missed: Floats = np.log(_law(np.exp(logs), sizes, data) / bits)
        return missed

    lowest, highest = np.log([1e-9, 1e-12, 1e-3, 1e-12, 1e-3]), np.log([1e9, 1e15, 4.0, 1e15, 4.0])
    fits = [
        least_squares(off, np.clip(np.log(one), lowest + 1e-6, highest - 1e-6), bounds=(lowest, highest))
        for one in starts
    ]
    best: Floats = np.exp(min(fits, key=lambda fit: float(fit.cost)).x)
    return best
