"""Resource grid of an NR carrier: subcarrier spacing, resource blocks, slots, and what control takes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from netgen.errors import ModelRangeError

SUBCARRIERS_PER_BLOCK = 12
SYMBOLS_PER_SLOT = 14
ELEMENTS_PER_BLOCK_SLOT = SUBCARRIERS_PER_BLOCK * SYMBOLS_PER_SLOT

_MHZ = 1e6
RESOURCE_BLOCKS: Mapping[int, Mapping[int, int]] = MappingProxyType(
    {
        15: MappingProxyType(
            {5: 25, 10: 52, 15: 79, 20: 106, 25: 133, 30: 160, 35: 188, 40: 216, 45: 242, 50: 270}
        ),
        30: MappingProxyType(
            {5: 11, 10: 24, 15: 38, 20: 51, 25: 65, 30: 78, 35: 92, 40: 106, 45: 119, 50: 133}
            | {60: 162, 70: 189, 80: 217, 90: 245, 100: 273}
        ),
    }
)
"""Resource blocks by subcarrier spacing (kHz) and channel bandwidth (MHz), frequency range 1.

Source: TS 38.101-1 Table 5.3.2-1, as three independent public transcriptions of it agree (the
specification itself was not read).
"""


@dataclass(frozen=True, slots=True)
class Numerology:
    """Resource grid of one downlink carrier in frequency range 1, normal cyclic prefix.

    Parameters
    ----------
    subcarrier_spacing_hz : float, Hz       15e3 or 30e3.
    bandwidth_hz : float, Hz                Channel bandwidth, 5e6 to 50e6 (15 kHz) or 5e6 to 100e6 (30 kHz).

    Raises
    ------
    ModelRangeError                         Table 5.3.2-1 has no such carrier; names the bandwidths it has.

    Source                                  TS 38.211 clauses 4.2 and 4.3.2; TS 38.101-1 Table 5.3.2-1.
    """

    subcarrier_spacing_hz: float
    bandwidth_hz: float

    def __post_init__(self) -> None:
        counts = RESOURCE_BLOCKS.get(_whole(self.subcarrier_spacing_hz / 1e3))
        if counts is None:
            raise ModelRangeError(
                f"subcarrier_spacing_hz = {self.subcarrier_spacing_hz} Hz is not available; "
                f"accepted: 15e3 or 30e3"
            )
        if _whole(self.bandwidth_hz / _MHZ) not in counts:
            accepted = ", ".join(str(megahertz) for megahertz in counts)
            raise ModelRangeError(
                f"bandwidth_hz = {self.bandwidth_hz} Hz is not a carrier of TS 38.101-1 at "
                f"{self.subcarrier_spacing_hz} Hz spacing; accepted: {accepted} MHz"
            )

    @property
    def resource_blocks(self) -> int:
        """Resource blocks of the carrier."""
        return RESOURCE_BLOCKS[_whole(self.subcarrier_spacing_hz / 1e3)][_whole(self.bandwidth_hz / _MHZ)]

    @property
    def slots_per_s(self) -> float:
        """Slots in one second: 1000 at 15 kHz, 2000 at 30 kHz."""
        return self.subcarrier_spacing_hz / 15.0

    @property
    def slot_s(self) -> float:
        """Length of a slot, s."""
        return 15.0 / self.subcarrier_spacing_hz

    @property
    def block_hz(self) -> float:
        """Width of one resource block, Hz."""
        return SUBCARRIERS_PER_BLOCK * self.subcarrier_spacing_hz

    @property
    def occupied_hz(self) -> float:
        """Width of all resource blocks, Hz; noise and transmitted power are spread over it."""
        return self.resource_blocks * self.block_hz

    @property
    def elements_per_block_s(self) -> float:
        """Resource elements of one resource block in one second, before overhead: 12 x 14 per slot."""
        return ELEMENTS_PER_BLOCK_SLOT * self.slots_per_s


@dataclass(frozen=True, slots=True)
class Overhead:
    """What of the downlink grid does not carry user data.

    Parameters
    ----------
    pdcch_symbols : float                   OFDM symbols of control per slot, over the full width, 0 to 3.
                                            ASSUMED: 1 (the shortest control region that the standard has).
    dmrs_elements_per_block : float         Demodulation reference elements per resource block and slot,
                                            those kept empty beside them included. ASSUMED: 12 (one front
                                            symbol in which no data is sent), which with one control symbol
                                            makes 24/168 = 0.143, the 0.14 of TS 38.306.
    signal_share : float                    Share of all elements for synchronisation blocks, channel state
                                            and tracking reference signals, 0 to 1. ASSUMED: 0.01 (four
                                            synchronisation blocks of 960 elements every 20 ms take 0.002 of
                                            a 100 MHz carrier, 16 channel state ports and tracking 0.004).
    downlink_share : float                  Share of slots that carry downlink, above 0 to 1: 1 in FDD; in
                                            TDD for example 0.74.

    Raises
    ------
    ValueError                              A value outside its range, or nothing left for data.

    Source                                  TS 38.211 clauses 7.3.2, 7.4.1 and 7.4.3 (where these sit in a
                                            slot); TS 38.306 clause 4.1.2 (0.14 for the downlink of FR1).
    """

    pdcch_symbols: float = 1.0
    dmrs_elements_per_block: float = 12.0
    signal_share: float = 0.01
    downlink_share: float = 1.0

    def __post_init__(self) -> None:
        limits = {"pdcch_symbols": 3.0, "dmrs_elements_per_block": 48.0, "signal_share": 1.0}
        for name, highest in limits.items():
            value = getattr(self, name)
            if not 0.0 <= value <= highest:
                raise ValueError(f"{name} = {value} is not in 0 to {highest:g}")
        if not 0.0 < self.downlink_share <= 1.0:
            raise ValueError(f"downlink_share = {self.downlink_share} is not above 0 and at most 1")
        if not self.share < 1.0:
            raise ValueError(f"overhead of {self.share:.3f} leaves nothing for data")

    @staticmethod
    def of_share(share: float, *, downlink_share: float = 1.0) -> Overhead:
        """Overhead given as one share of all downlink elements, for example 0.14 (TS 38.306)."""
        return Overhead(0.0, 0.0, share, downlink_share)

    @property
    def share(self) -> float:
        """Share of the downlink elements that carry no user data."""
        per_slot = self.pdcch_symbols * SUBCARRIERS_PER_BLOCK + self.dmrs_elements_per_block
        return per_slot / ELEMENTS_PER_BLOCK_SLOT + self.signal_share

    @property
    def data_elements_per_block_slot(self) -> float:
        """Resource elements for data in one resource block of one downlink slot."""
        return ELEMENTS_PER_BLOCK_SLOT * (1.0 - self.share)

    def data_elements_per_block_s(self, numerology: Numerology) -> float:
        """Resource elements for data in one resource block, per second."""
        return self.data_elements_per_block_slot * numerology.slots_per_s * self.downlink_share


def _whole(value: float) -> int:
    """The integer that `value` is, or -1 when it is none (so that a look-up fails)."""
    nearest = round(value)
    return nearest if abs(value - nearest) < 1e-9 * max(abs(value), 1.0) else -1
