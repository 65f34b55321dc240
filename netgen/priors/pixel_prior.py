"""A prior K that foretells every sample of a picture from those before it; H(X | K) is what it leaves open."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

REACH = 3
"""Rows above and columns to both sides that a sample is foretold from."""
CONTEXT = REACH * (2 * REACH + 1) + REACH

_LEVELS = 256
_LOGISTICS = 5
_EVALUATED = 8192


class PixelPrior(nn.Module):
    """Two hidden layers from the samples before a sample to a mixture of logistics over its 256 levels.

    Parameters
    ----------
    width : int                     Of both hidden layers.

    Source                          Discretised logistic mixtures: Salimans et al., PixelCNN++, ICLR 2017, section 2.1.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(CONTEXT, width),
            nn.ReLU(),
            nn.Linear(width, width),
            nn.ReLU(),
            nn.Linear(width, 3 * _LOGISTICS),
        )

    @property
    def parameters_count(self) -> int:
        """Numbers that it has learned."""
        return sum(one.numel() for one in self.parameters())

    def bits(self, context: Tensor, level: Tensor) -> Tensor:
        """Return -log2 P(level | context): (n,) bit, for (n, 24) contexts and (n,) levels, all 0..255."""
        middle = context.mean(dim=1, keepdim=True)
        logits, means, scales = self.body((context - middle) / 32).view(-1, 3, _LOGISTICS).unbind(dim=1)
        centre = middle + 32 * means
        sharpness = torch.exp(-scales.clamp(-4, 6)) / 4
        upper = (
            torch.where(level[:, None] > _LEVELS - 1.5, math.inf, level[:, None] + 0.5 - centre) * sharpness
        )
        lower = torch.where(level[:, None] < 0.5, -math.inf, level[:, None] - 0.5 - centre) * sharpness
        inside = (torch.sigmoid(upper) - torch.sigmoid(lower)).clamp(min=1e-12)
        found: Tensor = -torch.logsumexp(
            functional.log_softmax(logits, dim=1) + inside.log(), dim=1
        ) / math.log(2)
        return found


def samples_of(
    pictures: Sequence[NDArray[np.uint8]], count: int, draws: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Draw samples from pictures, with those before each of them in the order of rows.

    Returns
    -------
    context : (count, 24) float32   Three rows above from left to right, then the three samples to the left.
    level : (count,) float32        0..255.
    """
    sizes = np.array(
        [(rows - REACH) * (columns - 2 * REACH) for rows, columns in (one.shape for one in pictures)]
    )
    chosen = draws.choice(len(pictures), size=count, p=sizes / sizes.sum())
    context = np.empty((count, CONTEXT), np.float32)
    level = np.empty(count, np.float32)
    for number, picture in enumerate(pictures):
        (mine,) = np.nonzero(chosen == number)
        row = draws.integers(REACH, picture.shape[0], len(mine))
        column = draws.integers(REACH, picture.shape[1] - REACH, len(mine))
        above = [
            picture[row - up, column + side]
            for up in range(REACH, 0, -1)
            for side in range(-REACH, REACH + 1)
        ]
        left = [picture[row, column - side] for side in range(REACH, 0, -1)]
        context[mine] = np.stack(above + left, axis=1)
        level[mine] = picture[row, column]
    return torch.from_numpy(context), torch.from_numpy(level)


def trained_prior(
    width: int, context: Tensor, level: Tensor, *, steps: int, draws: np.random.Generator
) -> PixelPrior:
    """Train a prior on samples; keep the state that best foretells a tenth of them, which it does not learn from.

    Parameters
    ----------
    width : int
    context, level : Tensor         All that it may learn from.
    steps : int                     Of Adam, 1024 samples each.
    draws : Generator               Of first weights and batches.
    """
    prior = PixelPrior(width)
    with torch.no_grad():
        for layer in prior.modules():
            if isinstance(layer, nn.Linear):
                deviation = math.sqrt(1 / layer.in_features)
                drawn = draws.standard_normal(layer.weight.shape, dtype=np.float32)
                layer.weight.copy_(deviation * torch.from_numpy(drawn))
                layer.bias.zero_()
    kept_out = len(level) // 10
    optimiser = torch.optim.Adam(prior.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    best, state = math.inf, prior.state_dict()
    for step in range(1, steps + 1):
        batch = torch.from_numpy(draws.integers(kept_out, len(level), min(1024, len(level))))
        optimiser.zero_grad()
        prior.bits(context[batch], level[batch]).mean().backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
        if step % 100 == 0:
            found = remaining_bits(prior, context[:kept_out], level[:kept_out])
            if found < best:
                best, state = found, {name: tensor.clone() for name, tensor in prior.state_dict().items()}
    prior.load_state_dict(state)
    return prior


def remaining_bits(prior: PixelPrior, context: Tensor, level: Tensor) -> float:
    """Return H(X | K), bit a sample: the mean of -log2 P over samples."""
    with torch.inference_mode():
        parts = [
            prior.bits(context[begin : begin + _EVALUATED], level[begin : begin + _EVALUATED]).sum()
            for begin in range(0, len(level), _EVALUATED)
        ]
    return float(torch.stack(parts).sum()) / len(level)
