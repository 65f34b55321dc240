"""Synthetic clips: the motion that is recorded is the motion that is seen, and all follows from the generator."""

import numpy as np
import pytest
import torch

from netgen.models.interpolator import warp
from netgen.training.motion import MotionRange, drawn_scene, rendered
from netgen.training.photographs import Photograph


@pytest.fixture(scope="module")
def photographs():
    noise = np.random.default_rng(0).random((360, 400))
    smooth = torch.nn.functional.avg_pool2d(torch.from_numpy(noise)[None], 9, stride=1, padding=4)[0].numpy()
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    return [Photograph("noise", np.asarray(20 + 200 * smooth, dtype=np.uint8))]


@pytest.mark.parametrize("seed", range(4))
def test_frames_follow_the_recorded_motion(photographs, seed):
    motion = MotionRange(largest_px=4.0, smallest_px=1.0, most_layers=2, still_share=0.0)
    scene = drawn_scene(photographs, np.random.default_rng(seed), side_px=96, motion=motion)
    here, there = scene.frame(0.0), scene.frame(2.0)
    moved = warp(there[None, None], scene.flow(0.0, 2.0)[None])[0, 0]
    inner = (slice(16, -16), slice(16, -16))
    assert (moved - here)[inner].abs().median() < 2.0
    assert (there - here)[inner].abs().median() > 3 * (moved - here)[inner].abs().median()


def test_motion_to_the_same_instant_is_none(photographs):
    motion = MotionRange(largest_px=5.0, softest_px=1.0)
    scene = drawn_scene(photographs, np.random.default_rng(7), side_px=64, motion=motion)
    assert scene.flow(1.5, 1.5).abs().max() < 0.02


def test_clips_follow_from_the_generator(photographs):
    motion = MotionRange(largest_px=5.0, softest_px=1.5)
    one, same, other = (
        rendered(drawn_scene(photographs, np.random.default_rng(seed), side_px=64, motion=motion), 3)
        for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert one.shape == (3, 64, 64)
    assert one.dtype == np.uint8
