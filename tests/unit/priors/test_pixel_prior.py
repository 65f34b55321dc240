"""Priors that foretell samples."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from netgen.priors.pixel_prior import (  # noqa: E402
    CONTEXT,
    PixelPrior,
    remaining_bits,
    samples_of,
    trained_prior,
)
from netgen.rng import generator_from  # noqa: E402


def ramp() -> np.ndarray:
    """Return a picture of 40 x 50 in which every sample is told by its place."""
    rows, columns = np.mgrid[0:40, 0:50]
    return (3 * rows + columns).astype(np.uint8)


def test_probabilities_of_all_levels_sum_to_one():
    """For any weights and context, so that -log2 P is a length of code."""
    torch.manual_seed(3)
    prior = PixelPrior(8)
    contexts = torch.from_numpy(np.random.default_rng(1).integers(0, 256, (5, CONTEXT)).astype(np.float32))
    levels = torch.arange(256, dtype=torch.float32)
    with torch.inference_mode():
        for context in contexts:
            bits = prior.bits(context.repeat(256, 1), levels)
            assert float((2.0**-bits).sum()) == pytest.approx(1.0, abs=1e-4)


def test_contexts_are_the_samples_before():
    """Three rows above from left to right, then the three to the left."""
    context, level = samples_of([ramp()], 200, generator_from(1))
    steps = [-9 + side for side in range(-3, 4)] + [-6 + side for side in range(-3, 4)]
    steps += [-3 + side for side in range(-3, 4)] + [-3, -2, -1]
    for found, own in zip(context.numpy(), level.numpy(), strict=True):
        assert (found - own).tolist() == steps


def test_larger_pictures_give_more_samples():
    dark, bright = np.zeros((53, 106), np.uint8), np.full((13, 16), 200, np.uint8)  # 5000 places, and 100
    _, level = samples_of([dark, bright], 20_000, generator_from(2))
    assert float((level == 200).float().mean()) == pytest.approx(100 / 5100, rel=0.3)


def test_learning_leaves_fewer_bits_open():
    """Of a picture in which every sample follows from those before, almost none; without a prior it takes eight."""
    context, level = samples_of([ramp()], 4000, generator_from(4))
    prior = trained_prior(16, context, level, steps=300, draws=generator_from(5))
    assert remaining_bits(PixelPrior(16), context, level) > 4
    assert remaining_bits(prior, context, level) < 1.5


def test_it_repeats_exactly():
    context, level = samples_of([ramp()], 500, generator_from(4))
    twice = [trained_prior(4, context, level, steps=100, draws=generator_from(5)) for _ in range(2)]
    assert remaining_bits(twice[0], context, level) == remaining_bits(twice[1], context, level)
