"""Agreement of features."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.fidelity.correlation import agreement_of_features
from netgen.rng import generator_from


def test_it_is_the_correlation() -> None:
    one, other = generator_from(1).normal(size=(2, 5, 7))
    shown = one + 0.5 * other
    assert agreement_of_features(one, shown) == pytest.approx(np.corrcoef(one.ravel(), shown.ravel())[0, 1])


def test_scale_and_offset_do_not_count_and_opposites_are_zero() -> None:
    one = generator_from(2).normal(size=30)
    assert agreement_of_features(one, 3 * one + 4) == pytest.approx(1.0)
    assert agreement_of_features(one, -one) == 0.0


def test_flat_features() -> None:
    """They agree with themselves and with nothing else."""
    flat = np.ones(4)
    assert agreement_of_features(flat, flat) == 1.0
    assert agreement_of_features(flat, np.arange(4)) == 0.0


def test_shapes_must_agree() -> None:
    with pytest.raises(ValueError, match="equal shapes"):
        agreement_of_features(np.ones(3), np.ones(4))
