"""Semantic capacity of a discrete memoryless channel: the largest `up` mutual information over p(x).

`up` is H(X) + H(Y) - H_s(X~, Y~), a difference of concave functions of p(x), which in general might have several
maxima. For a given synonymous mapping it has not. With H(X, Y~) = H(X) + H(Y~ | X) written in two ways,

    up = H(Y) - H(Y~ | X) + H(X | X~, Y~):

H(Y) is concave in p(x), H(Y~ | X) linear, and a conditional entropy is concave in the joint distribution, which is
linear in p(x). So `up` is concave, ascent from anywhere finds its maximum, and the gradient says how far away that
still is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from netgen.semantics.entropy import surprise_sum_bits
from netgen.semantics.synonyms import (
    Classes,
    Floats,
    as_channel,
    as_classes,
    members,
    singletons,
)

_LEAST = 1e-300
_LEAST_INPUT = 1e-200
"""Inputs never vanish altogether: their products with transitions stay above the least that logarithms take."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """A capacity and the distribution that reaches it.

    Parameters
    ----------
    bits : float, bit/use               Value that is reached.
    distribution : (inputs,) float      p(x) that reaches it.
    slack_bits : float, bit/use         The capacity lies at most this much above `bits`: the largest of the gradient
                                        less its mean, which bounds a concave function.
    iterations : int                    Steps that were taken.
    """

    bits: float
    distribution: Floats
    slack_bits: float
    iterations: int


class UpObjective:
    """The `up` mutual information of a channel as a function of p(x), with its gradient.

    Parameters
    ----------
    transition : (n, m) float           p(y | x).
    x_classes : (n,) int                Meaning of each input.
    y_classes : (m,) int                Meaning of each output.
    """

    def __init__(self, transition: ArrayLike, x_classes: ArrayLike, y_classes: ArrayLike) -> None:
        self.transition = as_channel(transition)
        self.inputs, outputs = self.transition.shape
        self.x_classes: Classes = as_classes(x_classes, self.inputs, "x_classes")
        self._x_members = members(self.x_classes)
        self._to_meaning: Floats = self.transition @ members(as_classes(y_classes, outputs, "y_classes"))

    def bits(self, p: Floats) -> Floats:
        """Return `up` in bits for (..., n) distributions."""
        symbols_bits = surprise_sum_bits(p, axis=-1) + surprise_sum_bits(p @ self.transition, axis=-1)
        return symbols_bits - surprise_sum_bits(self._meaning_pairs(p), axis=(-2, -1))

    def slope(self, p: Floats) -> Floats:
        """Return the gradient of `up` in bits, less a constant: its mean over p is `up` itself."""
        logs = _log2(self._meaning_pairs(p))[..., self.x_classes, :]
        symbols = _log2(p) + _log2(p @ self.transition) @ self.transition.T
        pulled: Floats = np.einsum("xj,...xj->...x", self._to_meaning, logs) - symbols
        return pulled

    def _meaning_pairs(self, p: Floats) -> Floats:
        """Return the (..., x classes, y classes) masses of pairs of meanings."""
        masses: Floats = np.einsum("...x,xi,xj->...ij", p, self._x_members, self._to_meaning)
        return masses


def semantic_capacity(
    transition: ArrayLike,
    x_classes: ArrayLike,
    y_classes: ArrayLike,
    *,
    tolerance_bits: float = 1e-11,
    most_iterations: int = 20_000,
) -> Capacity:
    """Largest `up` mutual information of a channel over the distributions of its input.

    Multiplicative ascent. A step of one half never lowers `up` (relative to the entropy, H(X) and H(Y) are 1-smooth
    each, and -H_s is convex); a full step, which is Blahut's and Arimoto's where every class is a singleton, is taken
    where it does not lower it either.

    Parameters
    ----------
    transition : (n, m) float           p(y | x).
    x_classes : (n,) int                Meaning of each input.
    y_classes : (m,) int                Meaning of each output.
    tolerance_bits : float, bit         Slack at which the ascent ends.
    most_iterations : int               Steps at which it ends in any case; the slack says what may be missing.

    Raises
    ------
    ValueError                          Not a channel, or not one class per symbol.

    Source                              Niu, Zhang, arXiv 2401.13387, C_s for a given synonymous mapping; Arimoto, IEEE
                                        Trans. Inf. Theory 18(1), 1972; Blahut, ibid. 18(4), 1972; steps relative to an
                                        entropy: Bauschke, Bolte, Teboulle, Math. Oper. Res. 42(2), 2017.
    """
    up = UpObjective(transition, x_classes, y_classes)
    p: Floats = np.full(up.inputs, 1.0 / up.inputs)
    value, slope, steps = float(up.bits(p)), up.slope(p), 0
    while slope.max() - value > tolerance_bits and steps < most_iterations:
        moved = _moved(p, slope, 1.0)
        reached = float(up.bits(moved))
        if reached < value:
            moved = _moved(p, slope, 0.5)
            reached = float(up.bits(moved))
        p, value, slope, steps = moved, reached, up.slope(moved), steps + 1
    return Capacity(value, p, max(0.0, float(slope.max()) - value), steps)


def channel_capacity(transition: ArrayLike, *, tolerance_bits: float = 1e-11) -> Capacity:
    """Shannon's capacity of a discrete memoryless channel.

    Source                              Arimoto, IEEE Trans. Inf. Theory 18(1), 1972; Blahut, ibid. 18(4), 1972.
    """
    channel = as_channel(transition)
    inputs, outputs = channel.shape
    return semantic_capacity(channel, singletons(inputs), singletons(outputs), tolerance_bits=tolerance_bits)


def _log2(values: Floats) -> Floats:
    logs: Floats = np.log2(np.maximum(values, _LEAST))
    return logs


def _moved(p: Floats, slope_bits: Floats, step: float) -> Floats:
    moved = np.maximum(p * np.exp(step * np.log(2.0) * (slope_bits - slope_bits.max())), _LEAST_INPUT)
    normalised: Floats = moved / moved.sum()
    return normalised
