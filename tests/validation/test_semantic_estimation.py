"""Estimators against sources of known information: bias and coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest

from netgen.rng import generator_from
from netgen.semantics.channels import binary_symmetric
from netgen.semantics.entropy import surprise_sum_bits
from netgen.semantics.estimation import (
    entropy_estimate,
    information_estimate,
    known_source_information,
)
from netgen.semantics.mutual_information import mutual_information_bits

TRIALS = 200


def symmetric(symbols: int, wrong: float) -> np.ndarray:
    """Return the q-ary symmetric channel."""
    return (1 - wrong - wrong / (symbols - 1)) * np.eye(symbols) + wrong / (symbols - 1)


def test_entropy_is_nearly_unbiased_and_covered() -> None:
    """16 values, 100 samples: counting alone is 0.11 bit low; corrected, less than 0.02, and intervals cover."""
    rng = generator_from(1)
    p = rng.dirichlet(np.full(16, 2.0))
    true = float(surprise_sum_bits(p))
    counts = rng.multinomial(100, p, size=TRIALS)
    found = [entropy_estimate(row, rng, resamples=200) for row in counts]
    plain = float(np.mean(surprise_sum_bits(counts / 100, axis=1)))
    assert plain < true - 0.08
    assert abs(np.mean([one.bits for one in found]) - true) < 0.02
    covered = np.mean([one.low_bits <= true <= one.high_bits for one in found])
    assert 0.84 <= covered <= 1.0


def test_information_is_nearly_unbiased_and_covered() -> None:
    """Six values through a channel of 10 % errors, 300 samples."""
    rng = generator_from(2)
    joint = symmetric(6, 0.1) / 6
    true = mutual_information_bits(joint)
    tables = rng.multinomial(300, joint.ravel(), size=TRIALS).reshape(-1, 6, 6)
    found = [information_estimate(table, rng, resamples=200) for table in tables]
    plain = float(np.mean([mutual_information_bits(table / 300) for table in tables]))
    assert plain > true + 0.03
    assert abs(np.mean([one.bits for one in found]) - true) < 0.02
    covered = np.mean([one.low_bits <= true <= one.high_bits for one in found])
    assert 0.84 <= covered <= 1.0


def test_no_information_is_not_taken_for_some() -> None:
    """Independent variables: counting alone claims 0.06 bit."""
    rng = generator_from(3)
    tables = rng.multinomial(300, np.full(36, 1 / 36), size=50).reshape(-1, 6, 6)
    assert np.mean([mutual_information_bits(table / 300) for table in tables]) > 0.04
    assert np.mean([information_estimate(table, rng, resamples=50).bits for table in tables]) < 0.015


@pytest.mark.parametrize("wrong", [0.0, 0.01, 0.1])
def test_a_known_source_is_covered(wrong: float) -> None:
    """Also when no error was met, where a bootstrap would claim certainty."""
    rng = generator_from(4)
    source = np.full(4, 0.25)
    joint = symmetric(4, wrong) / 4
    true = mutual_information_bits(joint)
    found = [
        known_source_information(
            np.array([rng.multinomial(60, row * 4) for row in joint]), source, rng, draws=300
        )
        for _ in range(TRIALS)
    ]
    covered = np.mean(
        [one.low_bits - 1e-9 <= true <= one.high_bits + (0.03 if wrong == 0 else 0) for one in found]
    )
    assert covered >= 0.84
    assert np.mean([one.high_bits - one.low_bits for one in found]) < 0.35
    assert abs(np.mean([one.bits for one in found]) - true) < 0.04


def test_a_skewed_source_counts_by_its_declared_shares() -> None:
    """As many samples of the rare value as of the common one say nothing of how often they are sent."""
    counts = np.round(1e6 * binary_symmetric(0.1))
    found = known_source_information(counts, [0.9, 0.1], generator_from(5))
    joint = np.array([0.9, 0.1])[:, None] * binary_symmetric(0.1)
    assert found.bits == pytest.approx(mutual_information_bits(joint), abs=1e-3)
    assert found.bits < 1 - (-0.1 * math.log2(0.1) - 0.9 * math.log2(0.9))


def test_what_is_malformed_is_refused() -> None:
    """Fractions, nothing, a value of the source that was never sent."""
    rng = generator_from(6)
    with pytest.raises(ValueError, match="whole numbers"):
        entropy_estimate([0.5, 1.5], rng)
    with pytest.raises(ValueError, match="not all zero"):
        information_estimate([[0, 0]], rng)
    with pytest.raises(ValueError, match="no sample of value 1"):
        known_source_information([[3, 0], [0, 0]], [0.5, 0.5], rng)
