"""The residual block that several networks are made of."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two convolutions beside the identity, without normalisation.

    Parameters
    ----------
    channels : int                  Width, in and out.

    Source                          Lim et al., Enhanced deep residual networks, 2017.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, found: Tensor) -> Tensor:
        """Add what the two convolutions find."""
        added: Tensor = found + self.second(torch.relu(self.first(found)))
        return added
