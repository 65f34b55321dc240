"""The four mutual informations of small joints, and what a path keeps."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.semantics.channels import binary_symmetric, deaf
from netgen.semantics.mutual_information import (
    kept_bits,
    mutual_information_bits,
    mutual_informations,
    through,
)


def test_the_four_differ_as_they_should() -> None:
    """X of four words in two meanings is received without error: by hand 0, 1, 2 and 3 bits."""
    found = mutual_informations(np.eye(4) / 4, [0, 0, 1, 1], [0, 0, 1, 1])
    assert (found.down_bits, found.meaning_bits, found.shannon_bits, found.up_bits) == (0.0, 1.0, 2.0, 3.0)


def test_without_synonyms_all_are_shannons() -> None:
    """Singleton classes."""
    joint = 0.5 * binary_symmetric(0.11)
    found = mutual_informations(joint, [0, 1], [0, 1])
    expected = mutual_information_bits(joint)
    assert expected == pytest.approx(0.5000840, abs=1e-6)
    assert found.down_bits == found.meaning_bits == found.up_bits == found.shannon_bits
    assert found.shannon_bits == pytest.approx(expected, abs=1e-15)


def test_steps_are_multiplied() -> None:
    """Two binary symmetric channels in a row are one."""
    np.testing.assert_allclose(
        through([binary_symmetric(0.1), binary_symmetric(0.2)]), binary_symmetric(0.26), rtol=1e-12
    )


def test_a_path_keeps_less_and_less() -> None:
    """Forwarding keeps all, a merge of two meanings half, noise some, a deaf step nothing."""
    merge = [[1, 0], [1, 0], [0, 1], [0, 1]]
    left = kept_bits([0.25] * 4, [np.eye(4), merge, binary_symmetric(0.11), deaf(2, 3)])
    np.testing.assert_allclose(left, [2, 2, 1, 0.500084, 0], atol=1e-6)


def test_steps_that_do_not_fit_are_refused() -> None:
    """Two outputs into three inputs."""
    with pytest.raises(ValueError, match=r"steps\[0\] has 2 outputs, but steps\[1\] has 3 inputs"):
        through([np.eye(2), np.eye(3)])
    with pytest.raises(ValueError, match="at least one"):
        through([])
