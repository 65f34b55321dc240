"""A residual network that restores decoded frames and makes them larger, guided by how coarsely they were coded."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from netgen.models.residual import ResidualBlock

FRAMES = 3
"""Decoded frames that it sees: the one before, the one to restore, the one after."""

COARSEST_CRF = 70.0


class Restorer(nn.Module):
    """Residual blocks on the grid of the decoded frames, above bicubic enlargement.

    At scale 1 the blocks work on the frame folded 2 x 2 into channels, so that a frame as shown costs the same
    at scales 1 and 2.

    Parameters
    ----------
    scale : int                     Factor of both sides: 1, 2 or 4.
    channels, blocks : int          Width and number of the residual blocks.

    Source                          Lim et al., Enhanced Deep Residual Networks for Single Image
                                    Super-Resolution, 2017 (blocks without normalisation); Shi et al., 2016
                                    (pixel shuffle).
    """

    def __init__(self, scale: int, *, channels: int = 32, blocks: int = 8) -> None:
        super().__init__()
        self.scale = scale
        self._fold = 2 if scale == 1 else 1
        self.head = nn.Conv2d(FRAMES * self._fold**2 + 1, channels, 3, padding=1)
        self.body = nn.ModuleList(ResidualBlock(channels) for _ in range(blocks))
        self.tail = nn.Conv2d(channels, (scale * self._fold) ** 2, 3, padding=1)

    def forward(self, frames: Tensor, crf: Tensor) -> Tensor:
        """Restore the middle frame.

        Parameters
        ----------
        frames : (b, 3, h, w)           Luma of decoded frames over 255; even sides.
        crf : (b,)                      Rate factor that each was coded with.

        Returns
        -------
        (b, 1, h * scale, w * scale)    Luma over 255, not clipped.
        """
        middle = frames[:, FRAMES // 2 : FRAMES // 2 + 1]
        folded = functional.pixel_unshuffle(frames - 0.5, self._fold) if self._fold > 1 else frames - 0.5
        plane = (crf / COARSEST_CRF).view(-1, 1, 1, 1).expand(-1, 1, *folded.shape[2:])
        found = torch.relu(self.head(torch.cat((folded, plane.to(folded.dtype)), dim=1)))
        for block in self.body:
            found = block(found)
        residual = functional.pixel_shuffle(self.tail(found), self.scale * self._fold)
        return enlarged(middle, self.scale) + residual.to(middle.dtype)


def enlarged(plane: Tensor, scale: int) -> Tensor:
    """Return planes (b, c, h, w) enlarged by bicubic interpolation."""
    if scale == 1:
        return plane
    return functional.interpolate(plane, scale_factor=scale, mode="bicubic", align_corners=False)


def initialise(model: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of every convolution and matrix (He et al., 2015) from `generator`; residual paths begin small.

    Parameters
    ----------
    model : Module                  Changed in place: biases become 0, layers called `second` begin at a tenth,
                                    and `tail` or what ends in `_out` at 0: the picture without learning.
    generator : torch.Generator
    """
    with torch.no_grad():
        for name, layer in model.named_modules():
            if not isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                continue
            fan_in = layer.weight[0].numel()
            deviation = (2.0 / fan_in) ** 0.5
            leaf = name.rsplit(".", 1)[-1]
            if leaf == "second":
                deviation /= 10
            elif leaf == "tail" or leaf.endswith("_out"):
                deviation = 0.0
            drawn = torch.randn(layer.weight.shape, generator=generator)
            layer.weight.copy_(drawn * deviation)
            if layer.bias is not None:
                layer.bias.zero_()
