"""Laws of the information measures, for any distribution, mapping and channel."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from netgen.semantics.capacity import UpObjective, channel_capacity, semantic_capacity
from netgen.semantics.entropy import entropy_bits, semantic_entropy_bits
from netgen.semantics.mutual_information import kept_bits, mutual_informations
from netgen.semantics.synonyms import singletons

SLACK = 1e-9
MOST = 6


@st.composite
def distributions(draw: st.DrawFn, shape: tuple[int, ...]) -> np.ndarray:
    """Draw a distribution; zeros are likely."""
    weights = draw(hnp.arrays(float, shape, elements=st.sampled_from([0.0, 0.0, 1e-6, 0.1, 1.0, 3.0])))
    weights.flat[draw(st.integers(0, weights.size - 1))] += 1.0
    return weights / weights.sum()


@st.composite
def channels(draw: st.DrawFn, inputs: int, outputs: int) -> np.ndarray:
    """Draw a channel, or an action: rows are distributions."""
    return np.array([draw(distributions((outputs,))) for _ in range(inputs)])


def mappings(symbols: int) -> st.SearchStrategy[list[int]]:
    """Draw a synonymous mapping."""
    return st.lists(st.integers(0, symbols - 1), min_size=symbols, max_size=symbols)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_down_meaning_shannon_up(data: st.DataObject) -> None:
    """The order that models.md demands."""
    rows, columns = data.draw(st.integers(1, MOST)), data.draw(st.integers(1, MOST))
    joint = data.draw(distributions((rows, columns)))
    found = mutual_informations(joint, data.draw(mappings(rows)), data.draw(mappings(columns)))
    assert found.down_bits <= found.meaning_bits + SLACK
    assert -SLACK <= found.meaning_bits <= found.shannon_bits + SLACK
    assert found.shannon_bits <= found.up_bits + SLACK


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_meaning_has_no_more_entropy_than_its_words(data: st.DataObject) -> None:
    """0 <= H_s <= H."""
    symbols = data.draw(st.integers(1, 10))
    p, classes = data.draw(distributions((symbols,))), data.draw(mappings(symbols))
    assert 0.0 <= semantic_entropy_bits(p, classes) <= entropy_bits(p) + SLACK


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_semantic_bits_never_increase_along_a_path(data: st.DataObject) -> None:
    """Under any sequence of actions and channels, also of those that give out more symbols than they take in."""
    sizes = data.draw(st.lists(st.integers(1, MOST), min_size=2, max_size=5))
    p = data.draw(distributions((sizes[0],)))
    steps = [data.draw(channels(before, after)) for before, after in pairwise(sizes)]
    left = kept_bits(p, steps)
    assert left[0] <= entropy_bits(p) + SLACK
    assert (np.diff(left) <= SLACK).all()


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_up_is_concave_in_the_input(data: st.DataObject) -> None:
    """Half way between two distributions it is at least the mean of its values: so there is one maximum."""
    inputs, outputs = data.draw(st.integers(1, MOST)), data.draw(st.integers(1, MOST))
    up = UpObjective(
        data.draw(channels(inputs, outputs)), data.draw(mappings(inputs)), data.draw(mappings(outputs))
    )
    one, other = data.draw(distributions((inputs,))), data.draw(distributions((inputs,)))
    assert up.bits((one + other) / 2) >= (up.bits(one) + up.bits(other)) / 2 - SLACK


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_semantic_capacity_is_never_below_capacity(data: st.DataObject) -> None:
    """And equals it where every class is a singleton."""
    inputs, outputs = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 4))
    channel = data.draw(channels(inputs, outputs))
    shannon = channel_capacity(channel)
    alone = semantic_capacity(channel, singletons(inputs), singletons(outputs), most_iterations=2000)
    tolerance = SLACK + shannon.slack_bits + alone.slack_bits
    assert abs(alone.bits - shannon.bits) <= tolerance
    merged = semantic_capacity(
        channel, data.draw(mappings(inputs)), data.draw(mappings(outputs)), most_iterations=2000
    )
    assert merged.bits >= shannon.bits - tolerance - merged.slack_bits
    assert abs(float(merged.distribution.sum()) - 1.0) < SLACK
