"""Synonymous mappings are checked, and sum what belongs together."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.semantics.synonyms import (
    as_channel,
    as_classes,
    as_distribution,
    class_masses,
    joint_class_masses,
    singletons,
)


def test_masses_are_sums_over_synonyms() -> None:
    """Two words for one meaning, one word for another; the numbers of the classes may have gaps."""
    np.testing.assert_array_equal(class_masses([0.2, 0.3, 0.5], [7, 7, 2]), [0.5, 0.5])


def test_joint_masses_are_sums_over_rows_and_columns() -> None:
    """Rows 0 and 1 mean the same, columns do not."""
    masses = joint_class_masses([[0.1, 0.2], [0.3, 0.1], [0.2, 0.1]], [0, 0, 1], [0, 1])
    np.testing.assert_allclose(masses, [[0.4, 0.3], [0.2, 0.1]], rtol=1e-15)


def test_singletons_change_nothing() -> None:
    """Every symbol for itself."""
    np.testing.assert_array_equal(class_masses([0.25, 0.75], singletons(2)), [0.25, 0.75])


@pytest.mark.parametrize("classes", [[0], [0, 1, 2], [0.5, 1.0], [-1, 0]])
def test_a_mapping_that_is_none_is_refused(classes: list[float]) -> None:
    """Wrong lengths, fractions, negative numbers."""
    with pytest.raises(ValueError, match="one whole number >= 0 for each of 2 symbols"):
        as_classes(classes, 2)


@pytest.mark.parametrize("given", [[0.5, 0.6], [-0.1, 1.1], [float("nan"), 1.0], []])
def test_a_distribution_that_is_none_is_refused(given: list[float]) -> None:
    """Sums, signs and NaN."""
    with pytest.raises(ValueError, match="must be >= 0 and sum to 1"):
        as_distribution(given)


def test_a_channel_that_is_none_is_refused() -> None:
    """The message names the row."""
    with pytest.raises(ValueError, match=r"transition\[1\] must be >= 0 and sum to 1"):
        as_channel([[0.5, 0.5], [0.5, 0.4]])
    with pytest.raises(ValueError, match="a row per input"):
        as_channel([0.5, 0.5])


def test_a_joint_distribution_has_two_sides() -> None:
    """A vector is refused."""
    with pytest.raises(ValueError, match="a matrix of p"):
        joint_class_masses([0.5, 0.5], [0, 1], [0])
