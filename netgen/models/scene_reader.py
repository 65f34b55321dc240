"""A small network that reads the labels of a scene from its frames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from netgen.models.residual import ResidualBlock

SIDE_PX = 128
"""Frames are brought to this side."""
VIEWS = 5
"""Frames of a scene that it sees."""

_PLANES = 3
_PLACE_PX = SIDE_PX // 2


class SceneReader(nn.Module):
    """Reads the background of a scene, and what stands in each quadrant.

    The quadrants are read one by one by the same weights, so that what is learned in one place holds in all.

    Parameters
    ----------
    backgrounds : int               Values of the background.
    attributes : mapping            Number of values of each attribute of an object.
    channels : (int, int, int)      Width at a half, a quarter and an eighth of a quadrant's size.
    """

    def __init__(
        self,
        backgrounds: int,
        attributes: Mapping[str, int],
        channels: tuple[int, int, int] = (32, 64, 96),
    ) -> None:
        super().__init__()
        fine, middle, coarse = channels
        self.attributes = dict(attributes)
        self.place = nn.Sequential(
            nn.Conv2d(_PLANES * VIEWS, fine, 5, stride=2, padding=2),
            nn.ReLU(),
            ResidualBlock(fine),
            nn.ReLU(),
            nn.Conv2d(fine, middle, 3, stride=2, padding=1),
            nn.ReLU(),
            ResidualBlock(middle),
            nn.ReLU(),
            nn.Conv2d(middle, coarse, 3, stride=2, padding=1),
            nn.ReLU(),
            ResidualBlock(coarse),
            nn.ReLU(),
            nn.Conv2d(coarse, 24, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(24 * (_PLACE_PX // 8) ** 2, 128),
            nn.ReLU(),
        )
        self.there = nn.Linear(128, 2)
        self.heads = nn.ModuleDict({name: nn.Linear(128, values) for name, values in self.attributes.items()})
        self.whole = nn.Sequential(
            nn.Conv2d(_PLANES, 24, 5, stride=2, padding=2),
            nn.ReLU(),
            nn.Conv2d(24, 48, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Conv2d(48, 64, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.AdaptiveAvgPool2d(2),
            nn.Flatten(),
            nn.Linear(256, backgrounds),
        )

    def forward(self, frames: Tensor) -> dict[str, Tensor]:
        """Return the logits of every label.

        Parameters
        ----------
        frames : (b, 5, 3, 128, 128)    Luma and both chroma planes over 255, less a half.

        Returns
        -------
        dict                            `background` (b, values), `there` (b, 4, 2), and each attribute (b, 4, values).
        """
        scenes = frames.shape[0]
        found = self.place(_quadrants(frames))
        logits = {"background": self.whole(functional.avg_pool2d(frames.mean(dim=1), 2))}
        logits["there"] = self.there(found).unflatten(0, (scenes, 4))
        for name, head in self.heads.items():
            logits[name] = head(found).unflatten(0, (scenes, 4))
        return logits

    def features(self, frames: Tensor) -> Tensor:
        """Return what the readers of objects have before they look at a quadrant as a whole.

        Parameters
        ----------
        frames : (b, 5, 3, 128, 128)    As of `forward`.

        Returns
        -------
        (b, 4, 24, 8, 8)                Features of each quadrant, at an eighth of its size, >= 0.
        """
        found: Tensor = _quadrants(frames)
        for layer in self.place:
            if isinstance(layer, nn.Flatten):
                break
            found = layer(found)
        return found.reshape(frames.shape[0], 4, *found.shape[1:])


def _quadrants(frames: Tensor) -> Tensor:
    """Return the quadrants of frames, all frames of one in its planes: (4 b, 15, 64, 64)."""
    halves: Sequence[Tensor] = frames.flatten(1, 2).chunk(2, dim=2)
    return torch.stack([part for half in halves for part in half.chunk(2, dim=3)], dim=1).flatten(0, 1)
