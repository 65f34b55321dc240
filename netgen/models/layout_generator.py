"""A small conditional network that makes a detailed picture of a layout and a sketch."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from netgen.models.residual import ResidualBlock

ENLARGEMENT = 2
"""It makes pictures of twice the sides of the layout's grid."""

_FOLD = 2
_PLANES = 4
"""Layout, sketch, whether there is a sketch, and the quantiser step."""


class LayoutGenerator(nn.Module):
    """What to add to an enlarged layout: a U-Net of three sizes on the layout's grid, folded 2 x 2 into channels.

    Parameters
    ----------
    channels : tuple of int         Width at each size, the finest first.

    Source                          Ronneberger, Fischer, Brox, U-Net, 2015; residual blocks without normalisation
                                    as in Lim et al., 2017.
    """

    def __init__(self, channels: tuple[int, int, int] = (48, 64, 96)) -> None:
        super().__init__()
        fine, middle, coarse = channels
        self.head = nn.Conv2d(_PLANES * _FOLD**2, fine, 3, padding=1)
        self.fine_in = ResidualBlock(fine)
        self.down_middle = nn.Conv2d(fine, middle, 2, stride=2)
        self.middle_in = ResidualBlock(middle)
        self.down_coarse = nn.Conv2d(middle, coarse, 2, stride=2)
        self.coarse = nn.Sequential(ResidualBlock(coarse), ResidualBlock(coarse))
        self.up_middle = nn.Conv2d(coarse, middle, 1)
        self.middle_back = nn.Sequential(ResidualBlock(middle), ResidualBlock(middle))
        self.up_fine = nn.Conv2d(middle, fine, 1)
        self.fine_back = nn.Sequential(ResidualBlock(fine), ResidualBlock(fine))
        self.tail = nn.Conv2d(fine, (_FOLD * ENLARGEMENT) ** 2, 3, padding=1)

    def forward(self, layout: Tensor, sketch: Tensor, sketched: Tensor, step: Tensor) -> Tensor:
        """Return the detail of a picture.

        Parameters
        ----------
        layout : (b, 1, h, w)           Luma of the layout over 255; any size.
        sketch : (b, 1, h, w)           1 at edges, enlarged to the layout's grid; 0 without a sketch.
        sketched : (b,)                 1 with a sketch, 0 without.
        step : (b,)                     Quantiser step of the layout's luma, levels, > 0.

        Returns
        -------
        (b, 1, 2 h, 2 w)                To be added to the layout enlarged, over 255.
        """
        batch, _, height, width = layout.shape
        planes = [
            layout - 0.5,
            sketch,
            sketched.view(-1, 1, 1, 1).expand(batch, 1, height, width),
            (torch.log2(step) / 4 - 1.5).view(-1, 1, 1, 1).expand(batch, 1, height, width),
        ]
        stacked = torch.cat([plane.to(layout.dtype) for plane in planes], dim=1)
        unit = _FOLD * 4
        padded = functional.pad(stacked, (0, -width % unit, 0, -height % unit), mode="replicate")
        fine = self.fine_in(torch.relu(self.head(functional.pixel_unshuffle(padded, _FOLD))))
        middle = self.middle_in(torch.relu(self.down_middle(fine)))
        found = self.coarse(torch.relu(self.down_coarse(middle)))
        found = self.middle_back(middle + _doubled(self.up_middle(found)))
        found = self.fine_back(fine + _doubled(self.up_fine(found)))
        detail = functional.pixel_shuffle(self.tail(found), _FOLD * ENLARGEMENT)
        return detail[..., : ENLARGEMENT * height, : ENLARGEMENT * width]


def _doubled(found: Tensor) -> Tensor:
    return functional.interpolate(found, scale_factor=2, mode="nearest")
