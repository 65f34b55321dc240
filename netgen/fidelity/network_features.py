"""Feature distance by the small encoder that netgen ships: the trunk of the scene reader."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from netgen.fidelity.contract import Family, FidelityEstimator
from netgen.fidelity.correlation import agreement_of_features
from netgen.fidelity.reader import features_of
from netgen.media.yuv_clip import YuvClip


class ReaderFeatures(FidelityEstimator[NDArray[np.float32]]):
    """Correlates what the scene reader's convolutions find in the quadrants of five frames a second.

    Of the layers, the last before a quadrant is looked at as a whole: earlier ones follow measured meaning less well
    (leaving out one variant at a time, errors of phi of 0.16, 0.12, 0.10 and 0.10 from the first to this one; 28
    configurations, 8 scenes each, 2026-11-22), and later ones know nothing but the labels of these scenes.
    """

    name = "reader-features-v1"
    family = Family.FEATURES

    def described(self, piece: YuvClip) -> NDArray[np.float32]:
        """Return features of the quadrants: (4, 24, 8, 8)."""
        return features_of(piece)

    def compared(self, reference: NDArray[np.float32], shown: NDArray[np.float32]) -> float:
        """Correlate them over all places and channels."""
        return agreement_of_features(reference, shown)
