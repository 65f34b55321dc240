"""ATSC 3.0 frames: cells, durations and refused combinations."""

from __future__ import annotations

from dataclasses import replace

import pytest

from netgen.broadcast.atsc3_frame import FrameConfig, allowed_pilot_patterns
from netgen.errors import ModelRangeError

FRAME = FrameConfig(32768, 1024, "SP12_2", 48, l1_basic_mode=4, l1_detail_mode=4)
GUARDS = (192, 384, 512, 768, 1024, 1536, 2048, 2432, 3072, 3648, 4096, 4864)


def test_duration_is_bootstrap_and_symbols() -> None:
    """(1 + 48) symbols of 33792 samples at 6.912 MHz and 2 ms."""
    assert FRAME.duration_s == pytest.approx(49 * (32768 + 1024) / 6.912e6 + 2e-3)
    assert FRAME.guard_interval_s == pytest.approx(148.148e-6, abs=1e-9)


def test_cells_by_hand() -> None:
    """First preamble at the greatest carrier reduction, 46 data symbols, two boundary symbols, signalling."""
    assert FRAME.payload_cells == 23756 - 597 + 46 * 26303 + 2 * 21505


def test_81_pilot_patterns_are_allowed() -> None:
    """A/322 Table 8.3 for one transmit signal has 81 combinations."""
    total = 0
    for fft_size in (8192, 16384, 32768):
        for guard in GUARDS:
            try:
                total += len(allowed_pilot_patterns(fft_size, guard))
            except ModelRangeError:
                continue
    assert total == 81


def test_pilots_resolve_the_guard_interval() -> None:
    """A pilot spacing must sample an echo as long as the guard interval."""
    for fft_size in (8192, 16384, 32768):
        for guard in GUARDS:
            if fft_size == 32768 or guard <= 2048 * fft_size // 8192:
                for pattern in allowed_pilot_patterns(fft_size, guard):
                    assert fft_size / int(pattern[2:].split("_")[0]) > guard


def test_other_bandwidths_scale_the_clock() -> None:
    """7 and 8 MHz carry the same cells faster."""
    for bandwidth_hz in (7e6, 8e6):
        wider = replace(FRAME, bandwidth_hz=bandwidth_hz)
        assert wider.payload_cells == FRAME.payload_cells
        assert wider.sampling_hz / FRAME.sampling_hz == pytest.approx(bandwidth_hz / 6e6)
        assert wider.useful_symbol_s < FRAME.useful_symbol_s


def test_occupied_bandwidth() -> None:
    """All carriers of 6 MHz occupy 5.833 MHz; the greatest reduction 5.509 MHz."""
    assert FRAME.occupied_hz / 1e6 == pytest.approx(5.832, abs=1e-3)
    assert replace(FRAME, reduced_carriers=4).occupied_hz == pytest.approx(26113 * 6.912e6 / 32768)


def test_aligned_frame_holds_as_many_symbols_as_fit() -> None:
    """250 ms hold 50 symbols of 4.889 ms after the bootstrap."""
    aligned = FRAME.with_length(0.25)
    assert aligned.duration_s == 0.25
    assert aligned.payload_symbols == 49
    with pytest.raises(ModelRangeError, match="longer than aligned_length_s"):
        replace(aligned, payload_symbols=50)


def test_strong_signalling_takes_a_second_preamble_symbol() -> None:
    """6607 signalling cells do not fit in the first 8K symbol."""
    frame = FrameConfig(8192, 1024, "SP3_4", 72, first_boundary_symbol=False)
    assert frame.signalling_cells == 6607
    assert frame.preamble_symbols == 2
    with pytest.raises(ModelRangeError, match="preamble symbols"):
        replace(frame, extra_l1_cells=100_000)


def test_options_cost_cells() -> None:
    """Carrier reduction, tone reservation, boost and more signalling each leave fewer cells."""
    for change in (
        {"reduced_carriers": 1},
        {"tone_reservation": True},
        {"extra_l1_cells": 1},
        {"l1_basic_mode": 1},
        {"payload_symbols": 47},
    ):
        assert replace(FRAME, **change).payload_cells < FRAME.payload_cells
    assert replace(FRAME, pilot_boost=0).payload_cells > FRAME.payload_cells


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fft_size": 4096}, "fft_size = 4096.*8192, 16384, 32768"),
        ({"guard_samples": 1000}, "guard_samples = 1000"),
        (
            {"fft_size": 8192, "guard_samples": 4864},
            "guard_samples = 4864 is not defined with an FFT of 8192",
        ),
        ({"pilot_pattern": "SP12_4"}, "pilot_pattern = SP12_4 .* legal: SP24_2, SP12_2"),
        ({"pilot_pattern": "SP3_2"}, "guard interval of 1024 samples"),
        ({"bandwidth_hz": 5e6}, "bandwidth_hz"),
        ({"reduced_carriers": 5}, "reduced_carriers"),
        ({"l1_basic_mode": 6}, "l1_basic_mode"),
        ({"l1_detail_mode": 0}, "l1_detail_mode"),
        ({"pilot_boost": 5}, "pilot_boost"),
        ({"payload_symbols": 1}, "payload_symbols = 1"),
        ({"payload_symbols": 4}, "outside 0.05 to 5.0 s"),
        ({"extra_l1_cells": -1}, "negative"),
    ],
)
def test_illegal_combinations_are_refused(change: dict[str, object], message: str) -> None:
    """Each names the value and what is legal."""
    with pytest.raises(ModelRangeError, match=message):
        replace(FRAME, **change)


def test_a_length_outside_the_standard_is_refused() -> None:
    """Frames last 50 ms to 5 s."""
    with pytest.raises(ModelRangeError, match="outside"):
        FRAME.with_length(6.0)
