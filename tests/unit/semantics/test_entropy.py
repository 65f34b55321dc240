"""Entropies against hand-made values."""

from __future__ import annotations

import math

import pytest

from netgen.semantics.entropy import conditional_entropy_bits, entropy_bits, semantic_entropy_bits


def test_entropy_of_uniform_and_certain() -> None:
    """log2 n and 0."""
    assert entropy_bits([0.125] * 8) == 3.0
    assert entropy_bits([0.0, 1.0]) == 0.0


def test_synonyms_take_entropy_away() -> None:
    """Eight words of four meanings: two bits, not three."""
    assert semantic_entropy_bits([0.125] * 8, [0, 0, 1, 1, 2, 2, 3, 3]) == 2.0
    assert semantic_entropy_bits([0.125] * 8, [0] * 8) == 0.0


def test_a_prior_takes_entropy_away() -> None:
    """X is a byte's two bits, K one of them."""
    assert conditional_entropy_bits([[0.25, 0], [0.25, 0], [0, 0.25], [0, 0.25]]) == pytest.approx(
        1.0, abs=1e-15
    )
    assert conditional_entropy_bits([[0.5, 0], [0, 0.5]]) == 0.0


def test_the_chain_rule_holds_for_a_skewed_prior() -> None:
    """H(X | K) = sum p(k) H(X | k)."""
    joint = [[0.3, 0.1], [0.2, 0.4]]
    expected = 0.5 * -(0.6 * math.log2(0.6) + 0.4 * math.log2(0.4))
    expected += 0.5 * -(0.2 * math.log2(0.2) + 0.8 * math.log2(0.8))
    assert conditional_entropy_bits(joint) == pytest.approx(expected, abs=1e-12)
