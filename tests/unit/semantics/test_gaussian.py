"""The Gaussian closed form."""

from __future__ import annotations

import math

import pytest

from netgen.semantics.gaussian import gaussian_semantic_capacity_bps


def test_singletons_give_shannon_hartley() -> None:
    """3000 Hz at 30 dB: 29,902 bit/s."""
    found = gaussian_semantic_capacity_bps(3000.0, 1000.0 * 3000.0, 1.0)
    assert found == pytest.approx(3000.0 * math.log2(1001.0), rel=1e-12)


def test_synonyms_add_four_doublings() -> None:
    """S = 2 adds 4 bit per hertz, whatever the noise, also at no power at all."""
    assert gaussian_semantic_capacity_bps(1e6, 0.0, 1e-9, synonymous_length=2.0) == 4e6
    more = gaussian_semantic_capacity_bps(1e6, 0.01, 1e-9, synonymous_length=2.0)
    assert more - gaussian_semantic_capacity_bps(1e6, 0.01, 1e-9) == pytest.approx(4e6, rel=1e-12)


@pytest.mark.parametrize(
    ("values", "length"), [((0, 1, 1), 1), ((1, -1, 1), 1), ((1, 1, 0), 1), ((1, 1, 1), 0.5)]
)
def test_values_outside_are_refused(values: tuple[float, float, float], length: float) -> None:
    """Each by its name."""
    with pytest.raises(ValueError, match="must be"):
        gaussian_semantic_capacity_bps(*values, synonymous_length=length)
