"""Feature distance without a network: local edge directions, as `netgen.media.quality` computes them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.fidelity.contract import Family, FidelityEstimator
from netgen.labelled.reading import views_of
from netgen.media.quality import SEMANTIC_METHOD, semantic_estimate
from netgen.media.yuv_clip import YuvClip


class EdgeDirections(FidelityEstimator[NDArray[np.uint8]]):
    """Correlates histograms of oriented gradients of five frames a second."""

    name = SEMANTIC_METHOD
    family = Family.FEATURES

    def described(self, piece: YuvClip) -> NDArray[np.uint8]:
        """Return the luma of five frames: (5, 128, 128)."""
        luma: NDArray[np.uint8] = views_of([piece])[0, :, 0]
        return luma

    def compared(self, reference: NDArray[np.uint8], shown: NDArray[np.uint8]) -> float:
        """Score frames by `semantic_estimate`."""
        return semantic_estimate(reference, shown).fidelity
