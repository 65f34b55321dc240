"""Laws of the broadcast physical layers and of the loss of objects."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.broadcast.atsc3 import (
    RATES_FIFTEENTHS,
    Constellation,
    Pipe,
    net_bit_rate_bps,
    pipe_bit_rates_bps,
    required_cn_db,
)
from netgen.broadcast.atsc3_frame import FrameConfig, allowed_pilot_patterns
from netgen.broadcast.fading_limit import Channel
from netgen.broadcast.interleaving import interleaved_losses
from netgen.broadcast.object_fec import ObjectCode, ObjectLossTable, object_loss_probability
from netgen.broadcast.reception_curve import frame_error_probability, packet_loss_probability

GUARDS = {
    8192: (192, 384, 512, 768, 1024, 1536, 2048),
    16384: (192, 384, 512, 768, 1024, 1536, 2048, 2432, 3072, 3648, 4096),
    32768: (192, 384, 512, 768, 1024, 1536, 2048, 2432, 3072, 3648, 4096, 4864),
}
probabilities = st.floats(0.0, 1.0)


@st.composite
def frames(draw: st.DrawFn) -> FrameConfig:
    """Any frame that A/322 allows."""
    fft_size = draw(st.sampled_from(sorted(GUARDS)))
    guard = draw(st.sampled_from(GUARDS[fft_size]))
    return FrameConfig(
        fft_size,
        guard,
        draw(st.sampled_from(allowed_pilot_patterns(fft_size, guard))),
        draw(st.integers(60, 600)),
        reduced_carriers=draw(st.integers(0, 4)),
        bandwidth_hz=draw(st.sampled_from([6e6, 7e6, 8e6])),
        l1_basic_mode=draw(st.integers(1, 5)),
        l1_detail_mode=draw(st.integers(1, 7)),
        first_boundary_symbol=draw(st.booleans()),
        pilot_boost=draw(st.integers(0, 4)),
        tone_reservation=draw(st.booleans()),
    )


@st.composite
def codes(draw: st.DrawFn) -> ObjectCode:
    """Object codes small enough for the recursion."""
    source = draw(st.integers(1, 60))
    return ObjectCode(source, source + draw(st.integers(0, 30)))


@given(frames())
def test_bit_rate_grows_with_code_rate_and_constellation(frame: FrameConfig) -> None:
    """And never exceeds the coded bits of the occupied bandwidth."""
    rates = [
        [net_bit_rate_bps(frame, Pipe(size, rate)) for rate in RATES_FIFTEENTHS] for size in Constellation
    ]
    for row in rates:
        assert all(low < high for low, high in pairwise(row))
    for column in zip(*rates, strict=True):
        assert all(low < high for low, high in pairwise(column))
    assert rates[-1][-1] < 12 * frame.occupied_hz


@given(frames(), st.lists(st.floats(0.01, 1.0), min_size=1, max_size=6))
def test_pipes_never_carry_more_than_the_whole_frame(frame: FrameConfig, parts: list[float]) -> None:
    """Shares of one constellation add up to its whole rate, less the cells lost by rounding down."""
    shares = [part / sum(parts) for part in parts]
    pipes = [Pipe(Constellation.QAM64, 9, cell_share=share) for share in shares]
    together = sum(pipe_bit_rates_bps(frame, pipes))
    whole = net_bit_rate_bps(frame, Pipe(Constellation.QAM64, 9))
    cell_bps = whole / frame.payload_cells
    assert together <= whole * (1 + 1e-9)
    assert together >= whole - (len(parts) + 1) * cell_bps


@given(frames(), st.floats(0.3, 2.0))
def test_aligned_frames_keep_their_length(frame: FrameConfig, length_s: float) -> None:
    """One symbol more would not fit; time-aligned frames never carry more than their symbols."""
    aligned = frame.with_length(length_s)
    used_s = (aligned.payload_symbols + aligned.preamble_symbols) * aligned.symbol_s + 2e-3
    assert used_s <= length_s + 1e-9 < used_s + aligned.symbol_s + 2e-9


@given(st.sampled_from(list(Constellation)), st.floats(-20.0, 20.0))
@settings(max_examples=30, deadline=None)
def test_required_cn_orders_rates_and_channels(size: Constellation, rice_factor_db: float) -> None:
    """Up with the code rate; AWGN below Rice below Rayleigh."""
    for channel in (Channel.AWGN, Channel.RAYLEIGH):
        levels = [required_cn_db(size, rate, channel=channel) for rate in RATES_FIFTEENTHS]
        assert all(low < high for low, high in pairwise(levels))
    for rate in (2, 7, 13):
        awgn = required_cn_db(size, rate)
        rice = required_cn_db(size, rate, channel=Channel.RICE, rice_factor_db=rice_factor_db)
        assert awgn <= rice <= required_cn_db(size, rate, channel=Channel.RAYLEIGH) + 1e-6


@given(
    st.lists(st.floats(-60.0, 60.0), min_size=2),
    st.floats(-10, 35),
    st.floats(0.01, 2.0),
    st.floats(1e-9, 0.49),
)
def test_frame_error_is_a_falling_probability(
    snr_db: list[float], required_db: float, width_db: float, error: float
) -> None:
    """Between 0 and 1, never rising with the C/N."""
    ordered = np.sort(snr_db)
    errors = frame_error_probability(ordered, required_db, width_db=width_db, error_at_required=error)
    assert ((errors >= 0) & (errors <= 1)).all()
    assert (np.diff(errors) <= 0).all()


@given(st.lists(probabilities, min_size=2), st.integers(1, 100_000), st.integers(1, 60_000))
def test_packets_lose_at_least_as_much_as_frames(
    error: list[float], packet_bits: int, frame_bits: int
) -> None:
    """Between the frame error and 1, rising with it."""
    ordered = np.sort(error)
    lost = packet_loss_probability(ordered, packet_bits=packet_bits, frame_payload_bits=frame_bits)
    assert (lost >= ordered * (1 - 1e-12)).all()
    assert (lost <= 1.0).all()
    assert (np.diff(lost) >= -1e-12).all()


@given(st.floats(0.0, 0.99), st.floats(0.0, 10.0), st.floats(0.0, 10.0), st.floats(0.0, 10.0))
def test_depth_only_shortens_bursts(loss: float, fade_s: float, depth_s: float, more_s: float) -> None:
    """Between independent loss and the fade, never longer with more depth; the loss itself stays."""
    shallow, deep = (
        interleaved_losses(loss, fade_s=fade_s, depth_s=depth, packet_s=0.01)
        for depth in (depth_s, depth_s + more_s)
    )
    shortest, longest = 1 / (1 - loss), max(fade_s / 0.01, 1 / (1 - loss))
    assert shortest * (1 - 1e-9) <= deep.mean_burst <= shallow.mean_burst * (1 + 1e-9)
    assert shallow.mean_burst <= longest * (1 + 1e-9)
    assert deep.loss_probability == loss


@given(codes(), st.lists(probabilities, min_size=2, max_size=20), st.floats(1.0, 30.0))
@settings(deadline=None)
def test_object_loss_rises_with_packet_loss(code: ObjectCode, loss: list[float], burst: float) -> None:
    """A probability, rising in p, and at most one packet's chance per packet (union bound)."""
    ordered = np.sort(loss)
    for mean_burst in (1.0, burst):
        lost = object_loss_probability(code, ordered, mean_burst=mean_burst)
        assert ((lost >= 0) & (lost <= 1)).all()
        assert (np.diff(lost) >= -1e-9).all()
        assert (lost <= ordered * code.source_symbols + 1e-9).all()


@given(codes(), probabilities, st.floats(1.0, 30.0))
@settings(deadline=None)
def test_repair_symbols_never_hurt(code: ObjectCode, loss: float, burst: float) -> None:
    """One more symbol sent cannot lose more objects."""
    more = ObjectCode(code.source_symbols, code.sent_symbols + 1)
    for mean_burst in (1.0, burst):
        fewer_lost = object_loss_probability(more, loss, mean_burst=mean_burst)
        assert fewer_lost <= object_loss_probability(code, loss, mean_burst=mean_burst) + 1e-10


@given(codes(), st.lists(probabilities, min_size=2, max_size=50), st.floats(1.0, 10.0))
@settings(max_examples=30, deadline=None)
def test_tables_give_rising_probabilities(code: ObjectCode, loss: list[float], burst: float) -> None:
    """And one user's value does not depend on who else is asked about."""
    table = ObjectLossTable.built(code, mean_burst=burst)
    ordered = np.sort(loss)
    lost = table.at(ordered)
    assert ((lost >= 0) & (lost <= 1)).all()
    assert (np.diff(lost) >= -1e-12).all()
    assert table.at(ordered[0]) == lost[0]
