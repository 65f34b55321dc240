"""Semantic capacity against closed forms and a grid of all distributions."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from numpy.typing import NDArray

from netgen.rng import generator_from
from netgen.semantics.capacity import UpObjective, channel_capacity, semantic_capacity
from netgen.semantics.channels import binary_symmetric, deaf, erasure, noisy_typewriter
from netgen.semantics.mutual_information import mutual_informations
from netgen.semantics.synonyms import singletons

EXACT = 1e-9


def h(p: float) -> float:
    """Binary entropy in bits."""
    return 0.0 if p in (0.0, 1.0) else -p * math.log2(p) - (1 - p) * math.log2(1 - p)


@pytest.mark.parametrize("crossover", [0.0, 0.01, 0.11, 0.3, 0.5])
def test_the_binary_symmetric_channel(crossover: float) -> None:
    """1 - h(e) where every class is a singleton (Cover, Thomas, 7.1.4)."""
    found = semantic_capacity(binary_symmetric(crossover), [0, 1], [0, 1])
    assert found.bits == pytest.approx(1 - h(crossover), abs=EXACT)


@pytest.mark.parametrize(("symbols", "lost"), list(product((2, 3, 5), (0.0, 0.1, 0.9))))
def test_the_erasure_channel(symbols: int, lost: float) -> None:
    """(1 - e) log2 q (Cover, Thomas, 7.1.5)."""
    channel = erasure(symbols, lost)
    found = semantic_capacity(channel, singletons(symbols), singletons(symbols + 1))
    assert found.bits == pytest.approx((1 - lost) * math.log2(symbols), abs=EXACT)


def test_the_z_channel() -> None:
    """log2(1 + (1 - e) e^(e / (1 - e))): its best input is not uniform, so the iteration has something to do."""
    lost = 0.5
    found = channel_capacity([[1.0, 0.0], [lost, 1 - lost]])
    assert found.bits == pytest.approx(math.log2(1 + (1 - lost) * lost ** (lost / (1 - lost))), abs=EXACT)
    assert found.distribution[1] == pytest.approx(0.4, abs=1e-5)


@pytest.mark.parametrize("letters", [4, 8, 26])
def test_the_noisy_typewriter(letters: int) -> None:
    """log2(n / 2) without synonyms."""
    found = channel_capacity(noisy_typewriter(letters))
    assert found.bits == pytest.approx(math.log2(letters / 2), abs=EXACT)


@pytest.mark.parametrize("letters", [4, 6, 26])
def test_the_noisy_typewriter_with_synonyms(letters: int) -> None:
    """Neighbours in pairs mean the same at both ends.

    With a share a of each pair on the first letter, the meaning moves on with probability (1 - a) / 2, and
    up = log2(n / 2) + h(a) + 1 - h((1 - a) / 2). It is largest where ((1 - a) / a)^2 (1 + a) / (1 - a) = 1, at
    a = 1 / sqrt 2.
    """
    pairs = np.arange(letters) // 2
    best = 1 / math.sqrt(2)
    expected = math.log2(letters / 2) + h(best) + 1 - h((1 - best) / 2)
    found = semantic_capacity(noisy_typewriter(letters), pairs, pairs)
    assert found.bits == pytest.approx(expected, abs=EXACT)
    assert found.bits > channel_capacity(noisy_typewriter(letters)).bits + 1


@pytest.mark.parametrize(
    ("symbols", "meanings", "lost"), [(4, 2, 0.3), (6, 2, 0.5), (6, 3, 0.1), (4, 4, 0.2)]
)
def test_the_erasure_channel_with_synonyms(symbols: int, meanings: int, lost: float) -> None:
    """Up = H(X | X~) + (1 - e) H(X), so C_s = log2(q / k) + (1 - e) log2 q; an erasure means itself."""
    classes = np.arange(symbols) * meanings // symbols
    found = semantic_capacity(erasure(symbols, lost), classes, [*classes, meanings])
    assert found.bits == pytest.approx(
        math.log2(symbols / meanings) + (1 - lost) * math.log2(symbols), abs=EXACT
    )


@pytest.mark.parametrize("crossover", [0.0, 0.11, 0.5])
def test_a_binary_symmetric_meaning_with_a_free_form(crossover: float) -> None:
    """The form of a word is lost, its meaning crosses a symmetric channel: C = 1 - h(e), C_s = 3 - h(e)."""
    channel = np.kron(binary_symmetric(crossover), deaf(2, 2))
    found = semantic_capacity(channel, [0, 0, 1, 1], [0, 0, 1, 1])
    assert found.bits == pytest.approx(3 - h(crossover), abs=EXACT)
    assert channel_capacity(channel).bits == pytest.approx(1 - h(crossover), abs=EXACT)


def test_no_capacity_and_yet_semantic_capacity() -> None:
    """The paper's channel with C = 0 and C_s > 0 (Jin, Liu, Liu, ACM MM 2025, section 3.2.2).

    All four outputs are synonyms: C_s = log2 4. But whoever listens learns nothing of what was meant, and the ledger's
    `meaning` says so.
    """
    channel = deaf(2, 4)
    found = semantic_capacity(channel, [0, 1], [0, 0, 0, 0])
    assert channel_capacity(channel).bits == pytest.approx(0.0, abs=EXACT)
    assert found.bits == pytest.approx(2.0, abs=EXACT)
    joint = found.distribution[:, None] * channel
    assert mutual_informations(joint, [0, 1], [0, 0, 0, 0]).meaning_bits == pytest.approx(0.0, abs=EXACT)


def random_case(seed: int, inputs: int) -> tuple[NDArray[np.float64], list[int], list[int]]:
    """Draw a channel with sharp and flat rows, and two mappings."""
    rng = generator_from(seed, inputs)
    outputs = int(rng.integers(2, 5))
    channel = rng.dirichlet(np.full(outputs, rng.choice([0.2, 1.0])), size=inputs)
    return channel, list(rng.integers(0, 2, inputs)), list(rng.integers(0, 2, outputs))


@pytest.mark.parametrize(("seed", "inputs"), list(product(range(8), (2, 3))))
def test_no_point_of_a_grid_is_better(seed: int, inputs: int) -> None:
    """All distributions in steps of a hundredth: none beats the ascent, and the best of them comes close."""
    channel, x_classes, y_classes = random_case(seed, inputs)
    steps = 100
    points = [point for point in product(range(steps + 1), repeat=inputs - 1) if sum(point) <= steps]
    grid = np.array([(*point, steps - sum(point)) for point in points]) / steps
    best = float(UpObjective(channel, x_classes, y_classes).bits(grid).max())
    found = semantic_capacity(channel, x_classes, y_classes).bits
    assert best <= found + 1e-12
    assert best >= found - 2e-3


@pytest.mark.parametrize(("seed", "inputs"), list(product(range(40), (2, 4, 7))))
def test_the_slack_proves_the_maximum(seed: int, inputs: int) -> None:
    """Next to nothing is missing at most, whatever the channel; on flat maxima the ascent is slow."""
    found = semantic_capacity(*random_case(seed, inputs))
    assert found.slack_bits < 1e-4
    assert abs(found.distribution.sum() - 1) < EXACT
