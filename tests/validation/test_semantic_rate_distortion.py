"""Rate-distortion functions against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from netgen.semantics.channels import binary_symmetric
from netgen.semantics.rate_distortion import (
    conditional_rate_bits,
    indirect_distortion,
    rate_bits,
    rate_point,
    semantic_rate_bits,
)

HAMMING_2 = 1.0 - np.eye(2)


def h(p: float) -> float:
    """Binary entropy in bits."""
    return 0.0 if p in (0.0, 1.0) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


@pytest.mark.parametrize("allowed", [0.0, 0.01, 0.1, 0.25, 0.3, 0.5])
def test_a_binary_source(allowed: float) -> None:
    """h(p) - h(D) up to D = p (Cover, Thomas, 10.3.1)."""
    expected = max(0.0, h(0.3) - h(allowed)) if allowed < 0.3 else 0.0
    assert rate_bits([0.3, 0.7], HAMMING_2, allowed) == pytest.approx(expected, abs=1e-7)


@pytest.mark.parametrize("allowed", [0.05, 0.3, 0.7])
def test_a_uniform_source_of_many_meanings(allowed: float) -> None:
    """log2 k - h(D) - D log2(k - 1)."""
    k = 6
    expected = math.log2(k) - h(allowed) - allowed * math.log2(k - 1)
    assert rate_bits(np.full(k, 1 / k), 1 - np.eye(k), allowed) == pytest.approx(expected, abs=1e-7)


def test_synonyms_cost_nothing() -> None:
    """Eight words of two meanings need one bit at no distortion of the meaning, not three."""
    words = np.full(8, 1 / 8)
    meanings = [0, 0, 0, 0, 1, 1, 1, 1]
    assert semantic_rate_bits(words, meanings, HAMMING_2, 0.0) == pytest.approx(1.0, abs=1e-9)
    assert semantic_rate_bits(words, meanings, HAMMING_2, 0.11) == pytest.approx(1 - h(0.11), abs=1e-7)


def test_a_straight_part_of_a_curve() -> None:
    """Erasure distortion: R = 1 - D, one slope for every D (Cover, Thomas, problem 10.7)."""
    big = 1e2
    distortion = np.array([[0.0, big, 1.0], [big, 0.0, 1.0]])
    for allowed in (0.1, 0.5, 0.9):
        assert rate_bits([0.5, 0.5], distortion, allowed) == pytest.approx(1 - allowed, abs=1e-5)


@pytest.mark.parametrize("allowed", [0.0, 0.02, 0.1, 0.2])
def test_a_prior_that_is_a_noisy_copy(allowed: float) -> None:
    """X uniform, K its copy through a symmetric channel: R_K(D) = h(e) - h(D) up to D = e (Gray 1972)."""
    joint = 0.5 * binary_symmetric(0.2)
    expected = h(0.2) - h(allowed) if allowed < 0.2 else 0.0
    assert conditional_rate_bits(joint, HAMMING_2, allowed) == pytest.approx(expected, abs=1e-7)


def test_a_prior_that_is_sometimes_there() -> None:
    """K is X or an erasure: the rate is that of the erased share, all distortion spent there."""
    lost = 0.4
    joint = np.hstack([0.5 * (1 - lost) * np.eye(2), np.full((2, 1), 0.5 * lost)])
    assert conditional_rate_bits(joint, HAMMING_2, 0.04) == pytest.approx(lost * (1 - h(0.1)), abs=1e-7)


def test_a_prior_that_says_nothing_saves_nothing() -> None:
    """Independent of X."""
    joint = np.outer([0.3, 0.7], [0.5, 0.5])
    assert conditional_rate_bits(joint, HAMMING_2, 0.1) == pytest.approx(
        rate_bits([0.3, 0.7], HAMMING_2, 0.1), abs=1e-7
    )


def test_a_state_behind_an_observation() -> None:
    """S is seen through a symmetric channel: D = e + (1 - 2e) D', so R(D) = 1 - h((D - e) / (1 - 2e))."""
    noise, allowed = 0.1, 0.2
    joint = 0.5 * binary_symmetric(noise)
    seen = indirect_distortion(joint, HAMMING_2)
    expected = 1 - h((allowed - noise) / (1 - 2 * noise))
    assert rate_bits([0.5, 0.5], seen, allowed) == pytest.approx(expected, abs=1e-7)
    with pytest.raises(ValueError, match=r"below 0\.1"):
        rate_bits([0.5, 0.5], seen, 0.05)


def test_a_point_knows_its_slope_and_gap() -> None:
    """For h(p) - h(D) the slope is log2((1 - D) / D)."""
    point = rate_point([0.5, 0.5], HAMMING_2, slope=math.log2(9))
    assert point.distortion == pytest.approx(0.1, abs=1e-9)
    assert point.rate_bits == pytest.approx(1 - h(0.1), abs=1e-9)
    assert 0 <= point.gap_bits < 1e-10


def test_what_is_malformed_is_refused() -> None:
    """Shapes, signs, slopes."""
    with pytest.raises(ValueError, match="a row for each"):
        rate_bits([0.5, 0.5], [[0.0]], 0.1)
    with pytest.raises(ValueError, match=">= 0 and finite"):
        rate_bits([0.5, 0.5], -HAMMING_2, 0.1)
    with pytest.raises(ValueError, match="slope must be above 0"):
        rate_point([0.5, 0.5], HAMMING_2, 0.0)
    with pytest.raises(ValueError, match="one matrix or one per K"):
        conditional_rate_bits(0.5 * np.eye(2), np.zeros((3, 2, 2)), 0.1)
