"""Frame of the ATSC 3.0 physical layer: symbols, cells, duration."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from math import floor
from types import MappingProxyType

from netgen.errors import ModelRangeError

_BASEBAND_STEP_HZ = 384_000.0
_BANDWIDTH_COEFFICIENT = MappingProxyType({6_000_000: 2, 7_000_000: 5, 8_000_000: 8})
_BOOTSTRAP_S = 4 * 3072 / 6.144e6
_L1_BASIC_CELLS = MappingProxyType({1: 3820, 2: 934, 3: 484, 4: 259, 5: 163})
_L1_DETAIL_CELLS = MappingProxyType({1: 2787, 2: 774, 3: 617, 4: 338, 5: 204, 6: 124, 7: 85})
_RESERVED_TONES = MappingProxyType({8192: 72, 16384: 144, 32768: 288})
_SHORTEST_FRAME_S = 0.050
_LONGEST_FRAME_S = 5.0
_MOST_PREAMBLE_SYMBOLS = 8

# Pilot spacings allowed with a guard interval (both SPx_2 and SPx_4; only SPx_2 with 32K), and the spacing of
# the preamble pilots, by FFT size: {guard samples: (pilot spacings, preamble spacing)}.
_GUARD_PILOTS = MappingProxyType(
    {
        8192: {
            192: ((32, 16), 16),
            384: ((16, 8), 8),
            512: ((12, 6), 6),
            768: ((8, 4), 4),
            1024: ((6, 3), 3),
            1536: ((4,), 4),
            2048: ((3,), 3),
        },
        16384: {
            192: ((32,), 32),
            384: ((32, 16), 16),
            512: ((24, 12), 12),
            768: ((16, 8), 8),
            1024: ((12, 6), 6),
            1536: ((8, 4), 4),
            2048: ((6, 3), 3),
            2432: ((6, 3), 3),
            3072: ((4,), 4),
            3648: ((4,), 4),
            4096: ((3,), 3),
        },
        32768: {
            192: ((32,), 32),
            384: ((32,), 32),
            512: ((24,), 24),
            768: ((32, 16), 16),
            1024: ((24, 12), 12),
            1536: ((16, 8), 8),
            2048: ((12, 6), 6),
            2432: ((12, 6), 6),
            3072: ((8, 3), 8),
            3648: ((8, 3), 8),
            4096: ((6, 3), 3),
            4864: ((6, 3), 3),
        },
    }
)


@dataclass(frozen=True, slots=True)
class SymbolCells:
    """Cells of one OFDM symbol: of a data symbol, of a boundary symbol, and of it those that carry data."""

    data: int
    boundary: int
    active_by_boost: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FrameConfig:
    """One ATSC 3.0 frame of one subframe, SISO, with the preamble at the same FFT size and guard interval.

    Parameters
    ----------
    fft_size : int                      8192, 16384 or 32768.
    guard_samples : int                 192 to 4864 samples of the baseband rate, as the FFT size allows.
    pilot_pattern : str                 "SP3_2" to "SP32_4", as FFT size and guard interval allow.
    payload_symbols : int               Symbols after the preamble, boundary symbols among them.
    reduced_carriers : int              Carrier reduction coefficient, 0 (all carriers) to 4.
    bandwidth_hz : float, Hz            6e6, 7e6 or 8e6.
    l1_basic_mode, l1_detail_mode : int Protection of the signalling, 1 (strongest) to 5 and to 7.
    first_boundary_symbol : bool        The first payload symbol is a boundary symbol; the last always is.
    pilot_boost : int                   Scattered pilot boost mode, 0 to 4; more power, fewer boundary cells.
    tone_reservation : bool             Cells reserved against peak power.
    extra_l1_cells : int                Signalling cells beyond those of one pipe in one subframe.
    aligned_length_s : float or None, s Frame length of a time-aligned frame; None for symbol alignment.

    Raises
    ------
    ModelRangeError                     A value or a combination that A/322 does not have; names it and lists
                                        what is legal.

    Valid for                           SISO, one subframe, LLS and layered division not used. ASSUMED: the
                                        signalling cells of one pipe (3820 to 163 and 2787 to 85) hold for the
                                        configuration; give more in `extra_l1_cells`. ASSUMED: the baseband rates
                                        of 7 and 8 MHz, 8.064 and 9.216 MHz, from memory of A/322; they keep
                                        the ratio 1.152 of the confirmed 6.912 MHz.
    Source                              A/322 Table 8.3 (allowed pilot patterns; as found in two public
                                        implementations), tables of data cells (`atsc3_data_cells.csv`), preamble
                                        pilot spacings (two public implementations), frame formula of atsc3rate.
    """

    fft_size: int
    guard_samples: int
    pilot_pattern: str
    payload_symbols: int
    reduced_carriers: int = 0
    bandwidth_hz: float = 6e6
    l1_basic_mode: int = 1
    l1_detail_mode: int = 1
    first_boundary_symbol: bool = True
    pilot_boost: int = 4
    tone_reservation: bool = False
    extra_l1_cells: int = 0
    aligned_length_s: float | None = None

    def __post_init__(self) -> None:
        _require(
            "pilot_pattern",
            self.pilot_pattern,
            allowed_pilot_patterns(self.fft_size, self.guard_samples),
            f" with an FFT of {self.fft_size} and a guard interval of {self.guard_samples} samples",
        )
        _require("reduced_carriers", self.reduced_carriers, range(5))
        _require("bandwidth_hz", self.bandwidth_hz, _BANDWIDTH_COEFFICIENT)
        _require("l1_basic_mode", self.l1_basic_mode, _L1_BASIC_CELLS)
        _require("l1_detail_mode", self.l1_detail_mode, _L1_DETAIL_CELLS)
        _require("pilot_boost", self.pilot_boost, range(5))
        if self.extra_l1_cells < 0:
            raise ModelRangeError(f"extra_l1_cells = {self.extra_l1_cells} is negative")
        fewest = 1 + self.first_boundary_symbol
        if self.payload_symbols < fewest:
            raise ModelRangeError(f"payload_symbols = {self.payload_symbols} is below {fewest}")
        if self.aligned_length_s is not None and self.aligned_length_s < self._symbols_s - 1e-12:
            raise ModelRangeError(
                f"the symbols last {self._symbols_s:.6f} s, longer than aligned_length_s = {self.aligned_length_s} s"
            )
        if not _SHORTEST_FRAME_S <= self.duration_s <= _LONGEST_FRAME_S:
            raise ModelRangeError(
                f"a frame of {self.duration_s:.6f} s is outside {_SHORTEST_FRAME_S} to {_LONGEST_FRAME_S} s"
            )

    def with_length(self, frame_length_s: float) -> FrameConfig:
        """The same frame, time-aligned to a length, with as many payload symbols as fit."""
        if not _SHORTEST_FRAME_S <= frame_length_s <= _LONGEST_FRAME_S:
            raise ModelRangeError(
                f"a frame of {frame_length_s} s is outside {_SHORTEST_FRAME_S} to {_LONGEST_FRAME_S} s"
            )
        fitting = floor((frame_length_s - _BOOTSTRAP_S) / self.symbol_s + 1e-9) - self.preamble_symbols
        return replace(self, payload_symbols=fitting, aligned_length_s=frame_length_s)

    @property
    def sampling_hz(self) -> float:
        """Baseband sampling rate, 0.384 MHz x (16 + coefficient of the bandwidth)."""
        return _BASEBAND_STEP_HZ * (16 + _BANDWIDTH_COEFFICIENT[int(self.bandwidth_hz)])

    @property
    def useful_symbol_s(self) -> float:
        """Symbol time without guard interval."""
        return self.fft_size / self.sampling_hz

    @property
    def guard_interval_s(self) -> float:
        """Guard interval, the window in which transmitters of one network add."""
        return self.guard_samples / self.sampling_hz

    @property
    def symbol_s(self) -> float:
        """Symbol time with guard interval."""
        return self.useful_symbol_s + self.guard_interval_s

    @property
    def occupied_hz(self) -> float:
        """Bandwidth of all active carriers, the noise bandwidth of a C/N."""
        spacings = self.fft_size // 8192
        carriers = 6912 * spacings + 1 - 96 * spacings * self.reduced_carriers
        return carriers / self.useful_symbol_s

    @property
    def preamble_symbols(self) -> int:
        """Fewest preamble symbols that hold the signalling."""
        first, later = self._preamble_cells
        for symbols in range(1, _MOST_PREAMBLE_SYMBOLS + 1):
            if first + (symbols - 1) * later >= self.signalling_cells:
                return symbols
        raise ModelRangeError(
            f"{self.signalling_cells} signalling cells do not fit in {_MOST_PREAMBLE_SYMBOLS} preamble symbols"
        )

    @property
    def signalling_cells(self) -> int:
        """Preamble cells of L1-Basic and L1-Detail."""
        return (
            _L1_BASIC_CELLS[self.l1_basic_mode] + _L1_DETAIL_CELLS[self.l1_detail_mode] + self.extra_l1_cells
        )

    @property
    def duration_s(self) -> float:
        """Time from one bootstrap to the next."""
        return self._symbols_s if self.aligned_length_s is None else self.aligned_length_s

    @property
    def payload_cells(self) -> int:
        """Cells of the frame that pipes can use."""
        cells = _symbol_cells()[self.fft_size, self.pilot_pattern, self.reduced_carriers]
        tones = self._reserved_tones
        boundaries = 1 + self.first_boundary_symbol
        first, later = self._preamble_cells
        preamble = first + (self.preamble_symbols - 1) * later
        data = (self.payload_symbols - boundaries) * (cells.data - tones)
        boundary = boundaries * (cells.active_by_boost[self.pilot_boost] - tones)
        return preamble - self.signalling_cells + data + boundary

    @property
    def _symbols_s(self) -> float:
        """Bootstrap and all symbols."""
        return _BOOTSTRAP_S + (self.preamble_symbols + self.payload_symbols) * self.symbol_s

    @property
    def _reserved_tones(self) -> int:
        """Cells per symbol kept free against peak power."""
        return _RESERVED_TONES[self.fft_size] if self.tone_reservation else 0

    @property
    def _preamble_cells(self) -> tuple[int, int]:
        """Cells of the first preamble symbol, always at the greatest carrier reduction, and of each later one."""
        spacings, preamble_spacing = _GUARD_PILOTS[self.fft_size][self.guard_samples]
        spacing = int(self.pilot_pattern[2:].split("_")[0])
        if preamble_spacing == 8 and 3 in spacings:
            preamble_spacing = spacing
        cells = _symbol_cells()
        pattern = f"SP{preamble_spacing}_2"
        first = cells[self.fft_size, pattern, 4].boundary
        return first, cells[self.fft_size, pattern, self.reduced_carriers].boundary - self._reserved_tones


def allowed_pilot_patterns(fft_size: int, guard_samples: int) -> tuple[str, ...]:
    """Scattered pilot patterns that A/322 Table 8.3 (SISO) allows with an FFT size and a guard interval."""
    _require("fft_size", fft_size, _GUARD_PILOTS)
    _require("guard_samples", guard_samples, _GUARD_PILOTS[fft_size], f" with an FFT of {fft_size}")
    spacings, _ = _GUARD_PILOTS[fft_size][guard_samples]
    repeats = (2,) if fft_size == 32768 else (2, 4)
    return tuple(f"SP{spacing}_{repeat}" for spacing in spacings for repeat in repeats)


@cache
def _symbol_cells() -> MappingProxyType[tuple[int, str, int], SymbolCells]:
    """Cells by FFT size, pilot pattern and carrier reduction."""
    text = (files("netgen.broadcast") / "atsc3_data_cells.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return MappingProxyType(
        {
            (int(row["fft_size"]), row["pilot_pattern"], int(row["reduced_carriers"])): SymbolCells(
                int(row["cells"]),
                int(row["boundary_cells"]),
                tuple(int(row[f"active_boost_{boost}"]) for boost in range(5)),
            )
            for row in rows
        }
    )


def _require(name: str, value: object, legal: object, where: str = "") -> None:
    """Raise unless a value is one of the legal ones."""
    values = list(legal)  # type: ignore[call-overload]
    if value not in values:
        listed = ", ".join(str(item) for item in values)
        raise ModelRangeError(f"{name} = {value} is not defined{where}; legal: {listed}")
