"""Tracks of segments: what is accepted, and that nobody can change them."""

import numpy as np
import pytest

from netgen.media import SegmentTrack, VideoFormat
from netgen.provenance import Provenance

FORMAT = VideoFormat(640, 360, 25.0)


def track(bits, frames, *, segment_s: float = 1.0) -> SegmentTrack:
    return SegmentTrack(FORMAT, segment_s, np.asarray(bits), np.asarray(frames), Provenance.MEASURED)


def test_the_mean_is_over_all_pixels_and_not_over_segments():
    """(1000 + 3000) bit over 30 frames of 230,400 pixels; the mean of the two ratios would be another."""
    short_last = track([1000, 3000], [25, 5])
    assert short_last.mean_bits_per_pixel == 4000 / (30 * 640 * 360)
    assert len(short_last) == 2


def test_arrays_are_read_only():
    made = track([1000, 3000], [25, 5])
    for array in (made.bits, made.frames):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("bits", "frames", "segment_s", "message"),
    [
        ([1000], [25], 0.0, "segment_s must be positive"),
        ([1000], [25], -1.0, "segment_s must be positive"),
        ([1000], [25], float("nan"), "segment_s must be positive"),
        ([], [], 1.0, "a track needs as many sizes as frame counts, at least one: 0, 0"),
        ([1000, 1], [25], 1.0, "a track needs as many sizes as frame counts, at least one: 2, 1"),
        ([1000, 0], [25, 25], 1.0, "segment 1 has 0 bit in 25 frames; both must be positive"),
        ([1000, 5, -1], [25, 0, 25], 1.0, "segment 1 has 5 bit in 0 frames; both must be positive"),
    ],
)
def test_what_is_no_track_is_an_error(bits, frames, segment_s, message):
    with pytest.raises(ValueError) as error:
        track(np.array(bits, dtype=np.int64), np.array(frames, dtype=np.int64), segment_s=segment_s)
    assert str(error.value).startswith(message)
