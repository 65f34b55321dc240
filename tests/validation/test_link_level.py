"""Coded blocks through channels, against limits and figures that others measured."""

from __future__ import annotations

import math

import pytest

from netgen.linklevel.protection import Channel, Code, Protection
from netgen.rng import generator_from

pytest.importorskip("sionna.phy", reason="the link-level chain is Sionna's")

from netgen.linklevel.block_errors import BlockErrors, count_block_errors

TEXT = Protection(Code.TURBO, 504, 1512, 2)
STREAM = Protection(Code.LDPC, 504, 1008, 2)


@pytest.mark.slow
def test_turbo_falls_off_a_cliff_within_a_decibel_of_minus_one() -> None:
    """Nothing passes at -2 dB, next to everything at 0.5 dB; Shannon's limit of 2/3 bit per symbol is -2.3 dB."""
    limit_db = 10 * math.log10(2**TEXT.efficiency - 1)
    assert limit_db == pytest.approx(-2.31, abs=0.01)
    below = count_block_errors(TEXT, Channel.AWGN, -2.0, generator_from(1), most_blocks=100)
    above = count_block_errors(TEXT, Channel.AWGN, 0.5, generator_from(2), most_blocks=300)
    assert below.rate > 0.9
    assert above.rate < 0.01


def test_ldpc_falls_off_a_cliff_above_shannons_limit() -> None:
    """Rate 1/2 on 4-QAM: the limit is 0 dB; nothing passes at 0 dB, next to everything at 2.5 dB."""
    assert count_block_errors(STREAM, Channel.AWGN, 0.0, generator_from(3), most_blocks=100).rate > 0.9
    assert count_block_errors(STREAM, Channel.AWGN, 2.5, generator_from(4), most_blocks=300).rate < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("snr_db", [5.0, 10.0])
def test_block_fading_loses_what_its_outage_says(snr_db: float) -> None:
    """A block is lost when its gain puts it below the cliff, near -0.9 dB: 1 - exp(-10^((-0.9 - SNR) / 10))."""
    outage = 1 - math.exp(-(10 ** ((-0.9 - snr_db) / 10)))
    found = count_block_errors(
        TEXT, Channel.RAYLEIGH_BLOCK, snr_db, generator_from(5), most_blocks=600, enough_lost=10**6
    )
    low, high = found.interval()
    assert low * 0.9 <= outage <= high * 1.1


@pytest.mark.slow
def test_fast_fading_lies_between_noise_and_block_fading() -> None:
    """At 3 dB: interleaved fading is overcome by the code, block fading is not."""
    fast = count_block_errors(TEXT, Channel.RAYLEIGH_FAST, 3.0, generator_from(6), most_blocks=200)
    block = count_block_errors(TEXT, Channel.RAYLEIGH_BLOCK, 3.0, generator_from(7), most_blocks=200)
    assert fast.rate < 0.02
    assert block.rate > 0.15


def test_the_same_seed_counts_the_same() -> None:
    """Bits, gains and noise are all drawn from the generator."""
    one, other = (
        count_block_errors(STREAM, Channel.RAYLEIGH_BLOCK, 3.0, generator_from(8), most_blocks=100)
        for _ in range(2)
    )
    assert one == other


def test_wilsons_interval() -> None:
    """10 of 100: 0.0552 to 0.1744; none of 100: up to 0.0370."""
    assert BlockErrors(100, 10, 0).interval() == pytest.approx((0.0552, 0.1744), abs=1e-4)
    assert BlockErrors(100, 0, 0).interval() == pytest.approx((0.0, 0.0370), abs=1e-4)
