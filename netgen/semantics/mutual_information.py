"""The mutual information of two symbols and the three semantic ones, which are different quantities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from netgen.semantics.entropy import surprise_sum_bits
from netgen.semantics.synonyms import (
    Floats,
    as_channel,
    as_distribution,
    joint_class_masses,
)


@dataclass(frozen=True, slots=True)
class MutualInformations:
    """What two symbols tell of each other, in bits; always down <= meaning <= shannon <= up.

    Parameters
    ----------
    down_bits : float                   H_s(X~) + H_s(Y~) - H(X, Y); may be negative.
    meaning_bits : float                H_s(X~) + H_s(Y~) - H_s(X~, Y~) = I(X~; Y~): what is known of the meaning. It is
                                        the unit of netgen's ledger.
    shannon_bits : float                H(X) + H(Y) - H(X, Y) = I(X; Y).
    up_bits : float                     H(X) + H(Y) - H_s(X~, Y~); its maximum over p(x) is the semantic capacity.
    """

    down_bits: float
    meaning_bits: float
    shannon_bits: float
    up_bits: float


def mutual_informations(joint: ArrayLike, x_classes: ArrayLike, y_classes: ArrayLike) -> MutualInformations:
    """All four mutual informations of a joint distribution.

    Parameters
    ----------
    joint : (n, m) float                p(x, y).
    x_classes : (n,) int                Meaning of each x.
    y_classes : (m,) int                Meaning of each y.

    Raises
    ------
    ValueError                          Not a distribution, or not one class per symbol.

    Source                              Niu, Zhang, arXiv 2401.13387 (up and down); Jin, Liu, Liu, ACM MM 2025, Eq. 5,
                                        is `meaning`, its Eq. 6 holds for `up`.
    """
    p = as_distribution(joint, "joint")
    meanings = joint_class_masses(p, x_classes, y_classes)
    symbols_bits = float(surprise_sum_bits(p.sum(axis=1)) + surprise_sum_bits(p.sum(axis=0)))
    meanings_bits = float(surprise_sum_bits(meanings.sum(axis=1)) + surprise_sum_bits(meanings.sum(axis=0)))
    pair_bits, meaning_pair_bits = float(surprise_sum_bits(p)), float(surprise_sum_bits(meanings))
    return MutualInformations(
        down_bits=meanings_bits - pair_bits,
        meaning_bits=meanings_bits - meaning_pair_bits,
        shannon_bits=symbols_bits - pair_bits,
        up_bits=symbols_bits - meaning_pair_bits,
    )


def mutual_information_bits(joint: ArrayLike) -> float:
    """I(X; Y) in bits of a joint distribution p(x, y); never below zero."""
    p = as_distribution(joint, "joint")
    sides = surprise_sum_bits(p.sum(axis=1)) + surprise_sum_bits(p.sum(axis=0))
    return max(0.0, float(sides - surprise_sum_bits(p)))


def through(steps: Sequence[ArrayLike]) -> Floats:
    """Return the channel of several steps one after the other: the product of their matrices p(out | in).

    Raises
    ------
    ValueError                          No steps, a step that is no channel, or steps that do not fit each other.
    """
    channels = [as_channel(step, f"steps[{number}]") for number, step in enumerate(steps)]
    if not channels:
        raise ValueError("steps must hold at least one channel")
    for number, (before, after) in enumerate(pairwise(channels)):
        if before.shape[1] != after.shape[0]:
            raise ValueError(
                f"steps[{number}] has {before.shape[1]} outputs, but steps[{number + 1}] has {after.shape[0]} inputs"
            )
    return reduce(np.matmul, channels)


def kept_bits(probabilities: ArrayLike, steps: Sequence[ArrayLike]) -> Floats:
    """Semantic bits that are left after each step of a path: actions and channels as matrices p(out | in).

    Parameters
    ----------
    probabilities : (n,) float          Distribution of the meanings that enter.
    steps : sequence of matrices        What each step makes of what it is given.

    Returns
    -------
    (1 + steps,) float, bit             I(U~; U~_r) at the start, where it is H_s, and after each step: it never
                                        rises (data-processing inequality).
    """
    p = as_distribution(probabilities)
    state = np.diag(p)
    left = [mutual_information_bits(state)]
    if len(steps):
        through(steps)  # says which step does not fit
    for step in steps:
        state = state @ as_channel(step)
        left.append(mutual_information_bits(state / state.sum()))
    return np.array(left)
