"""The estimators that netgen ships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from netgen.fidelity.contract import FidelityEstimator
from netgen.fidelity.described_places import StatedPlaces
from netgen.fidelity.described_scene import StatedScene
from netgen.fidelity.edges import EdgeDirections
from netgen.fidelity.image_encoder import ClipFeatures
from netgen.fidelity.network_features import ReaderFeatures
from netgen.fidelity.segmentation import SameRegions
from netgen.media.yuv_clip import YuvClip

Estimator = FidelityEstimator[Any]


def shipped_estimators(clip_folder: Path | None = None) -> tuple[Estimator, ...]:
    """Return the estimators of all three families.

    Parameters
    ----------
    clip_folder : Path or None          Weights of CLIP; None leaves it out.

    Raises
    ------
    InputError                          There is no CLIP model with safe weights.
    """
    large: tuple[Estimator, ...] = () if clip_folder is None else (ClipFeatures(clip_folder),)
    return (EdgeDirections(), ReaderFeatures(), *large, StatedScene(), StatedPlaces(), SameRegions())


class Estimates:
    """Estimates of what is shown of the same clips again and again: the references are described once.

    Parameters
    ----------
    references : sequence of YuvClip    The sources.
    estimators : sequence               Whose estimates to make.
    """

    def __init__(self, references: Sequence[YuvClip], estimators: Sequence[Estimator]) -> None:
        self._described = [
            (estimator, [estimator.describe(clip) for clip in references]) for estimator in estimators
        ]

    def means(self, shown: Sequence[YuvClip]) -> Mapping[str, float]:
        """Return the mean estimate over the clips by estimator; one that has nothing to say of any is left out.

        Parameters
        ----------
        shown : sequence of YuvClip     One for every reference, in their order.
        """
        found = {}
        for estimator, references in self._described:
            scores = [
                estimator.compare(reference, estimator.describe(clip))
                for reference, clip in zip(references, shown, strict=True)
            ]
            known = [score for score in scores if score is not None]
            if known:
                found[estimator.name] = float(np.mean(known))
        return found
