"""Rates a second of video: probabilities of five levels, whose weighted mean is the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from netgen.labelled.meaning import Meaning
from netgen.models.weights import load_into, weights_digest
from netgen.rating.dimensions import LEVELS, RATED
from netgen.rating.seeing import SIGNALS, Seen, rating_torch, stated_signals

if TYPE_CHECKING:
    from netgen.models.utility_rater import UtilityRater

RATER = "utility-rater"
"""Name of its weights."""

Floats = NDArray[np.float64]


class Knows(StrEnum):
    """What a rater has beside the video that is shown.

    `nothing`; the `description` of the source, as the sender's reader made it; or that and the `source` itself.
    """

    NOTHING = "nothing"
    DESCRIPTION = "description"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Rating:
    """Probabilities of the five levels, bad 1 to excellent 5; they sum to 1."""

    probabilities: tuple[float, ...]

    @property
    def score(self) -> float:
        """The levels weighted by their probabilities: 1 to 5."""
        return float(np.dot(self.probabilities, np.arange(1, LEVELS + 1)))

    @property
    def level(self) -> int:
        """The most likely level."""
        return int(np.argmax(self.probabilities)) + 1


def rating_of(logits: Sequence[float]) -> Rating:
    """Return the rating of five logits: their softmax.

    Source                              Wu et al., Q-Align, ICML 2024; Zhang et al., Engineering 56(1), 2026,
                                        section 3.3.1.
    """
    found = np.asarray(logits, dtype=np.float64)
    if found.shape != (LEVELS,):
        raise ValueError(f"a rating has {LEVELS} logits, got an array of shape {found.shape}")
    powers = np.exp(found - found.max())
    return Rating(tuple((powers / powers.sum()).tolist()))


def rate(
    shown: Seen, knows: Knows, *, stated: Meaning | None = None, source: Seen | None = None
) -> dict[str, Rating]:
    """Rate what is shown by the shipped network, without knowing the truth.

    Parameters
    ----------
    shown : Seen                        What the rater looks at.
    knows : Knows                       What it has besides; the rest is not looked at.
    stated : Meaning or None            The description of the source; needed unless it knows nothing.
    source : Seen or None               The source; needed where it knows it.

    Returns
    -------
    dict                                A rating of each of `RATED`.

    Raises
    ------
    InputError                          The weights are missing or damaged.
    MissingDependencyError              torch or safetensors is not installed.
    """
    if (stated is None and knows is not Knows.NOTHING) or (source is None and knows is Knows.SOURCE):
        raise ValueError(f"a rater that knows {knows.value} needs it")
    torch = rating_torch()
    places, whole = stated_signals(shown, stated if knows is not Knows.NOTHING else None)
    inputs = [
        torch.from_numpy(one)[None]
        for one in (np.concatenate([shown.places, places], axis=1), np.concatenate([shown.whole, whole]))
    ]
    frames = [
        None if one is None else torch.from_numpy(one.frames)[None].float() / 255 - 0.5
        for one in (shown, source if knows is Knows.SOURCE else None)
    ]
    with torch.inference_mode():
        logits = _rater()(frames[0], *inputs, frames[1])[0].numpy()
    return {name: rating_of(row) for name, row in zip(RATED, logits, strict=True)}


def rater_digest() -> str:
    """Return the SHA-256 of the rater's weights, for records."""
    return weights_digest(RATER)


def built_rater() -> UtilityRater:
    """Return the network with its first weights."""
    rating_torch()
    from netgen.models.utility_rater import UtilityRater  # noqa: PLC0415  (needs torch)

    return UtilityRater(*SIGNALS, len(RATED))


@lru_cache(maxsize=1)
def _rater() -> UtilityRater:
    rater = built_rater()
    load_into(rater, RATER)
    return rater.eval()
