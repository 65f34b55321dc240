"""Textbook channels are channels."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.semantics.channels import binary_symmetric, deaf, erasure, noisy_typewriter
from netgen.semantics.synonyms import as_channel


def test_rows_are_distributions() -> None:
    """All of them."""
    for channel in (binary_symmetric(0.3), erasure(5, 0.2), noisy_typewriter(26), deaf(3, 4)):
        np.testing.assert_allclose(as_channel(channel).sum(axis=1), 1.0, atol=1e-12)


def test_the_typewriter_goes_round() -> None:
    """Z is typed as z or a."""
    np.testing.assert_array_equal(noisy_typewriter(3), [[0.5, 0.5, 0], [0, 0.5, 0.5], [0.5, 0, 0.5]])


def test_probabilities_are_checked() -> None:
    """Named."""
    with pytest.raises(ValueError, match=r"lost must lie in 0\.\.1"):
        erasure(2, 1.5)
