from fractions import Fraction

import numpy as np
import pytest

from netgen.actions.codecs import SvtAv1Action
from netgen.actions.coded_stream import kept_frames
from netgen.actions.contract import KnobTarget
from netgen.actions.frame_dropping import FrameDroppingAction, blended, motion_compensated, repeated
from netgen.catalogue.check_cases import moving_clip
from netgen.errors import InputError
from netgen.media.quality import psnr_db
from netgen.media.yuv_clip import YuvClip

pytest.importorskip("av")
RATE = Fraction(30000, 1001)


def panning(frames, *, width_px=160, height_px=128):
    """Smooth spots without any period that move by two pixels a frame."""
    noise = np.random.default_rng(4).normal(0, 1, (height_px, width_px + 2 * frames))
    for axis in (0, 1):
        for _ in range(3):
            noise = sum(np.roll(noise, shift, axis) for shift in range(-3, 4))
    picture = np.clip(128 + 45 * noise / noise.std(), 0, 255).astype(np.uint8)
    planes = np.full((frames, height_px * 3 // 2, width_px), 128, np.uint8)
    for k in range(frames):
        planes[k, :height_px] = picture[:, 2 * k : 2 * k + width_px]
    return YuvClip(planes, RATE)


@pytest.mark.parametrize("fill", [repeated, blended, motion_compensated])
@pytest.mark.parametrize("keep_every", [2, 4])
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 5, 8, 9])
def test_all_frames_come_back_and_the_kept_ones_unchanged(fill, keep_every, frames):
    clip = moving_clip(96, 80, frames=frames)
    kept = kept_frames(frames, keep_every)
    filled = fill(clip.planes[list(kept)], kept, RATE)
    assert filled.shape == clip.planes.shape
    assert filled.dtype == np.uint8
    assert np.array_equal(filled[list(kept)], clip.planes[list(kept)])


def test_repetition_shows_the_last_kept_frame():
    planes = np.arange(3, dtype=np.uint8)[:, None, None] * np.ones((3, 3, 2), np.uint8)
    assert repeated(planes, (0, 4, 6), RATE)[:, 0, 0].tolist() == [0, 0, 0, 0, 1, 1, 2]


def test_blending_is_linear_in_time_and_rounds_to_nearest():
    planes = np.array([10, 20, 9], np.uint8)[:, None, None] * np.ones((3, 3, 2), np.uint8)
    assert blended(planes, (0, 4, 6), RATE)[:, 0, 0].tolist() == [10, 13, 15, 18, 20, 15, 9]


@pytest.mark.parametrize("keep_every", [2, 4])
def test_motion_compensation_beats_blending_beats_repetition_on_a_pan(keep_every):
    clip = panning(10)
    kept = kept_frames(10, keep_every)
    missing = [k for k in range(10) if k not in kept]
    known = clip.planes[list(kept)]
    qualities_db = [
        psnr_db(clip.luma[missing], fill(known, kept, RATE)[missing, :128])
        for fill in (repeated, blended, motion_compensated)
    ]
    assert qualities_db[0] + 1 < qualities_db[1]
    assert qualities_db[1] + 3 < qualities_db[2]


@pytest.mark.parametrize("expander", ["repeat", "blend", "mci"])
def test_a_segment_comes_back_whole_at_fewer_bits(expander):
    clip = moving_clip(160, 128, frames=10)
    action = FrameDroppingAction(keep_every=4, expander=expander)
    made = action.contract(clip, KnobTarget(45))
    assert made.bits < SvtAv1Action().contract(clip, KnobTarget(45)).bits
    shown = action.expand(made)
    assert shown.planes.shape == clip.planes.shape
    assert shown.frame_rate_hz == clip.frame_rate_hz
    assert np.array_equal(shown.planes, action.expand(made).planes)


def test_fewer_and_smaller_frames_cost_less_and_come_back_in_size():
    clip = moving_clip(288, 272, frames=9)
    small, large = (FrameDroppingAction(keep_every=4, expander="mci", scale=scale) for scale in (4, 1))
    made = small.contract(clip, KnobTarget(45))
    assert made.bits < large.contract(clip, KnobTarget(45)).bits
    assert small.expand(made).planes.shape == clip.planes.shape
    assert psnr_db(clip.luma, small.expand(made).luma) > 15
    with pytest.raises(InputError, match="made by another action"):
        large.expand(made)
    with pytest.raises(InputError, match="264"):
        small.contract(moving_clip(256, 256, frames=5), KnobTarget(45))


def test_any_expander_takes_what_another_sent():
    """How frames are filled in is the receiver's choice; how many were dropped is not."""
    clip = moving_clip(96, 80, frames=6)
    made = FrameDroppingAction(keep_every=2, expander="repeat").contract(clip, KnobTarget(50))
    assert FrameDroppingAction(keep_every=2, expander="mci").expand(made).frames == 6
    assert made.domain != FrameDroppingAction(keep_every=4).domain
