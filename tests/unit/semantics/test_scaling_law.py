"""The fit of the scaling law finds what made the points."""

from __future__ import annotations

import numpy as np
import pytest

from netgen.rng import generator_from
from netgen.semantics.scaling_law import fit_scaling_law

SIZES, DATA = (one.ravel() for one in np.meshgrid([1e3, 1e4, 1e5, 1e6], [1e4, 1e5, 1e6, 1e7]))


def law(sizes: np.ndarray, data: np.ndarray) -> np.ndarray:
    """Return a law of known exponents."""
    return 1.5 + 8.0 * sizes**-0.35 + 30.0 * data**-0.4


def test_exact_points_give_the_law_back() -> None:
    """To the digits of the optimiser."""
    found = fit_scaling_law(SIZES, DATA, law(SIZES, DATA), generator_from(1), resamples=5)
    assert found.size_exponent == pytest.approx(0.35, rel=1e-3)
    assert found.data_exponent == pytest.approx(0.4, rel=1e-3)
    assert found.floor_bits == pytest.approx(1.5, rel=1e-3)
    assert found.rms_error < 1e-5
    np.testing.assert_allclose(found.bits([2e5], [3e6]), law(np.array([2e5]), np.array([3e6])), rtol=1e-4)


def test_noise_widens_the_intervals_around_the_truth() -> None:
    """One percent of noise, ten times: most intervals hold the exponents; points left out are missed by more."""
    held = 0
    for seed in range(10):
        rng = generator_from(2, seed)
        bits = law(SIZES, DATA) * np.exp(rng.normal(0, 0.01, len(SIZES)))
        found = fit_scaling_law(SIZES, DATA, bits, rng, resamples=30)
        assert 0.002 < found.rms_error < 0.015
        assert found.left_out_rms_error > found.rms_error
        for interval, true in ((found.size_exponent_interval, 0.35), (found.data_exponent_interval, 0.4)):
            held += interval[0] < true < interval[1]
    assert held >= 15


@pytest.mark.parametrize(
    ("sizes", "message"),
    [(SIZES[:5], "at least 6"), (np.full(16, 1e3), "three different"), (-SIZES, "above zero")],
)
def test_what_cannot_be_fitted_is_refused(sizes: np.ndarray, message: str) -> None:
    """Too few, too alike, negative."""
    count = len(sizes)
    with pytest.raises(ValueError, match=message):
        fit_scaling_law(sizes, DATA[:count], law(SIZES, DATA)[:count], generator_from(3))
