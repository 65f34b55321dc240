"""Measures actions on labelled scenes: beside rate, quality and time, the semantic bits that are kept.

Elsewhere semantic fidelity is estimated; here it is measured, since the meaning of every scene is known. The scenes
count as one clip of a class of its own, a segment each, and the records are those of any other clip.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netgen.calibration.clips import SegmentedClip
from netgen.calibration.record import Clip, rounded
from netgen.errors import InputError
from netgen.fidelity.estimators import Estimates, shipped_estimators
from netgen.labelled.delivered import FEWEST_SCENES
from netgen.labelled.drawing import FRAME_RATE_HZ, FRAMES, SIDE_PX
from netgen.labelled.information import KeptMeaning, kept_meaning
from netgen.labelled.meaning import Meaning, scene_entropy_bits
from netgen.labelled.reading import read_meanings, reader_digest, views_of
from netgen.labelled.scene_content import SceneContent
from netgen.media.content_class import ContentClass
from netgen.media.quality import SemanticEstimate
from netgen.media.yuv_clip import YuvClip
from netgen.rng import generator_from

MEANING_METHOD = "labelled-scenes-v1"
"""Name of the measurement, for records: `kept_meaning` says what it computes."""

CONTENT_SET = "labelled-scenes"

ESTIMATED_SCENES = 60
"""Scenes of which what clips without labels have is estimated as well: the first ones tell its mean to about 0.02."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelledScenes:
    """Scenes to measure on, and what the reader makes of them before anything is done to them.

    Parameters
    ----------
    seed : int                          Scene n of a seed is the same whatever the number of scenes.
    meanings : tuple of Meaning         The truth.
    estimates : Estimates               Of the first scenes, as for clips without labels.
    ceiling : KeptMeaning               What this reader keeps of them.
    """

    seed: int
    meanings: tuple[Meaning, ...]
    estimates: Estimates
    ceiling: KeptMeaning

    def assess(self, shown: Sequence[YuvClip]) -> tuple[SemanticEstimate, dict[str, Any]]:
        """Measure what is kept in scenes as they are shown, one clip each, in their order.

        Returns
        -------
        SemanticEstimate                phi with its interval of 95 %, measured.
        dict                            Bits, by slot as well, and the estimates that clips without labels have.
        """
        kept = self._kept(views_of(shown))
        estimates = self.estimates.means(shown[:ESTIMATED_SCENES])
        told = {
            "scenes": {"count": len(self.meanings), "seed": self.seed},
            "entropy_bits": rounded(scene_entropy_bits(), 8),
            **_kept_json(kept),
            "ceiling": _kept_json(self.ceiling),
            "reader_sha256": reader_digest(),
            "estimates": {name: rounded(estimate, 5) for name, estimate in estimates.items()},
        }
        return SemanticEstimate(kept.fidelity, kept.low, kept.high, MEANING_METHOD), told

    def _kept(self, views: NDArray[np.uint8]) -> KeptMeaning:
        rng = generator_from(self.seed, len(self.meanings), 1)
        return kept_meaning(self.meanings, read_meanings(views), rng)


def labelled_clip(count: int, seed: int, *, clip_weights: Path | None = None) -> SegmentedClip:
    """Draw scenes, read them, and return them as a clip whose meaning is assessed.

    Parameters
    ----------
    count, seed : int               Scenes, and where they are drawn from.
    clip_weights : Path or None     Weights of CLIP, to estimate by it as well.

    Raises
    ------
    InputError                      Fewer than 40 scenes, or weights of the reader or of CLIP are missing.
    MissingDependencyError          A package that carries photographs, PyAV or torch is not installed.
    """
    if count < FEWEST_SCENES:
        raise InputError(f"{count} scenes; at least {FEWEST_SCENES} are needed for every label to occur")
    estimators = shipped_estimators(clip_weights)  # missing weights should be told before scenes are drawn
    drawn = SceneContent(count, seed, crf=0)
    clips = tuple(drawn.clip(scene) for scene in range(count))
    meanings = tuple(drawn.meaning(scene) for scene in range(count))
    estimates = Estimates(clips[:ESTIMATED_SCENES], estimators)
    ceiling = kept_meaning(meanings, read_meanings(views_of(clips)), generator_from(seed, count))
    digest = hashlib.sha256()
    for clip in clips:
        digest.update(clip.planes.tobytes())
    told = Clip(
        content_set=CONTENT_SET,
        name=f"{count}-of-seed-{seed}",
        content_class=ContentClass.LABELLED.value,
        sha256=digest.hexdigest(),
        size_px=(SIDE_PX, SIDE_PX),
        frame_rate_hz=float(FRAME_RATE_HZ),
        segment_s=FRAMES / float(FRAME_RATE_HZ),
    )
    return SegmentedClip(told, clips, LabelledScenes(seed, meanings, estimates, ceiling).assess)


def _kept_json(kept: KeptMeaning) -> dict[str, Any]:
    return {
        "kept_bits": rounded(kept.bits.bits, 5),
        "low_bits": rounded(kept.bits.low_bits, 5),
        "high_bits": rounded(kept.bits.high_bits, 5),
        "fidelity": rounded(kept.fidelity, 5),
        "low": rounded(kept.low, 5),
        "high": rounded(kept.high, 5),
        "slots": {name: rounded(bits, 4) for name, bits in kept.slots.items()},
        "exact": rounded(kept.exact, 4),
    }
