"""A small network that rates what is shown: five levels of each dimension of utility."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from netgen.models.residual import ResidualBlock

SIDE_PX = 64
"""Frames are brought to this side."""
VIEWS = 9
"""Frames of a second that it sees."""
LEVELS = 5

_PLANES = 3 * VIEWS


class UtilityRater(nn.Module):
    """Rates a second of video by what it shows, what was said of it, and, where it is at hand, its source.

    The quadrants of a frame are looked at one by one by the same weights. What another network read in them, and how
    that agrees with what was said, comes in as signals; this one looks for what does not hold together in time.

    Parameters
    ----------
    place_signals, whole_signals : int      Signals of each quadrant, and of the whole frame.
    ratings : int                           What is rated: the dimensions, and all of them together.
    width : int                             Channels of the finest features.
    """

    def __init__(self, place_signals: int, whole_signals: int, ratings: int, width: int = 24) -> None:
        super().__init__()
        self.ratings = ratings
        self.shown = _encoder(_PLANES, width)
        self.beside = _encoder(2 * _PLANES, width)
        features = 2 * width
        self.place = nn.Sequential(
            nn.Linear(2 * features + place_signals + 1, 96), nn.ReLU(), nn.Linear(96, 64), nn.ReLU()
        )
        self.whole = nn.Sequential(
            nn.Linear(3 * 64 + whole_signals + 1, 96), nn.ReLU(), nn.Linear(96, ratings * LEVELS)
        )

    def forward(self, frames: Tensor, places: Tensor, whole: Tensor, source: Tensor | None = None) -> Tensor:
        """Return the logits of the levels.

        Parameters
        ----------
        frames, source : (b, 9, 3, 64, 64)      What is shown, and its source; over 255, less a half.
        places : (b, 4, place_signals)          Signals of each quadrant.
        whole : (b, whole_signals)              Signals of the whole frame.

        Returns
        -------
        (b, ratings, 5)
        """
        count = frames.shape[0]
        seen = self.shown(_quadrants(frames))
        if source is None:
            compared = torch.zeros_like(seen)
        else:
            compared = self.beside(_quadrants(torch.cat([frames - source, source], dim=1)))
        known = places.new_full((count, 4, 1), float(source is not None))
        found = torch.cat([part.unflatten(0, (count, 4)) for part in (seen, compared)], dim=2)
        each = self.place(torch.cat([found, places, known], dim=2))
        pooled = torch.cat([each.mean(dim=1), each.amax(dim=1), each.amin(dim=1), whole, known[:, 0]], dim=1)
        logits: Tensor = self.whole(pooled)
        return logits.reshape(count, self.ratings, LEVELS)


def _encoder(planes: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(planes, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, stride=2, padding=1),
        nn.ReLU(),
        ResidualBlock(width),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
        nn.ReLU(),
        ResidualBlock(2 * width),
        nn.ReLU(),
        nn.AdaptiveMaxPool2d(1),
        nn.Flatten(),
    )


def _quadrants(frames: Tensor) -> Tensor:
    """Return the quadrants of frames, all planes of one together: (4 b, planes, 32, 32)."""
    halves = frames.flatten(1, 2).chunk(2, dim=2)
    return torch.stack([part for half in halves for part in half.chunk(2, dim=3)], dim=1).flatten(0, 1)
