import binascii
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netgen.actions.description import (
    MOST_FRAMES,
    Description,
    describe,
)
from netgen.described.grids import COARSEST, FINEST
from netgen.described.motion import track_at
from netgen.described.resampling import resampled
from netgen.errors import InputError
from netgen.media.yuv_clip import YuvClip

RATE_HZ = Fraction(25)


def panned(width_px: int, height_px: int, frames: int, *, step_px: int = 0, seed: int = 0) -> YuvClip:
    """A picture of soft patches that passes by, `step_px` to the left per frame."""
    rng = np.random.default_rng(seed)
    wide = width_px + step_px * frames
    cells = rng.integers(40, 210, (max(height_px // 24, 2), max(wide // 24, 2))).astype(np.uint8)
    luma = np.clip(resampled(cells, height_px, wide), 0, 255).astype(np.uint8)
    hue = np.clip(resampled(255 - cells, height_px // 2, wide // 2), 0, 255).astype(np.uint8)
    made = np.full((frames, height_px * 3 // 2, width_px), 128, np.uint8)
    for frame in range(frames):
        left = step_px * frame
        made[frame, :height_px] = luma[:, left : left + width_px]
        chroma = hue[:, left // 2 : left // 2 + width_px // 2]
        made[frame, height_px:] = np.stack((chroma, 255 - chroma)).reshape(height_px // 2, width_px)
    return YuvClip(made, RATE_HZ)


def parsed(description: Description, message: bytes) -> Description:
    return Description.from_bytes(
        message, width_px=description.width_px, height_px=description.height_px, frames=description.frames
    )


@pytest.mark.parametrize("size_px", [(16, 16), (176, 144), (144, 176), (480, 272), (1280, 720)])
@pytest.mark.parametrize("sketched", [False, True])
def test_a_description_comes_back_exactly(size_px: tuple[int, int], sketched: bool) -> None:
    clip = panned(*size_px, 5, step_px=2)
    made = describe(clip, 4.25, sketched=sketched)
    message = made.to_bytes()
    read = parsed(made, message)
    assert (read.detail, read.frames) == (4.25, 5)
    assert read.to_bytes() == message
    for scene, other in zip(made.scenes, read.scenes, strict=True):
        np.testing.assert_array_equal(scene.track, other.track)
        for key, copy in zip(scene.keys, other.keys, strict=True):
            for plane, same in zip(key.numbers, copy.numbers, strict=True):
                np.testing.assert_array_equal(plane, same)
            assert (key.sketch is not None) == sketched
            if key.sketch is not None:
                np.testing.assert_array_equal(key.sketch, copy.sketch)
        for picture, same in zip(made.pictures(scene), read.pictures(other), strict=True):
            for plane, other_plane in zip(picture, same, strict=True):
                np.testing.assert_array_equal(plane, other_plane)


def test_the_same_frames_give_the_same_bytes() -> None:
    clip = panned(176, 144, 9, step_px=3)
    assert describe(clip, 5, sketched=True).to_bytes() == describe(clip, 5, sketched=True).to_bytes()


def test_more_detail_costs_more_bytes_and_the_range_is_some_hundred() -> None:
    rng = np.random.default_rng(5)
    coarse = resampled(rng.integers(20, 235, (34, 60)).astype(np.uint8), 272, 480)
    fine = resampled(rng.integers(20, 235, (136, 240)).astype(np.uint8), 272, 480)
    luma = np.clip(0.8 * coarse + 0.2 * fine, 0, 255).astype(np.uint8)
    planes = np.concatenate([luma, np.full((136, 480), 128, np.uint8)])
    clip = YuvClip(np.repeat(planes[None], 5, axis=0), RATE_HZ)
    sizes = [len(describe(clip, detail, sketched=False).to_bytes()) for detail in (1, 2, 3.5, 5, 6.5, 8)]
    assert sizes == sorted(sizes)
    assert sizes[0] < 300
    assert sizes[-1] > 2000


def test_a_still_clip_is_one_picture_with_no_motion() -> None:
    (scene,) = describe(panned(176, 144, 25), 8, sketched=False).scenes
    assert len(scene.keys) == 1
    assert not scene.track.any()


def test_one_frame_can_be_described() -> None:
    made = describe(panned(480, 272, 1), 6, sketched=True)
    assert parsed(made, made.to_bytes()).frames == 1


@pytest.mark.parametrize("step_px", [2, 8])
def test_a_pan_is_recovered(step_px: int) -> None:
    made = describe(panned(480, 272, 13, step_px=step_px), 8, sketched=False)
    (scene,) = made.scenes
    motion = track_at(scene.track, 13)
    per_frame_px = np.diff(motion[:, [0, 2, 4]], axis=0) * 480 / 4096
    np.testing.assert_allclose(per_frame_px, step_px, atol=0.25)
    assert np.abs(motion[:, [1, 3, 5]]).max() * 480 / 4096 < 1


def test_a_cut_begins_a_scene() -> None:
    one, other = panned(176, 144, 6), panned(176, 144, 4, seed=9)
    made = describe(YuvClip(np.concatenate((one.planes, other.planes)), RATE_HZ), 5, sketched=False)
    assert [scene.frames for scene in made.scenes] == [6, 4]
    assert parsed(made, made.to_bytes()).to_bytes() == made.to_bytes()


def test_a_picture_that_slowly_changes_is_renewed_from_the_one_before() -> None:
    clip = panned(176, 144, 25).planes.copy()
    for frame in range(25):
        clip[frame, 40:60, 4 * frame : 4 * frame + 24] = 240  # a bar that crosses a still scene
    (scene,) = describe(YuvClip(clip, RATE_HZ), 6, sketched=False).scenes
    assert len(scene.keys) > 1
    assert all(key.renewed for key in scene.keys[1:])


def test_too_many_frames_are_refused() -> None:
    clip = YuvClip(np.zeros((MOST_FRAMES + 1, 24, 16), np.uint8), RATE_HZ)
    with pytest.raises(InputError, match="4096"):
        describe(clip, 4, sketched=False)


def test_damage_is_noticed() -> None:
    made = describe(panned(176, 144, 5, step_px=2), 3, sketched=True)
    message = made.to_bytes()
    rng = np.random.default_rng(0)
    damaged = [message[:-1], message[: len(message) // 2], b"", b"\0", message + b"\1"]
    for at in range(len(message)):
        other = bytearray(message)
        other[at] ^= int(rng.integers(1, 256))
        damaged.append(bytes(other))
    for one in damaged:
        with pytest.raises(InputError, match="damaged"):
            parsed(made, one)


def test_a_description_of_other_frames_is_noticed() -> None:
    made = describe(panned(176, 144, 5), 3, sketched=False)
    for width_px, frames in ((178, 5), (176, 6)):
        with pytest.raises(InputError, match="damaged"):
            Description.from_bytes(made.to_bytes(), width_px=width_px, height_px=144, frames=frames)
    with pytest.raises(InputError, match="frames"):
        Description.from_bytes(made.to_bytes(), width_px=176, height_px=144, frames=MOST_FRAMES + 1)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(1, 30))
def test_any_bytes_with_the_right_check_are_read_or_refused(body: bytes, frames: int) -> None:
    """What slips through the check must not do harm: it is a valid description or an InputError."""
    check = binascii.crc_hqx(body, binascii.crc_hqx(f"64 48 {frames}".encode(), 0)).to_bytes(2, "big")
    try:
        read = Description.from_bytes(body + check, width_px=64, height_px=48, frames=frames)
    except InputError:
        return
    assert read.frames == frames
    assert COARSEST <= read.detail <= FINEST
    for scene in read.scenes:
        assert len(read.pictures(scene)) == len(scene.keys)
