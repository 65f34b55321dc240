"""How bits are protected."""

from __future__ import annotations

import pytest

from netgen.errors import ModelRangeError
from netgen.linklevel.protection import Code, Protection


def test_text_takes_three_symbols_for_two_bits() -> None:
    """Turbo 1/3 on 4-QAM: 1.5 symbols a bit (Yin et al., GVSC, section III-A)."""
    text = Protection(Code.TURBO, 504, 1512, 2)
    assert text.symbols == 1.5 * text.info_bits
    assert text.efficiency == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((Code.TURBO, 100, 400, 2), "turbo code of rate 100/400"),
        ((Code.LDPC, 100, 1000, 2), "LDPC code of rate 0.100"),
        ((Code.LDPC, 100, 201, 2), "whole symbols"),
        ((Code.LDPC, 100, 200, 3), "3 bit per symbol"),
        ((Code.LDPC, 8, 16, 2), "at least 12"),
    ],
)
def test_what_no_code_does_is_refused(given: tuple[Code, int, int, int], message: str) -> None:
    """Named, with what is accepted."""
    with pytest.raises(ModelRangeError, match=message):
        Protection(*given)
