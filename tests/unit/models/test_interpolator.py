"""The interpolator: motion by matching alone, symmetry, and instants other than the middle."""

import numpy as np
import pytest
import torch

from netgen.models.interpolator import Interpolator, warp, warped_chroma
from netgen.models.restorer import initialise


@pytest.fixture(scope="module")
def model():
    network = Interpolator()
    initialise(network, torch.Generator().manual_seed(1))
    return network.eval()


def _texture(shift: int, side: int = 96) -> torch.Tensor:
    """A smooth random picture, moved to the right."""
    noise = torch.from_numpy(np.random.default_rng(5).random((1, 1, 160, 160), dtype=np.float32))
    smooth = noise
    for _ in range(2):
        smooth = torch.nn.functional.avg_pool2d(smooth, 7, stride=1, padding=3)
    smooth = (smooth - smooth.mean()) * 6 + 0.5
    return smooth[:, :, 32 : 32 + side, 32 - shift : 32 - shift + side].clone()


def test_warp_looks_up_where_the_motion_points():
    plane = torch.arange(12.0).view(1, 1, 3, 4)
    flow = torch.zeros(1, 2, 3, 4)
    flow[:, 0] = 1.0
    assert torch.allclose(warp(plane, flow)[0, 0, 0], torch.tensor([1.0, 2.0, 3.0, 3.0]), atol=1e-5)
    flow = torch.zeros(1, 2, 3, 4)
    flow[:, 1] = -1.0
    assert torch.allclose(warp(plane, flow)[0, 0, :, 0], torch.tensor([0.0, 0.0, 4.0]), atol=1e-5)


@pytest.mark.parametrize("pan_px", [4, 12])
def test_a_pan_is_found_before_any_training(model, pan_px):
    first, middle, second = (_texture(shift) for shift in (0, pan_px // 2, pan_px))
    with torch.inference_mode():
        found = model(first, second)
    inner = (slice(None), slice(None), slice(24, -24), slice(24, -24))
    blend_error = ((first + second) / 2 - middle)[inner].square().mean()
    assert (found.luma - middle)[inner].square().mean() < 0.1 * blend_error
    motion = found.flows[-1][:, :, 24:-24, 24:-24].mean(dim=(0, 2, 3))
    assert torch.allclose(motion, torch.tensor([-pan_px / 2, 0.0, pan_px / 2, 0.0]), atol=0.6)


def test_equal_frames_come_back(model):
    frame = _texture(0)
    with torch.inference_mode():
        found = model(frame, frame)
    assert torch.allclose(found.luma, frame, atol=1e-4)
    assert found.flows[-1].abs().max() < 1e-3


def test_another_instant_scales_the_motion(model):
    first, second = _texture(0), _texture(12)
    with torch.inference_mode():
        middle, early = model(first, second), model(first, second, 0.25)
    assert torch.allclose(early.flows[-1][:, :2], middle.flows[-1][:, :2] / 2)
    assert torch.allclose(early.flows[-1][:, 2:], middle.flows[-1][:, 2:] * 1.5)
    assert early.share.mean() == pytest.approx(0.75)


def test_chroma_moves_with_the_luma(model):
    first, second = _texture(0), _texture(8)
    chroma = [
        torch.nn.functional.avg_pool2d(one, 2).repeat(1, 2, 1, 1) for one in (first, second, _texture(4))
    ]
    with torch.inference_mode():
        moved = warped_chroma(model(first, second), chroma[0], chroma[1])
    inner = (slice(None), slice(None), slice(12, -12), slice(12, -12))
    blend_error = ((chroma[0] + chroma[1]) / 2 - chroma[2])[inner].square().mean()
    assert (moved - chroma[2])[inner].square().mean() < 0.2 * blend_error
