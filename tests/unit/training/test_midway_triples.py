"""Triples: after mirroring, transposing and reversing, the motion still leads from the middle to both ends."""

import numpy as np
import pytest
import torch

from netgen.models.interpolator import warp
from netgen.training.midway_triples import MidwayTriples, TripleRecipe, make_triples, triple_batch
from netgen.training.motion import MotionRange
from netgen.training.photographs import Photograph


@pytest.fixture(scope="module")
def triples():
    noise = np.random.default_rng(0).random((360, 400))
    smooth = torch.nn.functional.avg_pool2d(torch.from_numpy(noise)[None], 9, stride=1, padding=4)[0].numpy()
    smooth = (smooth - smooth.min()) / np.ptp(smooth)
    photographs = [Photograph("noise", np.asarray(20 + 200 * smooth, dtype=np.uint8))]
    motion = MotionRange(largest_px=3.0, smallest_px=1.5, most_layers=0, still_share=0.0)
    recipe = TripleRecipe(2, side_px=80, clean_share=1.0, motion=motion)
    return make_triples(photographs, recipe, np.random.default_rng(1), progress=lambda line: None)


def test_motion_leads_to_both_ends_however_a_patch_is_turned(triples):
    batch = triple_batch(triples, np.random.default_rng(2), patches=24, side_px=64)
    for end in (0, 1):
        moved = warp(batch.ends[:, end : end + 1], batch.flow[:, 2 * end : 2 * end + 2])
        error = (moved - batch.middle)[:, :, 20:-20, 20:-20].abs().mean()
        unmoved = (batch.ends[:, end : end + 1] - batch.middle)[:, :, 20:-20, 20:-20].abs().mean()
        assert error < 0.25 * unmoved


def test_triples_follow_from_the_generator(triples):
    again = [triple_batch(triples, np.random.default_rng(3), patches=2, side_px=32) for _ in range(2)]
    assert torch.equal(again[0].ends, again[1].ends)
    assert torch.equal(again[0].flow, again[1].flow)


def test_there_are_six_triples_a_clip(triples):
    assert isinstance(triples, MidwayTriples)
    assert triples.ends.shape == (12, 2, 80, 80)
    assert triples.flow.shape == (12, 4, 80, 80)
