"""Mean over Rayleigh fading."""

import numpy as np
import pytest

from netgen.nr.fading import rayleigh_mean


def test_a_constant_stays():
    np.testing.assert_allclose(rayleigh_mean(np.full(100, 3.0), step_db=0.5), 3.0)


def test_one_jump_is_weighted_with_the_probability_to_be_above_it():
    """Values at 0, 10 and 20 dB, jumps half way: exp(-10^(0.5 - j)) and exp(-10^(1.5 - j))."""
    expected = [2.0 + 3.0 * np.exp(-(10 ** (0.5 - j))) + 4.0 * np.exp(-(10 ** (1.5 - j))) for j in range(3)]
    np.testing.assert_allclose(rayleigh_mean([2.0, 5.0, 9.0], step_db=10.0), expected)


def test_bad_tables_are_refused():
    with pytest.raises(ValueError, match="at least two"):
        rayleigh_mean([1.0], step_db=1.0)
    with pytest.raises(ValueError, match="step_db"):
        rayleigh_mean([1.0, 2.0], step_db=0.0)
