"""Interpolation as an action, with weights that were never trained: motion is found by matching alone."""

from fractions import Fraction

import numpy as np
import pytest
import torch

from netgen.actions.contract import KnobTarget, Placement
from netgen.actions.frame_dropping import FrameDroppingAction
from netgen.actions.interpolation import InterpolateAction, filled
from netgen.media.quality import psnr_db
from netgen.media.yuv_clip import YuvClip
from netgen.models.interpolator import Interpolator
from netgen.models.restorer import initialise
from netgen.models.weights import save_weights


def moving_clip(width: int = 96, height: int = 100, frames: int = 9) -> YuvClip:
    """A smooth picture, chroma too, that moves to the right by 2 px a frame."""
    noise = np.random.default_rng(1).random((height + 16, width + 2 * frames + 16))
    smooth = torch.from_numpy(noise)[None]
    for _ in range(2):
        smooth = torch.nn.functional.avg_pool2d(smooth, 9, stride=1)
    smooth = smooth[0].numpy()
    smooth = 30 + 190 * (smooth - smooth.min()) / np.ptp(smooth)
    planes = []
    for index in range(frames):
        luma = smooth[:, 2 * (frames - index) : 2 * (frames - index) + width]
        chroma = luma.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).ravel()
        planes.append(np.concatenate((luma.ravel(), chroma, chroma)).reshape(-1, width))
    return YuvClip(np.stack(planes).astype(np.uint8), Fraction(25))


@pytest.fixture(scope="module")
def action(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    interpolator = Interpolator()
    initialise(interpolator, torch.Generator().manual_seed(1))
    save_weights(interpolator, "interpolator", folder)
    return InterpolateAction(weights=folder, keep_every=4)


def test_kept_frames_stay_and_the_others_follow_the_motion(action):
    clip = moving_clip()
    kept = (0, 4, 8)
    found = filled(action, [clip.planes[list(kept)]], kept)[0]
    assert np.array_equal(found[list(kept)], clip.planes[list(kept)])
    between = [index for index in range(9) if index not in kept]
    repeated = clip.planes[[index // 4 * 4 for index in between]]
    for rows in (slice(24, 76), slice(112, 138)):  # the middle of the luma, and chroma
        inner = (slice(None), rows, slice(24, -24))
        gain_db = psnr_db(clip.planes[between][inner], found[between][inner]) - psnr_db(
            clip.planes[between][inner], repeated[inner]
        )
        assert gain_db > 6


@pytest.mark.parametrize("kept", [(0, 3), (0, 2, 3), (0, 4, 7), (0,), (0, 1)])
def test_gaps_of_any_length_are_filled(action, kept):
    clip = moving_clip()
    found = filled(action, [clip.planes[list(kept)]], kept)[0]
    assert len(found) == kept[-1] + 1
    inner = (slice(None), slice(24, 76), slice(24, -24))
    assert psnr_db(clip.planes[: len(found)][inner], found[inner]) > 25


def test_round_trip_in_the_domain_of_frame_dropping(action):
    clip = moving_clip()
    made = action.contract(clip, KnobTarget(30))
    plain = FrameDroppingAction(keep_every=4)
    assert made == plain.contract(clip, KnobTarget(30))
    shown, repeated = action.expand(made), plain.expand(made)
    assert shown.planes.shape == clip.planes.shape
    assert np.array_equal(shown.planes, action.expand(made).planes)
    assert np.array_equal(action.expand_plainly(made).planes, repeated.planes)
    assert psnr_db(clip.luma, shown.luma) > psnr_db(clip.luma, repeated.luma) + 2


def test_batches_do_not_matter(action):
    clip = moving_clip()
    made = action.contract(clip, KnobTarget(30))
    shown = action.expand(made)
    action.place(Placement(batch=1))
    again = action.expand(made)
    action.place(Placement())
    assert int(np.abs(shown.planes.astype(int) - again.planes).max()) <= 1


def test_segments_expanded_together_are_those_expanded_alone(action):
    clip = moving_clip()
    later = YuvClip(clip.planes[::-1].copy(), clip.frame_rate_hz)
    made = [action.contract(one, KnobTarget(30)) for one in (clip, later)]
    together = action.expand_many(made, seeds=[0, 0])
    for one, shown in zip(made, together, strict=True):
        alone = action.expand(one)
        assert np.abs(shown.planes.astype(int) - alone.planes).max() <= 1
    assert not action.gains_from_batches  # on the processor
