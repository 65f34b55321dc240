from fractions import Fraction

import numpy as np
import pytest

from netgen.actions.coded_stream import (
    clip_of_part,
    coded_part,
    kept_frames,
    resized,
    selected,
    without_temporal_delimiters,
)
from netgen.actions.contracted_video import Part, PartKind
from netgen.errors import InputError
from netgen.media.codec import Codec, CodingConfig, decode, encode
from netgen.media.yuv_clip import YuvClip

pytest.importorskip("av")
RATE = Fraction(25)


def textured(frames, *, width_px=288, height_px=272):
    """A pattern that moves by two pixels a frame, in luma and in chroma."""
    x, y = np.meshgrid(np.arange(width_px + 2 * frames), np.arange(height_px * 3 // 2))
    picture = (128 + 60 * np.sin(x / 9) * np.cos(y / 13)).astype(np.uint8)
    return YuvClip(np.stack([picture[:, 2 * k : 2 * k + width_px] for k in range(frames)]), RATE)


def back(part, clip, codec, scale=1):
    return clip_of_part(
        part,
        codec=codec,
        scale=scale,
        width_px=clip.width_px,
        height_px=clip.height_px,
        frames=clip.frames,
        frame_rate_hz=clip.frame_rate_hz,
    )


@pytest.mark.parametrize("frames", [1, 2, 13])
@pytest.mark.parametrize("scale", [1, 4])
@pytest.mark.parametrize("codec", list(Codec))
def test_the_one_payload_decodes_to_what_the_packets_decode_to(codec, scale, frames):
    clip = textured(frames)
    config = CodingConfig(codec, 40, scale, frames)
    coded = encode(clip, config)
    part = coded_part(clip, config)
    shown = back(part, clip, codec, scale)
    assert np.array_equal(shown.planes, decode(coded)[0].planes)
    assert shown.frame_rate_hz == RATE
    assert part.kind is PartKind.DISCRIMINATIVE
    assert abs(len(part.payload) - coded.size_bytes) <= 2 * frames  # delimiters go, lengths come


def test_av1_travels_without_temporal_delimiters():
    clip = textured(6)
    packets = encode(clip, CodingConfig(Codec.SVTAV1, 40, 1, 6)).packets
    assert all(packet.startswith(b"\x12\x00") for packet in packets)
    part = coded_part(clip, CodingConfig(Codec.SVTAV1, 40, 1, 6))
    assert len(part.payload) == sum(map(len, packets)) - 2 * 6
    with pytest.raises(InputError, match="without its size"):
        without_temporal_delimiters(b"\x10\x00")


@pytest.mark.parametrize("codec", list(Codec))
def test_damaged_bytes_are_an_input_error_or_frames_of_the_right_shape(codec):
    clip = textured(5, width_px=96, height_px=80)
    payload = coded_part(clip, CodingConfig(codec, 45, 1, 5)).payload
    rng = np.random.default_rng(3)
    refused = 0
    for turn in range(60):
        damaged = bytearray(payload)
        if turn % 3 == 0:
            damaged = damaged[: rng.integers(len(payload))]
        elif turn % 3 == 1:
            for _ in range(1 + turn // 3):
                damaged[rng.integers(len(payload))] = rng.integers(256)
        else:
            damaged = bytearray(rng.bytes(int(rng.integers(400))))
        try:
            shown = back(Part(PartKind.DISCRIMINATIVE, bytes(damaged)), clip, codec)
        except InputError:
            refused += 1
        else:
            assert shown.planes.shape == clip.planes.shape
    assert refused >= 35


@pytest.mark.parametrize("codec", list(Codec))
def test_a_bitstream_of_another_size_or_number_is_refused(codec):
    clip = textured(4, width_px=96, height_px=80)
    part = coded_part(clip, CodingConfig(codec, 45, 1, 4))
    for other in (textured(3, width_px=96, height_px=80), textured(5, width_px=96, height_px=80)):
        with pytest.raises(InputError, match=r"damaged|ends within"):
            back(part, other, codec)
    for other in (textured(4, width_px=96, height_px=96), textured(4, width_px=240, height_px=240)):
        with pytest.raises(InputError, match="damaged"):
            back(part, other, codec)
    with pytest.raises(InputError, match=r"damaged|ends within"):
        back(Part(PartKind.DISCRIMINATIVE, b""), clip, codec)


def test_chroma_comes_back_where_it_was_at_a_reduced_size():
    """Decoders of H.264 mark chroma as sited left; enlarged as such it would be shifted."""
    ramp = np.tile(np.linspace(20, 235, 144), (136, 1)).astype(np.uint8)
    planes = np.full((1, 408, 288), 128, np.uint8)
    planes[0, 272:] = np.concatenate([ramp, ramp]).reshape(136, 288)
    clip = YuvClip(planes, RATE)
    part = coded_part(clip, CodingConfig(Codec.X264, 1, 2, 1))
    shown = back(part, clip, Codec.X264, 2).planes[0, 272:].reshape(272, 144)
    uncoded = resized(resized(clip, 144, 136), 288, 272).planes[0, 272:].reshape(272, 144)
    assert (
        abs((shown.astype(int) - uncoded).mean()) < 0.1
    )  # a shift by a quarter of a sample shows as 0.37 levels


@pytest.mark.parametrize(
    ("frames", "keep_every", "kept"),
    [
        (1, 4, (0,)),
        (2, 4, (0, 1)),
        (5, 4, (0, 4)),
        (24, 4, (0, 4, 8, 12, 16, 20, 23)),
        (25, 4, (0, 4, 8, 12, 16, 20, 24)),
        (6, 2, (0, 2, 4, 5)),
        (3, 1, (0, 1, 2)),
    ],
)
def test_the_last_frame_is_always_kept(frames, keep_every, kept):
    assert kept_frames(frames, keep_every) == kept


def test_selected_frames_last_as_long_as_all_of_them():
    clip = textured(10)
    kept = selected(clip, (0, 4, 8, 9))
    assert np.array_equal(kept.planes[2], clip.planes[8])
    assert kept.frames / kept.frame_rate_hz == clip.frames / clip.frame_rate_hz


def test_resizing_to_the_same_size_is_the_clip_itself():
    clip = textured(2)
    assert resized(clip, 288, 272) is clip
    assert resized(clip, 144, 136).planes.shape == (2, 204, 144)
