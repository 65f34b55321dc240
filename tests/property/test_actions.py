"""Laws of executable actions: bytes and back, knobs and searches, gaps between kept frames."""

import math
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.actions.coded_stream import kept_frames
from netgen.actions.contract import Knob
from netgen.actions.contracted_video import ContractedVideo, Part, PartKind, read_varint, varint
from netgen.actions.frame_dropping import blended, repeated
from netgen.errors import InputError

parts = st.builds(Part, st.sampled_from(PartKind), st.binary(max_size=300))
videos = st.builds(
    ContractedVideo,
    st.text(max_size=30),
    st.integers(1, 10_000),
    st.integers(1, 10_000),
    st.integers(1, 1000),
    st.fractions(min_value=Fraction(1, 1001), max_value=300, max_denominator=1001),
    st.lists(parts, max_size=4).map(tuple),
)
knobs = st.builds(
    lambda low, span, step, octave, turned: Knob(
        "q", *((low + span, low) if turned else (low, low + span)), step, octave, ()
    ),
    st.integers(-50, 50),
    st.integers(1, 100),
    st.sampled_from([0.125, 0.25, 1.0, 3.0]),
    st.floats(1, 20),
    st.booleans(),
)


@given(videos)
def test_every_video_survives_its_bytes(video):
    assert ContractedVideo.from_bytes(video.to_bytes(), domain=video.domain) == video
    assert video.generative_bits <= video.bits == 8 * len(video.to_bytes())


@given(videos, st.data())
def test_no_damage_raises_anything_but_input_error(video, data):
    message = bytearray(video.to_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    message = message[: data.draw(st.integers(0, len(message)))]
    try:
        read = ContractedVideo.from_bytes(bytes(message), domain=video.domain)
    except InputError:
        return
    assert sum(len(part.payload) for part in read.parts) <= len(message)


@given(st.lists(st.integers(0, 2**62), max_size=8))
def test_numbers_in_a_row_are_read_back(numbers):
    message, at, found = b"".join(varint(number) for number in numbers), 0, []
    while at < len(message):
        number, at = read_varint(message, at)
        found.append(number)
    assert found == numbers


@given(st.integers(1, 400), st.integers(1, 9))
def test_kept_frames_bracket_every_missing_one(frames, keep_every):
    kept = kept_frames(frames, keep_every)
    assert (kept[0], kept[-1]) == (0, frames - 1)
    gaps = np.diff(kept)
    assert all(0 < gap <= keep_every for gap in gaps)
    assert len(kept) <= math.ceil(frames / keep_every) + 1


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 5), st.integers(0, 2**32 - 1))
def test_filled_frames_stay_between_their_neighbours(frames, keep_every, seed):
    kept = kept_frames(frames, keep_every)
    planes = np.random.default_rng(seed).integers(0, 256, (len(kept), 3, 4), np.uint8)
    for fill in (repeated, blended):
        filled = fill(planes, kept, Fraction(25))
        assert filled.shape == (frames, 3, 4)
        assert np.array_equal(filled[list(kept)], planes)
        for k in range(frames):
            after = np.searchsorted(kept, k)
            low, high = planes[max(after - 1, 0)], planes[after]
            assert np.all((np.minimum(low, high) <= filled[k]) & (filled[k] <= np.maximum(low, high)))


@given(knobs, st.floats(-200, 200))
def test_a_knob_allows_only_its_steps_and_its_range(knob, value):
    low, high = sorted((knob.finest, knob.coarsest))
    nearest = knob.nearest(value)
    assert low <= nearest <= high
    assert nearest == high or (nearest - low) % knob.step == 0
    assert knob.nearest(nearest) == nearest
    if low <= value <= high:
        assert abs(nearest - value) <= knob.step


@given(knobs, st.floats(0, 1), st.floats(0, 1))
def test_towards_the_coarse_end_bits_are_halved_more_often(knob, one, other):
    values = [knob.finest + share * (knob.coarsest - knob.finest) for share in sorted((one, other))]
    fewer, more = (knob.octaves(value) for value in values)
    assert fewer <= more
    assert abs(knob.value_at(fewer) - values[0]) <= knob.step
