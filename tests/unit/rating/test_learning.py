"""What the rater learns from: shapes, and what it is not told."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="the rater is a torch model")
pytest.importorskip("sklearn", reason="scenes have photographs of scikit-learn")

import torch

from netgen.models.restorer import initialise
from netgen.rating.learning import make_rated_scenes, rating_loss, without_statement
from netgen.rating.rater import built_rater
from netgen.rating.seeing import OWN_SIGNALS, SIGNALS
from netgen.rng import generator_from


@pytest.fixture(scope="module")
def scenes():
    return make_rated_scenes(2, 2, generator_from(9), progress=lambda _: None)


def test_rated_scenes(scenes):
    assert scenes.frames.shape == scenes.source.shape == (4, 9, 3, 64, 64)
    assert scenes.places.shape == (4, 4, SIGNALS[0])
    assert scenes.whole.shape == (4, SIGNALS[1])
    assert scenes.levels.min() >= 0
    assert scenes.levels.max() <= 4
    assert np.array_equal(scenes.levels[:, :3].min(axis=1), scenes.levels[:, 3])


def test_the_loss_falls(scenes):
    model = built_rater()
    initialise(model, torch.Generator().manual_seed(1))
    frames, source = (torch.from_numpy(one).float() / 255 - 0.5 for one in (scenes.frames, scenes.source))
    places, whole, levels = (torch.from_numpy(one) for one in (scenes.places, scenes.whole, scenes.levels))
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    losses = []
    for _ in range(12):
        loss = rating_loss(model(frames, places, whole, source), levels)
        losses.append(float(loss.detach()))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert losses[-1] < losses[0] / 2


def test_without_a_statement_nothing_of_it_is_left(scenes):
    places, whole = without_statement(torch.from_numpy(scenes.places), torch.from_numpy(scenes.whole))
    assert not places[..., OWN_SIGNALS[0] :].any()
    assert not whole[..., OWN_SIGNALS[1] :].any()
    assert places[..., : OWN_SIGNALS[0]].any()
    assert np.any(scenes.places[..., OWN_SIGNALS[0] :])  # the original stays
