"""ATSC 3.0 pipes: payload, sharing a frame, required C/N."""

from __future__ import annotations

import math

import pytest

from netgen.broadcast.atsc3 import (
    Constellation,
    Pipe,
    net_bit_rate_bps,
    pipe_bit_rates_bps,
    required_cn_db,
)
from netgen.broadcast.atsc3_frame import FrameConfig
from netgen.broadcast.fading_limit import Channel
from netgen.errors import ModelRangeError

FRAME = FrameConfig(32768, 1024, "SP12_2", 48, l1_basic_mode=4, l1_detail_mode=4)


def test_payload_of_fec_frames() -> None:
    """Code rate times length less 192 or 168 bits of the outer code."""
    assert Pipe(Constellation.QPSK, 10).frame_payload_bits == 43008
    assert Pipe(Constellation.QPSK, 2, frame_bits=16200).frame_payload_bits == 1992
    assert Pipe(Constellation.QAM4096, 13).constellation.bits == 12


def test_pipes_share_the_cells() -> None:
    """A robust and a fast pipe: each gets its share of the cells at its own efficiency."""
    robust = Pipe(Constellation.QPSK, 4, cell_share=0.25)
    fast = Pipe(Constellation.QAM256, 10, cell_share=0.75)
    low, high = pipe_bit_rates_bps(FRAME, [robust, fast])
    assert low == pytest.approx(0.25 * net_bit_rate_bps(FRAME, Pipe(Constellation.QPSK, 4)), rel=1e-5)
    assert high == pytest.approx(0.75 * net_bit_rate_bps(FRAME, Pipe(Constellation.QAM256, 10)), rel=1e-5)
    with pytest.raises(ModelRangeError, match=r"add up to 1\.25"):
        pipe_bit_rates_bps(FRAME, [robust, Pipe(Constellation.QPSK, 4)])


def test_three_thirds_fill_the_frame() -> None:
    """Shares that add up to 1 only in exact arithmetic are accepted."""
    assert len(pipe_bit_rates_bps(FRAME, [Pipe(Constellation.QPSK, 4, cell_share=1 / 3)] * 3)) == 3


def test_baseband_headers_cost_their_bits() -> None:
    """16 of 43008 bits."""
    pipe = Pipe(Constellation.QPSK, 10)
    with_header = net_bit_rate_bps(FRAME, pipe, header_bits=16)
    assert with_header / net_bit_rate_bps(FRAME, pipe) == pytest.approx(42992 / 43008)
    with pytest.raises(ModelRangeError, match="header_bits"):
        net_bit_rate_bps(FRAME, pipe, header_bits=43008)


def test_required_cn_of_one_cell() -> None:
    """AWGN and Rayleigh come from the table, Rice lies between and tends to both ends."""
    size, rate = Constellation.QAM64, 10
    awgn = required_cn_db(size, rate)
    rayleigh = required_cn_db(size, rate, channel=Channel.RAYLEIGH)
    assert (awgn, rayleigh) == (12.89, 15.68)
    rice = required_cn_db(size, rate, channel=Channel.RICE)
    assert rice - awgn == pytest.approx(0.48, abs=0.05)
    weak = required_cn_db(size, rate, channel=Channel.RICE, rice_factor_db=-20.0)
    strong = required_cn_db(size, rate, channel=Channel.RICE, rice_factor_db=20.0)
    assert weak == pytest.approx(rayleigh, abs=0.05)
    assert strong == pytest.approx(awgn, abs=0.06)
    assert required_cn_db(size, rate, channel=Channel.RICE, rice_factor_db=math.inf) == awgn
    assert required_cn_db(size, rate, channel=Channel.RICE, rice_factor_db=-math.inf) == rayleigh


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("QPSK-8", 10), "constellation"),
        ((Constellation.QPSK, 14), "code rate 14/15"),
        ((Constellation.QPSK, 10, 0.0), "cell_share"),
        ((Constellation.QPSK, 10, 1.5), "cell_share"),
        ((Constellation.QPSK, 10, 1.0, 32400), "frame_bits"),
        ((Constellation.QAM1024, 10, 1.0, 16200), "1024QAM is not defined"),
    ],
)
def test_pipes_that_do_not_exist_are_refused(arguments: tuple[object, ...], message: str) -> None:
    """Each names the value."""
    with pytest.raises(ModelRangeError, match=message):
        Pipe(*arguments)  # type: ignore[arg-type]


def test_required_cn_refuses_what_it_does_not_know() -> None:
    """An unknown code rate, and a Rice factor beyond the range."""
    with pytest.raises(ModelRangeError, match="code rate 1/15"):
        required_cn_db(Constellation.QPSK, 1)
    with pytest.raises(ModelRangeError, match="Rice factor"):
        required_cn_db(Constellation.QPSK, 2, channel=Channel.RICE, rice_factor_db=30.0)
