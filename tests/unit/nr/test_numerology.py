"""Carriers of frequency range 1 and what control takes of them."""

import pytest

from netgen.errors import ModelRangeError
from netgen.nr.numerology import RESOURCE_BLOCKS, Numerology, Overhead

# TS 38.101-1 Table 5.3.3-1, minimum guard band (kHz): (BW - 12 N SCS - SCS) / 2, at carriers of both spacings.
GUARD_KHZ = {
    (15, 5): 242.5,
    (15, 10): 312.5,
    (15, 20): 452.5,
    (15, 25): 522.5,
    (15, 50): 692.5,
    (30, 5): 505.0,
    (30, 10): 665.0,
    (30, 20): 805.0,
    (30, 40): 905.0,
    (30, 50): 1045.0,
    (30, 60): 825.0,
    (30, 80): 925.0,
    (30, 90): 885.0,
    (30, 100): 845.0,
}


@pytest.mark.parametrize(("spacing_khz", "megahertz"), GUARD_KHZ)
def test_resource_blocks_leave_the_guard_band_of_the_standard(spacing_khz, megahertz):
    carrier = Numerology(spacing_khz * 1e3, megahertz * 1e6)
    guard_hz = (megahertz * 1e6 - carrier.occupied_hz - spacing_khz * 1e3) / 2
    assert guard_hz / 1e3 == pytest.approx(GUARD_KHZ[spacing_khz, megahertz])


def test_every_carrier_fills_72_to_99_percent_of_its_channel():
    for spacing_khz, counts in RESOURCE_BLOCKS.items():
        shares = [12 * count * spacing_khz * 1e3 / (width * 1e6) for width, count in counts.items()]
        assert min(shares) > 0.72
        assert max(shares) < 0.99
    assert len(RESOURCE_BLOCKS[15]) == 10
    assert len(RESOURCE_BLOCKS[30]) == 15


def test_time_and_frequency_of_a_carrier():
    carrier = Numerology(30e3, 20e6)
    assert carrier.resource_blocks == 51
    assert carrier.slots_per_s == 2000
    assert carrier.slot_s == 0.5e-3
    assert carrier.block_hz == 360e3
    assert carrier.elements_per_block_s == 168 * 2000
    assert Numerology(15e3, 20e6).slots_per_s == 1000


@pytest.mark.parametrize(
    ("spacing_hz", "bandwidth_hz"), [(15e3, 100e6), (30e3, 55e6), (60e3, 20e6), (30e3, 20.5e6)]
)
def test_a_carrier_that_the_standard_does_not_have_is_refused(spacing_hz, bandwidth_hz):
    with pytest.raises(ModelRangeError, match="accepted: "):
        Numerology(spacing_hz, bandwidth_hz)


def test_overhead_adds_up():
    """One of 14 symbols, 12 of 168 elements, one percent; 74 % of the slots."""
    overhead = Overhead(pdcch_symbols=1, dmrs_elements_per_block=12, signal_share=0.01, downlink_share=0.74)
    assert overhead.share == pytest.approx(1 / 14 + 12 / 168 + 0.01)
    assert overhead.data_elements_per_block_slot == pytest.approx(168 - 12 - 12 - 1.68)
    per_second = overhead.data_elements_per_block_s(Numerology(30e3, 20e6))
    assert per_second == pytest.approx((168 - 12 - 12 - 1.68) * 2000 * 0.74)
    assert Overhead.of_share(0.14).share == pytest.approx(0.14)


@pytest.mark.parametrize(
    "fields",
    [
        {"pdcch_symbols": 4},
        {"dmrs_elements_per_block": -1},
        {"signal_share": float("nan")},
        {"downlink_share": 0},
        {"signal_share": 1.0, "pdcch_symbols": 0, "dmrs_elements_per_block": 0},
    ],
)
def test_overhead_outside_its_range_is_refused(fields):
    with pytest.raises(ValueError, match=r"is not|leaves nothing"):
        Overhead(**fields)
