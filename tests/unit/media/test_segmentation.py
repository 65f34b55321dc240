from fractions import Fraction

import numpy as np
import pytest

from netgen.errors import InputError
from netgen.media.segmentation import (
    check_segment_s,
    exact_duration_s,
    exact_rate_hz,
    first_slots,
    segment_frames,
)
from netgen.media.video_format import VideoFormat

NTSC = Fraction(30000, 1001)


def segmented(frame_bits, *, segment_s, rate_hz=Fraction(25), slots=None):
    bits = np.array(frame_bits, dtype=np.int64)
    slots = np.arange(len(bits)) if slots is None else np.array(slots)
    return segment_frames(
        slots.astype(np.int64),
        bits,
        video_format=VideoFormat(64, 64, float(rate_hz)),
        frame_rate_hz=rate_hz,
        segment_s=segment_s,
        where="here",
    )


def test_a_rate_and_a_duration_are_taken_as_they_were_meant():
    assert exact_rate_hz(29.97002997002997) == NTSC
    assert exact_rate_hz(29.97003) == NTSC
    assert exact_rate_hz(25.0) == 25
    assert exact_duration_s(0.1) == Fraction(1, 10)


def test_segments_begin_on_the_frame_grid():
    assert first_slots(5, segment_s=0.1, frame_rate_hz=Fraction(25)).tolist() == [0, 3, 5, 8, 10, 13]
    assert first_slots(3, segment_s=1.0, frame_rate_hz=NTSC).tolist() == [0, 30, 60, 90]
    # 34 s of 29.97 Hz are 1018.98 frames: the grid does not creep
    assert first_slots(34, segment_s=1.0, frame_rate_hz=NTSC)[-1] == 1019


def test_frames_are_summed_and_the_rest_is_told():
    result = segmented(range(1, 13), segment_s=0.2)
    assert result.track.frames.tolist() == [5, 5]
    assert result.track.bits.tolist() == [1 + 2 + 3 + 4 + 5, 6 + 7 + 8 + 9 + 10]
    assert (result.dropped_frames, result.dropped_bits) == (2, 11 + 12)


def test_a_frame_belongs_to_the_segment_in_which_it_is_first_shown():
    result = segmented([10, 20, 30, 40], segment_s=0.2, slots=[0, 4, 5, 9])
    assert result.track.bits.tolist() == [30, 70]


@pytest.mark.parametrize("segment_s", [0.0, -1.0, float("nan"), float("inf")])
def test_a_duration_must_be_positive_and_finite(segment_s):
    with pytest.raises(InputError, match="positive and finite"):
        check_segment_s(segment_s, frame_rate_hz=Fraction(25), where="here")


def test_a_segment_shorter_than_a_frame_is_refused_with_the_least_duration():
    with pytest.raises(InputError, match=r"here: segments of 0\.039 s .* at least 0\.04 s"):
        check_segment_s(0.039, frame_rate_hz=Fraction(25), where="here")
    check_segment_s(0.04, frame_rate_hz=Fraction(25), where="here")


def test_less_than_one_segment_is_refused():
    with pytest.raises(InputError, match=r"last 0\.96 s, which is shorter than one segment of 1 s"):
        segmented([1] * 24, segment_s=1.0)


def test_a_gap_of_a_whole_segment_is_refused():
    with pytest.raises(InputError, match=r"segment 1 \(from 0\.2 s.* has 0 frames"):
        segmented([1, 1, 1, 1], segment_s=0.2, slots=[0, 1, 2, 14])
    with pytest.raises(InputError, match="2 frames cannot fill 100000"):
        segmented([1, 1], segment_s=0.04, slots=[0, 99_999])
