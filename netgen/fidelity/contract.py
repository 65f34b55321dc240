"""What an estimator of fidelity is: it describes a second of video, and compares two descriptions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from itertools import pairwise
from typing import Generic, TypeVar

import numpy as np

from netgen.media.yuv_clip import YuvClip

PIECE_S = 1.0
"""A clip is looked at second by second: labelled scenes, which estimates are calibrated on, last as long."""

Described = TypeVar("Described")
"""What an estimator keeps of a second of video."""


class Family(StrEnum):
    """How an estimate is made.

    `features`: distance of what a network or a filter bank makes of the frames. `description`: what is stated of them,
    by slots and relations. `task`: whether a task has the same result on both.

    Source                              Jin, Liu, Liu, ACM MM 2025, sections 3.3.1 to 3.3.3.
    """

    FEATURES = "features"
    DESCRIPTION = "description"
    TASK = "task"


class FidelityEstimator(ABC, Generic[Described]):
    """Estimates the share of meaning that is kept; the same clips give the same score, whatever was compared before.

    A score is 1 for equal clips, and about 0 for unrelated ones. It is no fidelity by itself: a calibration curve says
    what fidelity actions had that scored so.
    """

    name: str
    """With its version: another way to compute it has another name."""
    family: Family

    @abstractmethod
    def described(self, piece: YuvClip) -> Described:
        """Describe one piece of a clip, a second or so."""

    @abstractmethod
    def compared(self, reference: Described, shown: Described) -> float | None:
        """Score what is shown, 0..1; None where this way of looking has nothing to say of the reference."""

    def describe(self, clip: YuvClip) -> tuple[Described, ...]:
        """Describe a clip second by second, so that one reference can be compared with many."""
        return tuple(self.described(piece) for piece in pieces_of(clip))

    def compare(self, reference: Sequence[Described], shown: Sequence[Described]) -> float | None:
        """Score a clip: the mean over the seconds of which there is something to say; None where there is none.

        Raises
        ------
        ValueError                      They are not of the same length.
        """
        if len(reference) != len(shown):
            raise ValueError(f"the reference lasts {len(reference)} s and what is shown {len(shown)} s")
        scores = [self.compared(one, other) for one, other in zip(reference, shown, strict=True)]
        known = [score for score in scores if score is not None]
        return float(np.mean(known)) if known else None

    def estimate(self, reference: YuvClip, shown: YuvClip) -> float | None:
        """Score a clip against its reference.

        Parameters
        ----------
        reference, shown : YuvClip      Of equal shape.

        Returns
        -------
        float or None                   0..1; None where this way of looking has nothing to say of the reference.

        Raises
        ------
        ValueError                      The clips differ in shape.
        """
        if reference.planes.shape != shown.planes.shape:
            raise ValueError(
                f"planes of {reference.planes.shape} and {shown.planes.shape}; accepted: clips of equal shape"
            )
        return self.compare(self.describe(reference), self.describe(shown))


def pieces_of(clip: YuvClip) -> tuple[YuvClip, ...]:
    """Cut a clip into pieces of a second; what is left over counts as a piece from half a second on."""
    length = max(1, round(PIECE_S * float(clip.frame_rate_hz)))
    count = max(1, round(clip.frames / length))
    edges = [number * length for number in range(count)] + [clip.frames]
    return tuple(YuvClip(clip.planes[begin:end], clip.frame_rate_hz) for begin, end in pairwise(edges))
