"""How many semantic bits of a scene are left in what was read of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from netgen.labelled.meaning import (
    ABSENT,
    ATTRIBUTES,
    BACKGROUNDS,
    PLACES,
    Meaning,
    scene_entropy_bits,
)
from netgen.semantics.estimation import Estimate, known_source_draws, of_draws

DRAWS = 1000
"""Draws behind an interval."""

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KeptMeaning:
    """What a representation keeps of the meaning of scenes.

    Parameters
    ----------
    bits : Estimate                     I(U~; U~_r) per scene, through this reader: a lower bound.
    fidelity, low, high : float         phi = bits over H_s, and its interval of 95 %.
    slots : dict                        Bits of the background, of what is there, and of each attribute, per scene.
    exact : float                       Share of scenes that were read without any error.
    """

    bits: Estimate
    fidelity: float
    low: float
    high: float
    slots: dict[str, float]
    exact: float


def kept_meaning(
    true: Sequence[Meaning], read: Sequence[Meaning], rng: np.random.Generator, *, draws: int = DRAWS
) -> KeptMeaning:
    """Estimate the semantic bits that are left, from scenes that were drawn from the declared distribution.

    The labels are independent, so the information of all of them together is at least the sum over the labels
    (I(U1, U2; R) >= I(U1; R1) + I(U2; R2) for independent U1 and U2), and of a place it is that of whether something is
    there, plus that of each attribute where something is; an object that was overlooked is a reading of its own. Places
    are counted together. The interval is of a Bayesian bootstrap over scenes.

    Parameters
    ----------
    true, read : sequences of Meaning   The same scenes, at least one, in the same order.
    rng : Generator                     For the bootstrap.
    draws : int                         Draws behind the interval.

    Raises
    ------
    ValueError                          No scenes, not as many readings, or too few for every label to have occurred.
    """
    if not true or len(true) != len(read):
        raise ValueError(f"needs as many readings as scenes, at least one; got {len(true)} and {len(read)}")
    weights = rng.standard_exponential((draws, len(true)))
    parts: dict[str, Counts] = {}
    background = np.full(len(BACKGROUNDS), 1 / len(BACKGROUNDS))
    parts["background"] = known_source_draws(_weighed(_backgrounds(true, read), weights), background, rng)
    there = known_source_draws(_weighed(_presences(true, read), weights), [ABSENT, 1 - ABSENT], rng)
    parts["there"] = PLACES * there
    for number, (name, values) in enumerate(ATTRIBUTES.items()):
        counts = _attribute(true, read, number, len(values))
        uniform = np.full(len(values), 1 / len(values))
        found = known_source_draws(_weighed(counts, weights), uniform, rng)
        parts[name] = PLACES * (1 - ABSENT) * found
    whole = sum(parts.values(), np.zeros(draws))
    bits = of_draws(whole, len(true))
    most = scene_entropy_bits()
    return KeptMeaning(
        bits=bits,
        fidelity=bits.bits / most,
        low=bits.low_bits / most,
        high=bits.high_bits / most,
        slots={name: float(np.median(part)) for name, part in parts.items()},
        exact=float(np.mean([one == other for one, other in zip(true, read, strict=True)])),
    )


def _weighed(counts: Counts, weights: Counts) -> Counts:
    """Sum (scenes, n, m) counts under (draws, scenes) weights."""
    weighed: Counts = np.tensordot(weights, counts, axes=1)
    return weighed


def _backgrounds(true: Sequence[Meaning], read: Sequence[Meaning]) -> Counts:
    counts = np.zeros((len(true), len(BACKGROUNDS), len(BACKGROUNDS)))
    for scene, (one, other) in enumerate(zip(true, read, strict=True)):
        counts[scene, one.background, other.background] = 1
    return counts


def _presences(true: Sequence[Meaning], read: Sequence[Meaning]) -> Counts:
    counts = np.zeros((len(true), 2, 2))
    for scene, (one, other) in enumerate(zip(true, read, strict=True)):
        for was, seen in zip(one.things, other.things, strict=True):
            counts[scene, int(was is not None), int(seen is not None)] += 1
    return counts


def _attribute(true: Sequence[Meaning], read: Sequence[Meaning], number: int, values: int) -> Counts:
    """Count readings of an attribute of objects that are there; the last column is "overlooked"."""
    counts = np.zeros((len(true), values, values + 1))
    for scene, (one, other) in enumerate(zip(true, read, strict=True)):
        for place, thing in one.objects():
            seen = other.things[place]
            column = values if seen is None else seen.values()[number]
            counts[scene, thing.values()[number], column] += 1
    return counts
