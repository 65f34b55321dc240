"""The training loop: budgets, what repeats, and that it learns."""

import math

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from netgen.errors import InputError
from netgen.training.fit import Budget, FitSettings, fit


def _loss(model, draws):
    inputs = torch.from_numpy(draws.normal(size=(16, 3))).float()
    return (model(inputs)[:, 0] - inputs.sum(dim=1)).square().mean()


def _trained(budget, seed=1, **settings):
    model = nn.Linear(3, 1)
    with torch.no_grad():
        model.weight.zero_()
        model.bias.zero_()
    log = fit(
        model, _loss, FitSettings(budget, seed, learning_rate=0.05, **settings), progress=lambda line: None
    )
    return model, log


def test_it_learns_and_repeats_to_the_last_bit():
    model, log = _trained(Budget(steps=300))
    again, _ = _trained(Budget(steps=300))
    other, _ = _trained(Budget(steps=300), seed=2)
    assert log.steps == 300
    assert [step for step, _ in log.curve] == [100, 200, 300]
    assert log.curve[-1][1] < 0.01 * log.curve[0][1]
    assert torch.equal(model.weight, again.weight)
    assert not torch.equal(model.weight, other.weight)


def test_minutes_become_a_number_of_steps_that_repeats():
    model, log = _trained(Budget(minutes=1 / 600))
    assert log.steps > 60
    again, _ = _trained(Budget(steps=log.steps))
    assert torch.equal(model.weight, again.weight)


def test_a_checkpoint_is_written_whole(tmp_path):
    path = tmp_path / "runs" / "model.checkpoint"
    _trained(Budget(steps=500), checkpoint=path)
    assert set(load_file(path)) == {"weight", "bias"}
    assert [one.name for one in path.parent.iterdir()] == ["model.checkpoint"]


@pytest.mark.parametrize(
    "arguments", [{}, {"steps": 3, "minutes": 1.0}, {"steps": 0}, {"minutes": 0.0}, {"minutes": -1.0}]
)
def test_budgets_that_say_nothing_are_refused(arguments):
    with pytest.raises(InputError, match="training budget"):
        Budget(**arguments)


def test_a_loss_that_is_no_number_stops_the_run():
    with pytest.raises(FloatingPointError, match="at step 1"):
        fit(
            nn.Linear(1, 1),
            lambda model, draws: model(torch.full((1, 1), math.nan)).mean(),
            FitSettings(Budget(steps=5), 1),
            progress=lambda line: None,
        )
