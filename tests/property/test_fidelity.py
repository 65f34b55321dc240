"""Laws of estimates of fidelity and of their calibration, whatever the pictures and the pairs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from netgen.fidelity.correlation import agreement_of_features
from netgen.fidelity.curve import Pair, fitted_curve
from netgen.fidelity.described_places import kappa
from netgen.fidelity.segmentation import adjusted_rand_index
from netgen.rng import generator_from

UNIT = st.floats(0, 1)
WORDS = arrays.arrays(np.int8, (6, 5), elements=st.integers(0, 3))
PARTS = arrays.arrays(np.int64, (6, 5), elements=st.integers(0, 3))
FEATURES = arrays.arrays(np.float64, (4, 6), elements=st.floats(-1e3, 1e3))


@st.composite
def pairs(draw: st.DrawFn) -> list[Pair]:
    """At least four variants, each with up to five settings, and two different estimates among them."""
    found = []
    for number in range(draw(st.integers(4, 7))):
        for _ in range(draw(st.integers(1, 5))):
            low, fidelity, high = sorted(draw(st.tuples(UNIT, UNIT, UNIT)))
            found.append(Pair(f"v{number}", draw(UNIT), fidelity, low, high))
    return [*found, Pair("v0", 0.25, 0.5, 0.4, 0.6), Pair("v0", 0.75, 0.5, 0.4, 0.6)]


@given(pairs(), UNIT, UNIT)
@settings(max_examples=25)
def test_calibrated_fidelity_lies_in_its_interval_and_never_falls(
    found: list[Pair], one: float, other: float
):
    curve = fitted_curve("any-v1", found, ceiling=1.0, rng=generator_from(1), draws=10)
    first, second = (curve.calibrated(estimate) for estimate in sorted((one, other)))
    assert first.fidelity <= second.fidelity + 1e-12
    for told in (first, second):
        assert 0 <= told.low <= told.fidelity + 1e-12
        assert told.fidelity - 1e-12 <= told.high <= 1


@given(pairs(), st.randoms(use_true_random=False))
@settings(max_examples=15)
def test_the_order_of_pairs_does_not_matter_to_the_curve(found: list[Pair], shuffle):
    turned = list(found)
    shuffle.shuffle(turned)
    one, other = (
        fitted_curve("any-v1", some, ceiling=1.0, rng=generator_from(1), draws=5) for some in (found, turned)
    )
    assert one.fidelity == pytest.approx(other.fidelity, abs=1e-4)


@given(FEATURES, FEATURES)
def test_agreement_of_features_is_symmetric_and_between_0_and_1(one, other):
    found = agreement_of_features(one, other)
    assert 0 <= found <= 1
    assert found == pytest.approx(agreement_of_features(other, one))
    assert agreement_of_features(one, one) == 1


@given(WORDS, WORDS)
def test_kappa_is_symmetric_and_one_for_equal_words(one, other):
    assert kappa(one, other) == pytest.approx(kappa(other, one))
    assert kappa(one, other) <= 1
    assert kappa(one, one) == pytest.approx(1)


@given(PARTS, PARTS, st.permutations(range(4)))
def test_names_of_regions_do_not_matter(one, other, names):
    found = adjusted_rand_index(one, other)
    assert found <= 1 + 1e-12
    assert found == pytest.approx(adjusted_rand_index(other, one))
    assert found == pytest.approx(adjusted_rand_index(np.array(names)[one], other))
    assert adjusted_rand_index(one, np.array(names)[one]) == pytest.approx(1)
