"""The restorer: its shapes, what it does before it has learned, and what it depends on."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from netgen.models.restorer import Restorer, enlarged, initialise


def _restorer(scale: int, seed: int = 1) -> Restorer:
    model = Restorer(scale, channels=8, blocks=2)
    initialise(model, torch.Generator().manual_seed(seed))
    return model.eval()


@pytest.mark.parametrize("scale", [1, 2, 4])
def test_before_training_it_is_bicubic_enlargement(scale):
    frames = torch.rand(2, 3, 10, 14, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        shown = _restorer(scale)(frames, torch.tensor([20.0, 63.0]))
    assert shown.shape == (2, 1, 10 * scale, 14 * scale)
    assert torch.equal(shown, enlarged(frames[:, 1:2], scale))


def test_rate_factor_and_neighbours_take_part():
    model = _restorer(2)
    torch.nn.init.ones_(model.tail.weight)
    frames = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    other = frames.clone()
    other[:, 0] = 0
    with torch.inference_mode():
        shown = model(frames, torch.tensor([20.0]))
        assert not torch.equal(shown, model(frames, torch.tensor([60.0])))
        assert not torch.equal(shown, model(other, torch.tensor([20.0])))


def test_weights_follow_from_the_seed():
    one, same, other = (_restorer(2, seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["head.weight"], other["head.weight"])


@pytest.mark.parametrize("scale", [1, 2])
def test_a_frame_of_256_by_256_costs_less_than_5_gflop(scale):
    side = 256 // scale
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        Restorer(scale)(torch.zeros(1, 3, side, side), torch.zeros(1))
    assert 4e9 < counter.get_total_flops() < 5e9
