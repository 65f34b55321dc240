"""ATSC 3.0 physical-layer pipes: modulation and coding, net bit rate, required C/N."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import fsum, inf, isfinite
from types import MappingProxyType

from netgen.broadcast.atsc3_frame import FrameConfig
from netgen.broadcast.fading_limit import Channel, limit_db
from netgen.errors import ModelRangeError

__all__ = [
    "RATES_FIFTEENTHS",
    "Channel",
    "Constellation",
    "Pipe",
    "net_bit_rate_bps",
    "pipe_bit_rates_bps",
    "required_cn_db",
]

RATES_FIFTEENTHS = tuple(range(2, 14))
_OUTER_PARITY_BITS = MappingProxyType({64800: 192, 16200: 168})
_SHARE_SLACK = 1e-9


class Constellation(StrEnum):
    """Constellations of A/322; their points depend on the code rate, their sizes do not."""

    QPSK = "QPSK"
    QAM16 = "16QAM"
    QAM64 = "64QAM"
    QAM256 = "256QAM"
    QAM1024 = "1024QAM"
    QAM4096 = "4096QAM"

    @property
    def bits(self) -> int:
        """Coded bits per cell."""
        return 2 * (1 + list(Constellation).index(self))


@dataclass(frozen=True, slots=True)
class Pipe:
    """One physical-layer pipe: its modulation, its code and its share of the frame's cells.

    Parameters
    ----------
    constellation : Constellation       QPSK to 4096QAM.
    rate_fifteenths : int               Code rate in fifteenths, 2 to 13.
    cell_share : float                  Share of the frame's payload cells, above 0 up to 1.
    frame_bits : int                    FEC frame, 64800 or 16200 coded bits; 1024QAM and 4096QAM need 64800.

    Raises
    ------
    ModelRangeError                     A value or a combination that A/322 does not have.

    Source                              A/322 (forward error correction frames, outer BCH code of 192 or 168 bits).
    """

    constellation: Constellation
    rate_fifteenths: int
    cell_share: float = 1.0
    frame_bits: int = 64800

    def __post_init__(self) -> None:
        if self.constellation not in tuple(Constellation):
            legal = ", ".join(Constellation)
            raise ModelRangeError(f"constellation = {self.constellation!r} is not one of {legal}")
        object.__setattr__(self, "constellation", Constellation(self.constellation))
        if self.rate_fifteenths not in RATES_FIFTEENTHS:
            raise ModelRangeError(f"code rate {self.rate_fifteenths}/15 is not one of 2/15 to 13/15")
        if self.frame_bits not in _OUTER_PARITY_BITS:
            raise ModelRangeError(f"frame_bits = {self.frame_bits} is neither 64800 nor 16200")
        if self.frame_bits == 16200 and self.constellation.bits > 8:
            raise ModelRangeError(
                f"{self.constellation} is not defined with FEC frames of 16200 bits; use 64800"
            )
        if not 0.0 < self.cell_share <= 1.0:
            raise ModelRangeError(f"cell_share = {self.cell_share} is not above 0 and up to 1")

    @property
    def frame_payload_bits(self) -> int:
        """Payload bits of one FEC frame, baseband header included."""
        return self.frame_bits * self.rate_fifteenths // 15 - _OUTER_PARITY_BITS[self.frame_bits]

    @property
    def bits_per_cell(self) -> float:
        """Payload bits per cell, after both codes."""
        return self.constellation.bits * self.frame_payload_bits / self.frame_bits


def net_bit_rate_bps(frame: FrameConfig, pipe: Pipe, *, header_bits: int = 0) -> float:
    """Bit rate that one pipe offers, averaged over frames.

    Parameters
    ----------
    frame : FrameConfig                 Frame whose cells the pipes share.
    pipe : Pipe                         Modulation, code and share of the cells, rounded down to whole cells.
    header_bits : int                   Bits of each baseband packet that its header takes; 16 for a base field
                                        of two bytes.

    Returns
    -------
    float, bit/s                        32K, 1024 samples, SP12_2, 48 symbols, 256QAM 10/15: 28.05 Mbit/s.

    Raises
    ------
    ModelRangeError                     The header does not fit in a baseband packet.

    Valid for                           Long-term average: what whole FEC frames leave over in one frame of a
                                        hybrid time interleaver is not subtracted.
    Source                              A/322; formula of the public atsc3rate calculator (drmpeg/dtv-utils).
    """
    if not 0 <= header_bits < pipe.frame_payload_bits:
        raise ModelRangeError(f"header_bits = {header_bits} does not fit in {pipe.frame_payload_bits} bits")
    cells = int(frame.payload_cells * pipe.cell_share * (1.0 + 1e-15))
    coded_bits = cells * pipe.constellation.bits
    return coded_bits * (pipe.frame_payload_bits - header_bits) / pipe.frame_bits / frame.duration_s


def pipe_bit_rates_bps(
    frame: FrameConfig, pipes: Sequence[Pipe], *, header_bits: int = 0
) -> tuple[float, ...]:
    """Bit rates of several pipes that share the cells of one frame.

    Raises
    ------
    ModelRangeError                     The shares add up to more than 1.
    """
    together = fsum(pipe.cell_share for pipe in pipes)
    if together > 1.0 + _SHARE_SLACK:
        raise ModelRangeError(f"the cell shares of the pipes add up to {together}, more than 1")
    return tuple(net_bit_rate_bps(frame, pipe, header_bits=header_bits) for pipe in pipes)


def required_cn_db(
    constellation: Constellation,
    rate_fifteenths: int,
    *,
    channel: Channel = Channel.AWGN,
    rice_factor_db: float = 10.0,
) -> float:
    """C/N at which a pipe with FEC frames of 64800 bits is received quasi error free.

    Parameters
    ----------
    constellation : Constellation       QPSK to 4096QAM.
    rate_fifteenths : int               2 to 13.
    channel : Channel                   AWGN, Rice or Rayleigh (independent from cell to cell, unit mean power).
    rice_factor_db : float, dB          Only for Rice: direct to scattered power, at most 20 dB.

    Returns
    -------
    float, dB                           QPSK 10/15 over AWGN: 2.80 dB (A/327: 2.77 dB).

    Raises
    ------
    ModelRangeError                     Unknown code rate or Rice factor above 20 dB.

    Valid for                           Ideal channel estimation and synchronisation; add the receiver's own loss.
                                        ASSUMED: Rice lies between AWGN and Rayleigh at the fraction, in dB, at which
                                        the information limit of the same constellation size and payload rate lies
                                        (about 0.1 to 0.2 at a factor of 10 dB). ASSUMED: the 0.21 dB between
                                        simulation and A/327, known for four AWGN cells, holds for all cells and
                                        for Rayleigh.
    Source                              `atsc3_required_cn.csv`: own simulation of the A/322 codes plus 0.21 dB;
                                        ATSC A/327:2018 for the anchors.
    """
    cells = _required_cn()
    key = (Constellation(constellation), rate_fifteenths)
    if key not in cells:
        raise ModelRangeError(f"code rate {rate_fifteenths}/15 is not one of 2/15 to 13/15")
    awgn_db, rayleigh_db = cells[key]
    if channel == Channel.AWGN:
        return awgn_db
    if channel == Channel.RAYLEIGH:
        return rayleigh_db
    if not isfinite(rice_factor_db):
        return awgn_db if rice_factor_db > 0 else rayleigh_db
    pipe = Pipe(*key)
    bits = pipe.bits_per_cell
    size = pipe.constellation.bits
    still, faded, mixed = (
        limit_db(bits, size, rice_factor_db=factor) for factor in (inf, -inf, rice_factor_db)
    )
    return awgn_db + (rayleigh_db - awgn_db) * (mixed - still) / (faded - still)


@cache
def _required_cn() -> MappingProxyType[tuple[Constellation, int], tuple[float, float]]:
    """AWGN and Rayleigh C/N in dB by constellation and code rate."""
    text = (files("netgen.broadcast") / "atsc3_required_cn.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return MappingProxyType(
        {
            (Constellation(row["constellation"]), int(row["rate_fifteenths"])): (
                float(row["awgn_db"]),
                float(row["rayleigh_db"]),
            )
            for row in rows
        }
    )
