"""LTE-based 5G terrestrial broadcast: numerology, transport blocks, net bit rate and required C/N."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from math import ceil, inf
from types import MappingProxyType

from netgen.broadcast.fading_limit import Channel, limit_db
from netgen.errors import ModelRangeError

_CHANNEL_BLOCKS = MappingProxyType({6_000_000: 30, 7_000_000: 35, 8_000_000: 40})
_BLOCK_HZ = 180_000.0
_CELL_ACQUISITION_PERIOD_MS = 40
_CHECK_BITS = 24
_LARGEST_CODE_BLOCK_BITS = 6144
_HIGHEST_CODE_RATE = 0.930
_CODE_GAP_DB = 1.0
_TBS_INDEX_64QAM = (*range(10), 9, *range(10, 16), *range(15, 27))
_TBS_INDEX_256QAM = (0, 2, 4, 6, 8, *range(10, 26), *range(27, 34))


class McsTable(StrEnum):
    """Tables from the MCS index to modulation and transport block size index."""

    UP_TO_64QAM = "64qam"
    UP_TO_256QAM = "256qam"


@dataclass(frozen=True, slots=True)
class Numerology:
    """Symbols of the multicast channel at one subcarrier spacing.

    Parameters
    ----------
    spacing_hz : float, Hz              Subcarrier spacing.
    useful_symbol_s, prefix_s : float, s    Symbol time without its cyclic prefix, and the prefix.
    symbols, subcarriers : int          Per transport interval, and per resource block of 180 kHz.
    reference_elements : float          Reference-signal elements per resource block and interval, on average.
    interval_ms : int, ms               Time of one transport block.

    Source                              3GPP TS 36.211, 6.10.2 and 6.12; see `lte_broadcast_numerology.csv`.
    """

    spacing_hz: float
    useful_symbol_s: float
    prefix_s: float
    symbols: int
    subcarriers: int
    reference_elements: float
    interval_ms: int


@dataclass(frozen=True, slots=True)
class MulticastConfig:
    """One physical multicast channel (PMCH) of a 5G broadcast carrier.

    Parameters
    ----------
    spacing : str                       "15kHz", "7.5kHz", "2.5kHz", "1.25kHz", "0.37kHz-sl2" or "0.37kHz-sl4".
    resource_blocks : int               30, 35, 40 (6, 7, 8 MHz) or an LTE bandwidth: 6, 15, 25, 50, 75, 100.
    mcs : int                           Index in the MCS table.
    mcs_table : McsTable                Up to 256QAM (36.213 Table 7.1.7.1-1A) or up to 64QAM (Table 7.1.7.1-1).
    share : float                       Share of the subframes left by cell acquisition that this channel
                                        fills, above 0 up to 1.
    control_symbols : int               Symbols of a 15 kHz subframe before the multicast region, 0 to 2; 0 on a
                                        carrier of its own and at other spacings.

    Raises
    ------
    ModelRangeError                     A value or a combination that does not exist, or a code rate above 0.930,
                                        which a receiver may refuse to decode.

    Valid for                           One layer. ASSUMED: the transport block of a 3 ms interval (0.37 kHz) is three
                                        times the table's entry. The MCS tables that Release 19 adds for
                                        0.37 kHz, and its time interleaver, are not modelled.
    Source                              3GPP TS 36.213 Tables 7.1.7.1-1, 7.1.7.1-1A, 7.1.7.2.1-1, clause 11.1;
                                        ETSI TS 103 720; code rate limit 36.213, 7.1.7.
    """

    spacing: str
    resource_blocks: int
    mcs: int
    mcs_table: McsTable = McsTable.UP_TO_256QAM
    share: float = 1.0
    control_symbols: int = 0

    def __post_init__(self) -> None:
        if self.spacing not in numerologies():
            raise ModelRangeError(f"spacing = {self.spacing!r} is not one of {', '.join(numerologies())}")
        legal = sorted(_transport_blocks()[0])
        if self.resource_blocks not in legal:
            raise ModelRangeError(f"resource_blocks = {self.resource_blocks} is not one of {legal}")
        highest = len(self._tbs_indices) - 1
        if not 0 <= self.mcs <= highest:
            raise ModelRangeError(f"mcs = {self.mcs} is outside 0 to {highest} of the table {self.mcs_table}")
        if not 0.0 < self.share <= 1.0:
            raise ModelRangeError(f"share = {self.share} is not above 0 and up to 1")
        if not 0 <= self.control_symbols <= (2 if self.spacing == "15kHz" else 0):
            raise ModelRangeError(
                f"control_symbols = {self.control_symbols} is not possible at {self.spacing}; 0 to 2 at 15kHz, else 0"
            )
        if self.code_rate > _HIGHEST_CODE_RATE:
            raise ModelRangeError(
                f"mcs {self.mcs} at {self.spacing} and {self.resource_blocks} resource blocks has code rate "
                f"{self.code_rate:.3f}, above {_HIGHEST_CODE_RATE}; use a lower mcs"
            )

    @property
    def numerology(self) -> Numerology:
        """Symbols of this channel."""
        return numerologies()[self.spacing]

    @property
    def guard_interval_s(self) -> float:
        """Cyclic prefix, the window in which transmitters of one network add."""
        return self.numerology.prefix_s

    @property
    def occupied_hz(self) -> float:
        """Bandwidth of all resource blocks."""
        return self.resource_blocks * _BLOCK_HZ

    @property
    def bits_per_symbol(self) -> int:
        """Coded bits per resource element: 2, 4, 6 or 8."""
        starts = (10, 17) if self.mcs_table == McsTable.UP_TO_64QAM else (5, 11, 20)
        return 2 + 2 * sum(self.mcs >= start for start in starts)

    @property
    def transport_block_bits(self) -> int:
        """Information bits of one transport interval."""
        index = self._tbs_indices[self.mcs]
        return _transport_blocks()[index][self.resource_blocks] * self.numerology.interval_ms

    @property
    def channel_bits(self) -> int:
        """Coded bits of one transport interval."""
        shape = self.numerology
        elements = (shape.symbols - self.control_symbols) * shape.subcarriers - shape.reference_elements
        return int(self.resource_blocks * elements) * self.bits_per_symbol

    @property
    def code_blocks(self) -> int:
        """Turbo code blocks of one transport block."""
        bits = self.transport_block_bits + _CHECK_BITS
        if bits <= _LARGEST_CODE_BLOCK_BITS:
            return 1
        return ceil(bits / (_LARGEST_CODE_BLOCK_BITS - _CHECK_BITS))

    @property
    def code_rate(self) -> float:
        """Bits entering the turbo code over coded bits, check bits included."""
        checks = _CHECK_BITS * (1 + (self.code_blocks if self.code_blocks > 1 else 0))
        return (self.transport_block_bits + checks) / self.channel_bits

    @property
    def net_bit_rate_bps(self) -> float:
        """Bit rate after the cell acquisition subframe, one of 40 on a broadcast carrier, and the share."""
        left = (_CELL_ACQUISITION_PERIOD_MS - 1) / _CELL_ACQUISITION_PERIOD_MS
        return self.transport_block_bits / (self.numerology.interval_ms * 1e-3) * left * self.share

    @property
    def spectral_efficiency_bps_per_hz(self) -> float:
        """Net bit rate over the occupied bandwidth."""
        return self.net_bit_rate_bps / self.occupied_hz

    @property
    def _tbs_indices(self) -> tuple[int, ...]:
        """Transport block size index by MCS."""
        return _TBS_INDEX_64QAM if self.mcs_table == McsTable.UP_TO_64QAM else _TBS_INDEX_256QAM


def blocks_for_channel(bandwidth_hz: float) -> int:
    """Resource blocks in a television channel: 30, 35, 40 in 6, 7, 8 MHz (`pmch-Bandwidth-r17`)."""
    if bandwidth_hz not in _CHANNEL_BLOCKS:
        raise ModelRangeError(f"bandwidth_hz = {bandwidth_hz} Hz is not one of 6e6, 7e6, 8e6")
    return _CHANNEL_BLOCKS[int(bandwidth_hz)]


def usable_mcs(
    spacing: str, resource_blocks: int, *, mcs_table: McsTable = McsTable.UP_TO_256QAM
) -> tuple[int, ...]:
    """Every MCS index whose code rate a receiver must accept."""
    usable = []
    for mcs in range(len(_TBS_INDEX_64QAM if mcs_table == McsTable.UP_TO_64QAM else _TBS_INDEX_256QAM)):
        try:
            MulticastConfig(spacing, resource_blocks, mcs, mcs_table)
        except ModelRangeError:
            if mcs == 0:
                raise
            continue
        usable.append(mcs)
    return tuple(usable)


def required_cn_db(
    config: MulticastConfig, *, channel: Channel = Channel.AWGN, rice_factor_db: float = 10.0
) -> float:
    """C/N at which a multicast channel is received with about 1 % of transport blocks lost.

    Parameters
    ----------
    config : MulticastConfig            Modulation and code rate are taken from it.
    channel : Channel                   AWGN, Rice or Rayleigh (independent from element to element, unit mean
                                        power).
    rice_factor_db : float, dB          Only for Rice: direct to scattered power, at most 20 dB.

    Returns
    -------
    float, dB                           Information limit of the Gray-labelled constellation at the code rate, plus
                                        1 dB.

    Raises
    ------
    ModelRangeError                     The Rice factor is above 20 dB.

    Valid for                           Ideal channel estimation; add the receiver's own loss. ASSUMED: the LTE turbo
                                        code stays 1.0 dB from the limit at all rates, sizes and channels. Own
                                        simulation (`waterfall.csv`, AWGN, one code block of 6144 bits, 8
                                        iterations): QPSK 1/3, 1/2 and 64QAM 1/2 reach 1 % at 0.9, 0.9, 1.05 dB; several
                                        blocks in one transport block cost about 0.1 dB more. Near this threshold
                                        use `WIDTH_TURBO_6144_DB` and 1e-2 in `frame_error_probability`.
    Source                              `limit_db`; 3GPP TS 36.212 turbo code.
    """
    factor = {Channel.AWGN: inf, Channel.RAYLEIGH: -inf, Channel.RICE: rice_factor_db}[Channel(channel)]
    information = config.code_rate * config.bits_per_symbol
    return limit_db(information, config.bits_per_symbol, rice_factor_db=factor) + _CODE_GAP_DB


@cache
def numerologies() -> MappingProxyType[str, Numerology]:
    """Every numerology by its name."""
    return MappingProxyType(
        {
            row["spacing"]: Numerology(
                spacing_hz=float(row["spacing_hz"]),
                useful_symbol_s=float(row["useful_us"]) * 1e-6,
                prefix_s=float(row["prefix_us"]) * 1e-6,
                symbols=int(row["symbols"]),
                subcarriers=int(row["subcarriers"]),
                reference_elements=float(row["reference_elements"]),
                interval_ms=int(row["interval_ms"]),
            )
            for row in _rows("lte_broadcast_numerology.csv")
        }
    )


@cache
def _transport_blocks() -> tuple[MappingProxyType[int, int], ...]:
    """Transport block bits by resource blocks, for every size index in turn."""
    return tuple(
        MappingProxyType(
            {
                int(name.removeprefix("blocks_")): int(bits)
                for name, bits in row.items()
                if name != "tbs_index"
            }
        )
        for row in _rows("lte_transport_block.csv")
    )


def _rows(name: str) -> list[dict[str, str]]:
    """Rows of a table of this package."""
    text = (files("netgen.broadcast") / name).read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
