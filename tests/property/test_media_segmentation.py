"""Cutting frames into segments: nothing is lost, nothing is counted twice, and the grid does not creep."""

from fractions import Fraction

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from netgen.errors import InputError
from netgen.media.parametric import SizeLaw, parametric_track
from netgen.media.segmentation import exact_duration_s, exact_rate_hz, first_slots, segment_frames
from netgen.media.trace import track_from_trace
from netgen.media.video_format import VideoFormat

RATES_HZ = st.sampled_from([Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(15, 2)])
DURATIONS_S = st.sampled_from([0.1, 0.2, 0.25, 1 / 3, 0.5, 1.0, 2.0])


@given(RATES_HZ, DURATIONS_S, st.lists(st.integers(1, 10**9), min_size=1, max_size=200))
def test_kept_and_dropped_frames_are_all_frames(rate_hz, segment_s, sizes):
    assume(rate_hz * exact_duration_s(segment_s) >= 1)
    bits = np.array(sizes, dtype=np.int64)
    try:
        result = segment_frames(
            np.arange(len(bits)),
            bits,
            video_format=VideoFormat(64, 64, float(rate_hz)),
            frame_rate_hz=rate_hz,
            segment_s=segment_s,
            where="here",
        )
    except InputError:
        assert len(bits) / rate_hz < exact_duration_s(segment_s)
        return
    assert int(result.track.frames.sum()) + result.dropped_frames == len(bits)
    assert int(result.track.bits.sum()) + result.dropped_bits == int(bits.sum())
    assert result.dropped_frames <= rate_hz * exact_duration_s(segment_s)


@given(RATES_HZ, DURATIONS_S, st.integers(1, 500))
def test_segment_k_begins_with_the_first_frame_shown_at_or_after_its_time(rate_hz, segment_s, count):
    starts = first_slots(count, segment_s=segment_s, frame_rate_hz=rate_hz)
    for k in (0, count // 2, count):
        begins_s = k * exact_duration_s(segment_s)
        assert int(starts[k]) / rate_hz >= begins_s
        assert int(starts[k]) == 0 or (int(starts[k]) - 1) / rate_hz < begins_s


@given(st.fractions(1, 240, max_denominator=1001))
def test_a_rate_survives_its_way_through_a_float(rate_hz):
    assert exact_rate_hz(float(rate_hz)) == rate_hz


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from(list(SizeLaw)),
    st.floats(0.01, 5),
    st.floats(10, 1e10),
    st.integers(1, 300),
)
def test_every_parametric_segment_has_bits_and_frames(seed, sizes, variation, rate_bps, count):
    track = parametric_track(
        video_format=VideoFormat(64, 64, 25.0),
        rate_bps=rate_bps,
        segment_s=0.3,
        count=count,
        sizes=sizes,
        variation=variation if sizes is SizeLaw.LOGNORMAL else 0.0,
        rng=np.random.default_rng(seed),
    )
    assert len(track) == count
    assert track.bits.min() >= 1
    assert set(track.frames.tolist()) <= {7, 8}


@given(st.binary(max_size=200) | st.text(max_size=100).map(str.encode))
def test_any_file_is_a_trace_or_an_input_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"frame_bits\n" + content)
    try:
        smallest = track_from_trace(path, video_format=VideoFormat(64, 64, 25.0), segment_s=0.04).bits.min()
    except InputError as error:
        message = str(error)
        smallest = 1 if "any.csv" in message else 0
    assert smallest >= 1
