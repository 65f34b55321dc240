"""LTE-based 5G broadcast: resources, rates, thresholds, refused combinations."""

from __future__ import annotations

import pytest

from netgen.broadcast.fading_limit import Channel
from netgen.broadcast.lte_broadcast import (
    McsTable,
    MulticastConfig,
    blocks_for_channel,
    numerologies,
    required_cn_db,
    usable_mcs,
)
from netgen.errors import ModelRangeError


def test_every_numerology_fills_its_interval() -> None:
    """Symbols with prefix add up to 1 or 3 ms, subcarriers to 180 kHz."""
    for shape in numerologies().values():
        assert shape.symbols * (shape.useful_symbol_s + shape.prefix_s) == pytest.approx(
            shape.interval_ms * 1e-3
        )
        assert shape.subcarriers * shape.spacing_hz == pytest.approx(180e3)
        assert shape.useful_symbol_s * shape.spacing_hz == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("spacing", "share"),
    [
        ("15kHz", 1 / 8),
        ("7.5kHz", 1 / 8),
        ("2.5kHz", 1 / 4),
        ("1.25kHz", 1 / 6),
        ("0.37kHz-sl2", 1 / 6),
        ("0.37kHz-sl4", 1 / 12),
    ],
)
def test_reference_signals_take_their_share(spacing: str, share: float) -> None:
    """Overhead of the reference signals by spacing."""
    shape = numerologies()[spacing]
    assert shape.reference_elements / (shape.symbols * shape.subcarriers) == pytest.approx(share)


def test_eight_megahertz_at_1_25_khz_by_hand() -> None:
    """40 blocks x 120 elements x 6 bits; MCS 15 carries size index 20, 18336 bits, in 39 of 40 subframes."""
    config = MulticastConfig("1.25kHz", blocks_for_channel(8e6), 15)
    assert config.channel_bits == 40 * 120 * 6
    assert config.transport_block_bits == 18336
    assert config.net_bit_rate_bps == pytest.approx(18.336e6 * 39 / 40)
    assert config.code_blocks == 3
    assert config.code_rate == pytest.approx((18336 + 24 + 3 * 24) / 28800)
    assert config.guard_interval_s == pytest.approx(200e-6)
    assert config.occupied_hz == pytest.approx(7.2e6)
    assert config.spectral_efficiency_bps_per_hz == pytest.approx(18.336 * 0.975 / 7.2)


def test_three_millisecond_intervals_keep_the_bit_rate() -> None:
    """0.37 kHz carries three table entries in 3 ms, at a lower code rate thanks to its short prefix."""
    long = MulticastConfig("0.37kHz-sl4", 30, 10)
    short = MulticastConfig("1.25kHz", 30, 10)
    assert long.net_bit_rate_bps == pytest.approx(short.net_bit_rate_bps)
    assert long.code_rate < short.code_rate
    assert required_cn_db(long) < required_cn_db(short)


def test_a_share_of_the_subframes() -> None:
    """Half of the subframes, half of the rate."""
    whole = MulticastConfig("2.5kHz", 35, 8)
    half = MulticastConfig("2.5kHz", 35, 8, share=0.5)
    assert half.net_bit_rate_bps == pytest.approx(whole.net_bit_rate_bps / 2)


def test_modulation_steps_of_both_tables() -> None:
    """QPSK to 64QAM with 29 indices, QPSK to 256QAM with 28."""
    old = [MulticastConfig("0.37kHz-sl4", 40, m, McsTable.UP_TO_64QAM).bits_per_symbol for m in range(29)]
    new = [MulticastConfig("0.37kHz-sl4", 40, m).bits_per_symbol for m in range(28)]
    assert [old.count(bits) for bits in (2, 4, 6, 8)] == [10, 7, 12, 0]
    assert [new.count(bits) for bits in (2, 4, 6, 8)] == [5, 6, 9, 8]


def test_required_cn_orders_channels_and_rates() -> None:
    """AWGN below Rice below Rayleigh; more bits per element need more."""
    config = MulticastConfig("1.25kHz", 40, 12)
    awgn, rice, rayleigh = (required_cn_db(config, channel=channel) for channel in Channel)
    assert awgn < rice < rayleigh
    assert awgn == pytest.approx(10.3, abs=0.5)
    levels = [required_cn_db(MulticastConfig("1.25kHz", 40, mcs)) for mcs in usable_mcs("1.25kHz", 40)]
    assert levels == sorted(levels)


def test_code_rates_above_the_limit_are_not_usable() -> None:
    """At 2.5 kHz, with a quarter of the elements for reference signals, the highest index is 24 of 27."""
    usable = usable_mcs("2.5kHz", 40)
    assert max(usable) == 24
    with pytest.raises(ModelRangeError, match=r"above 0.93; use a lower mcs"):
        MulticastConfig("2.5kHz", 40, 27)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("30kHz", 40, 5), "spacing = '30kHz'"),
        (("15kHz", 41, 5), "resource_blocks = 41"),
        (("15kHz", 40, 28), "mcs = 28 is outside 0 to 27"),
        (("15kHz", 40, -1), "mcs = -1"),
        (("15kHz", 40, 5, McsTable.UP_TO_64QAM, 0.0), "share = 0.0"),
        (("15kHz", 40, 5, McsTable.UP_TO_64QAM, 1.0, 3), "control_symbols = 3"),
        (("1.25kHz", 40, 5, McsTable.UP_TO_64QAM, 1.0, 1), "control_symbols = 1 is not possible at 1.25kHz"),
    ],
)
def test_impossible_channels_are_refused(arguments: tuple[object, ...], message: str) -> None:
    """Each names the value."""
    with pytest.raises(ModelRangeError, match=message):
        MulticastConfig(*arguments)  # type: ignore[arg-type]


def test_an_unknown_channel_bandwidth_or_spacing_is_refused() -> None:
    """Television channels are 6, 7 or 8 MHz."""
    assert [blocks_for_channel(bandwidth) for bandwidth in (6e6, 7e6, 8e6)] == [30, 35, 40]
    with pytest.raises(ModelRangeError, match="bandwidth_hz"):
        blocks_for_channel(10e6)
    with pytest.raises(ModelRangeError, match="spacing"):
        usable_mcs("60kHz", 40)
