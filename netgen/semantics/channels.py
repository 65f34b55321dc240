"""Textbook channels, as matrices of p(y | x)."""

from __future__ import annotations

import numpy as np

from netgen.semantics.synonyms import Floats


def _probability(value: float, name: str) -> float:
    if not 0.0 <= value <= 1.0:
        raise ValueError(f"{name} must lie in 0..1, got {value!r}")
    return value


def binary_symmetric(crossover: float) -> Floats:
    """Return the binary symmetric channel, of capacity 1 - h(crossover)."""
    e = _probability(crossover, "crossover")
    return np.array([[1.0 - e, e], [e, 1.0 - e]])


def erasure(symbols: int, lost: float) -> Floats:
    """Return the channel that loses a symbol with probability `lost`; its capacity is (1 - lost) log2 symbols.

    The last output is the erasure.
    """
    e = _probability(lost, "lost")
    return np.hstack([(1.0 - e) * np.eye(symbols), np.full((symbols, 1), e)])


def noisy_typewriter(letters: int) -> Floats:
    """Return the channel that types the letter or the one after it, half and half, round the alphabet.

    Its capacity is log2(letters / 2) for an even number of letters (Cover, Thomas, Elements of Information Theory,
    section 7.1.3).
    """
    here = np.eye(letters)
    typed: Floats = 0.5 * here + 0.5 * np.roll(here, 1, axis=1)
    return typed


def deaf(inputs: int, outputs: int) -> Floats:
    """Return the channel whose output knows nothing of the input: uniform, of capacity 0."""
    return np.full((inputs, outputs), 1.0 / outputs)
