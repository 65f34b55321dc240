"""What to send over a radio link by its SNR: the visual part only where it gets through."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from netgen.policy import Contract, Decision, NodeView, RelayPolicy


class SnrThreshold(RelayPolicy):
    """Sends the visual part above a threshold of the SNR, and below it only what is protected best.

    The strategy of Yin et al. (GVSC, 2025): below the threshold the description alone, which the receiver draws the
    video from; above it the visual part as well. It acts at nodes before a radio link (loss of kind `coded`), and a
    contracted segment is expanded at the last node that can do it.

    Parameters
    ----------
    threshold_db : float        At or above it, `above` is sent.
    above, below : str or None  Actions; where one cannot be done, the segment goes on as it is. None: of those that
                                somebody downstream can show, the one of the most bits, and of the fewest.
    """

    name: ClassVar[str] = "snr-threshold"

    def __init__(
        self, *, threshold_db: float = 5.0, above: str | None = None, below: str | None = None
    ) -> None:
        if not np.isfinite(threshold_db):
            raise ValueError(f"threshold_db must be finite, got {threshold_db}")
        self.threshold_db, self.above, self.below = threshold_db, above, below

    def decide(self, view: NodeView, rng: np.random.Generator) -> Decision:
        """Contract by the SNR of the link, expand at the end, or forward."""
        if view.segment.contracted_by is not None:
            if view.expansion is not None and not view.forward.expandable_downstream:
                return view.expansion.decision
            return view.forward.decision
        levels_db = [link.snr_db for link in view.links if link.snr_db is not None]
        usable = [option for option in view.contractions if option.playable or option.expandable_downstream]
        if not levels_db or not usable:
            return view.forward.decision
        high = min(levels_db) >= self.threshold_db
        wanted = self.above if high else self.below
        if wanted is not None:
            usable = [option for option in usable if option.decision == Contract(wanted)]
        if not usable:
            return view.forward.decision
        return (max if high else min)(usable, key=lambda option: option.bits).decision
