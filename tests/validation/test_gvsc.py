"""The channel bandwidth ratios of GVSC, recomputed (Yin et al., sections III.A and IV.B)."""

import pytest

from netgen.linklevel.gvsc import SAMPLES, SCHEMES, Scheme
from netgen.linklevel.protection import Code, Protection


def digits(printed: float) -> int:
    """Decimals that a figure is printed with."""
    return len(f"{printed:g}".partition(".")[2])


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.name)
def test_ratios_are_those_that_are_printed(scheme: Scheme) -> None:
    """To the decimals that the paper prints: 0.0007, 0.001, 0.003, 0.0057."""
    assert round(scheme.bandwidth_ratio, digits(scheme.printed_ratio)) == scheme.printed_ratio


def test_symbols_are_those_that_are_printed() -> None:
    """1147.56 for the text alone, 2171.56 with a sketch."""
    assert SCHEMES[0].symbols == pytest.approx(1147.56, abs=0.005)
    assert SCHEMES[1].symbols == pytest.approx(2171.56, abs=0.005)
    assert Protection(Code.TURBO, 504, 1512, 2).symbols / 504 == 1.5
    assert SAMPLES == 1_572_864
