"""How bits are protected on a link: a code, its rate and a constellation."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from netgen.errors import ModelRangeError


class Code(StrEnum):
    """Channel codes: the turbo code of LTE (rate 1/3 or 1/2), and the LDPC codes of 5G NR."""

    TURBO = "turbo"
    LDPC = "ldpc"


class Channel(StrEnum):
    """Channels of one antenna at each end; the receiver knows the gain.

    `awgn`: noise alone. `rayleigh-block`: one gain for a whole block. `rayleigh-fast`: one for each symbol, as after
    deep interleaving.
    """

    AWGN = "awgn"
    RAYLEIGH_BLOCK = "rayleigh-block"
    RAYLEIGH_FAST = "rayleigh-fast"


@dataclass(frozen=True, slots=True)
class Protection:
    """A code word on a constellation.

    Parameters
    ----------
    code : Code
    info_bits : int, bit                Payload of a block, check bits included.
    coded_bits : int, bit               What is sent of it; three or two times the payload for the turbo code.
    bits_per_symbol : int               Of square QAM: 2, 4, 6 or 8.
    """

    code: Code
    info_bits: int
    coded_bits: int
    bits_per_symbol: int

    def __post_init__(self) -> None:
        if self.bits_per_symbol not in (2, 4, 6, 8):
            raise ModelRangeError(f"{self.bits_per_symbol} bit per symbol; accepted: 2, 4, 6 or 8")
        if self.info_bits < 12 or self.coded_bits % self.bits_per_symbol:
            raise ModelRangeError(
                f"blocks of {self.info_bits} bit in {self.coded_bits}; at least 12, in whole symbols of "
                f"{self.bits_per_symbol} bit"
            )
        if self.code is Code.TURBO and self.coded_bits not in (3 * self.info_bits, 2 * self.info_bits):
            raise ModelRangeError(
                f"a turbo code of rate {self.info_bits}/{self.coded_bits}; accepted: 1/3 and 1/2"
            )
        if self.code is Code.LDPC and not 1 / 5 <= self.rate <= 0.95:
            raise ModelRangeError(f"an LDPC code of rate {self.rate:.3f}; accepted: 0.2 to 0.95")

    @property
    def rate(self) -> float:
        """Payload over what is sent."""
        return self.info_bits / self.coded_bits

    @property
    def symbols(self) -> int:
        """Symbols of a block."""
        return self.coded_bits // self.bits_per_symbol

    @property
    def efficiency(self) -> float:
        """Payload bits per symbol."""
        return self.info_bits / self.symbols
